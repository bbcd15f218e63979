//! Where the media of a call are going to be sent (SDP, RFC 8866 sections 5.7 and 5.14).

use crate::dissect::{DissectOutput, Payload};
use crate::model::{Address, CallParties, MediaOffer};
use std::net::IpAddr;

/// What a description says so far: a medium's own address stands behind it, that of all others before the first.
#[derive(Debug, Default)]
pub struct Media {
    of_all: Option<IpAddr>,
    own: Option<IpAddr>,
    /// The port of the medium that was begun, if it is one of those that are followed.
    port: Option<u16>,
    is_medium: bool,
}

impl Media {
    /// Reads a line. What was said of a medium is told where the next one begins.
    pub fn line(&mut self, line: &[u8], parties: CallParties, payload: &Payload<'_>, out: &mut DissectOutput<'_>) {
        let mut words = line.split(|&b| b == b' ').filter_map(|word| std::str::from_utf8(word).ok());
        let Some(first) = words.next() else { return };
        if first == "c=IN" {
            let address = words.nth(1).and_then(|word| word.split('/').next()).and_then(|word| word.parse::<IpAddr>().ok());
            *(if self.is_medium { &mut self.own } else { &mut self.of_all }) = address;
        } else if let Some(kind) = first.strip_prefix("m=") {
            self.tell(parties, payload, out);
            (self.own, self.is_medium) = (None, true);
            let is_followed = matches!(kind, "audio" | "video");
            self.port = words.next().filter(|_| is_followed).and_then(|word| word.parse::<u16>().ok()).filter(|port| *port != 0);
        }
    }

    /// Tells where the medium that was begun is going to be sent.
    pub fn tell(&mut self, parties: CallParties, payload: &Payload<'_>, out: &mut DissectOutput<'_>) {
        if let Some((address, port)) = self.own.or(self.of_all).zip(self.port.take()) {
            out.offer(&MediaOffer { address: Address::from(address), port, time: payload.time, parties });
        }
    }
}
