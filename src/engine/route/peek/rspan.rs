//! Remote SPAN: a mirror that crosses switches in a VLAN of its own. Where that VLAN's tag is put around the original's, it says nothing of the
//! monitored network and is taken off.

use crate::capture::Packet;
use crate::model::Arrange as _;
use crate::model::{Address, LinkType, Mac, RspanChoice, Tunnel, TunnelKind};

/// Frames of an interface that decide.
const LOOKED_AT: usize = 256;
/// Of them, so many must have the same outermost tag: more than 99 %.
const SAME: usize = LOOKED_AT * 99 / 100 + 1;

/// What was seen of one frame: its outermost VLAN, whether a tag follows, the network (24 bits) of an ARP sender.
#[derive(Debug, Clone, Copy, Default)]
struct Seen {
    vlan: Option<u16>,
    stacked: bool,
    network: Option<[u8; 3]>,
}

impl Seen {
    fn of(bytes: &[u8]) -> Self {
        let Some(&[0x81, 0x00, c0, c1, t0, t1]) = bytes.get(12..18) else { return Self::default() };
        let inner = u16::from_be_bytes([t0, t1]);
        let network = match bytes.get(18..) {
            // Hardware type 2, protocol 2, lengths 2, operation 2, sender's MAC 6 and address 4.
            Some(&[_, _, 8, 0, 6, 4, _, _, _, _, _, _, _, _, a, b, c, _, ..]) if inner == 0x0806 => Some([a, b, c]),
            _ => None,
        };
        let stacked = matches!(inner, 0x8100 | 0x88a8 | 0x9100);
        Self { vlan: Some(u16::from_be_bytes([c0, c1]) & 0x0fff), stacked, network }
    }
}

/// How far the look at an interface has come.
#[derive(Debug)]
enum Phase {
    Looking(Vec<Seen>),
    None,
    /// This VLAN is around the mirrored frames.
    Known(u16),
}

/// What a frame is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RspanFrame {
    /// One whose outermost tag is the mirror's, by what was seen or (true) by the user's word.
    Carried(Tunnel, bool),
    /// The last of those that make a VLAN look like a mirror's, without a second tag to prove it.
    Suspect(Tunnel),
}

/// The look at every interface. It must see packets in the order of the tape.
#[derive(Debug, Default)]
pub(in crate::engine) struct RspanWatch {
    choice: RspanChoice,
    interfaces: Vec<Phase>,
}

/// The session of a VLAN: it has no ends.
fn tunnel(vlan: u16) -> Tunnel {
    let nobody = Address::Mac(Mac::default());
    Tunnel { kind: TunnelKind::Rspan, source: nobody, destination: nobody, id: vlan.into() }
}

impl RspanWatch {
    /// A look for what was chosen.
    pub fn new(choice: RspanChoice) -> Self {
        Self { choice, ..Self::default() }
    }

    /// What was chosen.
    pub fn choice(&self) -> RspanChoice {
        self.choice
    }

    /// Whether frames of an interface must be looked at.
    pub fn wants(&self, interface: u16) -> bool {
        match self.interfaces.get(usize::from(interface)) {
            Some(phase) => !matches!(phase, Phase::None),
            None => self.choice != RspanChoice::None,
        }
    }

    /// Looks at a frame. One that is carried by the mirror's VLAN is marked so.
    pub fn inspect(&mut self, packet: &mut Packet, bytes: &[u8]) -> Option<RspanFrame> {
        let at = usize::from(packet.interface);
        while self.interfaces.len() <= at {
            self.interfaces.push(match self.choice {
                RspanChoice::Auto => Phase::Looking(Vec::new()),
                RspanChoice::None => Phase::None,
                RspanChoice::Vlan(vlan) => Phase::Known(vlan),
            });
        }
        let phase = self.interfaces.get_mut(at)?;
        if packet.link != LinkType::ETHERNET {
            *phase = Phase::None;
        }
        match phase {
            Phase::None => None,
            Phase::Known(vlan) => {
                let carried = Seen::of(bytes).vlan == Some(*vlan);
                if carried {
                    packet.peel |= Packet::POP;
                }
                carried.then(|| RspanFrame::Carried(tunnel(*vlan), self.choice != RspanChoice::Auto))
            }
            Phase::Looking(seen) => {
                seen.push(Seen::of(bytes));
                if seen.len() < LOOKED_AT {
                    return None;
                }
                let (next, found) = decide(seen);
                *phase = next;
                found
            }
        }
    }
}

/// What the frames looked at say.
fn decide(seen: &[Seen]) -> (Phase, Option<RspanFrame>) {
    let around = |vlan: u16| seen.iter().filter(move |s| s.vlan == Some(vlan));
    // Any two frames differ in few of 256: the tag around nearly all of them is around one of the first three.
    let candidates = seen.iter().take(LOOKED_AT - SAME + 1).filter_map(|s| s.vlan);
    let Some(vlan) = candidates.into_iter().find(|&vlan| around(vlan).count() >= SAME) else { return (Phase::None, None) };
    if around(vlan).filter(|s| s.stacked).count() * 2 >= seen.len() {
        return (Phase::Known(vlan), None);
    }
    let mut networks: Vec<[u8; 3]> = seen.iter().filter_map(|s| s.network).collect();
    networks.arrange();
    networks.dedup();
    (Phase::None, (networks.len() > 1).then(|| RspanFrame::Suspect(tunnel(vlan))))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Timestamp;
    use crate::packet::Packet as Builder;

    fn frame(tags: &[(u16, u16)], ether_type: u16, network: u8) -> Vec<u8> {
        let tagged = tags.iter().fold(Builder::eth([2; 6], [2; 6]), |packet, (tpid, vlan)| packet.tag(*tpid, *vlan));
        tagged.ether_type(ether_type).payload(&[0, 1, 8, 0, 6, 4, 0, 1, 2, 2, 2, 2, 2, 2, 10, 0, network, 1]).build()
    }

    fn run(choice: RspanChoice, frames: impl Iterator<Item = Vec<u8>>) -> (Vec<Option<RspanFrame>>, u64) {
        let mut watch = RspanWatch::new(choice);
        let mut popped = 0;
        let mut found = Vec::new();
        for f in frames {
            let mut packet = Packet::new(Timestamp(0), 0, f.len() as u32, f.len() as u32, LinkType::ETHERNET, 0);
            found.push(watch.inspect(&mut packet, &f));
            popped += u64::from(packet.pops());
        }
        found.retain(Option::is_some);
        (found, popped)
    }

    #[test]
    fn one_vlan_around_tagged_frames_is_taken_off() {
        let tagged = |n: u16| frame(&[(0x8100, 999), (0x8100, 10 + n % 3)], 0x0800, 0);
        // Two of the first 256 are something else: still more than 99 %.
        let odd = |n: u16| if n < 2 { frame(&[], 0x88cc, 0) } else { tagged(n) };
        let (found, popped) = run(RspanChoice::Auto, (0..1000).map(odd));
        assert_eq!((found.len(), popped), (1000 - LOOKED_AT, (1000 - LOOKED_AT) as u64));
        assert_eq!(found[0], Some(RspanFrame::Carried(tunnel(999), false)));
        let (_, popped) = run(RspanChoice::Auto, (0..1000).map(|n| if n % 64 == 1 { frame(&[], 0x88cc, 0) } else { tagged(n) }));
        assert_eq!(popped, 0, "four of 256 have no such tag");
        assert_eq!(run(RspanChoice::None, (0..1000).map(tagged)).1, 0);
    }

    #[test]
    fn a_providers_tag_and_a_lone_vlan_stay() {
        let provider = |n: u16| frame(&[(0x88a8, 999), (0x8100, 10 + n % 3)], 0x0800, 0);
        assert_eq!(run(RspanChoice::Auto, (0..1000).map(provider)), (Vec::new(), 0));
        let unmatched =
            |network: fn(u16) -> u8| (0..1000).map(move |n| frame(&[(0x8100, 7)], if n % 9 == 0 { 0x0806 } else { 0x0800 }, network(n)));
        assert_eq!(run(RspanChoice::Auto, unmatched(|_| 1)), (Vec::new(), 0), "one subnet in one VLAN is how it should be");
        assert_eq!(run(RspanChoice::Auto, unmatched(|n| (n % 2) as u8)), (vec![Some(RspanFrame::Suspect(tunnel(7)))], 0));
        let (found, popped) = run(RspanChoice::Vlan(7), unmatched(|_| 1));
        assert_eq!((found[0], popped), (Some(RspanFrame::Carried(tunnel(7), true)), 1000));
        assert_eq!(run(RspanChoice::Vlan(8), unmatched(|_| 1)).1, 0);
    }
}
