//! What a driver says of its interface: generic netlink family `ethtool` (Linux 5.6 on), `linux/ethtool_netlink.h`. Only the
//! questions that change nothing; they need no rights.

use super::netlink::{Client, attribute, attributes, byte, name, number, put};
use crate::model::host::{Coalescing, Feature, HostFacts, PauseSettings, Queues, RingSize, Spread, Stamping};
use std::io;

/// `GENL_ID_CTRL`, and what asks it for the number of a family.
const CONTROL: u16 = 16;
const CTRL_CMD_GETFAMILY: u8 = 3;
const CTRL_ATTR_FAMILY_ID: u16 = 1;
const CTRL_ATTR_FAMILY_NAME: u16 = 2;

/// Bytes of `struct genlmsghdr`: command, version, and two that are reserved.
const GENLMSGHDR: usize = 4;
const VERSION: u8 = 1;

const NESTED: u16 = 1 << 15;

/// The header of every question: which interface.
const HEADER: u16 = 1;
const HEADER_DEV_NAME: u16 = 2;

// Questions.
const LINKMODES_GET: u8 = 4;
const FEATURES_GET: u8 = 11;
const RINGS_GET: u8 = 15;
const CHANNELS_GET: u8 = 17;
const COALESCE_GET: u8 = 19;
const PAUSE_GET: u8 = 21;
const TSINFO_GET: u8 = 25;
const RSS_GET: u8 = 38;

/// Hash functions by their bit (`ETH_RSS_HASH_`).
const FUNCTIONS: [&str; 3] = ["toeplitz", "xor", "crc32"];

/// A socket of the family.
pub struct Ethtool {
    client: Client,
    family: u16,
}

impl Ethtool {
    /// Finds the family.
    ///
    /// # Errors
    /// When the kernel has none (before Linux 5.6) or no socket.
    pub fn open() -> io::Result<Self> {
        let mut client = Client::open(netlink_sys::protocols::NETLINK_GENERIC)?;
        let mut question = vec![CTRL_CMD_GETFAMILY, VERSION, 0, 0];
        put(&mut question, CTRL_ATTR_FAMILY_NAME, b"ethtool\0");
        let answer = client.ask(CONTROL, false, &question)?;
        let id = answer.first().and_then(|m| attribute(m.get(GENLMSGHDR..)?, CTRL_ATTR_FAMILY_ID)?.first_chunk().copied());
        let family = id.map(u16::from_ne_bytes).ok_or(io::ErrorKind::Unsupported)?;
        Ok(Self { client, family })
    }

    /// Writes down everything the driver of an interface says. What it does not support stays unknown.
    pub fn tell(&mut self, facts: &mut HostFacts) {
        let name = facts.interface.clone();
        let mut ask = |command| self.ask(command, &name).ok();
        if let Some((speed, half)) = ask(LINKMODES_GET).map(|m| modes(&m)) {
            (facts.speed, facts.half_duplex) = (speed, half);
        }
        facts.features = ask(FEATURES_GET).map(|m| features(&m));
        facts.ring = ask(RINGS_GET).and_then(|m| ring(&m));
        facts.queues = ask(CHANNELS_GET).and_then(|m| queues(&m));
        facts.coalescing = ask(COALESCE_GET).and_then(|m| coalescing(&m));
        facts.pause = ask(PAUSE_GET).and_then(|m| pause(&m));
        facts.stamping = ask(TSINFO_GET).map(|m| stamping(&m));
        facts.spread = ask(RSS_GET).map(|m| spread(&m));
    }

    /// The attributes of an answer.
    fn ask(&mut self, command: u8, interface: &str) -> io::Result<Vec<u8>> {
        let mut question = vec![command, VERSION, 0, 0];
        let mut header = Vec::new();
        put(&mut header, HEADER_DEV_NAME, &[interface.as_bytes(), &[0]].concat());
        put(&mut question, HEADER | NESTED, &header);
        let answer = self.client.ask(self.family, false, &question)?;
        answer.first().and_then(|m| m.get(GENLMSGHDR..)).map(<[u8]>::to_vec).ok_or_else(|| io::ErrorKind::InvalidData.into())
    }
}

/// Bits of a verbose bitset: name and value. In a list (`nomask`) every bit that is named is set.
fn bits(set: &[u8]) -> Vec<(String, bool)> {
    const NOMASK: u16 = 1;
    const BITS: u16 = 3;
    const BIT_NAME: u16 = 2;
    const BIT_VALUE: u16 = 3;
    let list = attribute(set, NOMASK).is_some();
    let bit = |(_, bit)| Some((attribute(bit, BIT_NAME).map(name)?, list || attribute(bit, BIT_VALUE).is_some()));
    attributes(attribute(set, BITS).unwrap_or_default()).filter_map(bit).collect()
}

/// Names of the bits that are set in a bitset.
fn set(message: &[u8], kind: u16) -> Vec<String> {
    bits(attribute(message, kind).unwrap_or_default()).into_iter().filter(|b| b.1).map(|b| b.0).collect()
}

/// ETHTOOL_MSG_LINKMODES_GET_REPLY: bits per second, and half duplex. Drivers without a link say that they do not know.
fn modes(message: &[u8]) -> (Option<u64>, Option<bool>) {
    const SPEED: u16 = 5;
    const DUPLEX: u16 = 6;
    let speed = number(message, SPEED).filter(|n| *n > 0 && *n < u32::MAX).map(|megabits| u64::from(megabits) * 1_000_000);
    let half = match byte(message, DUPLEX) {
        Some(0) => Some(true),
        Some(1) => Some(false),
        _ => None,
    };
    (speed, half)
}

/// ETHTOOL_MSG_FEATURES_GET_REPLY. `hw` names every feature and sets those that can be changed; `nochange` takes some back.
fn features(message: &[u8]) -> Vec<Feature> {
    const HW: u16 = 2;
    const ACTIVE: u16 = 4;
    const NOCHANGE: u16 = 5;
    let (active, locked) = (set(message, ACTIVE), set(message, NOCHANGE));
    let all = bits(attribute(message, HW).unwrap_or_default());
    all.into_iter()
        .map(|(name, changeable)| Feature { on: active.contains(&name), fixed: !changeable || locked.contains(&name), name })
        .collect()
}

/// ETHTOOL_MSG_RINGS_GET_REPLY.
fn ring(message: &[u8]) -> Option<RingSize> {
    const RX_MAX: u16 = 2;
    const RX: u16 = 6;
    number(message, RX).map(|current| RingSize { current, max: number(message, RX_MAX).filter(|n| *n > 0) })
}

/// ETHTOOL_MSG_CHANNELS_GET_REPLY.
fn queues(message: &[u8]) -> Option<Queues> {
    const RX: u16 = 6;
    const COMBINED: u16 = 9;
    let (receive, combined) = (number(message, RX), number(message, COMBINED));
    (receive.is_some() || combined.is_some()).then(|| {
        let combined = combined.unwrap_or(0);
        Queues { receive: receive.unwrap_or(0).saturating_add(combined), combined }
    })
}

/// ETHTOOL_MSG_COALESCE_GET_REPLY.
fn coalescing(message: &[u8]) -> Option<Coalescing> {
    const RX_USECS: u16 = 2;
    const USE_ADAPTIVE_RX: u16 = 11;
    let found = Coalescing { microseconds: number(message, RX_USECS), adaptive: byte(message, USE_ADAPTIVE_RX).map(|b| b != 0) };
    (found != Coalescing::default()).then_some(found)
}

/// ETHTOOL_MSG_PAUSE_GET_REPLY.
fn pause(message: &[u8]) -> Option<PauseSettings> {
    const AUTONEG: u16 = 2;
    const RX: u16 = 3;
    const TX: u16 = 4;
    let on = |kind| byte(message, kind).map(|b| b != 0);
    Some(PauseSettings { receive: on(RX)?, send: on(TX)?, negotiated: on(AUTONEG).unwrap_or(false) })
}

/// ETHTOOL_MSG_TSINFO_GET_REPLY.
fn stamping(message: &[u8]) -> Stamping {
    const TIMESTAMPING: u16 = 2;
    const RX_FILTERS: u16 = 4;
    const PHC_INDEX: u16 = 5;
    Stamping {
        hardware: set(message, TIMESTAMPING).iter().any(|name| name == "hardware-receive"),
        every_packet: set(message, RX_FILTERS).iter().any(|name| name == "all"),
        clock: number(message, PHC_INDEX),
    }
}

/// ETHTOOL_MSG_RSS_GET_REPLY.
fn spread(message: &[u8]) -> Spread {
    const HFUNC: u16 = 3;
    const INDIR: u16 = 4;
    const HKEY: u16 = 5;
    const INPUT_XFRM: u16 = 6;
    let functions = number(message, HFUNC).unwrap_or(0);
    let table = attribute(message, INDIR).map(|table| {
        let mut queues: Vec<&[u8]> = table.chunks_exact(4).collect();
        queues.sort_unstable();
        queues.dedup();
        queues.len() as u32
    });
    Spread {
        functions: FUNCTIONS.iter().enumerate().filter(|(bit, _)| functions >> bit & 1 != 0).map(|(_, name)| *name).collect(),
        used: table.filter(|n| *n > 0),
        key: attribute(message, HKEY).map(<[u8]>::to_vec),
        // Each way of changing the input (`RXH_XFRM_SYM_XOR`, `RXH_XFRM_SYM_OR_XOR`) makes it symmetric; all ones: left alone.
        symmetric_input: number(message, INPUT_XFRM).map(|ways| ways & 3 != 0 && ways != u32::MAX),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(attrs: &[(u16, &[u8])]) -> Vec<u8> {
        let mut bytes = Vec::new();
        attrs.iter().for_each(|(kind, value)| put(&mut bytes, *kind, value));
        bytes
    }

    /// A verbose bitset: a list of what is set, or names with their values.
    fn bitset(list: bool, bits: &[(&str, bool)]) -> Vec<u8> {
        let bits: Vec<u8> = bits
            .iter()
            .flat_map(|(name, value)| {
                let name = [name.as_bytes(), &[0]].concat();
                let mut bit = message(&[(1, &[0; 4]), (2, &name)]);
                if *value {
                    put(&mut bit, 3, &[]);
                }
                message(&[(1 | NESTED, &bit)])
            })
            .collect();
        let mut set = Vec::new();
        if list {
            put(&mut set, 1, &[]);
        }
        put(&mut set, 2, &64u32.to_ne_bytes());
        put(&mut set, 3 | NESTED, &bits);
        set
    }

    #[test]
    fn features_are_on_off_and_fixed() {
        let hw = bitset(false, &[("rx-gro", true), ("rx-lro", false), ("rx-vlan-hw-parse", true), ("rx-checksum", true)]);
        let active = bitset(true, &[("rx-gro", false), ("rx-checksum", false)]);
        let locked = bitset(true, &[("rx-checksum", false)]);
        let found = features(&message(&[(2 | NESTED, &hw), (4 | NESTED, &active), (5 | NESTED, &locked)]));
        let told: Vec<_> = found.iter().map(|f| (f.name.as_str(), f.on, f.fixed)).collect();
        let expected = [("rx-gro", true, false), ("rx-lro", false, true), ("rx-vlan-hw-parse", false, false), ("rx-checksum", true, true)];
        assert_eq!(told, expected);
        assert!(features(&[]).is_empty());
    }

    #[test]
    fn a_link_without_speed_has_none() {
        let modes_of = |speed: u32, duplex: u8| modes(&message(&[(5, &speed.to_ne_bytes()), (6, &[duplex])]));
        assert_eq!(modes_of(10_000, 1), (Some(10_000_000_000), Some(false)));
        assert_eq!(modes_of(100, 0), (Some(100_000_000), Some(true)));
        assert_eq!(modes_of(u32::MAX, 255), (None, None));
        assert_eq!(modes_of(0, 255), (None, None));
        assert_eq!(modes(&[]), (None, None));
    }

    #[test]
    fn rings_queues_and_times_are_read() {
        let n = |n: u32| n.to_ne_bytes();
        assert_eq!(ring(&message(&[(2, &n(4096)), (6, &n(512))])), Some(RingSize { current: 512, max: Some(4096) }));
        assert_eq!(ring(&message(&[(5, &n(4096))])), None);
        assert_eq!(queues(&message(&[(5, &n(63)), (9, &n(8))])), Some(Queues { receive: 8, combined: 8 }));
        assert_eq!(queues(&message(&[(6, &n(4)), (9, &n(0))])), Some(Queues { receive: 4, combined: 0 }));
        assert_eq!(queues(&message(&[(2, &n(4))])), None);
        let found = coalescing(&message(&[(2, &n(50)), (11, &[1])]));
        assert_eq!(found, Some(Coalescing { microseconds: Some(50), adaptive: Some(true) }));
        assert_eq!(coalescing(&message(&[(6, &n(50))])), None);
        let found = pause(&message(&[(2, &[1]), (3, &[0]), (4, &[1])]));
        assert_eq!(found, Some(PauseSettings { receive: false, send: true, negotiated: true }));
        assert_eq!(pause(&[]), None);
    }

    #[test]
    fn time_stamps_are_told() {
        let hardware = bitset(true, &[("hardware-receive", false), ("hardware-raw-clock", false)]);
        let filters = bitset(true, &[("none", false), ("all", false)]);
        let found = stamping(&message(&[(2, &hardware), (4, &filters), (5, &3u32.to_ne_bytes())]));
        assert_eq!(found, Stamping { hardware: true, every_packet: true, clock: Some(3) });
        let software = bitset(true, &[("software-receive", false)]);
        assert_eq!(stamping(&message(&[(2, &software)])), Stamping::default());
    }

    #[test]
    fn the_spread_over_queues_is_read() {
        let table: Vec<u8> = [0u32, 1, 2, 3, 0, 1, 2, 3].iter().flat_map(|q| q.to_ne_bytes()).collect();
        let key = [0x6d, 0x5a].repeat(20);
        let found = spread(&message(&[(3, &1u32.to_ne_bytes()), (4, &table), (5, &key), (6, &0u32.to_ne_bytes())]));
        assert_eq!((found.functions.as_slice(), found.used, found.symmetric_input), (["toeplitz"].as_slice(), Some(4), Some(false)));
        assert_eq!(found.is_symmetric(), Some(true));
        let found = spread(&message(&[(3, &1u32.to_ne_bytes()), (4, &[0; 32]), (6, &1u32.to_ne_bytes())]));
        assert_eq!((found.used, found.symmetric_input, found.is_symmetric()), (Some(1), Some(true), Some(true)));
        let untouched = spread(&message(&[(6, &u32::MAX.to_ne_bytes())]));
        assert_eq!((untouched.symmetric_input, untouched.used), (Some(false), None));
    }

    #[test]
    fn the_kernel_answers() {
        let Ok(mut ethtool) = Ethtool::open() else {
            eprintln!("skipped: this kernel has no ethtool family");
            return;
        };
        let mut facts = HostFacts { interface: "lo".into(), ..HostFacts::default() };
        ethtool.tell(&mut facts);
        // Loopback has features and no ring.
        assert!(facts.is_on("rx-gro").is_some(), "{facts:?}");
        assert_eq!((facts.is_on("no-such-feature"), facts.ring, facts.speed), (None, None, None));
    }
}
