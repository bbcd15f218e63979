//! Hellos of routers and announcements of clocks: IS-IS, EIGRP, BFD, PTP, NTP.

use crate::model::{Address, BfdState, SpeakerHello};

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

/// Reads a control packet of BFD version 1 (RFC 5880 section 4.1).
pub fn bfd(payload: &[u8], [router, peer]: [Address; 2]) -> Option<SpeakerHello> {
    let [head, state, multiplier, length, d0, d1, d2, d3, _, _, _, _, i0, i1, i2, i3, ..] = *payload.first_chunk::<24>()?;
    if head >> 5 != 1 || length < 24 || multiplier == 0 {
        return None;
    }
    Some(SpeakerHello::Bfd {
        router,
        peer,
        state: match state >> 6 {
            0 => BfdState::AdminDown,
            1 => BfdState::Down,
            2 => BfdState::Init,
            _ => BfdState::Up,
        },
        diagnostic: head & 0x1f,
        multiplier,
        interval: u32::from_be_bytes([i0, i1, i2, i3]),
        discriminator: u32::from_be_bytes([d0, d1, d2, d3]),
    })
}

/// Reads what a time server answers, or tells everybody (RFC 5905 section 7.3).
pub fn ntp(payload: &[u8], server: Address) -> Option<SpeakerHello> {
    let head = payload.first_chunk::<48>()?;
    let [flags, stratum, ..] = *head;
    if !matches!(flags & 7, 4 | 5) || !(1..=4).contains(&(flags >> 3 & 7)) {
        return None;
    }
    let [_, _, _, _, _, _, _, _, _, _, _, _, a, b, c, d, ..] = *head;
    Some(SpeakerHello::Ntp { server, stratum, reference: [a, b, c, d], is_lost: flags >> 6 == 3 })
}
