//! What the user has chosen: which rows, in which order, in which units. Everything a page needs to draw itself.

use super::options::Options;
use super::theme::{Hue, Theme};
use crate::model::{Address, Path, Subject, Timestamp, Traffic};
use crate::snapshot::{Conversation, Filter, HostRow, Kinds, Order, Snapshot, Table};
use std::collections::{HashMap, HashSet, VecDeque};

/// A layer conversations and end points are counted at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Kind {
    Tcp,
    Udp,
    Sctp,
    Ip,
    Ipv6,
    Eth,
}

impl Kind {
    /// The word on screen.
    pub fn name(self) -> &'static str {
        match self {
            Kind::Tcp => "TCP",
            Kind::Udp => "UDP",
            Kind::Sctp => "SCTP",
            Kind::Ip => "IPv4",
            Kind::Ipv6 => "IPv6",
            Kind::Eth => "Ethernet",
        }
    }

    /// The word registries use.
    pub fn token(self) -> &'static str {
        match self {
            Kind::Tcp => "tcp",
            Kind::Udp => "udp",
            Kind::Sctp => "sctp",
            Kind::Ip => "ip",
            Kind::Ipv6 => "ipv6",
            Kind::Eth => "eth",
        }
    }

    /// Conversations of this kind.
    pub fn conversations(self, snapshot: &Snapshot) -> &Table<Conversation> {
        self.of(&snapshot.conversations)
    }

    /// End points of this kind.
    pub fn endpoints(self, snapshot: &Snapshot) -> &Table<HostRow> {
        self.of(&snapshot.endpoints)
    }

    fn of<R>(self, kinds: &Kinds<R>) -> &Table<R> {
        match self {
            Kind::Tcp => &kinds.tcp,
            Kind::Udp => &kinds.udp,
            Kind::Sctp => &kinds.sctp,
            Kind::Ip => &kinds.ip,
            Kind::Ipv6 => &kinds.ipv6,
            Kind::Eth => &kinds.eth,
        }
    }
}

/// A thing that has a row and a page of its own.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum Topic {
    /// A conversation.
    Conversation { kind: Kind, a: Address, a_port: u16, b: Address, b_port: u16, first: Timestamp },
    /// An end point.
    Host { kind: Kind, address: Address, port: u16 },
    /// A path of the hierarchy.
    Protocol(Path),
    /// An application known by its port or content.
    App(String),
    /// A VLAN identifier.
    Vlan(u16),
    /// A finding: its identifier and what it is about.
    Finding(&'static str, Subject),
}

impl Topic {
    /// The topic of a conversation.
    pub fn conversation(kind: Kind, row: &Conversation) -> Self {
        Topic::Conversation { kind, a: row.a, a_port: row.a_port, b: row.b, b_port: row.b_port, first: row.first }
    }

    /// The topic of an end point.
    pub fn host(kind: Kind, row: &HostRow) -> Self {
        Topic::Host { kind, address: row.address, port: row.port }
    }
}

/// One list: what is selected in it and how it is shown.
#[derive(Debug, Clone, Default)]
pub(super) struct Pane {
    /// Which kind of rows.
    pub kind: usize,
    /// The selected row.
    pub selected: Option<Topic>,
    /// The order rows are held in while one is selected.
    pub held: Vec<Topic>,
    /// First row in the window.
    pub offset: usize,
    /// Branches of a tree that are closed.
    pub folded: HashSet<Path>,
    /// Lines scrolled, for text.
    pub scroll: usize,
}

impl Pane {
    /// Puts rows in the held order; rows that are new follow.
    pub fn arrange<R>(&self, rows: Vec<(Topic, R)>) -> Vec<(Topic, R)> {
        if self.selected.is_none() || self.held.is_empty() {
            return rows;
        }
        let place: HashMap<&Topic, usize> = self.held.iter().enumerate().map(|(i, t)| (t, i)).collect();
        let mut rows: Vec<_> = rows.into_iter().map(|row| (place.get(&row.0).copied().unwrap_or(usize::MAX), row)).collect();
        rows.sort_by_key(|row| row.0);
        rows.into_iter().map(|row| row.1).collect()
    }
}

/// Time spans of the load chart, in seconds; beyond the last one: everything.
pub(super) const SCALES: [i64; 11] = [30, 60, 120, 300, 600, 1_800, 3_600, 10_800, 43_200, 86_400, 604_800];

/// What holds for every page.
#[derive(Debug, Clone)]
pub(super) struct View {
    /// Bytes instead of bits.
    pub bytes: bool,
    /// Names instead of numbers.
    pub names: bool,
    /// Index into [`SCALES`]; its length means everything.
    pub scale: usize,
    /// Load split by direction; `None`: when most of it has one.
    pub split: Option<bool>,
    /// Order of conversations.
    pub conversations: Order,
    /// Order of end points.
    pub endpoints: Order,
    /// Rows shown.
    pub filter: Option<Filter>,
    /// The picture is held.
    pub paused: bool,
}

impl Default for View {
    fn default() -> Self {
        Self {
            bytes: false,
            names: false,
            scale: 3,
            split: None,
            conversations: Order::default(),
            endpoints: Order::default(),
            filter: None,
            paused: false,
        }
    }
}

/// Rates of the opened thing since it was opened: first to second end, second to first, in bytes a second.
pub(super) type Trail = VecDeque<(f64, f64)>;

/// What a page is drawn from. Same scene, same cells.
#[derive(Clone, Copy)]
pub(super) struct Scene<'a> {
    /// The numbers.
    pub snapshot: &'a Snapshot,
    /// The user's choices.
    pub view: &'a View,
    /// The page's list.
    pub pane: &'a Pane,
    /// What the page is about, for pages below a screen.
    pub topic: Option<&'a Topic>,
    /// Rates of the topic since it was opened.
    pub trail: &'a Trail,
    /// What the program passed in.
    pub options: &'a Options,
    /// The colours.
    pub theme: &'a Theme,
    /// Seconds the picture is behind, while paused.
    pub behind: f64,
}

impl Scene<'_> {
    /// Whether numbers are means over the whole capture (a file) and not rates of now.
    pub fn whole(&self) -> bool {
        !self.snapshot.live
    }

    /// The seconds and the traffic a rate is taken over.
    pub fn basis(&self, recent: Traffic, total: Traffic) -> (Traffic, f64) {
        if self.whole() { (total, self.snapshot.duration()) } else { (recent, self.snapshot.recent_seconds) }
    }

    /// Bits per second, now or over the whole file.
    pub fn bits(&self, recent: Traffic, total: Traffic) -> f64 {
        let (traffic, seconds) = self.basis(recent, total);
        traffic.bits_per_second(seconds)
    }

    /// Packets per second, now or over the whole file.
    pub fn packets(&self, recent: Traffic, total: Traffic) -> f64 {
        let (traffic, seconds) = self.basis(recent, total);
        traffic.packets_per_second(seconds)
    }

    /// Wire bytes that shares refer to.
    pub fn all_bytes(&self) -> u64 {
        self.basis(self.snapshot.recent, self.snapshot.total).0.wire_bytes
    }

    /// Share of all wire bytes.
    pub fn share(&self, recent: Traffic, total: Traffic) -> f64 {
        ratio(self.basis(recent, total).0.wire_bytes, self.all_bytes())
    }

    /// A style.
    pub fn style(&self, hue: Hue) -> ratatui::style::Style {
        self.theme.style(hue)
    }
}

/// A share that is 0 when there is nothing to share.
pub(super) fn ratio(part: u64, whole: u64) -> f64 {
    if whole == 0 { 0.0 } else { part as f64 / whole as f64 }
}
