//! What is on the screen.

use super::*;
use crate::model::Traffic;
use crate::tui::panels::load::TIMELESS;
use crate::tui::screen::ScreenEntry;
use ratatui::style::Color;

/// The keys that lead to each screen, and its name in a file's name.
fn screens() -> impl Iterator<Item = (String, String)> {
    SCREENS.iter().enumerate().map(|(at, ScreenEntry { digit, screen })| {
        let keys = digit.map_or_else(|| "Tab ".repeat(at), String::from);
        (keys, screen.title().to_lowercase().replace(' ', ""))
    })
}

#[test]
fn every_screen_looks_as_it_did() {
    for (width, height) in [(60, 15), (80, 24), (120, 40), (160, 45), (200, 60), (300, 100)] {
        for (keys, name) in screens() {
            let mut session = Session::new(Story::Trouble, width, height);
            session.keys(&keys);
            insta::assert_snapshot!(format!("{name}-{width}x{height}"), session.text());
        }
    }
}

/// The text of a screen with what its cells look like below it, a letter for each look.
fn coloured(session: &Session) -> String {
    let (buffer, mut looks) = (session.buffer(), Vec::new());
    let letters: Vec<char> = ('a'..='z').chain('A'..='Z').chain('0'..='9').chain('α'..='ω').collect();
    let mut letter = |x: u16, y: u16| {
        let cell = &buffer[(x, y)];
        let look = format!("{} on {} {:?}", cell.fg, cell.bg, cell.modifier).replace("Modifier(NONE)", "").trim_end().to_owned();
        let at = looks.iter().position(|known| *known == look).unwrap_or_else(|| {
            looks.push(look);
            looks.len() - 1
        });
        letters[at]
    };
    let mut lines = Vec::new();
    for y in 0..buffer.area.height {
        let is_blank = |x: &u16| buffer[(*x, y)].symbol() == " " && buffer[(*x, y)].bg == Color::Reset;
        let line: String = (0..buffer.area.width).map(|x| if is_blank(&x) { ' ' } else { letter(x, y) }).collect();
        lines.push(line.trim_end().to_owned());
    }
    let legend: Vec<String> = looks.iter().zip(&letters).map(|(look, letter)| format!("{letter} {look}")).collect();
    format!("{}\n\n{}\n\n{}", session.text(), lines.join("\n"), legend.join("\n"))
}

#[test]
fn colours_look_as_they_did() {
    for (name, depth, light) in [
        ("dark", Depth::True, false),
        ("light", Depth::True, true),
        ("256", Depth::Indexed, false),
        ("256-light", Depth::Indexed, true),
        ("16", Depth::Sixteen, false),
        ("16-light", Depth::Sixteen, true),
        ("none", Depth::Mono, false),
        ("ascii", Depth::Mono, false),
    ] {
        let theme = Theme::new(depth, light).with_ascii(name == "ascii");
        for (screen, keys) in [("overview", "1"), ("conversations", "4 Down"), ("problems", "6"), ("mirror", "8")] {
            let mut session = Session::with(Story::Trouble, 80, 24, theme);
            session.keys(keys);
            insta::assert_snapshot!(format!("colours-{name}-{screen}"), coloured(&session));
        }
    }
}

#[test]
fn who_retransmits_is_seen_on_a_usual_screen() {
    for story in [Story::Trouble, Story::File] {
        let mut session = Session::new(story, 120, 40);
        session.keys("4");
        assert!(session.lines()[4].contains("retrans") && session.lines()[4].contains("rtt server"), "{story:?}\n{}", session.text());
    }
}

#[test]
fn what_would_stay_empty_below_a_list_shows_what_is_selected() {
    let mut session = Session::new(Story::Calm, 120, 60);
    session.keys("5");
    let text = session.text();
    assert!(text.contains("─ Service ─") && text.contains("listens at") && text.contains("⏎ open"), "{text}");
    // What is below is no list of its own: nothing is selected there by a click.
    let line = session.line_of("listens at") as u16;
    session.mouse(MouseEventKind::Down(MouseButton::Left), 5, line);
    assert_eq!(session.app.pane().selected, None);
    session.keys("Down Down Enter");
    assert!(session.lines()[1].contains("5 Services ›"), "{}", session.lines()[1]);
    let mut small = Session::new(Story::Calm, 120, 20);
    small.keys("5");
    assert!(!small.text().contains("listens at"), "a list that fills its page has all of it");
}

#[test]
fn the_tree_ends_in_what_the_overview_shows() {
    for story in [Story::Calm, Story::File] {
        let mut session = Session::new(story, 120, 60);
        session.keys("2");
        let scene = session.app.scene();
        let tree = crate::tui::panels::top::hierarchy(&scene);
        for leaf in crate::tui::panels::top::leaves(&scene) {
            let of: Vec<_> = tree.iter().filter(|row| row.token() == leaf.name).collect();
            let sum = of.iter().fold(Traffic::default(), |sum, row| sum.plus(row.own));
            assert_eq!(sum, leaf.total, "{}", leaf.name);
        }
        let all: u64 = tree.iter().map(|row| row.own.wire_bytes).sum();
        let roots: u64 = tree.iter().filter(|row| row.depth() == 1).map(|row| row.traffic.wire_bytes).sum();
        assert_eq!(all, roots, "every byte ends somewhere");
        let line = session.line_of("tls");
        let column = |line: &str, word: &str| line.split(word).next().map(|before| before.chars().count());
        let (above, lines) = (line - 1, session.lines());
        assert!(column(&lines[line], "tls") > column(&lines[above], "tcp"), "{}", session.text());
    }
}

#[test]
fn nothing_is_judged_good_while_a_file_is_read() {
    let mut snapshot = demo::snapshot(Story::File, 0);
    snapshot.diagnosis.findings.clear();
    snapshot.number = 2;
    let shown = |snapshot: &Snapshot| {
        let mut session = Session::new(Story::File, 120, 40);
        session.see(snapshot.clone());
        session.keys("6");
        (session.text(), session.keys("1").text())
    };
    // Of the network nothing is known: that is not green, whatever is thought of the mirror.
    let (problems, _) = shown(&snapshot);
    assert!(problems.contains("○ Nothing wrong was found in what could be judged."), "{problems}");
    (snapshot.diagnosis.network.verdict, snapshot.diagnosis.network.judged) = (crate::model::Verdict::Good, 100);
    snapshot.diagnosis.network.untold = vec![crate::snapshot::NetworkMatter::Loss];
    snapshot.diagnosis.network.not_judged = vec![("tcp.loss", "what the mirror loses cannot be told".into())];
    let (problems, _) = shown(&snapshot);
    assert!(!problems.contains("● Nothing") && problems.contains("tcp.loss"), "{problems}");
    snapshot.diagnosis.network.untold.clear();
    snapshot.diagnosis.network.not_judged.clear();
    let (problems, overview) = shown(&snapshot);
    assert!(problems.contains("● Nothing is wrong that could be found.") && overview.contains("whole capture"), "{problems}");
    (snapshot.finished, snapshot.number) = (false, 3);
    snapshot.capture.sources.iter_mut().for_each(|source| source.progress = Some(0.06));
    let (problems, overview) = shown(&snapshot);
    assert!(problems.contains("Nothing wrong has been found so far") && !problems.contains("● Nothing"), "{problems}");
    // The first line is the same on every screen.
    let first = overview.lines().next().unwrap_or_default();
    assert!(first.contains("mirror good so far") && !first.contains("● mirror good"), "{first}");
    assert!(
        problems.contains("6 % is read") && overview.contains("so far") && !overview.contains("whole capture"),
        "{problems}\n{overview}"
    );
}

#[test]
fn pages_look_as_they_did() {
    for (name, keys) in [
        ("conversation", "4 Down Enter"),
        ("host", "3 Down Enter"),
        ("protocol", "2 Down Down Down Enter"),
        ("vlan", "0 Down Enter"),
        ("service", "5 Down Enter"),
        ("finding", "6 Down Enter"),
    ] {
        let mut session = Session::new(Story::Trouble, 100, 30);
        session.keys(keys);
        insta::assert_snapshot!(format!("page-{name}"), session.text());
    }
}

#[test]
fn the_mirror_shows_what_it_knows() {
    let panels = [
        ("mirror-sampled-120x40", Story::Sampled, 120, 40, "8"),
        ("mirror-sampled-80x24", Story::Sampled, 80, 24, "8 Right Right Right"),
        ("mirror-host-80x24", Story::Trouble, 80, 24, "8 Right"),
        ("mirror-stamps-80x24", Story::Trouble, 80, 24, "8 Right Right Right Right"),
        ("mirror-calm-120x40", Story::Calm, 120, 40, "8"),
    ];
    for (name, story, width, height, keys) in panels {
        let mut session = Session::new(story, width, height);
        session.keys(keys);
        insta::assert_snapshot!(name, session.text());
    }
}

#[test]
fn the_host_checklist_scrolls_where_it_is_alone() {
    let mut session = Session::new(Story::Trouble, 60, 12);
    session.keys("8 Right");
    let text = session.text();
    assert!(text.contains("✖ Receive offload (GRO, LRO): GRO is on") && text.contains("ethtool -K eth1 gro off lro off"), "{text}");
    assert!(text.contains("more ↓"), "{text}");
    session.keys("Down Down Down Down");
    assert!(session.text().contains("as a mirror port wants it"), "{}", session.text());
    let mut file = Session::new(Story::File, 80, 24);
    file.keys("8 Right");
    assert!(file.text().contains("checked for live ports only"), "{}", file.text());
}

#[test]
fn samples_are_called_estimates() {
    let session = Session::new(Story::Sampled, 120, 40);
    let first = &session.lines()[0];
    assert!(first.contains("sampled 1:512") && first.contains("now ≈"), "{first}");
    assert!(!Session::new(Story::Calm, 120, 40).lines()[0].contains('≈'));
}

#[test]
fn the_first_line_tells_on_every_screen() {
    for ScreenEntry { digit, .. } in SCREENS {
        let mut bad = Session::new(Story::Trouble, 120, 40);
        bad.keys(&digit.map_or(String::new(), String::from));
        assert!(
            bad.lines()[0].contains("✖ mirror: every packet twice") && bad.lines()[0].contains("lost 1.2 % kernel"),
            "{}",
            bad.lines()[0]
        );
        let mut good = Session::new(Story::Calm, 120, 40);
        good.keys(&digit.map_or(String::new(), String::from));
        assert!(good.lines()[0].contains("● mirror good") && good.lines()[0].contains("lost here 0"), "{}", good.lines()[0]);
    }
    let unknown = Session::new(Story::Empty, 120, 40);
    assert!(unknown.lines()[0].contains("mirror ?"));
    // The load and the badge are what stays.
    let small = Session::new(Story::Trouble, 44, 15);
    let small = &small.lines()[0];
    assert!(small.contains("eth1") && small.contains("✖ bad") && small.contains("855 Mb/s"), "{small}");
}

#[test]
fn everything_can_be_drawn_in_ascii() {
    for story in [Story::Trouble, Story::Calm, Story::File, Story::Empty] {
        for keys in ["1", "2", "3", "4", "5", "6", "8", "0", "4 Down Enter", "3 Down Enter", "6 Down Enter", "?", ":", "4 /"] {
            let mut session = Session::with(story, 120, 40, Theme::new(Depth::Mono, false).with_ascii(true));
            session.keys(keys);
            let text = session.text();
            assert!(text.is_ascii(), "{keys}: {:?}", text.chars().filter(|c| !c.is_ascii()).collect::<String>());
            // Behind an application it says that only the port tells.
            let lost = text.as_bytes().windows(2).filter(|w| w[1] == b'?' && !w[0].is_ascii_alphanumeric()).count();
            assert!(keys == "?" || lost < 12, "{keys}: characters without a likeness\n{text}");
        }
    }
}

#[test]
fn nothing_found_says_of_what() {
    let wrong = |story| {
        let session = Session::new(story, 200, 40);
        let lines = session.lines();
        lines[session.line_of("What is wrong") + 1].clone()
    };
    assert!(wrong(Story::Calm).contains("● mirror good"), "{}", wrong(Story::Calm));
    assert!(wrong(Story::Empty).contains("? mirror: not judged yet"), "{}", wrong(Story::Empty));
    let session = Session::new(Story::Calm, 200, 40);
    assert!(session.text().contains("network: no connection or request seen yet"), "{}", session.text());
}

#[test]
fn who_talks_to_itself_takes_part_in_no_more_than_everything() {
    let mut snapshot = demo::snapshot(Story::Calm, 1);
    let mut talk = snapshot.stats.conversations.ip.rows[0].clone();
    let itself = Address::V4([127, 0, 0, 1].into());
    (talk.a, talk.b) = (itself, itself);
    let half = crate::model::Traffic { packets: 10, wire_bytes: snapshot.stats.recent.wire_bytes / 2 };
    (talk.recent_ab, talk.recent_ba, talk.ab, talk.ba) = (half, crate::model::Traffic::default(), half, crate::model::Traffic::default());
    let mut host = snapshot.stats.endpoints.ip.rows[0].clone();
    (host.address, host.recent_tx, host.recent_rx, host.tx, host.rx) = (itself, half, half, half, half);
    snapshot.stats.conversations.ip.rows = vec![talk];
    snapshot.stats.endpoints.ip.rows = vec![host];
    let mut session = Session::new(Story::Calm, 140, 20);
    session.see(snapshot);
    session.keys("3");
    let row = session.lines()[session.line_of("127.0.0.1")].clone();
    // Half of one of the ten seconds that the past knows, sent and received: once and not twice.
    assert!((row.contains("4.9 %") || row.contains("5.0 %")) && !row.contains("9.8 %") && !row.contains("10 %"), "{row}");
}

#[test]
fn t_walks_through_the_themes_and_comes_back() {
    let mut session = Session::with(Story::Calm, 80, 24, Theme::new(Depth::True, false));
    let cells = |session: &Session| session.buffer().content()[..80 * 23].to_vec();
    let before = cells(&session);
    session.keys("t");
    assert!(session.app.theme.is_light() && session.app.theme.name() == "light");
    let mut seen = vec![before.clone(), cells(&session)];
    for name in &crate::settings::THEMES[2..] {
        session.keys("t");
        assert!(session.lines()[23].contains(&format!("theme {name}")), "{}", session.text());
        let now = cells(&session);
        assert!(!seen.contains(&now), "{name} looks like another");
        assert!(now.iter().all(|c| c.bg != ratatui::style::Color::Reset && c.fg != ratatui::style::Color::Reset), "{name} has a hole");
        seen.push(now);
    }
    session.keys("t");
    assert_eq!(cells(&session), before);
}

#[test]
fn a_theme_without_its_colours_leaves_the_background_alone() {
    for light in [false, true] {
        let mut session = Session::with(Story::Trouble, 80, 24, Theme::new(Depth::Sixteen, light).named("dracula"));
        assert_eq!(session.app.theme.is_light(), light, "as the terminal is");
        assert!(session.buffer().content().iter().all(|c| c.bg == ratatui::style::Color::Reset));
        session.keys("t");
        assert!(session.lines()[23].contains("too few colours here"));
    }
}

#[test]
fn a_failure_is_loud() {
    let mut session = Session::new(Story::Calm, 80, 24);
    session.app.see(Arc::new(demo::snapshot(Story::Calm, 1)), Some("eth1: the interface has gone".into()));
    session.draw();
    assert!(session.lines()[2].contains("✖ eth1: the interface has gone"));
    let mut warned = demo::snapshot(Story::Calm, 1);
    warned.capture.sources[0].warning = Some("the link is down".into());
    let mut session = Session::new(Story::Calm, 80, 24);
    session.see(warned);
    assert!(session.lines()[2].contains("▲ the link is down"));
}

#[test]
fn a_file_that_is_read_shows_how_far() {
    let mut snapshot = demo::snapshot(Story::File, 0);
    snapshot.finished = false;
    snapshot.capture.sources[0].progress = Some(0.62);
    let mut session = Session::new(Story::File, 120, 40);
    assert!(session.text().contains("read to the end"));
    snapshot.number += 1;
    session.see(snapshot);
    assert!(session.lines()[0].contains("▮▮▮▮▮▯▯▯  62 %"), "{}", session.lines()[0]);
    assert!(matches!(&session.effects[0], Effect::Ask(q) if q.conversations.column == Column::BYTES));
}

/// Packets without times have bytes, and no load.
#[test]
fn what_has_one_time_stamp_has_no_chart() {
    const SAID: &str = "how fast they came cannot be told";
    for (width, height) in [(80, 24), (120, 40)] {
        let mut session = Session::new(Story::File, width, height);
        assert!(!session.text().contains(SAID) && session.text().contains("mean "));
        let mut snapshot = demo::snapshot(Story::File, 0);
        snapshot.capture.last = snapshot.capture.first;
        snapshot.number += 1;
        session.see(snapshot);
        let text = session.text();
        assert!(text.contains(SAID) && !text.contains("max 1 ms"), "{text}");
        assert!(session.lines()[2 + usize::from(TIMELESS)].contains("What is wrong"), "the lists have its room: {text}");
        session.keys("u");
        let text = session.text();
        assert!(text.contains(SAID) && !text.contains("Busiest milli"), "{text}");
    }
}

/// A pair of addresses knows what all its packets have in common: who asks for one protocol of several is not told that nobody speaks it.
#[test]
fn what_pairs_speak_beside_something_else_is_said_not_to_be_kept() {
    for page in ["3", "4"] {
        let asked = |word: &str| {
            let mut session = Session::new(Story::File, 120, 40);
            session.keys(page).keys("/").kinds(word).keys("Enter");
            session.text()
        };
        let (icmp, nothing) = (asked("icmp"), asked("nosuchword"));
        assert!(icmp.contains("whether those do that speak more is not kept"), "{icmp}");
        assert!(nothing.contains("nothing matches the filter · Esc") && !nothing.contains("not kept"), "{nothing}");
    }
}

#[test]
fn names_and_bytes() {
    let mut session = Session::new(Story::Calm, 120, 40);
    session.keys("4 n b");
    let text = session.text();
    assert!(text.contains(":https") && text.contains("MB/s") && !text.contains("Mb/s"), "{text}");
}

#[test]
fn the_same_picture_twice() {
    let mut session = Session::new(Story::Trouble, 150, 50);
    for ScreenEntry { digit, screen } in SCREENS {
        session.keys(&digit.map_or(String::new(), String::from));
        let before = session.buffer().clone();
        session.draw();
        assert_eq!(*session.buffer(), before, "{}", screen.title());
    }
}

#[test]
fn columns_do_not_jump() {
    let column = |second| {
        let mut session = Session::new(Story::Calm, 100, 30);
        session.keys("4");
        session.see(demo::snapshot(Story::Calm, second));
        let header = session.lines()[4].clone();
        let ends: Vec<usize> = session.lines()[5..9].iter().map(|l| l.chars().position(|c| c == '%').unwrap_or(0)).collect();
        (header, ends)
    };
    let first = column(1);
    for second in 2..8 {
        assert_eq!(column(second), first);
    }
}

#[test]
fn colours_have_one_meaning_in_every_depth() {
    for depth in [Depth::Mono, Depth::Sixteen, Depth::Indexed, Depth::True] {
        for light in [false, true] {
            let session = Session::with(Story::Trouble, 120, 40, Theme::new(depth, light));
            let coloured = session.buffer().content().iter().any(|c| c.fg != ratatui::style::Color::Reset);
            assert_eq!(coloured, depth != Depth::Mono);
            assert!(session.text().contains("✖ mirror"), "symbols stay without colours");
        }
    }
}

#[test]
fn no_tab_moves_or_renames_itself() {
    for width in [60, 80, 100, 120, 160] {
        let mut session = Session::new(Story::Calm, width, 24);
        let tabs = |session: &Session| {
            let line = session.lines()[1].clone();
            line.split(" …").next().unwrap_or_default().to_owned()
        };
        session.keys("1");
        let before = tabs(&session);
        for (at, ScreenEntry { screen, digit }) in SCREENS.iter().enumerate() {
            let shown = session.lines()[1].clone();
            // The name of a screen without a tab may lie over the last tabs.
            let is_same = if digit.is_some() { tabs(&session) == before } else { before.starts_with(&tabs(&session)) };
            assert!(is_same, "{width}: {at}: {shown}");
            let named = |name: &str| shown.split_whitespace().any(|word| Some(word) == name.split_whitespace().next());
            assert!(named(screen.title()) || named(screen.short_title()), "{width}: the screen in front has its name: {shown}");
            session.keys("Tab");
        }
    }
}

#[test]
fn every_tab_has_a_name_on_a_usual_terminal() {
    let words = |width| Session::new(Story::Trouble, width, 24).lines()[1].clone();
    let short = words(80);
    assert_eq!(short.trim(), "1 Over 2 Prot 3 Host 4 Conv 5 Serv 6 Prob ✖1 ▲2 7 Switch 8 Mirror 9 Pkt 0 L2 …");
    for ScreenEntry { screen, digit } in SCREENS {
        assert!(digit.is_none() || words(120).contains(screen.title()), "{}", words(120));
    }
}

#[test]
fn the_tab_counts_what_is_wrong_by_how_wrong_it_is() {
    let mut snapshot = demo::snapshot(Story::Trouble, 1);
    let count = |snapshot: &Snapshot| {
        let mut session = Session::new(Story::Trouble, 160, 24);
        session.see(snapshot.clone());
        session.lines()[1].clone()
    };
    assert!(count(&snapshot).contains("6 Problems ✖1 ▲2"), "{}", count(&snapshot));
    snapshot.diagnosis.findings.iter_mut().for_each(|finding| finding.severity = crate::model::Severity::Note);
    let line = count(&snapshot);
    assert!(line.contains("6 Problems ◇") && !line.contains('●'), "a note is no good news: {line}");
}

#[test]
fn a_finding_is_never_cut_on_the_overview() {
    let title = "Name server 10.77.0.1, which answered before, answers 9 of 63 queries (14 %) with errors: the forwarder behind it is gone";
    let mut snapshot = demo::snapshot(Story::Trouble, 1);
    snapshot.diagnosis.findings.truncate(1);
    snapshot.diagnosis.findings[0].title = title.into();
    for (width, height) in [(60, 15), (80, 24), (120, 40), (200, 60)] {
        let mut session = Session::new(Story::Trouble, width, height);
        session.see(snapshot.clone());
        let at = session.line_of("What is wrong");
        let said: Vec<String> = session.lines()[at + 1..at + 4].iter().map(|line| line.trim().to_owned()).collect();
        let words = said.join(" ");
        assert!(at < session.line_of("─ Conversations"), "above the lists");
        assert!(words.contains(title), "{width}x{height}: {words}");
    }
    let mut many = demo::snapshot(Story::Trouble, 1);
    let one = many.diagnosis.findings[0].clone();
    many.diagnosis.findings = vec![one; 30];
    let mut session = Session::new(Story::Trouble, 120, 40);
    session.see(many);
    let line = session.lines()[session.line_of("What is wrong")].clone();
    assert!(line.contains(" more"), "those without room are told of: {line}");
}

/// A name that is too long gives way before what is wrong does, and of what is wrong the end.
#[test]
fn a_long_name_gives_way_before_what_is_wrong() {
    let mut snapshot = demo::snapshot(Story::File, 1);
    snapshot.switch.identity = None;
    snapshot.mirror.trust.verdict = crate::model::Verdict::Doubtful;
    for (summary, width, expected) in [
        ("30 % of the packets arrive more than once", 80, "▲ 30 % of the packets arrive more than once"),
        ("the mirror was silent 11 times for 22.66 s of 57.99 s on both of its ports", 80, "▲ the mirror was silent 11 times for 22"),
        ("30 % of the packets arrive more than once", 30, "▲ doubtful"),
    ] {
        snapshot.mirror.trust.summary = summary.into();
        let mut session = Session::new(Story::File, width, 24);
        session.app.options.source_title = "a-capture-with-a-long-name-of-the-switch-in-the-cellar-2026-11-30.pcap".into();
        session.see(snapshot.clone());
        let first = session.lines()[0].clone();
        assert!(first.contains(expected) && (width < 80) == first.contains("doubtful"), "{width}: {first}");
        assert!(width < 80 || first.contains("a-cap") && first.contains(".pcap"), "{first}");
    }
    // Where there is room for all but the middle of the name the time stays.
    snapshot.mirror.trust.summary = "30 % of the packets arrive more than once".into();
    let mut session = Session::new(Story::File, 140, 24);
    session.app.options.source_title = "a-capture-with-a-long-name-of-the-switch-in-the-cellar-2026-11-30.pcap".into();
    session.see(snapshot);
    let first = session.lines()[0].clone();
    assert!(first.contains("mean ") && first.contains("2025-11-25 12:00:00") && first.contains('…'), "{first}");
}

#[test]
fn name_port_and_fault_stay_in_the_first_line() {
    let mut snapshot = demo::snapshot(Story::Trouble, 1);
    snapshot.capture.losses = Default::default();
    snapshot.mirror.loss.host = None;
    snapshot.mirror.trust.summary = "the mirror is limited to 2.00 Mb/s".into();
    for width in [80, 100, 120] {
        let mut session = Session::new(Story::Trouble, width, 24);
        session.see(snapshot.clone());
        let first = session.lines()[0].clone();
        for part in ["eth1", "Gi1/0/24", "✖ the mirror is limited to 2.00 Mb/s", "Mb/s", "lost "] {
            assert!(first.contains(part), "{width}: {part} in {first}");
        }
        assert!(width < 100 || !first.contains('…'), "nothing is cut: {first}");
    }
}
