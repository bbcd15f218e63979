//! Conversations whose client says lines and whose server answers each with a reply: who speaks, what is a command and which one a reply is of.
//!
//! Commands may be sent together (RFC 2920), replies come in their order, or bear the command's tag (RFC 9051). Of a command whose words were
//! asked for piece by piece the time begins with the last piece: a message that is handed in is uploaded first.

use super::bytes::name_hash;
use super::lines::{TextLines, code};
use super::sides::{DialogueSide, DialogueSides};
use super::{DissectOutput, Dissector, Payload, Progress};
use crate::model::{Answer, Direction};
use std::collections::VecDeque;

/// Commands that may wait for their replies: more than any server takes in at once.
const WAITING: usize = 256;

/// What a line of the server's means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reply {
    /// The reply to the command that waits longest, or that bears this tag.
    Final(u32, Option<u32>),
    /// One behind which another follows.
    Interim(u32),
    /// The client shall say the rest of its command.
    GoOn,
}

/// What a command wants, as far as that decides what its refusal means.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Wish {
    /// Something is to be done.
    #[default]
    Plain,
    /// It says who the client is, or proves it.
    Login,
    /// Whether the server can or has something, which may be denied.
    Asks,
}

/// What a line of the client's is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ClientLine<'a> {
    /// The tag that its reply will bear.
    pub tag: Option<u32>,
    /// What it wants.
    pub wish: Wish,
    /// The name by which it logs in.
    pub user: Option<&'a [u8]>,
    /// A text follows, if the server agrees.
    pub asks_text: bool,
    /// What follows that is no line.
    pub follows: Follows,
}

/// What follows a line.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Follows {
    /// Another line.
    #[default]
    Lines,
    /// So many bytes, which are the end of the command (RFC 3030).
    Bytes(u64),
    /// So many bytes and then the rest of the line (RFC 9051 section 4.3).
    Literal(u64),
}

/// How the two speak.
pub trait Grammar: Dissector {
    /// The code by which the server asks for a text that ends with a line of one dot.
    const TEXT_FOLLOWS: Option<u32> = None;

    /// What a line of the server's means; `None` of one that is part of a longer reply, or none.
    fn reply(line: &[u8]) -> Option<Reply>;

    /// The code of a line that greets.
    fn greeting(line: &[u8]) -> Option<u32> {
        match Self::reply(line)? {
            Reply::Final(code, _) => Some(code),
            Reply::Interim(_) | Reply::GoOn => None,
        }
    }

    /// What a line of the client's is.
    fn command(line: &[u8]) -> ClientLine<'_>;

    /// What a reply means for a command that wants this, beside its code.
    fn meaning(wish: Wish, code: u32, line: &[u8]) -> ReplyMeaning;
}

/// What a reply means beside its code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReplyMeaning {
    /// What its code says.
    Plain,
    /// A "no" that is part of normal work.
    Expected,
    /// A login was refused.
    Denied,
}

/// What is added to codes of replies that mean another thing than the code alone.
const EXPECTED: u32 = 10_000;
const DENIED: u32 = 20_000;

impl ReplyMeaning {
    fn coded(self, code: u32) -> u32 {
        match self {
            ReplyMeaning::Plain => code,
            ReplyMeaning::Expected => code + EXPECTED,
            ReplyMeaning::Denied => code + DENIED,
        }
    }

    /// What a code that was told means, and the code of its reply.
    pub fn of(told: u32) -> (Self, u32) {
        match told / EXPECTED {
            1 => (ReplyMeaning::Expected, told - EXPECTED),
            2 => (ReplyMeaning::Denied, told - DENIED),
            _ => (ReplyMeaning::Plain, told),
        }
    }
}

/// Where a conversation is.
#[derive(Debug, Default)]
pub struct CommandLines {
    client: TextLines,
    server: TextLines,
    sides: DialogueSides,
    /// The server has said its first line.
    is_greeted: bool,
    /// How many commands there were.
    asked: u32,
    /// Those that wait: by what their replies are joined to them, and what they want.
    waiting: VecDeque<(u32, Wish)>,
    /// The last one.
    latest: u32,
    /// A hash of the name by which the client logs in (0: not read).
    user: u32,
    /// The client says a text; its last command asked for leave to.
    in_text: bool,
    asked_text: bool,
    /// The client says the rest of its last command.
    goes_on: bool,
    /// Bytes of the client's that are no line, and whether a line goes on behind them.
    skipped: u64,
    in_literal: bool,
    /// The rest of a line whose front is missing.
    cut_line: bool,
    /// Something is missing: which command the next reply is of is not known.
    adrift: bool,
}

impl CommandLines {
    /// Reads the next bytes of either side; the codes of replies are counted in `counter`.
    pub fn read<G: Grammar>(&mut self, payload: &Payload<'_>, out: &mut DissectOutput<'_>, counter: usize) -> Progress {
        if matches!(payload.bytes, [0x16, 3, 0..=4, ..]) {
            return Progress::BecameWith;
        }
        // The server speaks first; a client's lines are no replies.
        let said = || Some(if is_reply::<G>(payload.bytes) { DialogueSide::Server } else { DialogueSide::Client });
        match self.sides.of::<G>(payload, said) {
            DialogueSide::Server => self.server_says::<G>(payload, out, counter),
            DialogueSide::Client => self.client_says::<G>(payload, out),
        }
        Progress::Continue
    }

    /// Bytes of one side are missing.
    pub fn gap(&mut self, way: Direction) -> Progress {
        self.adrift = true;
        if self.sides.is_server(way) {
            self.server = TextLines::default();
            // The leave may be what is missing.
            self.in_text |= self.asked_text;
        } else {
            (self.client, self.cut_line, self.skipped, self.in_literal) = (TextLines::default(), true, 0, false);
        }
        Progress::Continue
    }

    /// Bytes held.
    pub fn held(&self) -> usize {
        self.client.held() + self.server.held() + self.waiting.capacity() * size_of::<(u32, Wish)>()
    }

    fn server_says<G: Grammar>(&mut self, payload: &Payload<'_>, out: &mut DissectOutput<'_>, counter: usize) {
        let mut lines = std::mem::take(&mut self.server);
        let mut rest = payload.bytes;
        while !rest.is_empty() {
            lines.next(&mut rest, out, |line, out| {
                self.greeting::<G>(line, payload, out);
                match G::reply(line) {
                    Some(Reply::Final(code, tag)) => {
                        out.tally().add_code(counter, code);
                        self.answer::<G>(line, (code, tag), payload, out);
                    }
                    Some(Reply::Interim(code)) => {
                        out.tally().add_code(counter, code);
                        self.interim(self.waiting.front().map_or(0, |first| first.0), code, payload, out);
                    }
                    // What it asks for is said next: until then the server has answered.
                    Some(Reply::GoOn) => {
                        self.goes_on = self.interim(self.latest, 0, payload, out) && !self.in_literal;
                    }
                    None => {}
                }
            });
        }
        self.server = lines;
    }

    /// A server that greets with a refusal refuses whoever comes.
    fn greeting<G: Grammar>(&mut self, line: &[u8], payload: &Payload<'_>, out: &mut DissectOutput<'_>) {
        let Some(code) = G::greeting(line).filter(|_| !self.is_greeted) else { return };
        self.is_greeted = true;
        // Whom a policy keeps out is none of those that want something.
        let told = G::meaning(Wish::Plain, code, line).coded(code);
        if self.asked == 0 && !self.adrift && G::outcome(told) == Answer::Error {
            out.turned_away(payload, code);
        }
    }

    fn answer<G: Grammar>(&mut self, line: &[u8], (code, tag): (u32, Option<u32>), payload: &Payload<'_>, out: &mut DissectOutput<'_>) {
        (self.in_text, self.asked_text, self.goes_on) = (G::TEXT_FOLLOWS == Some(code), false, false);
        if self.in_literal && tag == Some(self.latest) {
            // It was not let.
            (self.skipped, self.in_literal) = (0, false);
        }
        let place = tag.map_or(Some(0), |tag| self.waiting.iter().position(|(id, _)| *id == tag));
        let Some((id, wish)) = place.filter(|_| !self.adrift).and_then(|place| self.waiting.remove(place)) else { return };
        out.reply(payload, id, G::meaning(wish, code, line).coded(code));
    }

    /// A reply that is not the last one to its command; whether there is such a command.
    fn interim(&self, id: u32, code: u32, payload: &Payload<'_>, out: &mut DissectOutput<'_>) -> bool {
        let waits = !self.adrift && !self.waiting.is_empty();
        if waits {
            out.interim(payload, id, code);
        }
        waits
    }

    fn client_says<G: Grammar>(&mut self, payload: &Payload<'_>, out: &mut DissectOutput<'_>) {
        if std::mem::take(&mut self.adrift) {
            self.let_go(payload, out);
        }
        if self.goes_on {
            out.request_by(payload, self.latest, self.user);
            return;
        }
        let mut lines = std::mem::take(&mut self.client);
        let mut rest = payload.bytes;
        while !rest.is_empty() {
            let skipped = usize::try_from(self.skipped).map_or(rest.len(), |skipped| skipped.min(rest.len()));
            self.skipped -= skipped as u64;
            rest = rest.get(skipped..).unwrap_or_default();
            lines.next(&mut rest, out, |line, out| self.command::<G>(line, payload, out));
        }
        self.client = lines;
    }

    fn command<G: Grammar>(&mut self, line: &[u8], payload: &Payload<'_>, out: &mut DissectOutput<'_>) {
        let is_text = self.in_text && line != b".";
        let goes_on = std::mem::take(&mut self.in_literal);
        if is_text || std::mem::take(&mut self.cut_line) || line.is_empty() && !goes_on {
            return;
        }
        let command = if std::mem::take(&mut self.in_text) { ClientLine::default() } else { G::command(line) };
        (self.skipped, self.in_literal) = match command.follows {
            Follows::Lines => (0, false),
            Follows::Bytes(bytes) => (bytes, false),
            Follows::Literal(bytes) => (bytes, true),
        };
        if goes_on {
            out.request_by(payload, self.latest, self.user);
            return;
        }
        self.asked_text = command.asks_text;
        if self.waiting.len() == WAITING
            && let Some((id, _)) = self.waiting.pop_front()
        {
            out.lost(&Payload { way: payload.way.reversed(), ..*payload }, id);
        }
        self.asked = self.asked.wrapping_add(1);
        self.latest = command.tag.unwrap_or(self.asked);
        self.waiting.push_back((self.latest, command.wish));
        if let Some(name) = command.user {
            self.user = name_hash(name);
        }
        out.request_by(payload, self.latest, self.user);
    }

    /// Nothing is known of the replies to the commands that wait.
    fn let_go(&mut self, payload: &Payload<'_>, out: &mut DissectOutput<'_>) {
        let reply = Payload { way: payload.way.reversed(), ..*payload };
        for (id, _) in self.waiting.drain(..) {
            out.lost(&reply, id);
        }
        self.goes_on = false;
    }
}

fn is_reply<G: Grammar>(bytes: &[u8]) -> bool {
    let line = bytes.split(|&b| b == b'\n').next().unwrap_or_default();
    G::reply(line).is_some() || code(line).is_some() || line.starts_with(b"* ")
}
