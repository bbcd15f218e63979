//! Answers a screen's questions, one after the other.

use super::events;
use super::lines::Lines;
use super::matching::Matcher;
use super::relative::{self, StreamStarts};
use super::shelf::Shelf;
use super::stream::StreamReader;
use super::take_apart_in;
use crate::decode::Rules;
use crate::error::Result;
use crate::model::limits::{LISTED_INTERFACES, PAGE_ROWS};
use crate::model::{FileExtra, PacketNote, PacketTree, TapePacket, Timestamp};
use crate::record::InterfaceAbout;
use crate::snapshot::{PacketContents, PacketEvent, PacketPage, PacketRequest, PacketRow, PacketSeek, PacketStream, PacketSubject};
use std::sync::Arc;

/// What it takes to answer.
pub(super) struct Librarian {
    shelf: Box<dyn Shelf>,
    rules: Rules,
    matcher: Matcher,
    streams: StreamStarts,
    lines: Lines,
    begin: Option<Timestamp>,
    chosen: Option<(u64, Arc<PacketContents>)>,
    /// Whether the chosen packet was noted when it was taken apart.
    chosen_noted: bool,
    /// The search that goes on, and the row it has come to.
    search: Option<(u64, PacketSeek, u64)>,
    found: Option<(u64, Option<u64>)>,
    /// Whether what was found is an end of the list, for it has no such place.
    is_end: bool,
    stream: Option<(StreamReader, u64)>,
    told: Option<Arc<PacketStream>>,
    trouble: Option<String>,
}

/// Rows looked at before other questions are.
const SEARCHED_AT_ONCE: u64 = 4_000;

impl Librarian {
    /// Nothing was asked yet.
    pub fn new(shelf: Box<dyn Shelf>, rules: Rules) -> Self {
        Self {
            shelf,
            matcher: Matcher::new(rules.clone()),
            streams: StreamStarts::new(rules.clone()).with_marks(),
            rules,
            lines: Lines::default(),
            begin: None,
            chosen: None,
            chosen_noted: false,
            search: None,
            found: None,
            is_end: false,
            stream: None,
            told: None,
            trouble: None,
        }
    }

    /// The shelf.
    pub fn shelf(&mut self) -> &mut dyn Shelf {
        self.shelf.as_mut()
    }

    /// Does a piece of the work that a request takes; whether there is more.
    pub fn work(&mut self, request: &PacketRequest) -> bool {
        match self.step(request) {
            Ok(more) => more,
            Err(error) => {
                self.trouble = Some(error.to_string());
                false
            }
        }
    }

    fn step(&mut self, request: &PacketRequest) -> Result<bool> {
        if !self.lines.are_of(&request.subject, request.events) {
            self.lines = Lines::of(request.subject.clone(), request.events);
            (self.chosen, self.search) = (None, None);
        }
        if !request.hold || self.shelf.range().is_empty() {
            self.shelf.refresh();
        }
        self.lines.refresh(self.shelf.as_mut());
        // What was noted is looked through first, so that the shelf is read in one direction.
        let noting = self.lines.are_behind(self.streams.noted().end) || self.note()?;
        let more = self.lines.look_on(self.shelf.as_mut(), &mut self.matcher, (&self.streams, &self.rules))?;
        let searching = self.seek(request, more)?;
        let streaming = self.follow(request)?;
        Ok(more || searching || streaming || noting)
    }

    /// Notes where the connections of some more packets begin; whether there are more packets.
    fn note(&mut self) -> Result<bool> {
        let range = self.shelf.range();
        self.streams.begin(range.start);
        let next = self.streams.noted().end.max(range.start);
        if next >= range.end {
            return Ok(false);
        }
        let streams = &mut self.streams;
        let read = self.shelf.read(next, &mut |number, packet| {
            if number >= next {
                streams.note(number, packet);
            }
        })?;
        Ok(read && self.streams.noted().end < range.end)
    }

    /// Goes on to look for a place; whether that takes more.
    fn seek(&mut self, request: &PacketRequest, growing: bool) -> Result<bool> {
        let Some((serial, seek)) = &request.seek else { return Ok(false) };
        if self.found.is_some_and(|(answered, _)| answered == *serial) {
            return Ok(false);
        }
        match seek {
            PacketSeek::Number(number) => {
                let wanted = number.checked_sub(1).unwrap_or(u64::MAX);
                let number = number.saturating_sub(1);
                let row = (self.lines.len() > 0).then(|| self.lines.row(number));
                // Rows behind it may still be found.
                if growing && row.and_then(|row| self.lines.number(row)).is_none_or(|found| found < number) {
                    return Ok(true);
                }
                let all = self.shelf.range();
                self.is_end = !(all.start..all.end).contains(&wanted);
                self.found = Some((*serial, row));
            }
            PacketSeek::Since(nanos) => {
                let time = self.begin()?.plus(*nanos);
                let mut number = None;
                let mut at = self.shelf.before(time);
                while number.is_none() {
                    let mut last = at;
                    let read = self.shelf.read(at, &mut |n, packet| {
                        last = n;
                        if number.is_none() && n >= at && packet.time >= time {
                            number = Some(n);
                        }
                    })?;
                    if !read {
                        break;
                    }
                    at = last + 1;
                }
                let end = self.shelf.range().end.saturating_sub(1);
                let row = (self.lines.len() > 0).then(|| self.lines.row(number.unwrap_or(end)));
                self.is_end = *nanos < 0 || number.is_none();
                self.found = Some((*serial, row));
            }
            PacketSeek::Text { text, row, back } => return self.search(*serial, text, *row, *back, growing),
        }
        Ok(false)
    }

    fn search(&mut self, serial: u64, text: &str, row: u64, back: bool, growing: bool) -> Result<bool> {
        let at = match &self.search {
            Some((asked, _, at)) if *asked == serial => *at,
            _ if back => row,
            _ => row.saturating_add(1),
        };
        let total = self.lines.len();
        let range =
            if back { at.saturating_sub(SEARCHED_AT_ONCE)..at.min(total) } else { at..at.saturating_add(SEARCHED_AT_ONCE).min(total) };
        let mut hit = None;
        let rows: Vec<u64> = range.clone().collect();
        self.each(&rows, &mut |row, line| {
            let has = |part: &str| part.to_lowercase().contains(text);
            if (back || hit.is_none()) && (has(&line.info) || has(&line.source) || has(&line.destination) || has(&line.protocol)) {
                hit = Some(row);
            }
        })?;
        let over = if back { range.start == 0 } else { range.end >= total && !growing };
        if hit.is_some() || over {
            (self.found, self.is_end) = (Some((serial, hit)), false);
            self.search = None;
            return Ok(false);
        }
        let next = if back { range.start } else { range.end };
        self.search = Some((serial, PacketSeek::Number(0), next));
        Ok(true)
    }

    /// Shows the packets of some rows, ascending, as they are listed.
    fn each(&mut self, rows: &[u64], show: &mut dyn FnMut(u64, PacketRow)) -> Result<()> {
        let mut at = 0;
        while let Some(number) = rows.get(at).and_then(|row| self.lines.number(*row)) {
            let (lines, rules, streams) = (&self.lines, &self.rules, &self.streams);
            let before = at;
            let read = self.shelf.read(number, &mut |found, packet| {
                if let Some(row) = rows.get(at).copied().filter(|row| lines.number(*row) == Some(found)) {
                    let tree = self::apart(streams, found, packet, rules);
                    let event = if lines.is_of_events() { events::of(&tree, streams.marks(found)) } else { None };
                    show(row, line(found, packet, tree, event));
                    at += 1;
                }
            })?;
            // What is not there any more is passed over.
            if !read || at == before {
                at += 1;
            }
        }
        Ok(())
    }

    fn begin(&mut self) -> Result<Timestamp> {
        if let Some(begin) = self.begin {
            return Ok(begin);
        }
        // Times count from the first packet of all, also where that is not kept any more.
        if let Some(begin) = self.shelf.begin() {
            self.begin = Some(begin);
            return Ok(begin);
        }
        let (mut begin, first) = (None, self.shelf.range().start);
        self.shelf.read(first, &mut |_, packet| _ = begin.get_or_insert(packet.time))?;
        self.begin = begin;
        Ok(begin.unwrap_or_default())
    }

    /// When the oldest packet came, where there were older ones.
    fn kept_since(&mut self) -> Option<Timestamp> {
        let (mut oldest, first) = (None, self.shelf.range().start);
        if first > 0 {
            self.shelf.read(first, &mut |_, packet| _ = oldest.get_or_insert(packet.time)).ok()?;
        }
        oldest
    }

    /// Goes on to read what a conversation says; whether there is more of it.
    fn follow(&mut self, request: &PacketRequest) -> Result<bool> {
        if !request.stream {
            (self.stream, self.told) = (None, None);
            return Ok(false);
        }
        let Some((_, contents)) = &self.chosen else { return Ok(false) };
        if self.stream.as_ref().is_none_or(|(reader, _)| *reader.subject() != contents.subject) {
            self.stream = Some((StreamReader::new(contents.subject.clone()), self.shelf.range().start));
        }
        let end = self.shelf.range().end;
        let Some((reader, next)) = &mut self.stream else { return Ok(false) };
        let (from, matcher) = (*next, &mut self.matcher);
        if from < end && !reader.is_full() {
            let mut last = from;
            let read = self.shelf.read(from, &mut |number, packet| {
                if number >= from {
                    reader.show(matcher, number, packet);
                    last = number + 1;
                }
            })?;
            *next = if read { last.max(from + 1) } else { end };
        }
        let more = *next < end && !reader.is_full();
        self.told = Some(Arc::new(reader.told(!more)));
        Ok(more)
    }

    /// The answer by now.
    pub fn page(&mut self, request: &PacketRequest) -> PacketPage {
        let total = self.lines.len();
        let first = request.first.min(total.saturating_sub(1));
        let rows: Vec<u64> = (first..total).take(request.rows.min(PAGE_ROWS)).collect();
        let mut listed = Vec::with_capacity(rows.len());
        let outcome = self.each(&rows, &mut |_, line| listed.push(line));
        let outcome = outcome.and_then(|()| self.choose(request.chosen.min(total.saturating_sub(1))));
        let begin = self.begin().unwrap_or_default();
        let kept_since = request.subject.span().and_then(|_| self.kept_since());
        PacketPage {
            subject: request.subject.clone(),
            total,
            searched: self.lines.searched(),
            first,
            rows: listed,
            chosen: self.chosen.clone(),
            begin,
            found: self.found,
            is_end: self.is_end,
            kept_since,
            stream: self.told.clone(),
            place: self.shelf.place(),
            trouble: outcome.err().map(|error| error.to_string()).or_else(|| self.trouble.clone()),
        }
    }

    /// Takes the packet of a row apart.
    fn choose(&mut self, row: u64) -> Result<()> {
        let Some(number) = self.lines.number(row) else {
            self.chosen = None;
            return Ok(());
        };
        if let Some((at, contents)) = &mut self.chosen
            && contents.number == number + 1
            && self.chosen_noted == self.streams.noted().contains(&number)
        {
            *at = row;
            return Ok(());
        }
        let mut chosen = None;
        let (rules, matcher, streams) = (&self.rules, &mut self.matcher, &self.streams);
        self.shelf.read(number, &mut |found, packet| {
            if found == number {
                let tree = self::apart(streams, number, packet, rules);
                let subject = matcher.conversation(packet);
                let (time, wire, bytes) = (packet.time, packet.wire, packet.bytes.to_vec());
                chosen = Some(Arc::new(PacketContents { number: number + 1, time, wire, tree, bytes, subject }));
            }
        })?;
        self.chosen_noted = self.streams.noted().contains(&number);
        self.chosen = chosen.map(|contents| (row, contents));
        Ok(())
    }

    /// Shows every packet of a list: those that are there now, but of a list that is `held` still on a screen those that it shows.
    pub fn all(
        &mut self,
        subject: &PacketSubject,
        span: Option<(Timestamp, Timestamp)>,
        held: bool,
        show: &mut dyn FnMut(ShelfPiece<'_>),
    ) -> Result<()> {
        // Who has not asked for a list yet has a shelf that knows of no packet.
        let mut fresh = self.shelf.for_saving(held && span.is_none());
        let shelf = match &mut fresh {
            Some(shelf) => {
                shelf.refresh();
                shelf.as_mut()
            }
            None => self.shelf.as_mut(),
        };
        let range = shelf.range();
        let is_in = |time: Timestamp| span.is_none_or(|(from, to)| time >= from && time <= to);
        let (mut at, matcher) = (range.start, &mut self.matcher);
        while at < range.end {
            let from = at;
            shelf.extras(at)?.iter().for_each(|extra| show(ShelfPiece::Extra(extra)));
            let notes = shelf.notes(at)?;
            // A file may name interfaces between its packets.
            let names: Vec<InterfaceAbout> = (0..LISTED_INTERFACES as u16).map(|n| shelf.interface(n)).collect();
            let read = shelf.read(at, &mut |number, packet| {
                if number >= from && number < range.end && is_in(packet.time) && matcher.lists(subject, number, packet) {
                    let note = notes.binary_search_by_key(&number, |noted| noted.0).ok().and_then(|at| notes.get(at));
                    let about = names.get(usize::from(packet.interface));
                    show(ShelfPiece::Packet { packet, note: note.map(|noted| &noted.1), about });
                }
                at = at.max(number + 1);
            })?;
            if !read || at == from {
                break;
            }
        }
        Ok(())
    }
}

/// A piece of what is written down of a list.
pub(super) enum ShelfPiece<'a> {
    /// What the capture says beside its packets.
    Extra(&'a FileExtra),
    /// A packet.
    Packet {
        /// It.
        packet: &'a TapePacket<'a>,
        /// What the capture says of it.
        note: Option<&'a PacketNote>,
        /// What is known of its interface.
        about: Option<&'a InterfaceAbout>,
    },
}

/// Takes a packet apart. Numbers of a connection of which nothing is noted yet are left out: they would be others in a moment.
fn apart(streams: &StreamStarts, number: u64, packet: &TapePacket<'_>, rules: &Rules) -> PacketTree {
    let mut tree = take_apart_in(streams, number, packet, rules);
    if !streams.noted().contains(&number) {
        relative::withhold(&mut tree);
    }
    tree
}

/// A packet as a list shows it, in one of events with what it does; its number from 0.
fn line(number: u64, packet: &TapePacket<'_>, tree: PacketTree, event: Option<PacketEvent>) -> PacketRow {
    let info = if event.is_some() { events::words(&tree) } else { tree.info };
    PacketRow {
        number: number + 1,
        time: packet.time,
        source: tree.source,
        destination: tree.destination,
        protocol: tree.protocol,
        wire: packet.wire,
        info: info.trim_end().to_owned(),
        event,
    }
}
