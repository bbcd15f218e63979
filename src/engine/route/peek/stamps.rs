//! Time stamps of devices on the way: recognises on which interface frames end with one, and takes it off.

use crate::capture::Packet;
use crate::decode::stamp::{self, Keyframe, Tail};
use crate::decode::{self, Headers, Peel, Rules};
use crate::mirror::StampLedger;
use crate::model::{LinkType, Stamp, StampChoice, StampKind, Stamps};

/// Frames in a row that must show a trailer consistently before it is believed.
const CONSISTENT: u8 = 64;
/// Frames of an interface that are looked at for one: with a network layer and whole; and with all others.
const LOOKED_AT: u16 = 4096;
const LOOKED_AT_IN_ALL: u32 = 1 << 16;
/// Trailers that are looked for, those with a checksum first. cPacket's cannot be told from MetaMako's, and an Arista 7150 shows by its keyframes.
const SOUGHT: [StampKind; 6] =
    [StampKind::Ixia, StampKind::Gigamon, StampKind::Metamako, StampKind::Exablaze, StampKind::Vss, StampKind::Arista7150];

/// How far the look at an interface has come.
#[derive(Debug)]
enum Phase {
    /// Frames looked at, those among them that could show a trailer, and how many of each kind came in a row.
    Looking { all: u32, frames: u16, runs: [u8; SOUGHT.len()] },
    /// Frames have no trailer.
    None,
    /// They have this one.
    Known(StampKind),
}

/// One interface.
#[derive(Debug)]
struct Interface {
    phase: Phase,
    keyframe: Option<Keyframe>,
    /// Bytes that the last trailer took.
    usual: u8,
    ledgers: Vec<StampLedger>,
}

impl Interface {
    fn new(choice: StampChoice) -> Self {
        let phase = match choice {
            StampChoice::Auto => Phase::Looking { all: 0, frames: 0, runs: [0; SOUGHT.len()] },
            StampChoice::Trailer(kind) => Phase::Known(kind),
            StampChoice::None | StampChoice::Ttag(_) => Phase::None,
        };
        Self { phase, keyframe: None, usual: 0, ledgers: Vec::new() }
    }

    fn ledger(&mut self, kind: StampKind) -> Option<&mut StampLedger> {
        let at = self.ledgers.iter().position(|l| l.kind() == kind).unwrap_or_else(|| {
            self.ledgers.push(StampLedger::new(kind));
            self.ledgers.len() - 1
        });
        self.ledgers.get_mut(at)
    }
}

/// The look at every interface. It must see packets in the order of the tape.
#[derive(Debug, Default)]
pub(in crate::engine) struct StampWatch {
    choice: StampChoice,
    /// By number; those never seen are new.
    interfaces: Vec<Interface>,
    headers: Headers,
}

impl StampWatch {
    /// A look for what was chosen.
    pub fn new(choice: StampChoice) -> Self {
        Self { choice, ..Self::default() }
    }

    /// What was chosen.
    pub fn choice(&self) -> StampChoice {
        self.choice
    }

    /// Whether frames of an interface must be looked at.
    #[inline]
    pub fn wants(&self, interface: u16) -> bool {
        match self.interfaces.get(usize::from(interface)) {
            Some(known) => !matches!(known.phase, Phase::None),
            None => !matches!(self.choice, StampChoice::None | StampChoice::Ttag(_)),
        }
    }

    fn interface(&mut self, number: u16) -> Option<&mut Interface> {
        let at = usize::from(number);
        while self.interfaces.len() <= at {
            self.interfaces.push(Interface::new(self.choice));
        }
        self.interfaces.get_mut(at)
    }

    /// Counts a frame of an interface that is still looked at. Trailers are Ethernet's; and where few frames could show one, none is sought
    /// for ever.
    fn gives_up(&mut self, packet: &Packet) -> bool {
        let Some(interface) = self.interface(packet.interface) else { return true };
        let mut enough = false;
        if let Phase::Looking { all, runs, .. } = &mut interface.phase {
            *all += 1;
            enough = *all > LOOKED_AT_IN_ALL && runs.iter().all(|&run| run == 0);
        }
        if enough || packet.link != LinkType::ETHERNET {
            interface.phase = Phase::None;
        }
        matches!(interface.phase, Phase::None)
    }

    /// Looks at a frame's end. What is found is trimmed from the packet.
    #[inline(never)]
    pub fn inspect(&mut self, packet: &mut Packet, bytes: &[u8]) {
        if self.gives_up(packet) || bytes.len() != packet.wire as usize {
            return;
        }
        decode::walk(packet.link, bytes, packet.wire, &Rules::PLAIN, Peel::NONE, &mut self.headers);
        let (net_at, net_end) = (self.headers.net_at as usize, self.headers.net_end as usize);
        let Some(interface) = self.interface(packet.interface) else { return };
        let tail = match interface.usual {
            usual if net_at == 0 && usual > 0 => Tail::ending(bytes, usual, packet.time),
            _ => Tail::new(bytes, if net_at > 0 { net_end } else { 0 }, packet.time),
        };
        let keyframe = interface.keyframe;
        let find = |kind| match kind {
            StampKind::Arista7150 => keyframe.and_then(|k| k.stamp(&tail)),
            kind => stamp::trailer(kind, &tail),
        };
        match &mut interface.phase {
            Phase::None => {}
            Phase::Known(kind) => {
                let kind = *kind;
                let found = find(kind);
                interface.take(kind, packet, found);
            }
            // Frames without a network layer have no end of their own that a trailer could be measured by.
            Phase::Looking { .. } if tail.start.is_none() => {}
            Phase::Looking { frames, runs, .. } => {
                *frames = frames.saturating_add(1);
                for (kind, run) in SOUGHT.into_iter().zip(runs.iter_mut()) {
                    // A trailer begins where the frame ends, or where its padding does.
                    let found = find(kind).filter(|s| Some(bytes.len() - usize::from(s.bytes)) == tail.start);
                    *run = if found.is_some() { *run + 1 } else { 0 };
                    if *run >= CONSISTENT {
                        interface.phase = Phase::Known(kind);
                        interface.take(kind, packet, found);
                        return;
                    }
                }
                if *frames >= LOOKED_AT && runs.iter().all(|&run| run == 0) {
                    interface.phase = Phase::None;
                }
            }
        }
    }

    /// Notes a stamp in a frame's header, which the walk leaves out of its length; or a keyframe, by the headers that were walked. Keyframes
    /// tell of drops also where the network card took the stamps off with the check sequences.
    #[inline(never)]
    pub fn header(&mut self, packet: &Packet, bytes: &[u8], headers: &Headers) {
        if headers.protocol == stamp::KEYFRAME && self.choice != StampChoice::None {
            let ip = bytes.get(headers.net_at as usize..).unwrap_or(&[]);
            if let (Some(keyframe), Some(interface)) = (stamp::keyframe(ip, packet.time), self.interface(packet.interface)) {
                interface.keyframe = Some(keyframe);
                if let Some(ledger) = interface.ledger(StampKind::Arista7150) {
                    ledger.dropped(keyframe.device, keyframe.port, keyframe.drops);
                }
            }
            return;
        }
        let ttag = match self.choice {
            StampChoice::None => return,
            StampChoice::Ttag(number) => Some(number),
            _ => None,
        };
        if let Some((kind, stamp)) = stamp::header(bytes, ttag)
            && let Some(interface) = self.interface(packet.interface)
            && let Some(ledger) = interface.ledger(kind)
        {
            ledger.push(&stamp, packet.time);
        }
    }

    /// What was found, by interface.
    pub fn report(&self) -> Vec<Stamps> {
        let numbered = self.interfaces.iter().enumerate();
        numbered.flat_map(|(n, i)| i.ledgers.iter().filter_map(move |l| l.report(n.min(usize::from(u16::MAX)) as u16))).collect()
    }
}

impl Interface {
    fn take(&mut self, kind: StampKind, packet: &mut Packet, found: Option<Stamp>) {
        self.usual = found.map_or(self.usual, |s| s.bytes);
        let Some(ledger) = self.ledger(kind) else { return };
        match found {
            Some(stamp) => {
                packet.trim = stamp.bytes;
                ledger.push(&stamp, packet.time);
            }
            None => ledger.bare(),
        }
    }
}
