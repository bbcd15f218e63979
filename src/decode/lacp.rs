//! Link aggregation: IEEE 802.1AX clause 6.4.2.3.

use crate::model::{Lacp, LacpEnd, LacpState, Mac};

/// Reads a LACPDU, from its subtype on.
pub fn lacp(body: &[u8]) -> Option<Lacp> {
    let [1, version, ..] = *body else { return None };
    let end = |at: usize, kind: u8| (body.get(at..at + 2)? == [kind, 20]).then(|| read(body, at + 2))?;
    let max_delay = body.get(42..46).filter(|v| v.starts_with(&[3, 16])).and_then(|v| v.get(2..)?.first_chunk());
    Some(Lacp { version, actor: end(2, 1)?, partner: end(22, 2)?, max_delay: max_delay.map(|b| u16::from_be_bytes(*b)) })
}

fn read(body: &[u8], at: usize) -> Option<LacpEnd> {
    let word = |at: usize| body.get(at..)?.first_chunk().map(|b| u16::from_be_bytes(*b));
    Some(LacpEnd {
        system_priority: word(at)?,
        system: Mac(*body.get(at + 2..)?.first_chunk()?),
        key: word(at + 8)?,
        port_priority: word(at + 10)?,
        port: word(at + 12)?,
        state: LacpState(*body.get(at + 14)?),
    })
}
