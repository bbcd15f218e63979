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

impl SideTrips {
    /// Round trips from which on their median stands for what is usual.
    const USUAL: u32 = 8;

    /// What queues add to the round trip, nanoseconds: the median less the shortest. `None` where too few were measured.
    pub fn queueing(&self) -> Option<i64> {
        let [median, _] = self.quantiles.filter(|_| self.count >= Self::USUAL)?;
        Some(median.saturating_sub(self.min).max(0))
    }
}

/// Round trips of both ends, by the direction in which the end sends.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct RoundTripFigures {
    /// While data was sent.
    pub sides: [SideTrips; 2],
    /// Of the handshake: from the SYN to its answer, and from that to its acknowledgement; `None` where one was sent twice or not seen.
    pub handshake: [Option<i64>; 2],
}

/// The turns of a TCP connection, requests and what answers them, and whose time they were, in nanoseconds. The four times add up to what passed
/// from the first request to the last response, less turns that were left out.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct TurnFigures {
    /// Requests that something answered.
    pub count: u32,
    /// The ways between the mirrored port and both ends, and what was waited for retransmissions.
    pub network: i64,
    /// From the last packet of a request to the first of its response, without the way to the server and back.
    pub server: i64,
    /// From the last packet of a response to the first of the next request, without the way to the client and back.
    pub client: i64,
    /// From the first packet of requests and responses to their last.
    pub transfer: i64,
}

impl RoundTripFigures {
    /// From the SYN to the acknowledgement of its answer.
    pub fn handshake_total(&self) -> Option<i64> {
        let [a, b] = self.handshake;
        Some(a?.saturating_add(b?))
    }
}
