//! DNS (RFC 1035), and the two protocols that borrow its messages: multicast DNS (RFC 6762) and LLMNR (RFC 4795).
//!
//! A response belongs to the query with the same conversation, identifier, name and type. Multicast queries are asked of everyone and mostly
//! of nobody, so that only DNS itself yields transactions.

mod stream;
pub(super) mod wire;

use super::{About, Carriage, DissectOutput, Dissector, Payload, Probe, Progress};
use crate::model::{Address, Answer, AppMessage, Counter, Manners, Measure, NameSource, RequestPart, Tally, Transaction, TransactionEnd};
use std::borrow::Cow;
use std::net::{Ipv4Addr, Ipv6Addr};
use stream::MessageStreams;
use wire::{A, AAAA, HEADER, Header, Name, PTR, QUERY, RECORDS};

/// The code of an answer that there is no such name (NXDOMAIN, RFC 6895 section 2.3).
const NO_SUCH_NAME: u32 = 3;

/// Places of the counters.
const QUERIES: usize = 0;
const RESPONSES: usize = 1;
const RCODES: usize = 2;
const MALFORMED: usize = 3;
const TRUNCATED: usize = 4;
const ANSWERED: usize = 5;
const UNANSWERED: usize = 6;
const FORGOTTEN: usize = 7;
const REPEATED: usize = 8;
const LATENCY: usize = 9;
const OPERATIONS: usize = 10;

const COUNTERS: &[Counter] = &[
    Counter { token: "queries", title: "Queries", measure: Measure::Count },
    Counter { token: "responses", title: "Responses", measure: Measure::Count },
    Counter { token: "rcodes", title: "Response codes", measure: Measure::Codes(rcode) },
    Counter { token: "malformed", title: "Malformed", measure: Measure::Count },
    Counter { token: "truncated", title: "Cut by the server", measure: Measure::Count },
    Counter { token: "answered", title: "Answered queries", measure: Measure::Count },
    Counter { token: "unanswered", title: "Unanswered queries", measure: Measure::Count },
    Counter { token: "not_judged", title: "Queries not judged", measure: Measure::Count },
    Counter { token: "repeated", title: "Repeated queries", measure: Measure::Count },
    Counter { token: "latency", title: "Latency", measure: Measure::Latency },
    Counter { token: "operations", title: "Messages that are no queries", measure: Measure::Codes(operation) },
];

/// Multicast and link-local name resolution count messages only.
const LOCAL_COUNTERS: &[Counter] = match COUNTERS {
    [a, b, c, d, e, ..] => &[*a, *b, *c, *d, *e],
    _ => &[],
};

/// Port of DNS.
const DNS_PORT: u16 = 53;
/// Port of multicast DNS.
const MDNS_PORT: u16 = 5353;
/// Port of LLMNR.
const LLMNR_PORT: u16 = 5355;
/// Port of the NetBIOS name service, whose messages look alike.
const NETBIOS_PORT: u16 = 137;

/// Addresses of one answer that are taken in.
const ANSWERS: usize = 16;

/// Response codes of a server that wants to be asked otherwise: without this version of EDNS (RFC 6891 section 6.1.3), or with its cookie (RFC
/// 7873 section 5.2.3).
const BADVERS: u32 = 16;
const BADCOOKIE: u32 = 23;

/// Usual names of response codes (RFC 6895 section 2.3).
fn rcode(code: u32) -> Cow<'static, str> {
    const NAMES: [&str; 24] = [
        "NOERROR",
        "FORMERR",
        "SERVFAIL",
        "NXDOMAIN",
        "NOTIMP",
        "REFUSED",
        "YXDOMAIN",
        "YXRRSET",
        "NXRRSET",
        "NOTAUTH",
        "NOTZONE",
        "DSOTYPENI",
        "RCODE12",
        "RCODE13",
        "RCODE14",
        "RCODE15",
        "BADVERS",
        "BADKEY",
        "BADTIME",
        "BADMODE",
        "BADNAME",
        "BADALG",
        "BADTRUNC",
        "BADCOOKIE",
    ];
    NAMES.get(code as usize).map_or_else(|| format!("RCODE{code}").into(), |name| Cow::Borrowed(*name))
}

/// Usual names of kinds of messages (RFC 6895 section 2.2).
fn operation(code: u32) -> Cow<'static, str> {
    const NAMES: [&str; 7] = ["QUERY", "IQUERY", "STATUS", "OPCODE3", "NOTIFY", "UPDATE", "DSO"];
    NAMES.get(code as usize).map_or_else(|| format!("OPCODE{code}").into(), |name| Cow::Borrowed(*name))
}

/// DNS over UDP and TCP.
pub struct Dns;

impl Dissector for Dns {
    type State = MessageStreams;

    const ABOUT: About =
        About { token: "dns", title: "Domain Name System", udp: Some(&[DNS_PORT]), tcp: Some(&[DNS_PORT]), counters: COUNTERS };

    const MANNERS: Manners = Manners { finds_names: true, ..Manners::USUAL };

    fn probe(payload: &Payload<'_>, transport: Carriage) -> Probe {
        let ports = payload.ports();
        if ports.iter().any(|port| [MDNS_PORT, LLMNR_PORT, NETBIOS_PORT].contains(port)) {
            return Probe::No;
        }
        match transport {
            // A message without a port to say so must be one to its last byte.
            Carriage::Udp if !ports.contains(&DNS_PORT) => {
                if is_complete(payload.bytes) && payload.is_whole() {
                    Probe::Certain
                } else {
                    Probe::No
                }
            }
            Carriage::Udp if is_likely(payload) => Probe::Unsure,
            Carriage::Udp => Probe::No,
            Carriage::Tcp => stream::probe(payload.bytes),
        }
    }

    fn excludes(payload: &Payload<'_>) -> bool {
        !is_likely(payload)
    }

    fn datagram(payload: &Payload<'_>, out: &mut DissectOutput<'_>) -> Progress {
        message(payload, payload.bytes, payload.is_whole(), NameSource::Dns, out);
        Progress::Continue
    }

    fn stream(state: &mut MessageStreams, payload: &Payload<'_>, out: &mut DissectOutput<'_>) -> Progress {
        state.read(payload, out, |payload, bytes, whole, out| message(payload, bytes, whole, NameSource::Dns, out))
    }

    fn held(state: &MessageStreams) -> usize {
        state.held()
    }

    fn outcome(code: u32) -> Answer {
        match code {
            0 => Answer::Normal,
            NO_SUCH_NAME => Answer::NoSuchName,
            BADVERS | BADCOOKIE => Answer::Expected,
            _ => Answer::Error,
        }
    }

    fn code_text(code: u32) -> Cow<'static, str> {
        rcode(code)
    }

    fn transaction(transaction: &Transaction, tally: &mut Tally) {
        if transaction.end == TransactionEnd::Waiting {
            return;
        }
        tally.add_many(REPEATED, transaction.repeated.into());
        match transaction.end {
            TransactionEnd::Answered(_) => {
                tally.add(ANSWERED);
                if let Some(latency) = transaction.latency() {
                    tally.add_duration(LATENCY, latency);
                }
            }
            TransactionEnd::Unanswered => tally.add(UNANSWERED),
            TransactionEnd::Forgotten | TransactionEnd::Open => tally.add(FORGOTTEN),
            TransactionEnd::Waiting => {}
        }
    }
}

/// Multicast DNS.
pub struct Mdns;

impl Dissector for Mdns {
    type State = ();

    const ABOUT: About = About { token: "mdns", title: "Multicast DNS", udp: Some(&[MDNS_PORT]), tcp: None, counters: LOCAL_COUNTERS };

    const MANNERS: Manners = Manners { asks_groups: true, ..Manners::USUAL };

    fn probe(payload: &Payload<'_>, _: Carriage) -> Probe {
        local_probe(payload, MDNS_PORT)
    }

    fn datagram(payload: &Payload<'_>, out: &mut DissectOutput<'_>) -> Progress {
        message(payload, payload.bytes, payload.is_whole(), NameSource::Mdns, out);
        Progress::Continue
    }
}

/// Link-local multicast name resolution.
pub struct Llmnr;

impl Dissector for Llmnr {
    type State = ();

    const ABOUT: About =
        About { token: "llmnr", title: "Link-local name resolution", udp: Some(&[LLMNR_PORT]), tcp: None, counters: LOCAL_COUNTERS };

    const MANNERS: Manners = Manners { asks_groups: true, ..Manners::USUAL };

    fn probe(payload: &Payload<'_>, _: Carriage) -> Probe {
        local_probe(payload, LLMNR_PORT)
    }

    fn datagram(payload: &Payload<'_>, out: &mut DissectOutput<'_>) -> Progress {
        message(payload, payload.bytes, payload.is_whole(), NameSource::Llmnr, out);
        Progress::Continue
    }
}

/// These look like DNS but for their port.
fn local_probe(payload: &Payload<'_>, port: u16) -> Probe {
    let is_theirs = payload.ports().contains(&port) && Header::read(payload.bytes).is_some();
    if is_theirs { Probe::Unsure } else { Probe::No }
}

/// Whether a datagram at the port of DNS is such a message: anybody may send anything there.
fn is_likely(payload: &Payload<'_>) -> bool {
    let Some(header) = Header::read(payload.bytes) else { return false };
    header.is_possible(true) && header.is_clean() && (first_question(payload.bytes, &header, true).is_some() || !payload.is_whole())
}

/// Whether a message without a question consists of the records that it says it has, as far as they are looked at.
fn has_its_records(bytes: &[u8], header: &Header) -> bool {
    let (mut at, mut name) = (HEADER, Name::default());
    let records: u32 = header.counts.iter().map(|n| u32::from(*n)).sum();
    for _ in 0..records.min(RECORDS.into()) {
        let Some((_, next)) = wire::record(bytes, at, &mut name) else { return false };
        at = next;
    }
    records > RECORDS.into() || at == bytes.len()
}

/// The first question of a message, with its name and the place of what stands behind it; all of it `None` where there is none. `None` when it
/// breaks a rule, or off.
fn first_question(bytes: &[u8], header: &Header, of_a_class: bool) -> Option<(Option<wire::Question>, Name, usize)> {
    let mut name = Name::default();
    if header.counts[0] == 0 {
        return (!of_a_class || has_its_records(bytes, header)).then_some((None, name, HEADER));
    }
    let (question, next) = wire::question(bytes, HEADER, &mut name)?;
    (!of_a_class || question.is_of_a_class()).then_some((Some(question), name, next))
}

/// Whether bytes are a DNS message and nothing else: what is asked of one without a registered port.
fn is_complete(bytes: &[u8]) -> bool {
    let Some(header) = Header::read(bytes) else { return false };
    let [questions, answers, authorities, more] = header.counts;
    let records = u32::from(answers) + u32::from(authorities) + u32::from(more);
    let is_likely = header.is_possible(true) && header.is_clean() && questions == 1 && (header.is_response() || header.rcode() == 0);
    if !is_likely || records > 256 {
        return false;
    }
    let mut name = Name::default();
    let Some((question, mut at)) = wire::question(bytes, HEADER, &mut name) else { return false };
    // Types of the NetBIOS name service.
    if matches!(question.kind, 0 | 32 | 33) && !matches!(question.class, 1) || !question.is_of_a_class() {
        return false;
    }
    for _ in 0..records {
        let Some((_, next)) = wire::record(bytes, at, &mut name) else { return false };
        at = next;
    }
    at == bytes.len()
}

/// Counts a message, tells of it, and learns the names in it. One that breaks a rule tells nothing but that.
fn message(payload: &Payload<'_>, bytes: &[u8], is_whole: bool, source: NameSource, out: &mut DissectOutput<'_>) {
    let asks_one = source == NameSource::Dns;
    let header = Header::read(bytes).filter(|header| header.is_possible(asks_one));
    let read = header.and_then(|header| first_question(bytes, &header, asks_one));
    let Some(header) = header.filter(|_| read.is_some() || !is_whole) else {
        if is_whole {
            out.tally().add(MALFORMED);
        }
        return;
    };
    // Servers that tell or change something ask one another, or are asked so by whom they need not heed (RFC 1996, RFC 2136).
    if asks_one && header.opcode() != QUERY {
        return out.tally().add_code(OPERATIONS, header.opcode().into());
    }
    let code = read.as_ref().map_or_else(|| header.rcode(), |(_, _, at)| response_code(bytes, &header, *at));
    let tally = out.tally();
    tally.add(if header.is_response() { RESPONSES } else { QUERIES });
    if header.is_response() {
        tally.add_code(RCODES, code.into());
        tally.add_many(TRUNCATED, header.is_truncated().into());
    }
    if asks_one {
        let question = read.as_ref().and_then(|(question, name, _)| question.map(|question| (question, name)));
        tell(payload, &header, question, code, out);
    }
    if header.is_response()
        && code == 0
        && let Some((_, name, at)) = &read
        && answers(payload, bytes, header, *at, name, source, out).is_none()
        && is_whole
    {
        out.tally().add(MALFORMED);
    }
}

/// The whole response code of a message whose records begin at `at`. Where answers come there is nothing that EDNS could say.
fn response_code(bytes: &[u8], header: &Header, at: usize) -> u16 {
    let may_say_more = header.is_response() && (header.rcode() != 0 || header.counts[1] == 0);
    header.rcode() | if may_say_more { wire::extended_rcode(bytes, header, at) } else { 0 }
}

/// Tells of a query or an answer, with its question where it has one that was read.
fn tell(payload: &Payload<'_>, header: &Header, question: Option<(wire::Question, &Name)>, code: u16, out: &mut DissectOutput<'_>) {
    if let Some((question, name)) = question.filter(|_| !header.is_response()) {
        let part = RequestPart::Question { kind: question.kind, class: question.class };
        out.words(payload, header.id.into(), part, name.bytes());
    }
    out.message(AppMessage {
        flow: *payload.flow,
        way: payload.way,
        time: payload.time,
        number: payload.number,
        is_request: !header.is_response(),
        id: header.id.into(),
        question: question.map_or(0, |(question, name)| name.question_hash(question.kind)),
        code: code.into(),
        // A stream's packets are numbered otherwise.
        tells_loss: payload.flow.is_udp(),
        ..AppMessage::default()
    });
}

/// Learns the names in the answers of a response, which begin at `at`; `asked` is the name of its question. `None` when they break off.
fn answers(
    payload: &Payload<'_>,
    bytes: &[u8],
    header: Header,
    mut at: usize,
    asked: &Name,
    source: NameSource,
    out: &mut DissectOutput<'_>,
) -> Option<()> {
    // Further questions, as multicast DNS may have, stand before the answers.
    let (mut owner, mut target) = (Name::default(), Name::default());
    for _ in 1..header.counts[0].min(RECORDS) {
        (_, at) = wire::question(bytes, at, &mut owner)?;
    }
    let mut told = 0;
    for _ in 0..header.counts[1].min(RECORDS) {
        // What has more addresses is a list of machines that bear the name of all.
        if told >= ANSWERS {
            break;
        }
        let record;
        (record, at) = wire::record(bytes, at, &mut owner)?;
        // Multicast DNS sets the highest bit of the class (RFC 6762 section 10.2).
        if record.class & 0x7fff != 1 {
            continue;
        }
        let address = address(bytes, &record);
        match (source, address, record.kind) {
            // The name that was asked for, not the last alias on the way.
            (NameSource::Dns, Some(address), _) => {
                told += 1;
                out.address_name(address, source, asked.bytes(), payload.time);
            }
            (NameSource::Dns, None, PTR) => {
                if let Some(address) = owner.reversed()
                    && target.read(bytes, record.data).is_some()
                {
                    out.address_name(address.into(), NameSource::DnsPointer, target.bytes(), payload.time);
                }
            }
            // Who speaks of itself: others' addresses are not taken from it.
            (_, Some(address), _) if payload.addresses()[0] == address => {
                out.address_name(address, source, owner.bytes(), payload.time);
            }
            _ => {}
        }
    }
    Some(())
}

/// The address in a record.
fn address(bytes: &[u8], record: &wire::ResourceRecord) -> Option<Address> {
    let data = bytes.get(record.data..)?;
    match (record.kind, record.length) {
        (A, 4) => data.first_chunk::<4>().map(|a| Address::V4(Ipv4Addr::from(*a))),
        (AAAA, 16) => data.first_chunk::<16>().map(|a| Address::V6(Ipv6Addr::from(*a))),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
