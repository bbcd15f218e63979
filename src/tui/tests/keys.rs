//! What keys and clicks do.

use super::*;
use crate::snapshot::Filter;
use crate::tui::screen::{ScreenEntry, entry};
use crate::tui::view::{Kind, Topic};

#[test]
fn pause_holds_the_picture_and_says_how_far_behind() {
    let mut session = Session::new(Story::Calm, 120, 40);
    session.keys("p");
    let held = session.lines()[20].clone();
    session.see(demo::snapshot(Story::Calm, 12));
    assert_eq!(session.lines()[20], held);
    assert!(session.text().contains("❚❚ paused, 12.0 s behind"), "{}", session.text());
    assert_eq!(session.app.latest().number, 13);
    session.keys("Space");
    assert!(!session.text().contains("paused"));
    assert_eq!(session.app.shown.number, 13);
}

#[test]
fn the_selected_row_stays_where_it_is() {
    let mut session = Session::new(Story::Calm, 120, 40);
    session.keys("4 Down Down Down");
    let chosen = session.app.pane().selected.clone();
    let order = session.app.topics();
    for second in 1..20 {
        session.see(demo::snapshot(Story::Calm, second));
        assert_eq!(session.app.topics(), order);
        assert_eq!(session.app.pane().selected, chosen);
    }
    session.keys("Esc");
    assert_ne!(session.app.topics(), order, "the order follows the values again");
}

#[test]
fn a_row_that_ends_does_not_move_the_selected_one() {
    let mut session = Session::new(Story::Calm, 120, 20);
    session.keys("4 G Up Up Up");
    let chosen = session.app.pane().selected.clone();
    let shown = |s: &Session| {
        let at = s.app.topics().iter().position(|t| Some(t) == chosen.as_ref());
        at.map(|at| at - s.app.listing.offset)
    };
    let (before, rows) = (shown(&session), session.app.topics());
    let mut next = demo::snapshot(Story::Calm, 1);
    let gone = &rows[0];
    next.stats.conversations.tcp.rows.retain(|r| Topic::conversation(Kind::Tcp, r) != *gone);
    session.see(next);
    assert_eq!(session.app.topics().len(), rows.len() - 1);
    assert_eq!(shown(&session), before);
}

#[test]
fn sorting_asks_and_marks() {
    let mut session = Session::new(Story::Calm, 120, 40);
    session.keys("4");
    let mut seen = Vec::new();
    for _ in 0..8 {
        let heads = session.lines()[4].clone();
        session.keys("s");
        let order = session.app.view.conversations;
        let marked = session.lines()[4].clone();
        assert!(marked.contains(if order.descending { '▾' } else { '▴' }), "{marked}");
        // What it is sorted by stood there before: no key leads to what nobody sees.
        let bare = |line: &str| line.replace(['▾', '▴'], " ").split_whitespace().map(str::to_owned).collect::<Vec<_>>();
        assert!(bare(&marked).iter().all(|word| bare(&heads).contains(word)), "{heads}\n{marked}");
        seen.push(order.column);
    }
    assert!(seen.contains(&Column("retrans")) && seen.iter().filter(|column| **column == seen[0]).count() > 1, "{seen:?}");
    while session.app.view.conversations.column != Column("retrans") {
        session.keys("s");
    }
    assert!(session.text().contains("▾ retrans"), "{}", session.text());
    let asked = session.effects.iter().rev().find_map(|e| if let Effect::Ask(q) = e { Some(q.clone()) } else { None });
    assert_eq!(asked.map(|q| (q.conversations.column, q.conversations.descending)), Some((Column("retrans"), true)));
    session.keys("S");
    assert!(session.text().contains("▴ retrans"));
    let header = session.lines()[4].chars().take_while(|c| *c != '▴').count() as u16;
    session.mouse(MouseEventKind::Down(MouseButton::Left), header + 3, 4);
    assert!(session.text().contains("▾ retrans"));
}

#[test]
fn the_filter_is_typed_and_cleared() {
    let mut session = Session::new(Story::Calm, 100, 30);
    session.keys("4 /").kinds("vlan 10q");
    assert!(session.lines()[29].contains("filter vlan 10q"), "{}", session.lines()[29]);
    assert!(!session.effects.contains(&Effect::Quit), "letters are text while typing");
    session.event(&Event::Key(KeyEvent::from(KeyCode::Backspace)));
    session.keys("Enter");
    assert!(session.lines()[29].contains("/ vlan 10"), "{}", session.lines()[29]);
    let asked = session.effects.iter().rev().find_map(|e| if let Effect::Ask(q) = e { q.filter.clone() } else { None });
    assert_eq!(asked.map(|f| f.text().to_owned()), Some("vlan 10".into()));
    session.keys("Esc");
    assert!(session.app.view.filter.is_none());
}

#[test]
fn the_filter_holds_while_it_is_typed_also_while_paused() {
    for keys in ["4", "4 p"] {
        let mut session = Session::new(Story::Calm, 120, 30);
        session.keys(keys);
        let all = session.app.topics().len();
        session.keys("/").kinds("10.20.1.9");
        let some = session.app.topics().len();
        assert!(some > 0 && some < all, "{keys}: {some} of {all}");
        let asks = session.effects.len();
        session.app.tick(Duration::from_secs(1));
        assert!(session.app.question().is_some(), "{keys}: deeper rows are asked for when typing pauses, after {asks}");
        session.kinds(" and nosuchword");
        assert_eq!(session.app.topics().len(), 0);
        assert!(session.text().contains("nothing matches the filter"), "{}", session.text());
        session.keys("Esc");
        assert_eq!(session.app.topics().len(), all, "{keys}: leaving brings back what was");
        session.keys("/").kinds("10.20.1.9").keys("Enter");
        assert_eq!(session.app.topics().len(), some);
        session.keys("Esc");
        assert_eq!(session.app.topics().len(), all);
    }
}

#[test]
fn a_filter_about_connections_narrows_hosts_and_services_too() {
    let mut session = Session::new(Story::Trouble, 160, 45);
    let count = |session: &mut Session, key: &str| {
        session.keys(key);
        session.app.topics().len()
    };
    let all: Vec<usize> = ["3", "4", "5"].map(|key| count(&mut session, key)).to_vec();
    session.keys("4 /").kinds("retrans > 1").keys("Enter");
    let some: Vec<usize> = ["3", "4", "5"].map(|key| count(&mut session, key)).to_vec();
    assert!(all.iter().zip(&some).all(|(all, some)| some < all && *some > 0), "{some:?} of {all:?}");
    let shown = &session.app.shown.stats;
    let ends: Vec<_> = shown.conversations.tcp.rows.iter().flat_map(|c| [c.a, c.b]).collect();
    assert!(shown.endpoints.ip.rows.iter().all(|host| ends.contains(&host.address)));
    assert!(shown.services.rows.iter().all(|service| ends.contains(&service.key.address)));
    // What is asked of TCP connections leaves nothing of UDP.
    assert!(shown.endpoints.udp.rows.is_empty() && !shown.endpoints.tcp.rows.is_empty());
    assert!(shown.services.rows.iter().all(|service| service.key.protocol == crate::model::Proto::Tcp));
    // The share is that of the column: more than all there is has nobody.
    session.keys("Esc 4 /").kinds("share > 100").keys("Enter");
    assert_eq!(count(&mut session, "4"), 0);
    session.keys("Esc /").kinds("share > 0").keys("Enter");
    assert!(count(&mut session, "4") > 0);
}

#[test]
fn kinds_without_rows_are_stepped_over() {
    let mut session = Session::new(Story::Calm, 80, 24);
    session.keys("4");
    for _ in 0..7 {
        session.keys("Right");
        assert!(!session.app.topics().is_empty(), "{}", session.text());
    }
}

#[test]
fn a_wrong_filter_says_what_there_is() {
    let mut session = Session::new(Story::Calm, 80, 24);
    session.keys("4 /").kinds("retransmit > 1");
    let text = session.text();
    assert!(text.contains("no column is called `retransmit`; did you mean `retrans"), "{text}");
    assert!(!text.contains("there are"), "six lines over the list that is filtered: {text}");
    session.keys("Esc /").kinds("zzzzzz > 1");
    let text = session.text();
    assert!(text.contains("no column is called `zzzzzz`: columns are asked for by the words above them"), "{text}");
    assert!(!text.contains("nothing matches"), "{text}");
    // What is wrong is read to its end wherever there is a line to type in.
    for (width, height) in [(60, 15), (44, 12)] {
        for (words, end) in [("nosuch = 5", "severity"), ("state = open", "not `open`"), ("severity = bogus", "not `bogus`")] {
            let mut session = Session::new(Story::Calm, width, height);
            session.keys("4 /");
            words.chars().for_each(|c| session.event(&Event::Key(KeyEvent::from(KeyCode::Char(c)))));
            let text = session.text();
            let at = session.line_of("filter ");
            assert!(session.lines()[..at].join(" ").contains(end) || session.lines()[at].contains(end), "{words} in {width} cells\n{text}");
        }
    }
    session.keys("Esc /").kinds("app > tls");
    assert!(session.text().contains("`app` holds words"), "{}", session.text());
}

#[test]
fn bursts_are_a_key_away_and_say_what_they_need() {
    let mut live = Session::new(Story::Calm, 120, 40);
    live.keys("u");
    assert!(live.text().contains("How full, by milliseconds") && live.text().contains("9.91 Gb/s"), "{}", live.text());
    live.keys("Down");
    assert_eq!(live.app.topics().len(), 4);
    let mut file = Session::new(Story::File, 120, 40);
    file.keys("u");
    assert!(file.text().contains("--speed 10G") && file.text().contains("Busiest milliseconds"), "{}", file.text());
}

#[test]
fn a_service_has_a_page_of_its_own() {
    let mut session = Session::new(Story::Trouble, 200, 60);
    session.keys("5 Down");
    let Some(Topic::Service(key)) =
        session.app.pane().selected.clone().and_then(|row| session.app.page().opens(&session.app.scene(), &row))
    else {
        panic!("no service in\n{}", session.text())
    };
    session.keys("Enter");
    let text = session.text();
    assert!(text.contains("listens at") && text.contains(&format!(":{}", key.port)) && text.contains("Clients"), "{text}");
}

#[test]
fn the_tree_of_a_filter_holds_what_has_no_ports() {
    use crate::model::{Path, Proto};
    use crate::snapshot::Filter;
    let mut snapshot = demo::snapshot(Story::Calm, 0);
    // Two stations that only ask for addresses.
    let mut row = snapshot.stats.conversations.eth.rows.first().cloned().expect("the demonstration has stations");
    row.path = Path::EMPTY;
    [Proto::Eth, Proto::Arp].into_iter().for_each(|proto| row.path.push(proto));
    row.app = None;
    snapshot.stats.conversations.eth.rows.push(row.clone());
    let shown = |text: &str| {
        let filter = Filter::parse(text).expect("a filter");
        let tree = crate::tui::held::narrowed(&Arc::new(snapshot.clone()), filter.as_ref()).stats.protocols.clone();
        tree.into_iter().find(|p| p.path == row.path).map(|p| p.own)
    };
    assert_eq!((shown("not tls"), shown("arp"), shown("tls")), (Some(row.total()), Some(row.total()), None));
}

#[test]
fn rows_are_sorted_while_paused() {
    let mut session = Session::new(Story::Calm, 120, 30);
    session.keys("4 p");
    let before = session.app.topics();
    session.keys("S");
    assert_ne!(session.app.topics(), before);
    session.keys("S");
    assert_eq!(session.app.topics(), before);
}

#[test]
fn a_key_that_does_nothing_says_so() {
    // Of the program's own screens each digit has one.
    static FEW: &[ScreenEntry] =
        &[entry('1', &crate::tui::screens::overview::OverviewScreen), entry('4', &crate::tui::screens::conversations::ConversationsScreen)];
    let mut session = Session::new(Story::Calm, 100, 30);
    session.app = App::with(FEW, session.app.options.clone(), Theme::new(Depth::Mono, false));
    session.see(demo::snapshot(Story::Calm, 0));
    session.keys("9");
    assert!(session.lines()[29].contains("no screen has the digit 9"), "{}", session.lines()[29]);
    session.keys("x");
    assert!(session.lines()[29].contains("x means nothing here"), "{}", session.lines()[29]);
    session.keys("4");
    assert!(!session.lines()[29].contains("means nothing"), "the next key ends it");
    session.keys("x");
    assert!(session.app.tick(Duration::from_secs(10)));
    session.draw();
    assert!(!session.lines()[29].contains("means nothing"), "so does time");
}

#[test]
fn keys_in_the_footer_can_be_clicked() {
    let mut session = Session::new(Story::Calm, 120, 30);
    let x = session.lines()[29].chars().collect::<String>().split("p pause").next().map_or(0, |l| l.chars().count()) as u16;
    session.mouse(MouseEventKind::Down(MouseButton::Left), x, 29);
    assert!(session.app.view.paused);
}

#[test]
fn reset_asks_first() {
    let mut session = Session::new(Story::Calm, 100, 30);
    session.keys("r");
    assert!(session.lines()[29].contains("Forget everything"));
    session.keys("j");
    assert!(!session.effects.contains(&Effect::Reset));
    session.keys("r");
    session.app.tick(QUESTION + Duration::from_secs(1));
    assert!(matches!(session.app.modal, Modal::None), "the question does not stand for ever");
    session.keys("r r");
    assert_eq!(session.effects.iter().filter(|e| **e == Effect::Reset).count(), 1);
    let mut file = Session::new(Story::File, 100, 30);
    file.keys("r r");
    assert!(!file.effects.contains(&Effect::Reset), "a file cannot be forgotten");
}

#[test]
fn help_lists_only_keys_that_work_here() {
    let mut session = Session::new(Story::Calm, 100, 40);
    session.keys("8 ?");
    let text = session.text();
    assert!(text.contains("Keys · Mirror") && !text.contains("sort by the next column"), "{text}");
    session.keys("Esc 4 h");
    let text = session.text();
    assert!(text.contains("Keys · Conversations") && text.contains("sort by the next column"), "{text}");
    session.keys("x");
    assert!(!session.text().contains("Keys ·"));
}

#[test]
fn enter_goes_down_and_escape_up() {
    let mut session = Session::new(Story::Trouble, 120, 40);
    session.keys("3 Down Enter");
    assert!(session.lines()[1].contains("3 Hosts › 10.20.1.7"), "{}", session.lines()[1]);
    session.keys("Down Enter");
    assert_eq!(session.app.stack.len(), 2);
    assert!(session.lines()[1].contains("⇄"));
    session.keys("Esc Esc");
    assert!(session.app.stack.is_empty());
    assert!(session.lines()[1].contains("1 Overview"));
    session.keys("6 e");
    let text = session.text();
    assert!(text.contains("All about dup.every."));
    let called = |line: &&str| line.trim_matches(['│', ' ']) == "dup.every";
    assert_eq!(text.lines().filter(called).count(), 0, "only its title says what it is called: {text}");
    session.keys("q");
    assert!(!session.text().contains("All about dup.every."), "q closes what lies over the page");
    session.keys("? q");
    assert!(!session.text().contains("Keys ·") && !session.effects.contains(&Effect::Quit));
    session.keys("q");
    assert!(session.effects.contains(&Effect::Quit));
}

#[test]
fn what_is_pasted_stands_at_the_cursor() {
    let mut session = Session::new(Story::Calm, 100, 30);
    session.keys("/").kinds("vlan p").keys("Left");
    session.event(&Event::Paste("10 and tcp or u\nnot this line".into()));
    assert!(session.lines()[29].contains("filter vlan 10 and tcp or up"), "{}", session.lines()[29]);
    session.kinds("d");
    assert!(session.lines()[29].contains("filter vlan 10 and tcp or udp"), "{}", session.lines()[29]);
    session.event(&Event::Paste(" and (".into()));
    assert!(session.lines()[29].contains("parenthes"), "what is wrong is told at once: {}", session.lines()[29]);
}

#[test]
fn control_c_leaves_from_anywhere() {
    for keys in ["/", "?", "r", "6 e", "4 Down Enter"] {
        let mut session = Session::new(Story::Trouble, 80, 24);
        session.keys(keys);
        session.event(&Event::Key(KeyEvent::new(KeyCode::Char('c'), KeyModifiers::CONTROL)));
        assert!(session.effects.contains(&Effect::Quit), "{keys}");
    }
}

#[test]
fn the_mouse_presses_what_it_points_at() {
    let mut session = Session::new(Story::Trouble, 120, 40);
    let x = session.lines()[1].find("3 Hosts").unwrap_or(0) as u16;
    session.mouse(MouseEventKind::Down(MouseButton::Left), x + 2, 1);
    assert_eq!(SCREENS[session.app.screen].screen.title(), "Hosts");
    let row = session.line_of("10.20.1.9") as u16;
    session.mouse(MouseEventKind::Down(MouseButton::Left), 5, row);
    assert!(session.app.pane().selected.is_some() && session.app.stack.is_empty());
    session.mouse(MouseEventKind::Down(MouseButton::Left), 5, row);
    assert_eq!(session.app.stack.len(), 1, "a second click opens");
    session.keys("4");
    session.mouse(MouseEventKind::ScrollDown, 5, 10);
    assert_eq!(session.app.listing.offset, 3);
}

#[test]
fn branches_fold() {
    let mut session = Session::new(Story::Calm, 100, 30);
    session.keys("2 Down Left");
    assert_eq!(session.app.topics().len(), 1);
    session.keys("Right");
    assert!(session.app.topics().len() > 10);
    session.keys("Down Down Left");
    assert!(session.text().contains("ipv6"));
}

#[test]
fn a_filter_means_the_same_on_every_screen() {
    let mut session = Session::new(Story::Calm, 120, 40);
    session.keys("4 /").kinds("tls").keys("Enter");
    let talks = session.app.topics().len();
    let all = demo::snapshot(Story::Calm, 0).stats.conversations.tcp.rows.len();
    assert!(talks > 0 && talks < all);
    session.keys("3");
    assert!(session.text().contains("10.20.1.7 "), "who speaks TLS: {}", session.text());
    assert!(!session.text().contains("10.20.1.9 "), "who does not: {}", session.text());
    session.keys("2");
    let text = session.text();
    assert!(text.contains("tcp") && !text.contains("arp") && !text.contains("stp") && text.contains("of what matches"), "{text}");
    session.keys("Esc 3 /").kinds("10.20.1.9").keys("Enter");
    assert!(session.text().contains("10.20.1.9 ") && !session.text().contains("10.20.1.7 "), "an address: {}", session.text());
}

#[test]
fn the_first_problem_opens_without_being_selected() {
    let mut session = Session::new(Story::Trouble, 120, 40);
    session.keys("6");
    assert!(session.lines()[39].contains("⏎ open"), "{}", session.lines()[39]);
    session.keys("Enter");
    assert!(session.lines()[1].contains("› dup."), "{}", session.lines()[1]);
}

#[test]
fn the_chart_zooms_on_files_past_spans_that_show_nothing() {
    let mut session = Session::new(Story::File, 120, 40);
    assert!(session.text().contains("Load · whole capture"));
    session.keys("+");
    assert!(session.text().contains("Load · 5 min around the busiest 1 ms"), "the capture has 7 minutes: {}", session.lines()[2]);
    session.keys("-");
    assert!(session.text().contains("Load · whole capture"));
    session.keys("r");
    assert!(session.text().contains("live port"), "r says why it does nothing");
}

/// Hosts have a column of names, also where addresses are not replaced by them.
#[test]
fn a_filter_finds_hosts_by_their_names() {
    let mut session = Session::new(Story::Calm, 120, 40);
    session.keys("3");
    let named: Vec<String> = session.lines().iter().filter(|line| line.contains("files.")).cloned().collect();
    assert!(!named.is_empty(), "{}", session.text());
    session.keys("/").kinds("files.").keys("Enter");
    let shown = session.app.shown.stats.endpoints.ip.rows.len();
    assert!((1..=named.len()).contains(&shown), "{shown} rows\n{}", session.text());
}

#[test]
fn a_row_that_another_screen_filtered_away_is_not_acted_on() {
    let mut session = Session::new(Story::File, 120, 40);
    session.keys("4 Down Down Down");
    let selected = session.app.pane().selected.clone().expect("a row");
    // Of one end of another row nothing else is.
    let Topic::Conversation { a_port, b_port, .. } = session.app.topics()[0] else { panic!("no conversation") };
    session.keys("3 /").kinds(&format!("port {}", a_port.max(b_port))).keys("Enter 4");
    let shown = session.app.topics();
    assert!(!shown.is_empty() && !shown.contains(&selected), "the filter hides it");
    assert!(session.app.pane().selected.as_ref().is_none_or(|topic| shown.contains(topic)), "what is selected is seen");
    session.keys("Enter");
    assert!(!session.text().contains("Gone"), "{}", session.text());
}

#[test]
fn keys_of_charts_do_nothing_where_there_is_none() {
    let mut session = Session::new(Story::Calm, 120, 40);
    session.keys("4");
    let (scale, split) = (session.app.view.scale, session.app.view.split);
    for key in ["+", "-", "d"] {
        session.keys(key);
        assert!(session.text().contains("this page has no chart of the load"), "{key}");
    }
    assert_eq!((session.app.view.scale, session.app.view.split), (scale, split));
    session.keys("1 +");
    assert_ne!(session.app.view.scale, scale);
}

#[test]
fn beginning_again_keeps_orders_and_scale() {
    let mut session = Session::new(Story::File, 120, 40);
    session.keys("4 s s S 1 +");
    let chosen = (session.app.view.scale, session.app.view.conversations);
    let options = session.app.options.clone();
    session.app.begin_again(options, Vec::new());
    session.see(demo::snapshot(Story::File, 3));
    assert_eq!((session.app.view.scale, session.app.view.conversations), chosen);
}

/// Every word of the filter on every screen: rows, or words that say why there are none; where any kind of rows has some, that kind.
#[test]
fn every_word_of_the_filter_shows_rows_or_says_why_not() {
    let told = crate::model::FILTER_WORDS.iter().flat_map(|(examples, _)| examples.split(", "));
    let words: Vec<&str> = told.chain(["dns", "app = dns", "app = tls", "port 53", "10.20.1", "share > 200", "nosuchword"]).collect();
    for story in [Story::Calm, Story::Trouble, Story::File] {
        let mut session = Session::new(story, 120, 40);
        for screen in 0..SCREENS.len() {
            session.app.go(screen);
            session.draw();
            let (title, before) = (session.app.page().title(), session.app.pane().kind);
            let had_rows = !session.app.topics().is_empty();
            for words in &words {
                session.app.filter(Filter::parse(words).expect("a filter"));
                session.draw();
                let page = session.app.page();
                let kind = session.app.pane().kind;
                let best = page.kind_with_rows(&session.app.scene(), kind).unwrap_or(kind);
                assert_eq!(kind, best, "{title} under {words} stays where nothing is:\n{}", session.text());
                let text = session.text();
                let says = ["matches the filter", "match the filter"].iter().any(|said| text.contains(said));
                let has_rows = !session.app.topics().is_empty();
                assert!(has_rows || says || !had_rows, "{title} under {words} shows nothing and says nothing:\n{text}");
                session.app.filter(None);
                assert_eq!(session.app.pane().kind, before, "{title} after {words}");
            }
        }
    }
}

/// Hosts and services are those of the conversations that match, whatever is asked.
#[test]
fn who_takes_part_in_what_matches_is_shown() {
    for words in
        ["dns", "tls", "port 443", "port 53", "app = dns", "app = tls", "vlan 10", "vlan", "state established", "retrans > 1", "tcp"]
    {
        let mut session = Session::new(Story::Trouble, 120, 40);
        session.keys("3 /").kinds(words).keys("Enter");
        let shown = &session.app.shown.stats;
        let ends: Vec<_> = shown.conversations.tcp.rows.iter().chain(&shown.conversations.udp.rows).flat_map(|c| [c.a, c.b]).collect();
        assert!(!ends.is_empty(), "{words}: the story has such conversations");
        let hosts: Vec<_> = shown.endpoints.ip.rows.iter().chain(&shown.endpoints.ipv6.rows).map(|row| row.address).collect();
        assert!(hosts.iter().any(|host| ends.contains(host)), "{words}: {hosts:?} of {ends:?}");
        assert!(!session.app.topics().is_empty(), "{words}\n{}", session.text());
    }
    // A host and what it speaks: nobody else.
    let mut session = Session::new(Story::Trouble, 120, 40);
    session.keys("3 /").kinds("10.20.1.2 and dns").keys("Enter");
    let hosts: Vec<_> = session.app.shown.stats.endpoints.ip.rows.iter().map(|row| row.address.to_string()).collect();
    assert_eq!(hosts, ["10.20.1.2"]);
    // Who has the number in no address, but a conversation at that port.
    session.keys("Esc Esc 3 /").kinds("10.20.1.2:53").keys("Enter");
    let hosts = session.app.shown.stats.endpoints.ip.rows.len();
    assert!(hosts > 1, "the ends of conversations there");
}

/// A key that changes nothing says so, on every screen; one that does does not.
#[test]
fn keys_that_change_nothing_say_so() {
    for screen in 0..SCREENS.len() {
        let mut session = Session::new(Story::File, 120, 40);
        session.app.go(screen);
        for code in [KeyCode::F(5), KeyCode::Insert, KeyCode::Delete] {
            session.event(&Event::Key(KeyEvent::from(code)));
            assert!(session.text().contains("changes nothing here"), "{code:?}\n{}", session.text());
        }
        session.event(&Event::Key(KeyEvent::new(KeyCode::Char('l'), KeyModifiers::CONTROL)));
        assert!(session.text().contains("Ctrl-l changes nothing here"), "{}", session.text());
        session.keys("?");
        session.keys("Esc b");
        assert!(!session.text().contains("changes nothing"), "{}", session.text());
    }
    let mut session = Session::new(Story::File, 120, 40);
    session.keys("Esc");
    assert!(session.text().contains("Esc changes nothing here"), "{}", session.text());
}

/// Where not every client of a service has a conversation among the rows that are held, the list says of how many it is.
#[test]
fn clients_that_are_not_listed_are_counted() {
    let title = |clients: u64| {
        let mut session = Session::new(Story::Calm, 160, 45);
        let mut snapshot = demo::snapshot(Story::Calm, 1);
        snapshot.stats.services.rows.iter_mut().for_each(|service| service.counts.clients = clients);
        session.see(snapshot);
        session.keys("5 Down Enter");
        session.lines()[session.line_of("Clients · 10 s")].split('┬').next().unwrap_or_default().to_owned()
    };
    let few = title(1);
    assert!(!few.contains("listed"), "{few}");
    let many = title(5_000);
    assert!(many.contains(" listed of 5,000 "), "{many}");
}
