//! What a screen that is one line more in the list gets by itself.

use super::toy::Toy;
use super::*;
use crate::tui::screen::{ScreenEntry, entry};

/// The screens there are, and one more that has no digit.
static MORE: &[ScreenEntry] = &[
    entry('1', &crate::tui::screens::overview::OverviewScreen),
    entry('4', &crate::tui::screens::conversations::ConversationsScreen),
    ScreenEntry { digit: None, screen: &Toy },
];

fn session() -> Session {
    let mut session = Session::new(Story::Calm, 100, 30);
    session.app = App::with(MORE, session.app.options.clone(), Theme::new(Depth::Mono, false));
    session.see(demo::snapshot(Story::Calm, 0));
    session
}

#[test]
fn a_screen_without_a_digit_is_reached_and_shown() {
    let mut session = session();
    assert!(session.lines()[1].contains("4 Conversations  Toy"), "{}", session.lines()[1]);
    session.keys("Tab Tab");
    assert!(session.text().contains("no toys yet"), "{}", session.text());
    session.keys("Tab BTab BTab Tab");
    assert!(session.text().contains("no toys yet"), "{}", session.text());
    let x = session.lines()[1].find("Toy").unwrap_or(0) as u16;
    session.keys("1").mouse(MouseEventKind::Down(MouseButton::Left), x + 1, 1);
    assert!(session.text().contains("no toys yet"), "{}", session.text());
}

#[test]
fn a_screen_has_a_key_and_state_of_its_own_and_rows_without_pages() {
    let mut session = session();
    session.keys("BTab z z p");
    assert!(!session.app.view.paused, "the screen is asked first");
    assert_eq!(session.app.topics().len(), 3);
    assert_eq!(session.text().matches("a toy").count(), 3, "{}", session.text());
    assert!(session.lines()[29].contains("z another"), "{}", session.lines()[29]);
    session.keys("Down");
    assert!(!session.lines()[29].contains("⏎ open"), "there is nothing to open: {}", session.lines()[29]);
    session.keys("Enter");
    assert!(session.app.stack.is_empty());
    session.keys("1 z p Tab Tab");
    assert!(session.app.view.paused, "elsewhere the key is what it was");
    assert_eq!(session.app.topics().len(), 3, "its state stays");
    session.keys("?");
    assert!(session.text().contains("Keys · Toy") && session.text().contains("one more row"), "{}", session.text());
}

#[test]
fn the_palette_reaches_every_screen_and_action() {
    let mut session = session();
    session.keys(":");
    assert!(session.text().contains("a screen of the tests"), "{}", session.text());
    session.kinds("toy").keys("Enter");
    assert!(session.text().contains("no toys yet"), "{}", session.text());
    session.event(&Event::Key(KeyEvent::new(KeyCode::Char('p'), KeyModifiers::CONTROL)));
    session.kinds("one more").keys("Enter");
    assert_eq!(session.app.topics().len(), 1);
    session.keys(":").kinds("never heard").keys("Enter Esc");
    assert!(matches!(session.app.modal, Modal::None));
    session.keys(": Down Enter");
    assert!(session.lines()[3].contains("TCP"), "{}", session.text());
    session.keys(":");
    let row = session.line_of("a screen of the tests") as u16;
    session.mouse(MouseEventKind::Down(MouseButton::Left), 20, row);
    assert!(session.text().contains("a toy"), "{}", session.text());
    session.keys(":").kinds("quit").keys("Enter");
    assert!(session.effects.contains(&Effect::Quit));
}
