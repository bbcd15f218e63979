//! What the screen of packets remembers.

use crate::model::{TimeSpan, Timestamp, units};
use crate::snapshot::{PacketPage, PacketRequest, PacketSeek, PacketStore, PacketSubject};
use crate::tui::view::Topic;
use std::collections::HashSet;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Where the cursor is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(in crate::tui) enum Focus {
    /// In the list.
    #[default]
    List,
    /// In the fields.
    Tree,
}

/// A line being typed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::tui) struct TypedLine {
    /// For a text to look for; else for a place to go to.
    pub search: bool,
    /// What was typed.
    pub text: String,
}

impl TypedLine {
    /// What stands before it.
    pub fn prompt(&self) -> &'static str {
        if self.search { "/" } else { "go to packet or second: " }
    }
}

/// A place that a capture being read may not have come to yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::tui) enum AwaitedPlace {
    /// Its end.
    End,
    /// A packet's number, or a time.
    Seek(PacketSeek),
}

impl fmt::Display for AwaitedPlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Seek(PacketSeek::Number(number)) => write!(f, "packet {}", units::grouped(*number)),
            Self::Seek(PacketSeek::Since(nanos)) => write!(f, "second {}", *nanos as f64 / 1e9),
            Self::End | Self::Seek(PacketSeek::Text { .. }) => f.write_str("the last packet"),
        }
    }
}

/// That a list has no such place, and what is shown instead.
fn no_such_place(seek: &PacketSeek) -> Option<String> {
    let place = |seek: &PacketSeek| AwaitedPlace::Seek(seek.clone()).to_string();
    match seek {
        PacketSeek::Number(0) => Some("packets are numbered from 1".to_owned()),
        PacketSeek::Since(nanos) if *nanos < 0 => Some("there is no time before the first packet".to_owned()),
        PacketSeek::Number(_) => Some(format!("there is no {}: this is the nearest", place(seek))),
        PacketSeek::Since(_) => Some(format!("nothing at or behind {}: this is the last packet", place(seek))),
        PacketSeek::Text { .. } => None,
    }
}

/// What is drawn of a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::tui) enum GraphKind {
    /// Sequence numbers over time.
    Sequence,
    /// Bytes in flight against the window.
    Flight,
    /// Round trips over time.
    Trips,
}

impl GraphKind {
    /// The next one.
    pub fn next(self) -> Self {
        match self {
            GraphKind::Sequence => GraphKind::Flight,
            GraphKind::Flight => GraphKind::Trips,
            GraphKind::Trips => GraphKind::Sequence,
        }
    }
}

/// What a conversation says, looked at.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(in crate::tui) struct StreamView {
    /// Drawn instead.
    pub drawn: Option<GraphKind>,
    /// Of the other way.
    pub back: bool,
    /// In hexadecimal.
    pub hex: bool,
    /// Lines scrolled.
    pub scroll: usize,
}

/// The state, behind a lock: drawing finds things out.
#[derive(Default)]
pub(in crate::tui) struct PacketsState(Mutex<Looking>);

impl PacketsState {
    /// Packets of a store.
    pub fn new(store: Option<Arc<dyn PacketStore>>) -> Self {
        Self(Mutex::new(Looking { store, tail: true, ..Looking::default() }))
    }

    /// What is looked at.
    pub fn looking(&self) -> MutexGuard<'_, Looking> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What is looked at.
#[derive(Default)]
pub(in crate::tui) struct Looking {
    pub store: Option<Arc<dyn PacketStore>>,
    /// Which packets, and what they are called.
    pub subject: PacketSubject,
    pub about: String,
    /// What they are called where no span of time is looked at.
    called: String,
    /// The row of the cursor, and the first one of the window.
    pub row: u64,
    pub offset: u64,
    /// Rows of the window.
    pub height: usize,
    /// Lines that the packets looked at so far needed at most below the list.
    pub need: usize,
    /// Rows there are.
    pub total: u64,
    /// The newest packet is followed.
    pub tail: bool,
    /// The place of a capture that is still being read which is waited for.
    pub awaited: Option<AwaitedPlace>,
    pub focus: Focus,
    /// The line of the cursor in the fields, and the lines there are.
    pub field: usize,
    pub lines: usize,
    /// Layers that are open, by their protocol.
    pub open: HashSet<&'static str>,
    /// The layer of the cursor, and whether it is open.
    pub layer: Option<(&'static str, bool)>,
    pub typing: Option<TypedLine>,
    /// What was looked for last.
    pub text: String,
    pub seek: Option<(u64, PacketSeek)>,
    /// The answer that was taken.
    pub taken: u64,
    pub stream: Option<StreamView>,
    /// Whether the chosen packet has a conversation, which.
    pub conversation: PacketSubject,
    /// When the capture begins, and the seconds that clocks there are east of UTC.
    pub begins: Option<(Timestamp, i64)>,
    pub notice: Option<String>,
    /// The click that was taken notice of.
    click: Option<Topic>,
}

impl fmt::Debug for Looking {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Looking({:?} at {})", self.subject, self.row)
    }
}

impl Looking {
    /// Shows some packets.
    pub fn show(&mut self, subject: PacketSubject, about: String) {
        let called = about.clone();
        *self = Self { store: self.store.take(), subject, about, called, height: self.height, tail: true, ..Self::default() };
    }

    /// Shows those of a span of time, or of all of it, whose name follows what they are called otherwise.
    pub fn limit(&mut self, span: Option<(TimeSpan, String)>) {
        let of = match self.subject.clone() {
            PacketSubject::During(_, of) => *of,
            of => of,
        };
        let (span, times) = span.unzip();
        let called = std::mem::take(&mut self.called);
        let words = [called.as_str(), times.as_deref().unwrap_or_default()];
        self.show(of.during(span), words.into_iter().filter(|w| !w.is_empty()).collect::<Vec<_>>().join(" · "));
        self.called = called;
    }

    /// The title of the list.
    pub fn title(&self) -> String {
        if self.about.is_empty() { "Packets".to_owned() } else { format!("Packets · {}", self.about) }
    }

    /// Goes to a place, in a moment.
    pub fn go(&mut self, seek: PacketSeek) {
        let serial = self.seek.as_ref().map_or(self.taken, |(serial, _)| *serial) + 1;
        self.seek = Some((serial, seek));
        (self.tail, self.awaited) = (false, None);
    }

    /// Goes to a place that may not have been read yet: it is waited for.
    pub fn go_when_read(&mut self, seek: PacketSeek, reading: bool) {
        self.go(seek.clone());
        self.awaited = reading.then_some(AwaitedPlace::Seek(seek));
    }

    /// Takes notice of a row that was clicked.
    pub fn clicked(&mut self, selected: Option<&Topic>) {
        if self.click.as_ref() == selected {
            return;
        }
        self.click = selected.cloned();
        if let Some(Topic::Row(row)) = selected {
            (self.row, self.tail, self.awaited, self.focus) = (*row, false, None, Focus::List);
        }
    }

    fn request(&self, live: bool) -> PacketRequest {
        PacketRequest {
            subject: self.subject.clone(),
            first: self.offset,
            rows: self.height,
            chosen: self.row,
            seek: self.seek.clone(),
            stream: self.stream.is_some(),
            hold: live && !self.tail,
            events: false,
        }
    }

    /// The page to be drawn; `None` where there are no packets to look at.
    pub fn page(&mut self, live: bool, reading: bool) -> Option<Arc<PacketPage>> {
        let store = self.store.clone()?;
        let mut page = Arc::default();
        // Once for what is known, once more where that moves the window.
        for _ in 0..2 {
            self.place();
            let request = self.request(live);
            page = store.look(&request);
            self.total = page.total;
            let (row, offset) = (self.row, self.offset);
            self.settle(&page, live);
            self.wait(&page, reading);
            self.place();
            if (row, offset) == (self.row, self.offset) {
                break;
            }
        }
        self.conversation = page.chosen.as_ref().map(|(_, contents)| contents.subject.clone()).unwrap_or_default();
        Some(page)
    }

    /// Waits on for a place, as long as it may still come: it is not before the newest packet that is known.
    fn wait(&mut self, page: &PacketPage, reading: bool) {
        let comes = reading || page.searched.is_some();
        match self.awaited.take() {
            // Once it is read and looked through the cursor is where it was wanted.
            Some(AwaitedPlace::End) if comes || self.row + 1 < page.total => self.awaited = Some(AwaitedPlace::End),
            Some(AwaitedPlace::Seek(seek)) => {
                let is_answered = self.seek.as_ref().is_none_or(|(serial, _)| self.taken == *serial);
                if is_answered && !page.is_end {
                    return;
                }
                // What was not read when it was looked for is looked for once more, the last time when everything is.
                if is_answered {
                    self.go(seek.clone());
                }
                self.awaited = (comes || !is_answered).then_some(AwaitedPlace::Seek(seek));
            }
            _ => {}
        }
    }

    /// Takes what a page says of places.
    fn settle(&mut self, page: &PacketPage, live: bool) {
        if let (Some((asked, _)), Some((serial, row))) = (&self.seek, page.found)
            && *asked == serial
            && self.taken != serial
        {
            self.taken = serial;
            match row {
                Some(row) => self.row = row,
                None => self.notice = Some("nothing found".to_owned()),
            }
            // Of a capture that is read the place may still come.
            if let Some((_, seek)) = self.seek.as_ref().filter(|_| page.is_end && self.awaited.is_none()) {
                self.notice = no_such_place(seek);
            }
        }
        if live && self.tail || self.awaited == Some(AwaitedPlace::End) {
            self.row = u64::MAX;
        }
        self.row = self.row.min(page.total.saturating_sub(1));
    }

    /// Puts the window where the cursor is.
    fn place(&mut self) {
        let height = self.height.max(1) as u64;
        self.offset = self.offset.min(self.row).max(self.row.saturating_sub(height - 1));
        // A window that hangs over the end shows less than there is room for.
        self.offset = self.offset.min(self.total.saturating_sub(height).max(self.row.saturating_sub(height - 1)));
    }
}

#[cfg(test)]
mod tests {
    use super::super::keys;
    use super::*;
    use ratatui::crossterm::event::{KeyCode, KeyEvent};
    use std::sync::atomic::{AtomicU64, Ordering};

    /// A capture of which more and more has been read.
    #[derive(Default)]
    struct Growing(AtomicU64);

    impl PacketStore for Growing {
        fn look(&self, request: &PacketRequest) -> Arc<PacketPage> {
            let total = self.0.load(Ordering::Relaxed);
            // A packet a second.
            let found = request.seek.as_ref().map(|(serial, seek)| match seek {
                PacketSeek::Number(number) => (*serial, Some(number.saturating_sub(1).min(total - 1))),
                PacketSeek::Since(nanos) => (*serial, Some((*nanos as u64 / 1_000_000_000).min(total - 1))),
                PacketSeek::Text { .. } => (*serial, None),
            });
            let is_end = request.seek.as_ref().is_some_and(|(_, seek)| match seek {
                PacketSeek::Number(number) => *number == 0 || *number > total,
                PacketSeek::Since(nanos) => *nanos as u64 > (total - 1) * 1_000_000_000,
                PacketSeek::Text { .. } => false,
            });
            Arc::new(PacketPage { subject: request.subject.clone(), total, found, is_end, ..PacketPage::default() })
        }

        fn version(&self) -> u64 {
            0
        }

        fn save(&self, _: &PacketSubject) -> String {
            String::new()
        }
    }

    #[test]
    fn the_last_packet_of_a_capture_that_is_read_is_waited_for() {
        let store = Arc::new(Growing::default());
        store.0.store(100, Ordering::Relaxed);
        let state = PacketsState::new(Some(Arc::clone(&store) as Arc<dyn PacketStore>));
        let mut looking = state.looking();
        let press = |looking: &mut Looking, key, reading| keys::press(looking, KeyEvent::from(key), (false, reading));
        looking.page(false, true);
        assert!(press(&mut looking, KeyCode::Char('G'), true));
        for (total, reading, waits) in [(100, true, true), (500, true, true), (900, false, false), (900, false, false)] {
            store.0.store(total, Ordering::Relaxed);
            looking.page(false, reading);
            assert_eq!((looking.row, looking.awaited.is_some()), (total - 1, waits), "{total} {reading}");
        }
        // Whoever moves waits no longer, and of what has been read whole nobody waits.
        press(&mut looking, KeyCode::Char('G'), true);
        press(&mut looking, KeyCode::Up, true);
        store.0.store(2_000, Ordering::Relaxed);
        looking.page(false, true);
        assert_eq!((looking.row, looking.awaited.is_some()), (898, false));
        press(&mut looking, KeyCode::End, false);
        looking.page(false, false);
        assert_eq!((looking.row, looking.awaited.is_some()), (1_999, false));
    }

    #[test]
    fn a_packet_that_is_not_read_yet_is_waited_for() {
        // A time of day is the next such time after the beginning.
        for (typed, said) in [("700", "packet 700"), ("699.0", "second 699"), ("0:11:09", "second 699"), ("00:11:09.000", "second 699")] {
            let store = Arc::new(Growing::default());
            store.0.store(100, Ordering::Relaxed);
            let state = PacketsState::new(Some(Arc::clone(&store) as Arc<dyn PacketStore>));
            let mut looking = state.looking();
            // 23:59:30 on clocks an hour east of UTC.
            looking.begins = Some((Timestamp((86_400 - 3_630) * 1_000_000_000), 3_600));
            looking.page(false, true);
            let press = |looking: &mut Looking, key, reading| keys::press(looking, KeyEvent::from(key), (false, reading));
            let go = |looking: &mut Looking, reading| {
                press(looking, KeyCode::Char('#'), reading);
                typed.chars().for_each(|c| _ = press(looking, KeyCode::Char(c), reading));
                press(looking, KeyCode::Enter, reading);
            };
            go(&mut looking, true);
            for (total, row, waits) in [(100, 99, true), (650, 649, true), (700, 699, false), (900, 699, false)] {
                store.0.store(total, Ordering::Relaxed);
                looking.page(false, true);
                looking.page(false, true);
                assert_eq!((looking.row, looking.awaited.is_some()), (row, waits), "{typed} of {total}");
                assert_eq!(looking.notice, None, "{typed} of {total}: what may still come is not said to be missing");
                if waits {
                    assert_eq!(looking.awaited.as_ref().map(ToString::to_string).as_deref(), Some(said));
                }
            }
            // Of what was read whole there is nothing to wait for: the last one is the nearest.
            store.0.store(300, Ordering::Relaxed);
            go(&mut looking, false);
            looking.page(false, false);
            assert_eq!((looking.row, looking.awaited.is_some()), (299, false));
            let told = looking.notice.take().unwrap_or_default();
            assert!(told.contains(said) && told.starts_with(if typed == "700" { "there is no" } else { "nothing at" }), "{told}");
            // Nor does who waited when the capture turned out to be short.
            store.0.store(100, Ordering::Relaxed);
            go(&mut looking, true);
            looking.page(false, true);
            store.0.store(400, Ordering::Relaxed);
            (0..3).for_each(|_| _ = looking.page(false, false));
            assert_eq!((looking.row, looking.awaited.is_some()), (399, false));
            assert!(looking.notice.take().unwrap_or_default().contains(said), "{typed}: it turned out to be short");
        }
    }
}
