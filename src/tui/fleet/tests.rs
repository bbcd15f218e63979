use super::state::{FleetApp, FleetEffect, ProbeOrder};
use crate::fleet::{
    FleetDetail, FleetPicture, FleetProbe, FleetQuestion, FleetSpan, FleetSubject, FleetView, HistoryBin, LoadPoint, ProbeHistory,
    ProbeName, ProbeState, ProbeStory, SharedGroup, SharedSum, SharedTraffic, StoryConversation, StoryFinding, StoryHost, StoryRecord,
    StoryService, WorstFinding,
};
use crate::model::{Severity, Verdict};
use crate::tui::options::DashboardOptions;
use crate::tui::theme::{Depth, Theme};
use ratatui::buffer::Buffer;
use ratatui::crossterm::event::{Event, KeyCode, KeyEvent};
use ratatui::layout::Rect;
use std::sync::Arc;
use std::time::Duration;

const NOW: i64 = 1_764_400_000;

fn name(at: usize) -> ProbeName {
    ProbeName { site: ["library", "physics", "dorm-west"][at % 3].into(), probe: format!("campus-{at:02}") }
}

fn probe(at: usize) -> FleetProbe {
    let silent = at == 4;
    let bins = (0..24).filter(|bin| !(silent && *bin > 15)).map(|bin| HistoryBin {
        start: (NOW - 3_600) / 150 * 150 + 150 + bin * 150,
        bits_per_second: (1.0 + ((bin as f64) / 3.0 + at as f64).sin()) * 1e8,
    });
    FleetProbe {
        name: name(at),
        session: "5-7".into(),
        version: "0.1.0".into(),
        state: if silent { ProbeState::Silent } else { ProbeState::Heard },
        heard: NOW - if silent { 1_400 } else { 12 + at as i64 },
        age: if silent { 1_400 } else { 12 + at as i64 },
        load: (!silent).then_some((2.1e8 * (at as f64 + 1.0), 31_000.0 * (at as f64 + 1.0))),
        verdict: match at {
            1 => Verdict::Bad,
            2 => Verdict::Doubtful,
            5 => Verdict::Unknown,
            _ => Verdict::Good,
        },
        findings: (at % 3) as u64,
        worst: (at % 3 == 1).then(|| WorstFinding {
            id: "dup.every".into(),
            severity: if at == 1 { Severity::Critical } else { Severity::Warning },
            title: if at == 1 { "every packet arrives twice \u{1b}[2J".into() } else { "DNS 10.20.1.2 answers slowly".into() },
        }),
        clock_offset: [Some(0.3), Some(-42.0), Some(2.4), None][at % 4].filter(|_| !silent),
        history: ProbeHistory {
            packets: 111_000_000 * (at as u64 + 1),
            wire_bytes: 94_000_000_000 * (at as u64 + 1),
            lost_packets: if at == 3 { 48_211 } else { 0 },
            lost_rows: 0,
            bins: bins.collect(),
        },
    }
}

fn picture(probes: usize) -> FleetPicture {
    FleetPicture { asked: NOW, span: FleetSpan::HOUR, probes: (0..probes).map(probe).collect(), ..FleetPicture::default() }
}

fn shared() -> SharedTraffic {
    let group = |probes: &[usize], n: u64, behind: &[f64]| SharedGroup {
        probes: probes.iter().map(|at| name(*at)).collect(),
        conversations: n,
        told: SharedSum { records: 2 * n, packets: 40 * n, wire_bytes: 30_000 * n },
        once: SharedSum { records: n, packets: 21 * n, wire_bytes: 15_000 * n },
        behind: behind.to_vec(),
    };
    SharedTraffic {
        span: (NOW - 3_600, NOW + 1),
        told: SharedSum { records: 120_000, packets: 9_000_000, wire_bytes: 4_000_000_000 },
        groups: vec![group(&[0, 3], 18_200, &[0.000_31]), group(&[1, 2], 940, &[-0.004]), group(&[0, 1, 2], 12, &[0.3, 0.1, -0.2])],
        left_off: false,
        doubts: vec!["physics/campus-04 and library/campus-06: 500 conversations with the same ends and ports begin 5.0 s apart".into()],
        pieces: (1, 1),
    }
}

fn conversations() -> Vec<StoryConversation> {
    (0..40)
        .map(|at| StoryConversation {
            source: format!("10.20.0.{at}"),
            destination: "2001:db8::20".into(),
            port: 445,
            protocol: 6,
            app: if at % 2 == 0 { "smb2".into() } else { String::new() },
            records: 90 - at,
            packets: 70_000,
            forth: 3_000_000_000 / (at + 1),
            back: 40_000_000 / (at + 1),
        })
        .collect()
}

fn story() -> ProbeStory {
    let load = (0..480).filter(|at| !(200..260).contains(at)).map(|at| LoadPoint {
        start: NOW - 3_600 + at * 7,
        packets: 10_000,
        wire_bytes: (1e8 * (1.5 + (at as f64 / 40.0).sin() + 0.4 * (at as f64 / 3.0).sin())) as u64,
        peak_millisecond_bytes: 100_000,
    });
    let finding = |title: &str, severity, is_active| StoryFinding {
        id: "x".into(),
        severity,
        title: title.into(),
        cause: String::new(),
        remedy: String::new(),
        is_active,
        first: NOW - 3_000,
        last: NOW - 600,
    };
    ProbeStory {
        name: name(1),
        span: FleetSpan::HOUR,
        step: 7,
        load: load.collect(),
        findings: vec![
            finding("every packet arrives twice \u{1b}[2J", Severity::Critical, true),
            finding("DNS 10.20.1.2 answers slowly: p95 910 ms, 14 clients wait", Severity::Warning, true),
            finding("2.1 % lost toward 10.20.3.0/24, beyond the mirror", Severity::Warning, false),
        ],
        hosts: (0..40)
            .map(|at| StoryHost {
                address: format!("10.20.0.{at}"),
                records: 90 - at,
                packets: 80_000,
                wire_bytes: 9_000_000_000 / (at + 1),
            })
            .collect(),
        services: (0..9)
            .map(|at| StoryService {
                address: format!("10.20.1.{at}"),
                port: 443,
                protocol: 6,
                app: "tls".into(),
                clients: 40,
                records: 90 - at,
                wire_bytes: 8_000_000_000 / (at + 1),
            })
            .collect(),
        conversations: conversations(),
    }
}

fn app(view: FleetView) -> FleetApp {
    let options = DashboardOptions { source_title: "ch.example:8443/spantop".into(), ..DashboardOptions::default() };
    let mut app = FleetApp::new(options, Theme::new(Depth::Mono, false));
    app.see(Arc::new(FleetView { generation: 1, ..view }), Some(Duration::from_secs(3)));
    app
}

fn known() -> FleetView {
    FleetView {
        picture: Some(Arc::new(picture(12))),
        shared: Some((FleetSpan::HOUR, Arc::new(shared()))),
        story: Some(Arc::new(story())),
        ..FleetView::default()
    }
}

fn text(app: &mut FleetApp, width: u16, height: u16) -> String {
    let mut buffer = Buffer::empty(Rect::new(0, 0, width, height));
    app.paint(&mut buffer);
    let row = |y| (0..width).map(|x| buffer[(x, y)].symbol()).collect::<String>().trim_end().to_owned();
    (0..height).map(row).collect::<Vec<_>>().join("\n")
}

fn press(app: &mut FleetApp, code: KeyCode) -> FleetEffect {
    app.update(&Event::Key(KeyEvent::from(code)))
}

const SIZES: [(u16, u16); 3] = [(80, 24), (120, 40), (200, 60)];

#[test]
fn the_list_at_three_sizes() {
    for (width, height) in SIZES {
        let shown = text(&mut app(known()), width, height);
        assert!(!shown.contains('\x1b'));
        insta::assert_snapshot!(format!("fleet_list_{width}x{height}"), shown);
    }
}

/// A title gives way to its time as a whole, and a name as long as the line to the facts behind it.
#[test]
fn long_titles_and_names_leave_room_for_what_stands_beside_them() {
    let mut told = story();
    told.findings.truncate(1);
    told.findings[0].title = "every packet from the second floor's wireless stations arrives twice or three times".into();
    told.findings[0].first = NOW - 4 * 86_400;
    let mut view = known();
    let mut all = picture(12);
    for probe in all.probes.iter_mut().filter(|probe| probe.name == name(1)) {
        probe.name.probe = "a-probe-whose-name-is-as-long-as-half-of-the-line-or-longer".into();
        told.name = probe.name.clone();
    }
    (view.picture, view.story) = (Some(Arc::new(all)), Some(Arc::new(told.clone())));
    let mut app = app(view);
    app.list.selected = Some(super::state::topic(&told.name));
    press(&mut app, KeyCode::Enter);
    let shown = text(&mut app, 80, 24);
    let lines: Vec<&str> = shown.lines().collect();
    let title = lines.iter().find(|line| line.contains("every packet from")).unwrap_or_else(|| panic!("no finding in\n{shown}"));
    let before = title.trim_end().strip_suffix("since 2025-11-25").unwrap_or_else(|| panic!("{title}"));
    assert!(before.ends_with("…  ") || before.ends_with("… "), "{title}");
    assert!(lines.iter().any(|line| line.contains("physics/a-pr…") && line.contains("mirror ✖ bad") && line.contains("lost 0")), "{shown}");
}

#[test]
fn a_probe_at_three_sizes() {
    for (width, height) in SIZES {
        let mut app = app(known());
        app.list.selected = Some(super::state::topic(&name(1)));
        let effect = press(&mut app, KeyCode::Enter);
        assert_eq!(effect, FleetEffect::Ask(FleetQuestion { probe: Some(name(1)), ..FleetQuestion::default() }));
        let shown = text(&mut app, width, height);
        assert!(!shown.contains('\x1b'));
        insta::assert_snapshot!(format!("fleet_probe_{width}x{height}"), shown);
    }
}

#[test]
fn what_is_silent_or_not_judged_is_not_green() {
    let mut app = app(known());
    app.theme = Theme::new(Depth::Sixteen, false);
    let mut buffer = Buffer::empty(Rect::new(0, 0, 160, 40));
    app.paint(&mut buffer);
    let line = |y: u16| (0..160).map(|x| buffer[(x, y)].symbol().to_owned()).collect::<String>();
    let green = |y: u16| (0..160).any(|x| buffer[(x, y)].fg == ratatui::style::Color::Green);
    let of = |what: &str| (0..40).find(|y| line(*y).contains(what)).unwrap_or_else(|| panic!("no {what}"));
    assert!(!green(of("✖ silent")) && !green(of("not judged   ")), "silence is no good news");
    assert!(green(of("● good")));
}

#[test]
fn a_fleet_that_is_silent_has_no_load_and_a_probe_of_another_day_its_date() {
    let mut silent = picture(5);
    silent.probes.drain(..4);
    silent.probes[0].heard = NOW - 3 * 86_400;
    silent.probes[0].age = 3 * 86_400;
    let mut app = app(FleetView { picture: Some(Arc::new(silent)), ..FleetView::default() });
    let shown = text(&mut app, 120, 30);
    assert!(shown.contains("now –") && shown.contains("✖ silent") && shown.contains("3d 00h") && shown.contains("counting …"), "{shown}");
}

#[test]
fn a_server_that_is_down_is_told_and_what_was_known_stays_with_its_age() {
    let trouble = Some("http://ch.example:8123: connection refused".to_owned());
    let mut app = app(FleetView { trouble: trouble.clone(), ..known() });
    app.see(Arc::new(FleetView { trouble: trouble.clone(), generation: 2, ..known() }), Some(Duration::from_secs(90)));
    let shown = text(&mut app, 120, 30);
    assert!(shown.contains("connection refused · what is shown is 1m 30s old") && shown.contains("campus-07"), "{shown}");
    let nothing = FleetView { trouble, ..FleetView::default() };
    let mut app = FleetApp::new(DashboardOptions::default(), Theme::default());
    app.see(Arc::new(nothing), None);
    assert!(text(&mut app, 120, 30).contains("nothing is known: see the line above"));
    assert_eq!(press(&mut app, KeyCode::Enter), FleetEffect::Nothing);
}

#[test]
fn keys_walk_through_the_fleet() {
    let mut app = app(known());
    text(&mut app, 120, 40);
    assert_eq!(app.probes()[0].name, name(4), "the silent one needs somebody first");
    press(&mut app, KeyCode::Down);
    press(&mut app, KeyCode::Down);
    assert_eq!(press(&mut app, KeyCode::Enter), FleetEffect::Ask(FleetQuestion { probe: Some(name(1)), ..FleetQuestion::default() }));
    assert!(text(&mut app, 120, 40).contains("10.20.0.0"));
    press(&mut app, KeyCode::Right);
    let hosts = text(&mut app, 120, 40);
    assert!(hosts.contains("host ") && hosts.contains("packets"), "{hosts}");
    press(&mut app, KeyCode::End);
    assert!(text(&mut app, 120, 40).contains("10.20.0.39"));
    assert_eq!(
        press(&mut app, KeyCode::Char('3')),
        FleetEffect::Ask(FleetQuestion { span: FleetSpan::WEEK, probe: Some(name(1)), subject: None })
    );
    assert_eq!(press(&mut app, KeyCode::Esc), FleetEffect::Ask(FleetQuestion { span: FleetSpan::WEEK, ..FleetQuestion::default() }));
    assert!(text(&mut app, 120, 40).contains("asking …"), "what is shown is of another span");
    press(&mut app, KeyCode::Char('s'));
    assert_eq!((app.order, app.probes()[0].name.clone()), (ProbeOrder::Load, name(11)));
    assert_eq!(press(&mut app, KeyCode::Char('q')), FleetEffect::Quit);
}

fn detail(subject: FleetSubject) -> FleetDetail {
    let (told, all) = (story(), shared());
    let record = |at: i64| StoryRecord {
        probe: name(at as usize % 3),
        first: NOW - 60 * at,
        duration: 0.25 * at as f64,
        source: ("10.20.0.3".into(), 50_000 + at as u64),
        destination: ("2001:db8::20".into(), 445),
        packets: (40, 60),
        wire_bytes: (4_000, 90_000),
    };
    FleetDetail {
        name: name(1),
        subject,
        span: FleetSpan::HOUR,
        step: 7,
        load: told.load,
        conversations: told.conversations,
        hosts: told.hosts,
        services: told.services,
        records: (0..30).map(record).collect(),
        seen: all.groups,
    }
}

#[test]
fn pages_below_a_probe_are_opened_by_rows_and_left_again() {
    let mut app = app(known());
    app.list.selected = Some(super::state::topic(&name(1)));
    press(&mut app, KeyCode::Enter);
    // The third host of the list.
    press(&mut app, KeyCode::Right);
    (0..3).for_each(|_| drop(press(&mut app, KeyCode::Down)));
    let host = FleetSubject::Host("10.20.0.2".into());
    let wanted = FleetQuestion { probe: Some(name(1)), subject: Some(host.clone()), ..FleetQuestion::default() };
    assert_eq!(press(&mut app, KeyCode::Enter), FleetEffect::Ask(wanted.clone()));
    assert!(text(&mut app, 120, 40).contains("asking …"), "nothing is known of it yet");
    app.see(Arc::new(FleetView { detail: Some(Arc::new(detail(host))), generation: 2, ..known() }), Some(Duration::from_secs(1)));
    let shown = text(&mut app, 120, 40);
    assert!(shown.contains("Load of 10.20.0.2") && shown.contains("Seen by") && shown.contains("445/tcp"), "{shown}");
    // A conversation of it, and back by the way that was come.
    press(&mut app, KeyCode::Down);
    let talk = FleetSubject::Conversation { source: "10.20.0.0".into(), destination: "2001:db8::20".into(), port: 445, protocol: 6 };
    let deeper = FleetQuestion { subject: Some(talk.clone()), ..wanted.clone() };
    assert_eq!(press(&mut app, KeyCode::Enter), FleetEffect::Ask(deeper));
    app.see(Arc::new(FleetView { detail: Some(Arc::new(detail(talk))), generation: 3, ..known() }), Some(Duration::from_secs(1)));
    for (width, height) in SIZES {
        let shown = text(&mut app, width, height);
        assert!(shown.contains("library/campus-00 → library/campus-03 +310 µs"), "{shown}");
        insta::assert_snapshot!(format!("fleet_conversation_{width}x{height}"), shown);
    }
    press(&mut app, KeyCode::Right);
    let records = text(&mut app, 200, 60);
    assert!(
        records.contains("10.20.0.3:50000") && records.contains("[2001:db8::20]:445") && records.contains("dorm-west/campus-02"),
        "{records}"
    );
    assert_eq!(press(&mut app, KeyCode::Enter), FleetEffect::Nothing, "a record has no page");
    assert_eq!(press(&mut app, KeyCode::Esc), FleetEffect::Ask(wanted));
    assert_eq!(press(&mut app, KeyCode::Esc), FleetEffect::Ask(FleetQuestion { probe: Some(name(1)), ..FleetQuestion::default() }));
    assert_eq!(press(&mut app, KeyCode::Esc), FleetEffect::Ask(FleetQuestion::default()));
}

#[test]
fn rows_are_found_by_a_part_of_them_and_keys_are_told() {
    let mut app = app(known());
    press(&mut app, KeyCode::Char('/'));
    "DORM".chars().for_each(|c| drop(press(&mut app, KeyCode::Char(c))));
    assert_eq!(app.probes().len(), 4);
    assert_eq!(press(&mut app, KeyCode::Char('q')), FleetEffect::Nothing, "a letter of what is typed");
    press(&mut app, KeyCode::Backspace);
    press(&mut app, KeyCode::Enter);
    let shown = text(&mut app, 120, 40);
    assert!(shown.contains("/DORM") && shown.contains("campus-05") && !shown.contains("campus-04  "), "{shown}");
    press(&mut app, KeyCode::Esc);
    assert_eq!(app.probes().len(), 12);
    press(&mut app, KeyCode::Char('?'));
    let help = text(&mut app, 120, 40);
    assert!(help.contains("Keys · Fleet") && help.contains("the span before this one"), "{help}");
    assert_eq!(press(&mut app, KeyCode::Char('q')), FleetEffect::Nothing, "closes the keys");
    // What is found of a page is its rows.
    app.list.selected = Some(super::state::topic(&name(1)));
    press(&mut app, KeyCode::Enter);
    press(&mut app, KeyCode::Char('/'));
    "smb2".chars().for_each(|c| drop(press(&mut app, KeyCode::Char(c))));
    press(&mut app, KeyCode::Enter);
    press(&mut app, KeyCode::Down);
    press(&mut app, KeyCode::Down);
    let FleetEffect::Ask(asked) = press(&mut app, KeyCode::Enter) else { panic!("nothing was opened") };
    let Some(FleetSubject::Conversation { source, .. }) = asked.subject else { panic!("{asked:?}") };
    assert_eq!((source.as_str(), app.filter.as_str()), ("10.20.0.2", ""));
}

#[test]
fn spans_of_the_past_are_walked_through() {
    let mut app = app(known());
    press(&mut app, KeyCode::Char('3'));
    let FleetEffect::Ask(asked) = press(&mut app, KeyCode::Char(',')) else { panic!("nothing was asked") };
    assert_eq!(asked.span.bounds(NOW), (NOW - 14 * 86_400, NOW - 7 * 86_400));
    let shown = text(&mut app, 120, 40);
    assert!(
        shown.contains("Probes · 2025-11-15 07:06 to 2025-11-22 07:06 UTC")
            && shown.lines().next().is_some_and(|line| line.ends_with(" past"))
            && shown.contains("0 now"),
        "{shown}"
    );
    press(&mut app, KeyCode::Char(','));
    press(&mut app, KeyCode::Char('.'));
    let FleetEffect::Ask(asked) = press(&mut app, KeyCode::Char('.')) else { panic!("nothing was asked") };
    assert_eq!(asked.span, FleetSpan::WEEK, "the last one ends now");
    assert_eq!(press(&mut app, KeyCode::Char('.')), FleetEffect::Nothing);
    press(&mut app, KeyCode::Char(','));
    assert_eq!(press(&mut app, KeyCode::Char('0')), FleetEffect::Ask(FleetQuestion { span: FleetSpan::WEEK, ..FleetQuestion::default() }));
}

#[test]
fn how_far_a_clock_is_off_is_seen_at_every_size() {
    for (width, height) in SIZES {
        let shown = text(&mut app(known()), width, height);
        assert!(shown.contains("clock") && shown.contains("−42.0 s") && shown.contains("in step"), "{shown}");
    }
}

#[test]
fn any_size_and_any_key() {
    let mut app = app(known());
    let keys = [
        KeyCode::Enter,
        KeyCode::Down,
        KeyCode::Right,
        KeyCode::PageDown,
        KeyCode::Char('4'),
        KeyCode::Enter,
        KeyCode::Char('?'),
        KeyCode::Down,
        KeyCode::Esc,
        KeyCode::Char(','),
        KeyCode::Char('/'),
        KeyCode::Char('x'),
        KeyCode::Esc,
        KeyCode::End,
        KeyCode::Char('s'),
    ];
    for (at, key) in keys.into_iter().cycle().take(60).enumerate() {
        press(&mut app, key);
        for width in [1, 2, 7, 30, 61, 150, 240] {
            text(&mut app, width, 1 + (at as u16 * 7) % 50);
        }
    }
}
