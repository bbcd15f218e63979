//! What can be done with a row: show only it, leave it out, copy it, find it elsewhere, write the screen down, mark the moment.
//!
//! What goes to a clipboard or a command line holds addresses and numbers alone, or text that is safe to print: nothing that packets could
//! have chosen reaches a shell.

use super::app::{App, Modal, Note};
use super::chrome::palette::{Action, Choice};
use super::row_action::{Bookmark, Export, RowAction};
use super::screen::{Effect, Screen as _, ScreenEntry, Sorts};
use super::screens::packets;
use super::time_cursor::second_of;
use super::view::{Kind, Topic};
use super::widgets::amount;
use crate::model::Arrange as _;
use crate::model::Timestamp;
use crate::model::text::printable;
use crate::snapshot::{CaptureFilter, Filter, PacketSeek, PacketSubject, Snapshot, Table, Wrappings};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use std::collections::HashMap;
use std::fmt::Write;
use std::sync::Arc;

/// Leaves the rows that have a place, in the order of their places.
fn in_order<R>(table: &mut Table<R>, place: &HashMap<Topic, usize>, topic: impl Fn(&R) -> Topic) {
    let rows = std::mem::take(&mut table.rows);
    let mut placed: Vec<(usize, R)> = rows.into_iter().filter_map(|row| Some((*place.get(&topic(&row))?, row))).collect();
    placed.arrange_by_key(|row| row.0);
    table.rows = placed.into_iter().map(|row| row.1).collect();
    if table.rows.is_empty() {
        table.total_rows = 0;
    }
}

/// A bookmark in one line.
pub(super) fn line(bookmark: &Bookmark, utc_offset: fn(Timestamp) -> i64) -> String {
    let (at, offset) = (bookmark.at, utc_offset(bookmark.at));
    format!("{} {}  {}  {}", amount::date(at, offset), amount::moment(at, offset), bookmark.place, bookmark.note)
}

/// The words of a line of the screen: without what is drawn in it, as bars and the mark of the window.
fn words_of(line: &str) -> String {
    let is_drawn = |c: char| ('\u{2580}'..='\u{259f}').contains(&c);
    let words = line.split(|c: char| c.is_whitespace() || is_drawn(c)).filter(|word| !word.is_empty());
    words.collect::<Vec<_>>().join(" ")
}

/// Whether a word can stand in a filter as it is.
fn is_word(word: &str) -> bool {
    word.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.'))
}

/// Most bookmarks that are kept.
const BOOKMARKS: usize = 1_000;

/// Why an application has no packets of its own.
const BY_CONVERSATION: &str = "which packets are an application's is known by conversation";

/// Whether a row is of an application, whose packets only its conversations know.
fn is_known_by_conversation(topic: &Topic) -> bool {
    matches!(topic, Topic::App(_) | Topic::Spoken(..))
}

impl App {
    /// The row that an action is about: what is selected, else what the page is about.
    fn target(&self) -> Option<Topic> {
        let topic = self.pane().selected.clone().or_else(|| self.stack.last().map(|(topic, _)| topic.clone()))?;
        Some(self.page().opens(&self.scene(), &topic).unwrap_or(topic))
    }

    /// The packets of the target.
    fn subject_of_target(&self) -> PacketSubject {
        let own = self.pane().own.get::<packets::state::PacketsState>().map(|state| state.looking().conversation.clone());
        own.unwrap_or_else(|| packets::of_topic(&self.shown, self.target().as_ref()).0)
    }

    /// The words of the screens' filter and of Wireshark's for the target.
    fn filter_words(&self) -> [Option<String>; 2] {
        let word = match self.target() {
            Some(Topic::Protocol(path)) => path.last().map(|layer| layer.to_string()),
            Some(Topic::App(token)) => Some(token),
            Some(Topic::Spoken(_, token)) => Some(token.to_owned()),
            _ => None,
        };
        if let Some(word) = word.filter(|w| is_word(w)) {
            return [Some(word.clone()), Some(word)];
        }
        let subject = self.subject_of_target();
        let rows = match self.target() {
            // What proves a finding are packets; rows are about the same as it.
            Some(Topic::Finding(id, about)) => packets::of_subject(&about).row_filter().or_else(|| Some(format!("id = {id}"))),
            _ => subject.row_filter(),
        };
        [rows, subject.wireshark()]
    }

    /// The capture filter for the target, and what is to be said of it; `Err`: why there is none.
    fn capture_filter(&self) -> Result<Option<CaptureFilter>, String> {
        if let Some(Topic::Protocol(path)) = self.target() {
            let word = path.last().map(|layer| layer.to_string()).unwrap_or_default();
            return Wrappings::of_path(&self.raw, path).protocol(&word);
        }
        let subject = self.subject_of_target();
        subject.bpf(&Wrappings::of(&self.raw, &subject))
    }

    /// Copies the capture filter of the target.
    fn copy_capture_filter(&mut self) -> Vec<Effect> {
        match self.capture_filter() {
            Ok(None) => Vec::new(),
            Ok(Some(CaptureFilter { text, limits })) => {
                let about = limits.map(|limits| format!(" ({limits})")).unwrap_or_default();
                vec![Effect::Copy(text, format!("the capture filter{about}"))]
            }
            Err(why) => {
                self.say_long(why);
                vec![Effect::Done]
            }
        }
    }

    /// Goes to the packets of what is selected, or of what the page is about.
    pub(super) fn show_packets(&mut self) {
        let is_it = |entry: &ScreenEntry| entry.screen.title() == packets::PacketsScreen.title();
        let Some(screen) = self.screens.iter().position(is_it) else { return };
        let first = || self.topics().into_iter().next().filter(|_| self.opens_first());
        let topic = self.pane().selected.clone().or_else(|| self.stack.last().map(|(topic, _)| topic.clone())).or_else(first);
        let moment = topic.as_ref().and_then(|topic| self.page().moment(&self.scene(), topic));
        let topic = topic.map(|topic| self.page().opens(&self.scene(), &topic).unwrap_or(topic));
        let (subject, about) = packets::of_topic(&self.shown, topic.as_ref());
        if matches!(subject, PacketSubject::All) && topic.as_ref().is_some_and(is_known_by_conversation) {
            return self.say_long(format!("{BY_CONVERSATION}: P on one of those lists them"));
        }
        self.go(screen);
        if let Some(state) = self.pane().own.get::<packets::state::PacketsState>() {
            state.looking().show(subject, about);
        }
        if let Some(moment) = moment {
            self.look_at_second(moment);
        }
        self.show_span_packets();
        self.go_to_packet(moment);
    }

    /// Puts the cursor of the packets on the first one at or behind a moment.
    fn go_to_packet(&self, moment: Option<Timestamp>) {
        let Some((moment, begin)) = moment.zip(self.held.capture.first) else { return };
        if let Some(state) = self.pane().own.get::<packets::state::PacketsState>() {
            state.looking().go(PacketSeek::Since(moment.since(begin)));
        }
    }

    /// Does an action; what the world has to do comes back.
    pub(super) fn act(&mut self, action: RowAction) -> Vec<Effect> {
        const NOTHING_COPIED: &str = "select a row first: nothing is chosen that could be copied";
        const NOTHING: &str = "select a row first: nothing is chosen that could be filtered by";
        let [rows, wireshark] = self.filter_words();
        let copied = |text: Option<String>, what: &str| match text {
            Some(text) => vec![Effect::Copy(text, what.to_owned())],
            None => Vec::new(),
        };
        let effects = match action {
            RowAction::Only | RowAction::Not if self.page().lists_packets() => {
                self.say("packets are not left out one by one: f shows those of one conversation".into());
                return Vec::new();
            }
            RowAction::Only | RowAction::Not => {
                match rows {
                    Some(words) => self.add_filter(&words, action == RowAction::Not),
                    None => self.say(NOTHING.into()),
                }
                return Vec::new();
            }
            RowAction::Copy => copied(self.row_text(), "the row"),
            RowAction::Wireshark => copied(wireshark, "the display filter"),
            RowAction::Bpf => self.copy_capture_filter(),
            RowAction::OpenWireshark => self.open_in("wireshark", wireshark),
            RowAction::OpenTermshark => self.open_in("termshark", wireshark),
            RowAction::ExportText => vec![Effect::Export(Export::Text(self.screen_text(), "txt"))],
            RowAction::ExportHtml => vec![Effect::Export(Export::Text(self.screen_html(), "html"))],
            RowAction::Report(format) => {
                let marks = self.dated_bookmarks();
                // What is looked at: a span of the past, or everything as it was counted.
                let of = self.past.as_ref().unwrap_or(&self.raw);
                vec![Effect::Export(Export::Report(format, Arc::clone(of), marks))]
            }
            RowAction::ExportCsv => match self.page().sorting() {
                Some((Sorts::Conversations, _)) => self.export_csv("conversations"),
                Some((Sorts::Endpoints, _)) => self.export_csv("endpoints"),
                Some((Sorts::Rows(table), _)) => self.export_csv(table),
                None => {
                    self.say("this page has no table that CSV could hold".into());
                    return Vec::new();
                }
            },
            RowAction::Save => {
                let said = self.save_packets();
                self.say_long(said);
                return Vec::new();
            }
            RowAction::Bookmark => {
                self.modal = Modal::Note(Note { input: tui_input::Input::default(), at: self.shown.now, place: self.place() });
                return Vec::new();
            }
        };
        if effects.is_empty() {
            let copies = matches!(action, RowAction::Copy | RowAction::Wireshark | RowAction::Bpf);
            self.say(if copies { NOTHING_COPIED } else { NOTHING }.into());
        }
        effects
    }

    /// Saves the packets of the target, in the span that is looked at; what became of it.
    fn save_packets(&self) -> String {
        let Some(store) = &self.options.packets else { return "no packets are kept here (--recorder 64M keeps the last ones)".into() };
        let moment = self.pane().selected.as_ref().and_then(|topic| self.page().moment(&self.scene(), topic));
        let span = self.view.cursor.as_ref().map(|cursor| cursor.span()).or(moment.map(second_of));
        match self.subject_of_target() {
            PacketSubject::All if self.target().as_ref().is_some_and(is_known_by_conversation) => {
                format!("{BY_CONVERSATION}: W on one of those saves them")
            }
            PacketSubject::All if span.is_none() => "select a row first: P lists all packets, W there saves them".into(),
            subject => store.save(&subject.during(span)),
        }
    }

    /// Says what came of packets whose saving took longer than a key's answer; whether there is such.
    pub fn note_saved(&mut self) -> bool {
        let Some(words) = self.options.packets.as_ref().and_then(|store| store.saved()) else { return false };
        if let Some(state) = self.pane().own.get::<packets::state::PacketsState>() {
            state.looking().notice = Some(words.clone());
        }
        self.say_long(words);
        true
    }

    /// Narrows the filter to some rows, or leaves them out.
    fn add_filter(&mut self, words: &str, out: bool) {
        let new = if out { format!("not ({words})") } else { words.to_owned() };
        let text = match self.view.filter.as_ref().map(Filter::text) {
            Some(old) => format!("({old}) and {new}"),
            None => new,
        };
        match Filter::parse(&text) {
            Ok(filter) => {
                self.stack.clear();
                self.filter(filter);
            }
            Err(error) => self.say(error),
        }
    }

    /// The command that opens the capture elsewhere.
    fn open_in(&mut self, program: &'static str, filter: Option<String>) -> Vec<Effect> {
        let Some(file) = self.options.capture_file.clone() else {
            self.say(format!("{program} opens files: W on the packets saves some (--save-dir)"));
            return vec![Effect::Done];
        };
        vec![Effect::Open { program, file, filter }]
    }

    /// The selected row as it stands on the screen.
    fn row_text(&self) -> Option<String> {
        let selected = self.pane().selected.clone()?;
        let place = self.hits.iter().find(|(_, hit)| matches!(hit, super::canvas::Hit::Row(_, topic) if *topic == selected))?.0;
        let buffer = self.still();
        let line: String = (place.left()..place.right()).filter_map(|x| buffer.cell((x, place.y)).map(|c| c.symbol().to_owned())).collect();
        Some(words_of(&line))
    }

    /// Where the user is, in words.
    fn place(&self) -> String {
        let row = self.row_text().map(|row| format!(" · {row}")).unwrap_or_default();
        printable(&format!("{}{row}", self.page().title())).into_owned()
    }

    /// The screen as it was last drawn, without what lies over it.
    pub(super) fn still(&self) -> Buffer {
        let mut buffer = Buffer::empty(Rect { x: 0, y: 0, ..self.area });
        self.paint_without_modal(&mut buffer);
        buffer
    }

    fn export_csv(&self, table: &'static str) -> Vec<Effect> {
        vec![Effect::Export(Export::Csv(table, self.rows_of_page(), self.dated_bookmarks()))]
    }

    /// The picture with the rows of the page in front, in its order: of conversations and hosts those of the kind shown.
    fn rows_of_page(&self) -> Arc<Snapshot> {
        let topics = self.page().topics(&self.scene());
        let place: HashMap<Topic, usize> = topics.into_iter().enumerate().map(|(at, topic)| (topic, at)).collect();
        let mut out = Snapshot::clone(&self.shown);
        let all = [Kind::Tcp, Kind::Udp, Kind::Sctp, Kind::Ip, Kind::Ipv6, Kind::Eth];
        match self.page().sorting() {
            Some((Sorts::Conversations, _)) => {
                let kinds = &mut out.stats.conversations;
                all.into_iter().for_each(|kind| in_order(kind.of_mut(kinds), &place, |row| Topic::conversation(kind, row)));
            }
            Some((Sorts::Endpoints, _)) => {
                let kinds = &mut out.stats.endpoints;
                all.into_iter().for_each(|kind| in_order(kind.of_mut(kinds), &place, |row| Topic::host(kind, row)));
            }
            _ => return Arc::clone(&self.shown),
        }
        Arc::new(out)
    }

    /// Bookmarks with their times in words.
    fn dated_bookmarks(&self) -> Vec<(Bookmark, String)> {
        let offset = self.options.utc_offset;
        let when = |b: &Bookmark| format!("{} {}", amount::date(b.at, offset(b.at)), amount::moment(b.at, offset(b.at)));
        self.bookmarks.iter().map(|b| (b.clone(), when(b))).collect()
    }

    fn bookmark_lines(&self) -> Vec<String> {
        self.bookmarks.iter().map(|b| line(b, self.options.utc_offset)).collect()
    }

    fn screen_text(&self) -> String {
        let buffer = self.still();
        let symbol = |x, y| buffer.cell((x, y)).map_or(" ", |cell| cell.symbol());
        let mut out = String::new();
        for y in 0..buffer.area.height {
            let line: String = (0..buffer.area.width).map(|x| symbol(x, y)).collect();
            let _ = writeln!(out, "{}", line.trim_end());
        }
        if !self.bookmarks.is_empty() {
            let _ = writeln!(out, "\nBookmarks\n{}", self.bookmark_lines().join("\n"));
        }
        out
    }

    fn screen_html(&self) -> String {
        let escaped = |text: &str| text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;");
        let drawing = super::svg::draw(&self.still(), self.theme.is_light());
        let marks: String = self.bookmark_lines().iter().map(|line| format!("<li>{}</li>\n", escaped(line))).collect();
        let marks = if marks.is_empty() { String::new() } else { format!("<h2>Bookmarks</h2>\n<ul>\n{marks}</ul>\n") };
        let title = escaped(&printable(&format!("spantop: {}, {}", self.options.source_title, self.page().title())));
        format!(
            "<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n<title>{title}</title>\n<h1>{title}</h1>\n{drawing}\n{marks}</html>\n"
        )
    }

    /// Keeps a bookmark.
    pub(super) fn bookmark(&mut self, note: Note) {
        if self.bookmarks.len() >= BOOKMARKS {
            self.bookmarks.remove(0);
        }
        let text = printable(note.input.value().trim()).into_owned();
        self.bookmarks.push(Bookmark { at: note.at, place: note.place, note: text });
        self.say(format!("bookmark {}: exports and the end carry it", self.bookmarks.len()));
    }

    /// What the menu of a row holds.
    pub(super) fn row_choices(&self) -> Vec<Choice> {
        let choice = |(action, key, name, about): &(RowAction, &str, &str, &str)| {
            let hint = RowAction::ALL.iter().find(|known| known.0 == *action).map_or("", |known| known.1);
            let hint = super::screen::Hint { key: hint, word: "", help: "" };
            let key = if key.is_empty() { String::new() } else { self.options.keymap.shown(self.page().title(), &hint).0 };
            Choice { key, name: (*name).to_owned(), about: (*about).to_owned(), action: Action::Row(*action) }
        };
        RowAction::ALL.iter().map(choice).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_is_copied_in_words() {
        assert_eq!(words_of("▎10.0.0.1  tls   4.44 k   0 %▐"), "10.0.0.1 tls 4.44 k 0 %");
        assert_eq!(words_of(" smb2  8 Mb/s ▁▂▇▁▁ ███▊ 54 % "), "smb2 8 Mb/s 54 %");
        assert_eq!(words_of("10.0.0.1 ⇄ 10.0.0.2 – ●"), "10.0.0.1 ⇄ 10.0.0.2 – ●", "signs are words");
    }
}
