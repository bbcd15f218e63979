//! Headers of the commonest packets, as the fast path reads them.

use super::{Direction, FlowKey, Frame, Mac, Path, Proto, Segment, VlanStack};

/// One of the commonest packets: all that is kept of it, so that nobody has to read it again. An Ethernet frame with at most two
/// VLAN tags, IPv4 without options or IPv6 without extension headers, neither fragmented, and a whole TCP or UDP header that contradicts
/// nothing and carries no tunnel; blank for all others. Short, because it travels from one core to another.
#[derive(Debug, Clone, Copy, Default)]
pub struct FastHeaders {
    /// Its conversation.
    pub flow: FlowKey,
    /// [`Mac::word`] of its source.
    pub source: u64,
    /// [`Mac::word`] of its destination.
    pub destination: u64,
    /// The protocols of its path behind Ethernet, the last one lowest; there are at most four.
    pub path: u32,
    /// TCP: sequence number.
    pub sequence: u32,
    /// TCP: acknowledgement number.
    pub acknowledgement: u32,
    /// The hash of its conversation that chooses the shard.
    pub hash: u32,
    /// Tag control information of its VLAN tags.
    pub tags: [u16; 2],
    /// Bytes of payload by the IP length.
    pub payload: u16,
    /// TCP: window, unscaled.
    pub window: u16,
    /// TCP: flags.
    pub flags: u8,
    /// Which way it goes.
    pub direction: Direction,
    /// How many VLAN tags it has.
    pub tagged: u8,
    /// Where the payload begins; 0 in a blank one.
    pub payload_at: u8,
    /// Time to live or hop limit.
    pub ttl: u8,
    /// DSCP and ECN.
    pub traffic_class: u8,
    /// [`Frame::is_plain`].
    pub is_plain: bool,
    // A byte is free here: see the test.
}

impl FastHeaders {
    /// Whether there is nothing in it.
    #[inline]
    pub fn is_blank(&self) -> bool {
        self.payload_at == 0
    }

    /// Blanks it.
    #[inline]
    pub fn blank(&mut self) {
        self.payload_at = 0;
    }

    /// Where the IP header begins.
    #[inline]
    pub fn net_at(&self) -> u8 {
        14 + 4 * self.tagged
    }

    /// Where the TCP or UDP header begins.
    #[inline]
    pub fn transport_at(&self) -> u8 {
        self.net_at() + if self.flow.is_v6 { 40 } else { 20 }
    }

    /// Whether it is TCP; else it is UDP.
    #[inline]
    pub fn is_tcp(&self) -> bool {
        self.flow.is_tcp()
    }

    /// [`Frame::tci`].
    #[inline]
    pub fn tci(&self) -> Option<u16> {
        (self.tagged > 0).then_some(self.tags[0] & Frame::NOT_DROP_ELIGIBLE)
    }

    /// Its protocols.
    #[inline]
    pub fn path(&self) -> Path {
        let before = (Proto::Eth as u64) << (16 + 8 * u32::from(self.tagged));
        Path::from_bits((before | u64::from(self.path)).into())
    }

    /// [`VlanStack::bits`] of its VLANs.
    #[inline]
    pub fn vlan_bits(&self) -> u64 {
        VlanStack::first_bits(self.tagged, self.tags)
    }

    /// Its VLANs.
    #[inline]
    pub fn vlans(&self) -> VlanStack {
        VlanStack::first_of(self.tagged, self.tags)
    }

    /// Fills in what this packet is: all of a frame but its time, lengths, bytes and the way it came.
    #[inline(always)]
    pub fn show(&self, frame: &mut Frame<'_>) {
        frame.path = self.path();
        frame.mac = Some((Mac::of_word(self.source), Mac::of_word(self.destination)));
        frame.vlans = self.vlans();
        frame.tci = self.tci();
        frame.ether_type = if self.flow.is_v6 { 0x86dd } else { 0x0800 };
        frame.l2 = self.net_at().into();
        frame.l2_end = 0;
        frame.net = Some(self.net_at().into());
        frame.net_end = u32::from(self.payload_at) + u32::from(self.payload);
        (frame.ttl, frame.traffic_class) = (self.ttl, self.traffic_class);
        frame.transport = Some(self.transport_at().into());
        frame.payload = self.payload_at.into();
        frame.flow = Some((self.flow, self.direction));
        frame.hash = self.hash;
        frame.tcp = None;
        if self.is_tcp() {
            let Self { sequence, acknowledgement, flags, window, payload, .. } = *self;
            frame.tcp = Some(Segment { sequence, acknowledgement, flags, window, payload: payload.into() });
        }
        frame.is_plain = self.is_plain;
        frame.fragment = false;
        frame.piece = false;
        frame.cut_before = false;
        frame.stop = None;
        // A tag is long and there hardly ever is one: where there is none nothing is written.
        if frame.tag.is_some() {
            frame.tag = None;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_byte_is_free_for_one_more_fact() {
        let FastHeaders { flow, source, destination, path, sequence, acknowledgement, hash, tags, .. } = FastHeaders::default();
        let FastHeaders { payload, window, flags, direction, tagged, payload_at, ttl, traffic_class, is_plain, .. } =
            FastHeaders::default();
        let long = size_of_val(&flow) + size_of_val(&[source, destination]) + size_of_val(&[path, sequence, acknowledgement, hash]);
        let short = size_of_val(&tags) + size_of_val(&[payload, window]) + size_of_val(&direction);
        let bytes = size_of_val(&[flags, tagged, payload_at, ttl, traffic_class]) + size_of_val(&is_plain);
        assert_eq!((long + short + bytes + 1, size_of::<FastHeaders>()), (88, 88));
    }
}
