//! How a screen gets packets without knowing where they lie.

use crate::model::{Address, PacketTree, Path, TimeSpan, Timestamp};
use std::borrow::Cow;
use std::sync::Arc;

/// Which packets a list holds.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum PacketSubject {
    /// All of them.
    #[default]
    All,
    /// Those between two ends, both ways. A port of 0 is any; without a protocol every one.
    Between {
        /// One end.
        a: Address,
        /// Its port.
        a_port: u16,
        /// The other end.
        b: Address,
        /// Its port.
        b_port: u16,
        /// IP protocol number.
        protocol: Option<u8>,
    },
    /// Those from or to a host. A port of 0 is any.
    Host {
        /// The host.
        address: Address,
        /// Its port.
        port: u16,
    },
    /// Those in a VLAN.
    Vlan(u16),
    /// Those whose protocols begin with these, as the hierarchy counts them.
    Path(Path),
    /// Those of these numbers, ascending, and what they prove, as a finding has it.
    Numbers(Vec<u64>, String),
    /// Those of a list that came in a span of time.
    During(TimeSpan, Box<PacketSubject>),
}

impl PacketSubject {
    /// The span of time it is limited to.
    pub fn span(&self) -> Option<TimeSpan> {
        if let Self::During(span, _) = self { Some(*span) } else { None }
    }

    /// The same list in a span of time.
    #[must_use]
    pub fn during(self, span: Option<TimeSpan>) -> Self {
        match (span, self) {
            (Some(span), Self::During(_, of)) => Self::During(span, of),
            (Some(span), of) => Self::During(span, Box::new(of)),
            (None, of) => of,
        }
    }
}

/// What a screen wants to see.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PacketRequest {
    /// Which packets the list holds.
    pub subject: PacketSubject,
    /// The first row of the window, from 0.
    pub first: u64,
    /// Rows of the window.
    pub rows: usize,
    /// The row that is taken apart.
    pub chosen: u64,
    /// Where to go: answered once for each number it is asked under.
    pub seek: Option<(u64, PacketSeek)>,
    /// Whether what the conversation of the chosen packet says is wanted.
    pub stream: bool,
    /// Whether packets that come and go meanwhile are to be left out: somebody reads.
    pub hold: bool,
    /// Whether only those packets are listed that do something to their conversation.
    pub events: bool,
}

/// A place in a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PacketSeek {
    /// The packet of this number, or the first behind it.
    Number(u64),
    /// The first packet at or behind this time, in nanoseconds since the first packet of the capture.
    Since(i64),
    /// The next packet whose line has a text in it.
    Text {
        /// In small letters.
        text: String,
        /// The row to begin behind (or before).
        row: u64,
        /// Towards the beginning.
        back: bool,
    },
}

/// What a packet does to its conversation, where it does more than to go on with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PacketEvent {
    /// It opens a connection, or accepts it: a SYN.
    Opens,
    /// Something is missing, comes again or cannot be taken, as Wireshark's analysis has it; or somebody says that packets do not arrive.
    Troubles,
    /// What an application says in it is read.
    Says,
    /// It ends one way of a connection: a FIN.
    Ends,
    /// It breaks a connection off: a RST.
    Resets,
}

/// One packet of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PacketRow {
    /// Its number, from 1.
    pub number: u64,
    /// When it came.
    pub time: Timestamp,
    /// Who sent it.
    pub source: String,
    /// Whom it is for.
    pub destination: String,
    /// Its innermost protocol.
    pub protocol: Cow<'static, str>,
    /// Bytes on the wire.
    pub wire: u32,
    /// What it says.
    pub info: String,
    /// What it does to its conversation.
    pub event: Option<PacketEvent>,
}

/// One packet taken apart.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PacketContents {
    /// Its number.
    pub number: u64,
    /// When it came.
    pub time: Timestamp,
    /// Bytes on the wire.
    pub wire: u32,
    /// Its layers.
    pub tree: PacketTree,
    /// The captured bytes.
    pub bytes: Vec<u8>,
    /// Its conversation; everything, where it has none.
    pub subject: PacketSubject,
}

/// Some bytes of a conversation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StreamBytes {
    /// Whether they go the way of the first.
    pub forth: bool,
    /// Bytes that are missing before them.
    pub missing: u32,
    /// The bytes.
    pub bytes: Vec<u8>,
}

/// A TCP segment of a conversation, for a graph of it. Numbers are relative to the first of their way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PacketSegment {
    /// When it passed.
    pub time: Timestamp,
    /// Whether it goes the way of the first.
    pub forth: bool,
    /// Its sequence number.
    pub sequence: u32,
    /// Bytes of its payload, SYN and FIN counted.
    pub length: u32,
    /// What it acknowledges.
    pub acknowledgement: Option<u32>,
    /// Bytes that may be sent beyond that; `None` where the scale is not known.
    pub window: Option<u32>,
    /// What it acknowledges beyond (RFC 2018).
    pub selective: [Option<(u32, u32)>; 3],
}

/// What a conversation says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PacketStream {
    /// Its ends, the one that speaks first before the other.
    pub ends: [String; 2],
    /// What is said, in the order of the capture.
    pub pieces: Vec<StreamBytes>,
    /// Its segments, in the order of the capture.
    pub segments: Vec<PacketSegment>,
    /// Whether there is more than is kept.
    pub cut: bool,
    /// Whether all of the capture was looked through.
    pub whole: bool,
}

/// The answer to a request.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct PacketPage {
    /// The list it is of.
    pub subject: PacketSubject,
    /// Rows known so far.
    pub total: u64,
    /// How much of the capture was looked through for rows, 0 to 1; `None`: all of it.
    pub searched: Option<f32>,
    /// The first row of the window.
    pub first: u64,
    /// The rows.
    pub rows: Vec<PacketRow>,
    /// The row that is taken apart, and the packet.
    pub chosen: Option<(u64, Arc<PacketContents>)>,
    /// Time of the first packet.
    pub begin: Timestamp,
    /// The row found under a number of asking; `None`: there is none.
    pub found: Option<(u64, Option<u64>)>,
    /// The list has no such place: it is an end of the list that was found.
    pub is_end: bool,
    /// When the oldest packet came that is still kept, where older ones are not kept any more and the list is of a span of time.
    pub kept_since: Option<Timestamp>,
    /// What the conversation says.
    pub stream: Option<Arc<PacketStream>>,
    /// Where the packets lie, in a few words.
    pub place: String,
    /// What went wrong.
    pub trouble: Option<String>,
}

/// A supplier of packets: a capture, the memory of a recorder, or a test.
pub trait PacketStore: Send + Sync {
    /// Asks for rows and says what is known by now. Waits a moment for the answer, never long.
    fn look(&self, request: &PacketRequest) -> Arc<PacketPage>;

    /// Another number when there is something new to see.
    fn version(&self) -> u64;

    /// Saves the packets of a list as a file; says in words what came of it.
    fn save(&self, subject: &PacketSubject) -> String;

    /// What came of one that went on after it was asked for, once; [`Self::version`] tells that there is something.
    fn saved(&self) -> Option<String> {
        None
    }
}
