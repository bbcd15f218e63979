//! RTP (RFC 3550): a packet of a stream of voice or pictures, and what became of a stream.

use super::{Address, Direction, Episode, FlowKey, ShortName, Timestamp};

/// A packet of a stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RtpPacket {
    /// The conversation.
    pub flow: FlowKey,
    /// Which way it goes.
    pub way: Direction,
    /// When it passed.
    pub time: Timestamp,
    /// The stream (synchronisation source).
    pub source: u32,
    /// Its sequence number.
    pub sequence: u16,
    /// Its time stamp, in ticks of the payload's clock.
    pub ticks: u32,
    /// The payload type (RFC 3551).
    pub payload_type: u8,
    /// The marker bit: with voice the first packet after silence.
    pub marker: bool,
    /// The number of the packet that carries it; 0 where it is not known.
    pub number: u64,
}

/// What became of a stream since the last time it was told of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MediaNews {
    /// The conversation.
    pub flow: FlowKey,
    /// Which way it goes.
    pub way: Direction,
    /// The stream.
    pub source: u32,
    /// The payload type of the latest packet.
    pub payload_type: u8,
    /// Packets that came, each once.
    pub received: u64,
    /// Packets that did not come, though 64 later ones did (RFC 3550 appendix A.3).
    pub lost: u64,
    /// Gaps they are from: several in a row are one.
    pub gaps: u64,
    /// Of those packets and gaps the ones over pauses: lost where the other way went on, of a call on hold where both paused.
    pub over_pauses: [u64; 2],
    /// Interarrival jitter (RFC 3550 section 6.4.1), nanoseconds: the least and the most of this time; `None` where the clock is not known.
    pub jitter: Option<[i64; 2]>,
    /// The sum of the jitter at each packet whose spacing was compared, nanoseconds, and how many.
    pub jitters: (i64, u64),
    /// Ticks a second of its clock, as far as it is known.
    pub clock: Option<u32>,
    /// Packets whose spacing was compared with that of their time stamps, and those that were off by more than
    /// [`super::evidence::MEDIA_UNEVEN`].
    pub spaced: [u64; 2],
    /// The first packet of this time.
    pub first: Timestamp,
    /// The last.
    pub last: Timestamp,
    /// The gap with the most packets since it was told of: they need not count as lost yet.
    pub longest_gap: Option<MediaGap>,
    /// The number of the packet behind the latest gap, and of the one that was off most; 0 where there is none.
    pub numbers: [u64; 2],
}

/// Packets of a stream that are missing in a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MediaGap {
    /// From the packet before to the one behind.
    pub span: Episode,
    /// How many.
    pub packets: u64,
}

impl MediaGap {
    /// The one with more packets.
    pub fn longer(self, other: Option<Self>) -> Self {
        other.filter(|other| other.packets > self.packets).unwrap_or(self)
    }
}

/// Who calls whom.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct CallParties {
    /// Who calls (SIP's From, RFC 3261 section 8.1.1.3): the name before the `@`.
    pub caller: ShortName,
    /// Who is called (To).
    pub callee: ShortName,
}

/// Where a stream is going to be sent, as those who call each other agree (SDP, RFC 8866).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MediaOffer {
    /// The address.
    pub address: Address,
    /// The port.
    pub port: u16,
    /// When it was said.
    pub time: Timestamp,
    /// In whose call.
    pub parties: CallParties,
}

/// A stream of voice or pictures since its beginning.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MediaStream {
    /// Who sends it: address and port.
    pub from: (Address, u16),
    /// Who receives it.
    pub to: (Address, u16),
    /// The stream (synchronisation source).
    pub source: u32,
    /// The payload type of its latest packet (RFC 3551).
    pub payload_type: u8,
    /// Ticks a second of its clock, as far as it is known.
    pub clock: Option<u32>,
    /// Packets that came, each once.
    pub received: u64,
    /// Packets that did not come.
    pub lost: u64,
    /// Gaps they are from.
    pub gaps: u64,
    /// Interarrival jitter (RFC 3550 section 6.4.1), nanoseconds: its mean over the packets, and the most; `None` while the clock is not known.
    pub jitter: Option<[i64; 2]>,
    /// In whose call, where SIP told.
    pub parties: CallParties,
    /// Its first packet.
    pub first: Timestamp,
    /// Its last.
    pub last: Timestamp,
}

impl MediaStream {
    /// Whether it goes between these two ends, either way.
    pub fn is_between(&self, a: (Address, u16), b: (Address, u16)) -> bool {
        let ends = (self.from, self.to);
        ends == (a, b) || ends == (b, a)
    }

    /// Packets that should have come.
    pub fn expected(&self) -> u64 {
        self.received.saturating_add(self.lost)
    }

    /// See [`opinion_score`]; `None` while the jitter is not known.
    pub fn opinion_score(&self) -> Option<f64> {
        let [mean, _] = self.jitter?;
        opinion_score(self.payload_type, [self.received, self.lost, self.gaps], mean as f64 / 1e9)
    }
}

/// What a codec makes of loss (ITU-T G.113 appendix I): impairment without any, and robustness against it.
fn codec(payload_type: u8) -> Option<[f64; 2]> {
    match payload_type {
        // G.711 with concealment.
        0 | 8 => Some([0.0, 25.1]),
        4 => Some([15.0, 16.1]),
        18 => Some([11.0, 19.0]),
        _ => None,
    }
}

/// The mean opinion score of voice that ITU-T G.107's E-model estimates of codec, packets that came and did not, gaps and jitter (seconds), if the rest
/// of the way adds nothing to the delay and its loudness and echo are the defaults; `None` of codecs of which G.113 says nothing.
pub fn opinion_score(payload_type: u8, [received, lost, gaps]: [u64; 3], jitter: f64) -> Option<f64> {
    let [alone, robust] = codec(payload_type)?;
    let all = received.saturating_add(lost);
    let share = 100.0 * lost as f64 / all.max(1) as f64;
    // How much longer gaps are than they would be by chance.
    let by_chance = 100.0 / (100.0 - share).max(1.0);
    let burst = (lost as f64 / gaps.max(1) as f64 / by_chance).max(1.0);
    let delay = (2.0 * jitter + 0.02) * 1e3;
    let of_delay = 0.024 * delay + 0.11 * (delay - 177.3).max(0.0);
    let of_loss = alone + (95.0 - alone) * share / (share / burst + robust);
    let r = (93.2 - of_delay - of_loss).clamp(0.0, 100.0);
    Some(1.0 + 0.035 * r + 7e-6 * r * (r - 60.0) * (100.0 - r))
}

/// What a payload type is called (RFC 3551 section 6); `None` where that is agreed by those who call.
pub fn codec_name(payload_type: u8) -> Option<&'static str> {
    let name = match payload_type {
        0 => "PCMU",
        3 => "GSM",
        4 => "G723",
        8 => "PCMA",
        9 => "G722",
        10 | 11 => "L16",
        13 => "CN",
        14 => "MPA",
        18 => "G729",
        26 => "JPEG",
        31 => "H261",
        32 => "MPV",
        33 => "MP2T",
        34 => "H263",
        _ => return None,
    };
    Some(name)
}

/// Ticks a second of a payload type's clock, where the type tells (RFC 3551 section 6).
pub fn clock_rate(payload_type: u8) -> Option<u32> {
    match payload_type {
        0 | 3..=5 | 7..=9 | 12 | 13 | 15 | 18 => Some(8_000),
        6 => Some(16_000),
        10 | 11 => Some(44_100),
        14 | 25 | 26 | 28 | 31..=34 => Some(90_000),
        16 => Some(11_025),
        17 => Some(22_050),
        _ => None,
    }
}
