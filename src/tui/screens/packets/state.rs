//! What the screen of packets remembers.

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
    /// The end of a capture that is still being read is waited for.
    pub to_end: bool,
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
        *self = Self { store: self.store.take(), subject, about, height: self.height, tail: true, ..Self::default() };
    }

    /// The title of the list.
    pub fn title(&self) -> String {
        if self.about.is_empty() { "Packets".to_owned() } else { format!("Packets · {}", self.about) }
    }

    /// Goes to a place, in a moment.
    pub fn go(&mut self, seek: PacketSeek) {
        let serial = self.seek.as_ref().map_or(self.taken, |(serial, _)| *serial) + 1;
        self.seek = Some((serial, seek));
        (self.tail, self.to_end) = (false, false);
    }

    /// Takes notice of a row that was clicked.
    pub fn clicked(&mut self, selected: Option<&Topic>) {
        if self.click.as_ref() == selected {
            return;
        }
        self.click = selected.cloned();
        if let Some(Topic::Row(row)) = selected {
            (self.row, self.tail, self.to_end, self.focus) = (*row, false, false, Focus::List);
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
            // Once it is read and looked through the cursor is where it was wanted.
            self.to_end &= reading || page.searched.is_some() || self.row + 1 < page.total;
            self.place();
            if (row, offset) == (self.row, self.offset) {
                break;
            }
        }
        self.conversation = page.chosen.as_ref().map(|(_, contents)| contents.subject.clone()).unwrap_or_default();
        Some(page)
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
        }
        if live && self.tail || self.to_end {
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
            Arc::new(PacketPage { subject: request.subject.clone(), total: self.0.load(Ordering::Relaxed), ..PacketPage::default() })
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
            assert_eq!((looking.row, looking.to_end), (total - 1, waits), "{total} {reading}");
        }
        // Whoever moves waits no longer, and of what has been read whole nobody waits.
        press(&mut looking, KeyCode::Char('G'), true);
        press(&mut looking, KeyCode::Up, true);
        store.0.store(2_000, Ordering::Relaxed);
        looking.page(false, true);
        assert_eq!((looking.row, looking.to_end), (898, false));
        press(&mut looking, KeyCode::End, false);
        looking.page(false, false);
        assert_eq!((looking.row, looking.to_end), (1_999, false));
    }
}
