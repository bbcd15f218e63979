//! Hellos of routers, announcements of clocks and watched ways: IS-IS, EIGRP, PTP, BFD.

use crate::model::{Address, BfdHello, SpeakerHello};

fn word(bytes: &[u8], at: usize) -> Option<u16> {
    bytes.get(at..)?.first_chunk().map(|b| u16::from_be_bytes(*b))
}

/// Bytes of an area address at most (ISO/IEC 10589 clause 7.1.1).
const AREA: usize = 13;

/// Values of a list that are looked at.
const VALUES: usize = 64;

/// Reads a hello of IS-IS behind its LLC header: on a link of several, of level 1 or 2, or of two (ISO/IEC 10589 clause 9.5 to 9.7).
pub fn isis(body: &[u8]) -> Option<SpeakerHello> {
    let [0x83, _, 1, 0 | 6, kind, ..] = *body else { return None };
    let (kind, lists) = match kind & 0x1f {
        kind @ (15 | 16) => (kind, 27),
        17 => (17, 20),
        _ => return None,
    };
    let system = *body.get(9..)?.first_chunk::<6>()?;
    let hold = word(body, 15)?;
    let end = usize::from(word(body, 17)?).min(body.len());
    let (mut area, mut heard) = (Vec::new(), 0u16);
    let mut rest = body.get(lists..end).unwrap_or_default();
    for _ in 0..VALUES {
        let [kind, length, ..] = *rest else { break };
        let Some(value) = rest.get(2..2 + usize::from(length)) else { break };
        match kind {
            1 if area.is_empty() => area = area_of(value).to_vec(),
            6 => heard = heard.saturating_add((value.len() / 6) as u16),
            _ => {}
        }
        rest = rest.get(2 + usize::from(length)..).unwrap_or_default();
    }
    let levels = if kind == 17 { body.get(8)? & 3 } else { kind - 14 };
    Some(SpeakerHello::Isis { system, levels, area, hold, neighbours: (kind != 17).then_some(heard) })
}

/// The first of a list of area addresses, each behind its length.
fn area_of(value: &[u8]) -> &[u8] {
    let length = value.first().map_or(0, |n| usize::from(*n));
    value.get(1..1 + length).filter(|area| area.len() <= AREA).unwrap_or_default()
}

/// Reads a hello of EIGRP with its parameters (RFC 7868 sections 6.3 and 6.8.1).
pub fn eigrp(payload: &[u8], router: Address) -> Option<SpeakerHello> {
    let [2, 5, ..] = *payload else { return None };
    let number = word(payload, 18)?;
    let mut rest = payload.get(20..)?;
    for _ in 0..VALUES {
        let (kind, length) = (word(rest, 0)?, usize::from(word(rest, 2)?).max(4));
        if kind == 1 {
            return Some(SpeakerHello::Eigrp { router, number, hold: word(rest, 10)? });
        }
        rest = rest.get(length..)?;
    }
    None
}

/// Reads an announcement of PTP version 2 (IEEE 1588 clauses 13.3 and 13.5).
pub fn ptp(body: &[u8]) -> Option<SpeakerHello> {
    let head = body.first_chunk::<64>()?;
    let clock = |at: usize| head.get(at..)?.first_chunk::<8>().copied();
    if head[0] & 0x0f != 0x0b || head[1] & 0x0f != 2 {
        return None;
    }
    Some(SpeakerHello::Ptp {
        domain: head[4],
        clock: clock(20)?,
        grandmaster: clock(53)?,
        priorities: [head[47], head[52]],
        class: head[48],
        steps: word(head, 61)?,
        interval: head[33] as i8,
    })
}

/// Reads a control packet of BFD (RFC 5880 section 4.1), with what section 6.8.6 has discarded.
pub fn bfd(payload: &[u8], [sender, receiver]: [Address; 2], is_member: bool) -> Option<BfdHello> {
    let [head, flags, multiplier @ 1..=255, length @ 24..=255, ..] = *payload else { return None };
    let long = |at: usize| Some(u32::from_be_bytes(*payload.get(at..)?.first_chunk()?));
    let numbers = [long(4)?, long(8)?];
    // Without a number there is no session; the bit for several ends is not in use.
    if head >> 5 != 1 || numbers[0] == 0 || flags & 1 != 0 || usize::from(length) > payload.len() {
        return None;
    }
    Some(BfdHello {
        sender,
        receiver,
        is_member,
        state: flags >> 6,
        diagnostic: head & 0x1f,
        multiplier,
        numbers,
        intervals: [long(12)?, long(16)?],
        is_demanding: flags & 2 != 0,
        other_receives: 0,
        packets: 1,
        silence: 0,
    })
}
