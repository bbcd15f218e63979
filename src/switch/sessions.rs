//! Sessions of BFD, of whose packets there are many a second: which of them the ledger is told of.

use super::messages::ControlMessages;
use crate::model::limits::SESSIONS_WATCHED;
use crate::model::{BfdHello, ControlBody, ControlMessage, Frame, Mac, SpeakerHello, Timestamp};

/// An end of a session.
#[derive(Debug)]
struct End {
    source: Mac,
    /// What was said last, with the packets and the longest silence since something was told.
    said: BfdHello,
    /// The packet that said so; its content is written when it is told.
    message: ControlMessage,
    last: Timestamp,
}

/// The ends that one shard watches. Told of are the first packet, one that says something else, one after a silence together with the one
/// before it, and the latest of each interval.
#[derive(Debug, Default)]
pub struct BfdSessions {
    list: Vec<End>,
    /// The end that sent last: the next packet is often of the same.
    latest: usize,
}

impl End {
    fn is(&self, source: Mac, hello: &BfdHello) -> bool {
        let key = |h: &BfdHello| (h.sender, h.receiver, h.is_member, h.numbers[0]);
        self.source == source && key(&self.said) == key(hello)
    }

    fn tell(&mut self, out: &mut ControlMessages) {
        if self.said.packets == 0 {
            return;
        }
        if let ControlBody::Speaker(told) = &mut self.message.body {
            **told = SpeakerHello::Bfd(self.said);
        }
        out.push(self.message.clone());
        (self.said.packets, self.said.silence) = (0, 0);
    }
}

impl BfdSessions {
    /// Takes in a packet; `as_message` makes a control packet of it.
    pub fn take(
        &mut self,
        frame: &Frame<'_>,
        hello: BfdHello,
        as_message: impl FnOnce(BfdHello) -> Option<ControlMessage>,
        out: &mut ControlMessages,
    ) {
        let source = frame.mac.map_or(Mac::default(), |(source, _)| source);
        if !self.list.get(self.latest).is_some_and(|end| end.is(source, &hello)) {
            match self.list.iter().position(|end| end.is(source, &hello)) {
                Some(at) => self.latest = at,
                None => return self.begin(source, hello, as_message(hello), out),
            }
        }
        let Some(end) = self.list.get_mut(self.latest) else { return };
        let silence = frame.time.since(end.last);
        // The other end may want it slower: the ledger knows. Whatever may be too long is told.
        let after_silence = silence > end.said.hold();
        if after_silence {
            end.tell(out);
        }
        let (packets, longest) = (end.said.packets.saturating_add(1), end.said.silence.max(silence));
        let differs = hello.differs(&end.said);
        end.said = BfdHello { packets, silence: longest, ..hello };
        (end.message.number, end.message.time, end.last) = (frame.number, frame.time, end.last.max(frame.time));
        if after_silence || differs {
            end.tell(out);
        }
    }

    fn begin(&mut self, source: Mac, hello: BfdHello, message: Option<ControlMessage>, out: &mut ControlMessages) {
        let Some(message) = message else { return };
        if self.list.len() >= SESSIONS_WATCHED {
            // Whoever was silent longest makes room.
            let Some(at) = (0..self.list.len()).min_by_key(|at| self.list.get(*at).map(|end| end.last)) else { return };
            let mut gone = self.list.swap_remove(at);
            gone.tell(out);
        }
        let mut end = End { source, said: hello, last: message.time, message };
        end.tell(out);
        self.latest = self.list.len();
        self.list.push(end);
    }

    /// An interval ends: who sent in it is told of.
    pub fn advance(&mut self, out: &mut ControlMessages) {
        self.list.iter_mut().for_each(|end| end.tell(out));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Address;
    use crate::model::time::MILLISECOND;
    use std::net::Ipv4Addr;

    fn hello(number: u32, state: u8) -> BfdHello {
        let end = |n| Address::V4(Ipv4Addr::new(10, 0, 0, n));
        BfdHello {
            sender: end(1),
            receiver: end(2),
            is_member: false,
            state,
            diagnostic: 0,
            multiplier: 3,
            numbers: [number, 7],
            intervals: [100_000; 2],
            is_demanding: false,
            other_receives: 0,
            packets: 1,
            silence: 0,
        }
    }

    fn message(number: u64, time: Timestamp) -> ControlMessage {
        let mac = Mac::default();
        let body = ControlBody::Speaker(Box::new(SpeakerHello::Bfd(hello(1, 3))));
        ControlMessage { number, time, source: mac, destination: mac, tag: None, session: 0, body }
    }

    fn told(out: &mut ControlMessages) -> Vec<(u64, u8, u64, i64)> {
        let (list, _) = out.take();
        let one = |m: &ControlMessage| match &m.body {
            ControlBody::Speaker(told) => match **told {
                SpeakerHello::Bfd(h) => Some((m.number, h.state, h.packets, h.silence / MILLISECOND)),
                _ => None,
            },
            _ => None,
        };
        list.iter().filter_map(one).collect()
    }

    #[test]
    fn many_packets_are_few_messages() {
        let (mut sessions, mut out) = (BfdSessions::default(), ControlMessages::default());
        let mut send = |number: u64, millis: i64, state, out: &mut ControlMessages| {
            let frame = Frame { number, time: Timestamp(millis * MILLISECOND), ..Frame::default() };
            sessions.take(&frame, hello(1, state), |_| Some(message(number, frame.time)), out);
        };
        (0..10).for_each(|n| send(n, n as i64 * 100, 3, &mut out));
        assert_eq!(told(&mut out), [(0, 3, 1, 0)], "the first at once");
        send(10, 1_000, 1, &mut out);
        assert_eq!(told(&mut out), [(10, 1, 10, 100)], "another state at once");
        send(11, 1_100, 1, &mut out);
        send(12, 1_500, 1, &mut out);
        assert_eq!(told(&mut out), [(11, 1, 1, 100), (12, 1, 1, 400)], "the last before a silence and the first after it");
        send(13, 1_600, 1, &mut out);
        sessions.advance(&mut out);
        sessions.advance(&mut out);
        assert_eq!(told(&mut out), [(13, 1, 1, 100)], "what is left once");
    }

    #[test]
    fn there_is_a_cap() {
        let (mut sessions, mut out) = (BfdSessions::default(), ControlMessages::default());
        for n in 0..2 * SESSIONS_WATCHED as u64 {
            let time = Timestamp(n as i64 * MILLISECOND);
            let frame = Frame { number: n, time, ..Frame::default() };
            sessions.take(&frame, hello(1 + n as u32, 3), |_| Some(message(n, time)), &mut out);
        }
        assert_eq!(sessions.list.len(), SESSIONS_WATCHED);
    }
}
