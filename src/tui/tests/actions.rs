//! What can be done with a row, keys that were moved, and what is kept.

use super::*;
use crate::tui::Export;
use crate::tui::keymap::{KeyChange, Keymap};
use crate::tui::view::{SCALES, USUAL_SCALE};
use std::sync::Mutex;

/// The texts that were copied.
fn copied(session: &Session) -> Vec<&str> {
    session.effects.iter().filter_map(|e| if let Effect::Copy(text, _) = e { Some(text.as_str()) } else { None }).collect()
}

#[test]
fn only_this_and_not_this_are_filters() {
    let mut session = Session::new(Story::File, 120, 40);
    session.keys("4 Down");
    let rows = session.app.topics().len();
    session.keys("f");
    let filter = session.app.view.filter.as_ref().map(|f| f.text().to_owned()).unwrap_or_default();
    assert!(filter.starts_with("tcp and host ") && filter.contains(" and port "), "{filter}");
    let only = session.app.topics().len();
    assert!((1..rows).contains(&only), "{only} of {rows}");
    session.keys("Esc Esc Esc");
    session.keys("Down F");
    let filter = session.app.view.filter.as_ref().map(|f| f.text().to_owned()).unwrap_or_default();
    assert!(filter.starts_with("not (tcp and host "), "{filter}");
    assert!(session.app.topics().len() < rows);
}

#[test]
fn a_selection_is_copied_in_the_languages_of_others() {
    let mut session = Session::new(Story::File, 120, 40);
    session.keys("y");
    assert!(copied(&session).is_empty() && session.lines()[39].contains("select a row first"), "{}", session.text());
    session.keys("4 Down y Y c");
    let texts = copied(&session);
    assert_eq!(texts.len(), 3, "{texts:?}");
    assert!(texts[0].contains("ip.src == ") && texts[0].contains("tcp.srcport == "), "{}", texts[0]);
    // The story's link is tagged.
    assert!(texts[1].starts_with("vlan and (tcp and ((src host "), "{}", texts[1]);
    assert!(texts[2].contains(" ⇄ ") || texts[2].contains(" → "), "{}", texts[2]);
}

#[test]
fn the_menu_shows_what_can_be_done_and_does_it() {
    let mut session = Session::new(Story::File, 120, 40);
    session.keys("4 Down m");
    for words in ["What to do with it", "only this", "Wireshark filter", "export HTML", "bookmark"] {
        assert!(session.text().contains(words), "{words} is not in\n{}", session.text());
    }
    session.kinds("CSV").keys("Enter");
    assert!(matches!(session.effects.last(), Some(Effect::Export(Export::Csv("conversations", ..)))), "{:?}", session.effects.last());
}

#[test]
fn a_bookmark_is_carried_by_what_is_written() {
    let mut session = Session::new(Story::File, 120, 40);
    session.keys("4 Down B").kinds("slow <here> & now").keys("Enter");
    assert!(session.lines()[39].contains("bookmark 1"), "{}", session.lines()[39]);
    session.keys("m").kinds("export text").keys("Enter");
    let Some(Effect::Export(Export::Text(text, "txt"))) = session.effects.last() else { panic!("{:?}", session.effects.last()) };
    assert!(text.contains("Conversations") && text.contains("slow <here> & now") && !text.contains("What to do with it"), "{text}");
    session.keys("m").kinds("export HTML").keys("Enter");
    let Some(Effect::Export(Export::Text(page, "html"))) = session.effects.last() else { panic!("{:?}", session.effects.last()) };
    assert!(page.contains("slow &lt;here&gt; &amp; now") && page.contains("<svg"), "{page}");
}

#[test]
fn a_moved_key_is_shown_and_works() {
    let mut session = Session::new(Story::Calm, 120, 40);
    let change = KeyChange { scope: String::new(), action: "pause".into(), keys: vec!["x".into()] };
    session.app.options.keymap = Keymap::new(&[change]).0;
    session.draw();
    assert!(session.lines()[39].contains("x pause"), "{}", session.lines()[39]);
    session.keys("p");
    assert!(!session.app.view.paused && session.lines()[39].contains("given away"), "{}", session.lines()[39]);
    session.keys("x");
    assert!(session.app.view.paused);
    // A filter that is typed has letters.
    session.keys("/").kinds("pxp");
    assert!(session.lines()[39].contains("pxp"), "{}", session.lines()[39]);
}

#[test]
fn tabs_palette_and_help_show_the_keys_in_force() {
    let mut session = Session::new(Story::Calm, 120, 40);
    let change = |action: &str, key: &str| KeyChange { scope: String::new(), action: action.into(), keys: vec![key.into()] };
    session.app.options.keymap = Keymap::new(&[change("screen_1", "q"), change("quit", "1"), change("screen_3", "F5")]).0;
    session.draw();
    let tabs = session.lines()[1].clone();
    assert!(tabs.contains("q Overview") && tabs.contains("2 Protocols") && tabs.contains("F5 Hosts"), "{tabs}");
    assert!(session.lines()[39].contains("1 quit"), "{}", session.lines()[39]);
    session.keys(":").kinds("Overview");
    assert!(session.text().lines().any(|line| line.contains(" q ") && line.contains("Overview")), "{}", session.text());
    session.keys("Esc ?");
    assert!(session.text().contains("q 2 F5 4 5 6 7 8 9 0"), "{}", session.text());
}

#[test]
fn what_is_chosen_is_kept() {
    let mut session = Session::new(Story::Calm, 120, 40);
    let kept = Arc::new(Mutex::new(None));
    let told = Arc::clone(&kept);
    session.app.options.keep = Some(Arc::new(move |what| {
        *told.lock().unwrap() = Some(what.clone());
        "kept in f.toml".into()
    }));
    session.keys("t t b C");
    assert!(session.lines()[39].contains("kept in f.toml"));
    let kept = kept.lock().unwrap().clone().unwrap();
    assert_eq!((kept.theme, kept.bytes, kept.names), ("nord", true, false));
}

/// What a capture begins with, everything and the most bytes, is not how a port is to begin.
#[test]
fn of_a_capture_only_what_was_chosen_is_kept() {
    for story in [Story::File, Story::Calm] {
        let mut session = Session::new(story, 120, 40);
        let kept = Arc::new(Mutex::new(None));
        let told = Arc::clone(&kept);
        session.app.options.keep = Some(Arc::new(move |what| {
            *told.lock().unwrap() = Some(what.clone());
            "kept".into()
        }));
        session.keys("C");
        let first = kept.lock().unwrap().clone().unwrap();
        assert_eq!((first.scale, first.conversations, first.endpoints), (None, None, None), "nothing was chosen");
        session.keys("4 s C");
        let sorted = kept.lock().unwrap().clone().unwrap();
        assert_eq!((sorted.conversations, sorted.endpoints), (Some(session.app.view.conversations), None));
        session.keys("1 + C");
        let scaled = kept.lock().unwrap().clone().unwrap();
        assert_eq!(scaled.scale, Some(SCALES.get(session.app.view.scale).copied()));
    }
}

#[test]
fn everything_is_a_time_scale_of_a_port_too() {
    for (scale, expected) in [(Some(i64::MAX), SCALES.len()), (Some(600_000_000_000), USUAL_SCALE + 1), (None, USUAL_SCALE)] {
        let options = DashboardOptions { scale, ..DashboardOptions::default() };
        let mut app = App::new(options, Theme::new(Depth::Mono, false));
        app.see(Arc::new(demo::snapshot(Story::Calm, 0)), None);
        assert_eq!(app.view.scale, expected, "{scale:?}");
    }
}

#[test]
fn a_whole_report_carries_bookmarks() {
    let mut session = Session::new(Story::File, 120, 40);
    session.keys("B").kinds("look here").keys("Enter");
    session.keys("m").kinds("report HTML").keys("Enter");
    let Some(Effect::Export(Export::Report("html", of, marks))) = session.effects.last() else { panic!("{:?}", session.effects.last()) };
    assert_eq!((marks.len(), marks[0].0.note.as_str()), (1, "look here"));
    assert!(of.stats.total.packets > 0 && marks[0].1.contains(':'), "{marks:?}");
}

#[test]
fn the_packets_of_a_row_are_saved_from_every_screen() {
    let mut session = Session::new(Story::File, 120, 40);
    session.keys("4 Down W");
    assert!(session.lines()[39].contains("no packets are kept here"), "{}", session.lines()[39]);
}
