//! Round trips of a TCP connection, as they show where its packets are mirrored: between the mirrored port and each of its ends.

/// Round trips between the mirrored port and one end, in nanoseconds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct SideTrips {
    /// How many were measured: times from data to its acknowledgement where nothing was sent twice.
    pub count: u32,
    /// The shortest.
    pub min: i64,
    /// The median and the 95th percentile of those that no delayed acknowledgement makes longer: the handshake's, and of acknowledgements of two
    /// segments or more (RFC 9293 section 3.8.6.3); within a tenth. `None` without any.
    pub quantiles: Option<[i64; 2]>,
}

/// Round trips of both ends, by the direction in which the end sends.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct RoundTripFigures {
    /// While data was sent.
    pub sides: [SideTrips; 2],
    /// Of the handshake: from the SYN to its answer, and from that to its acknowledgement; `None` where one was sent twice or not seen.
    pub handshake: [Option<i64>; 2],
}

impl RoundTripFigures {
    /// From the SYN to the acknowledgement of its answer.
    pub fn handshake_total(&self) -> Option<i64> {
        let [a, b] = self.handshake;
        Some(a?.saturating_add(b?))
    }
}
