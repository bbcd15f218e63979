//! What leads where, and what things are called on the way: tabs, clicks on the verdict and on titles, explanations.

use super::*;
use crate::model::{Mac, Path, Proto, Traffic};
use crate::snapshot::ConnectionEnding;

/// Presses the left button at a text; the second line, where the tabs are, after that.
fn click(session: &mut Session, text: &str) -> String {
    let line = session.line_of(text);
    let at = session.lines()[line].find(text).map(|at| session.lines()[line][..at].chars().count()).expect("the text");
    session.mouse(MouseEventKind::Down(MouseButton::Left), at as u16 + 1, line as u16);
    session.app.screens[session.app.screen].screen.title().to_owned()
}

#[test]
fn the_verdict_and_titles_of_panels_lead_to_their_screens() {
    for (text, screen) in [
        (" Protocols · 10 s ", "Protocols"),
        (" Conversations · 10 s ", "Conversations"),
        (" Hosts · 10 s ", "Hosts"),
        (" What is wrong ", "Problems"),
        (" Losses · since start ", "Mirror"),
        (" Load · last", "Bursts"),
        ("lost here 0", "Mirror"),
    ] {
        let mut session = Session::new(Story::Calm, 140, 40);
        assert_eq!(click(&mut session, text), screen, "{}", session.text());
    }
    let mut session = Session::new(Story::Calm, 140, 40);
    assert_eq!(click(&mut session, "● mirror good"), "Mirror");
    // From a page below a screen too.
    session.keys("3 Down Enter");
    assert_eq!((click(&mut session, "● mirror good"), session.app.stack.len()), ("Mirror".into(), 0));
}

#[test]
fn a_screen_has_one_name_and_one_short_one_whatever_the_width() {
    let titles: Vec<&str> = SCREENS.iter().map(|entry| entry.screen.title()).collect();
    let short: Vec<&str> = SCREENS.iter().map(|entry| entry.screen.short_title()).collect();
    for width in (60..=180).step_by(4) {
        for at in 0..SCREENS.len() {
            let mut session = Session::new(Story::Calm, width, 20);
            if at > 0 && width % 40 != 0 {
                continue;
            }
            session.app.go(at);
            session.draw();
            let line = session.lines()[1].clone();
            assert!(line.contains(titles[at]) || line.contains(short[at]), "{width}: {line}");
            // What is left without names, digits and marks is nothing.
            let mut rest = titles.iter().chain(&short).fold(line.clone(), |line, title| line.replace(title, ""));
            rest = rest.replace("Tab", "").replace(": 4 more", "").replace(": more", "");
            rest.retain(|c| !c.is_ascii_digit() && !"▲✖●…?! ".contains(c));
            assert_eq!(rest, "", "{width}: {line}");
        }
    }
}

#[test]
fn an_explanation_is_wrapped_once() {
    let explain: fn(&str) -> Option<String> = |_| {
        let text = "Packets that the switch sent are missing in what arrives, which is told by sequence numbers in the headers. ".repeat(3);
        Some(format!("dup.every\n\nWhat it means\n  {text}"))
    };
    for width in [60, 80, 120] {
        let mut session = Session::new(Story::Trouble, width, 30);
        session.app.options.explain = explain;
        session.keys("6 Down e");
        let lines: Vec<String> = session.lines().into_iter().filter(|line| line.contains('│')).collect();
        let inside = |line: &String| line.split('│').nth(1).map(|text| text.trim().to_owned()).unwrap_or_default();
        let text: Vec<String> =
            lines.iter().map(inside).skip_while(|line| line != "What it means").skip(1).filter(|l| !l.is_empty()).collect();
        let longest = text.iter().map(|line| line.chars().count()).max().unwrap_or(0);
        let short = text.iter().rev().skip(1).filter(|line| line.chars().count() + 16 < longest).count();
        assert!(text.len() >= 3 && short == 0, "{width}: {text:#?}");
    }
}

#[test]
fn network_cards_without_ip_stand_among_the_others_by_load() {
    let mut s = demo::snapshot(Story::File, 0);
    let card = |n: u8| Address::Mac(Mac([0x00, 0x0e, 0x8c, 1, 2, n]));
    let mut path = Path::EMPTY;
    [Proto::Eth, Proto::Profinet].into_iter().for_each(|proto| path.push(proto));
    let much = Traffic { packets: 50_000, wire_bytes: s.stats.total.wire_bytes };
    let mut talk = s.stats.conversations.eth.rows[0].clone();
    (talk.a, talk.b, talk.path, talk.ab, talk.ba) = (card(1), card(2), path, much, Traffic::default());
    s.stats.conversations.eth.rows.push(talk);
    for n in [1, 2] {
        let mut host = s.stats.endpoints.eth.rows[0].clone();
        (host.address, host.tx, host.rx) = (card(n), much, Traffic::default());
        s.stats.endpoints.eth.rows.push(host);
    }
    let mut session = Session::new(Story::File, 140, 40);
    session.app = App::new(session.app.options.clone(), Theme::new(Depth::Mono, false));
    session.see(s);
    let found = session.lines().iter().filter(|line| line.contains("01:02:01") || line.contains("00:0e:8c:01:02:01")).count();
    assert!(found >= 2, "as a host and in its conversation:\n{}", session.text());
}

#[test]
fn a_sweep_is_one_row_of_conversations() {
    let mut s = demo::snapshot(Story::File, 0);
    let mut model = s.stats.conversations.tcp.rows[0].clone();
    (model.a, model.b, model.originator_is_a) = (Address::V4([10, 9, 9, 1].into()), Address::V4([10, 9, 9, 2].into()), true);
    (model.ended, model.app, model.app_by) = (Some(ConnectionEnding::Refused), None, None);
    for port in 1..=1_000 {
        s.stats.conversations.tcp.rows.push(crate::snapshot::Conversation { a_port: 41_000, b_port: port, ..model.clone() });
    }
    s.stats.conversations.tcp.total_rows += 1_000;
    let mut session = Session::new(Story::File, 140, 40);
    session.app = App::new(session.app.options.clone(), Theme::new(Depth::Mono, false));
    session.see(s);
    session.keys("4");
    let lines: Vec<String> = session.lines().into_iter().filter(|line| line.contains("10.9.9.1")).collect();
    assert!(lines.len() == 1 && lines[0].contains("tcp, 1,000 ports") && lines[0].contains("10.9.9.2 "), "{}", session.text());
}
