//! The display filter: which rows of the tables are shown.
//!
//! | words | rows |
//! |---|---|
//! | `10.0.0`, `tls`, `"two words"` | any text: part of an address (with its port) or of what it is called, of an application, of a protocol, of a VLAN number, of a state |
//! | `tcp`, `ipv6`, `lldp` … | a protocol token: that protocol exactly |
//! | `ip 10.0.0.1`, `host 2001:db8::/32`, `10.0.0.0/8` | an end in that network |
//! | `mac 00:1b:21` | an end with that MAC address, or one that begins so |
//! | `port 443`, `port 6000-6010` | an end with such a port |
//! | `vlan 10`, `vlan` | seen in that VLAN, in any |
//! | `state established` | the TCP state |
//! | `bytes > 1M`, `packets >= 1000` | both directions together; `k M G T` are powers of 1000, `Ki Mi Gi Ti` of 1024 |
//! | `retrans > 1`, `share > 5`, `lasted > 2min`, `app = tls` … | any column by its name on the screen or its token, compared with a number or a word |
//!
//! Numbers are what a column shows: per cent where it shows parts, bits a second for rates, seconds for lengths of time that have no unit.
//!
//! Joined by `and` (or nothing), `or`, `not` (`!`), parentheses. Case does not matter.
//!
//! Hosts, services and VLANs are shown for what they know of themselves and for what they take part in: `tls` shows who speaks it,
//! `port 443` and `retrans > 1` whose conversation it is.
//!
//! What a table does not know (any table a field of another one) neither shows nor hides its rows: the other words decide. Where a row has nothing in a field that its
//! table knows, only `!=` holds. Findings are shown for what is said of them as well: `refuses`, `severity = critical`, `host 10.0.0.7`.

mod findings;
mod parse;
mod text;

use super::table::{Field, FieldKind, FieldValue, TableSpec};
use super::tables::conversations::CONVERSATIONS;
use super::tables::endpoints::ENDPOINTS;
use super::{Conversation, HostRow, Snapshot, TcpState};
use crate::model::Arrange as _;
use crate::model::time::SECOND;
use crate::model::{Address, Path, Proto, RoundTripFigures, Traffic};
use ipnet::IpNet;
use std::ops::RangeInclusive;
use text::{Line, contains, path_contains};

/// A parsed display filter.
#[derive(Debug, Clone, PartialEq)]
pub struct Filter {
    text: String,
    expression: Expression,
    names: Names,
    /// `None`: shares and rates are not known, and decide nothing.
    basis: Option<Box<Basis>>,
}

/// Words of a filter, and the addresses that are called so, ascending.
type Names = Vec<(String, Vec<Address>)>;

/// Words joined.
#[derive(Debug, Clone, PartialEq)]
enum Expression {
    All(Vec<Expression>),
    Any(Vec<Expression>),
    Not(Box<Expression>),
    Term(Term),
}

/// One word, or a word and its arguments.
#[derive(Debug, Clone, PartialEq)]
enum Term {
    /// Lower case.
    Text(String),
    Protocol(Proto),
    Network(IpNet),
    /// The first octets of a MAC address.
    Mac(Vec<u8>),
    Port(RangeInclusive<u16>),
    /// One VLAN, or any.
    Vlan(Option<u16>),
    State(TcpState),
    /// A field by what it is called, and what it is compared with.
    Field(String, Comparison, Operand),
}

/// What a field is compared with.
#[derive(Debug, Clone, PartialEq)]
struct Operand {
    /// The number, if it is one.
    number: Option<Number>,
    /// What was typed, lower case.
    text: String,
}

/// A number as typed: whole ones are exact.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Number {
    whole: u64,
    real: f64,
    /// Nothing says in what it is measured.
    is_bare: bool,
}

impl Number {
    /// As a part of a whole: screens show per cents.
    fn part(self) -> f64 {
        if self.is_bare { self.real / 100.0 } else { self.real }
    }
}

/// What shares and rates of a picture refer to.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Basis {
    /// Means over everything, and not rates of now.
    is_whole: bool,
    /// Everything that came in that time.
    all: Traffic,
    /// The seconds it came in.
    seconds: f64,
}

impl Basis {
    fn of(snapshot: &Snapshot) -> Self {
        match snapshot.live {
            true => Self { is_whole: false, all: snapshot.stats.recent, seconds: snapshot.recent_seconds },
            false => Self { is_whole: true, all: snapshot.stats.total, seconds: snapshot.covered() },
        }
    }

    /// What a column of a kind shows of a load.
    fn shown(&self, kind: FieldKind, total: Traffic, recent: Traffic) -> Option<f64> {
        let traffic = if self.is_whole { total } else { recent };
        let part = |some: u64, all: u64| if all == 0 { 0.0 } else { some as f64 / all as f64 };
        match kind {
            FieldKind::Share | FieldKind::Percent => Some(part(traffic.wire_bytes, self.all.wire_bytes)),
            FieldKind::PacketShare => Some(part(traffic.packets, self.all.packets)),
            FieldKind::Rate | FieldKind::BitRate => Some(traffic.bits_per_second(self.seconds)),
            FieldKind::PacketRate => Some(traffic.packets_per_second(self.seconds)),
            _ => None,
        }
    }
}

/// How a number is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Comparison {
    More,
    AtLeast,
    Less,
    AtMost,
    Equal,
    Unequal,
}

impl Comparison {
    fn holds<T: PartialOrd>(self, left: T, right: T) -> bool {
        match self {
            Comparison::More => left > right,
            Comparison::AtLeast => left >= right,
            Comparison::Less => left < right,
            Comparison::AtMost => left <= right,
            Comparison::Equal => left == right,
            Comparison::Unequal => left != right,
        }
    }
}

impl Filter {
    /// Parses what the user typed; `None` when it is empty.
    ///
    /// # Errors
    /// A sentence naming the word that was not understood.
    pub fn parse(text: &str) -> Result<Option<Filter>, String> {
        let text = text.trim();
        if text.is_empty() {
            return Ok(None);
        }
        Ok(Some(Filter::of(text.to_owned(), parse::parse(text)?)))
    }

    fn of(text: String, expression: Expression) -> Filter {
        Filter { text, expression, names: Names::new(), basis: None }
    }

    /// Rows that both filters show.
    pub fn and(self, other: Filter) -> Filter {
        let text = format!("({}) and ({})", self.text, other.text);
        let names = self.names.into_iter().chain(other.names).collect();
        Filter { names, basis: self.basis, ..Filter::of(text, Expression::All(vec![self.expression, other.expression])) }
    }

    /// Has words stand for addresses as well that are called so; `called` finds them by a part of a name in lower case. Rows know no names.
    pub fn learn(&mut self, called: impl Fn(&str) -> Vec<Address>) {
        let mut words = Vec::new();
        self.expression.words(&mut words);
        self.names = words
            .into_iter()
            .map(|word| {
                let mut addresses = called(&word);
                addresses.arrange();
                addresses.dedup();
                (word, addresses)
            })
            .filter(|(_, addresses)| !addresses.is_empty())
            .collect();
    }

    /// The same for the rows of a picture: their shares and rates are told by it.
    pub fn measured(&self, snapshot: &Snapshot) -> Filter {
        Filter { basis: Some(Box::new(Basis::of(snapshot))), ..self.clone() }
    }

    /// Rows with an end that has this address; `None` for what is not an IP address.
    pub fn host(address: Address) -> Option<Filter> {
        let network = IpNet::from(address.ip()?);
        Some(Filter::of(format!("host {address}"), Expression::Term(Term::Network(network))))
    }

    /// Rows seen in a VLAN.
    pub fn vlan(id: u16) -> Filter {
        Filter::of(format!("vlan {id}"), Expression::Term(Term::Vlan(Some(id))))
    }

    /// What the user typed.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Whether a row of a table is shown.
    pub fn matches<R: Clone>(&self, spec: &TableSpec<R>, row: &R) -> bool {
        self.verdict(spec, row).unwrap_or(true)
    }

    /// Whether a row of a table is shown for what it knows of itself; `None`: it does not know.
    pub fn verdict<R: Clone>(&self, spec: &TableSpec<R>, row: &R) -> Option<bool> {
        self.expression.holds(&|term| known(term, self, spec.fields, row))
    }

    /// Whether the row of somebody who takes part in conversations is shown for what it knows of itself; `None`: they decide.
    pub fn verdict_of_itself<R: Clone>(&self, spec: &TableSpec<R>, row: &R) -> Option<bool> {
        self.expression.holds(&|term| of_itself(term, self, spec.fields, row))
    }

    /// Whether packets of a stack of protocols are shown for what they are; `None`: who speaks decides, or what is said there.
    pub fn verdict_of_path(&self, path: Path) -> Option<bool> {
        // Behind ports more is spoken than the headers say.
        let told = |holds: bool, is_of_protocols: bool| (holds || is_of_protocols && !path.has_ports()).then_some(holds);
        self.expression.holds(&|term| match term {
            Term::Protocol(proto) => told(path.contains(*proto), true),
            Term::Text(word) => told(path_contains(path, word), self.is_of_protocols(word)),
            Term::Vlan(None) => told(path.contains(Proto::Vlan), true),
            _ => None,
        })
    }

    /// Whether a word can only mean a protocol: it is part of no address or number, and nobody is called so.
    fn is_of_protocols(&self, word: &str) -> bool {
        !word.chars().all(|c| c.is_ascii_hexdigit() || !c.is_alphanumeric()) && !self.names.iter().any(|(known, _)| known == word)
    }

    /// Whether it asks for something that rows of a table have.
    pub fn asks_of<R: Clone>(&self, spec: &TableSpec<R>) -> bool {
        let has = |of: fn(FieldKind) -> bool| spec.fields.iter().any(|f| of(f.head.kind) && f.head.searched);
        self.expression.any(&|term| match term {
            Term::Text(_) | Term::Protocol(_) => true,
            Term::Network(_) | Term::Mac(_) | Term::Port(_) => has(is_of_ends),
            Term::Vlan(_) => has(|kind| kind == FieldKind::Vlans),
            Term::State(_) => has(|kind| kind == FieldKind::State),
            Term::Field(name, ..) => fields_called(name, spec.fields).iter().any(Option::is_some),
        })
    }

    /// The same together with one of its conversations: for what is spoken there, and where `by_ends` also for who speaks.
    pub fn holds_with<R: Clone>(&self, spec: &TableSpec<R>, row: &R, talk: &Conversation, by_ends: bool) -> bool {
        let holds = |term: &Term| of_itself(term, self, spec.fields, row).or_else(|| of_talk(term, self, talk, by_ends));
        self.expression.holds(&holds).unwrap_or(true)
    }

    /// Whether a conversation is shown.
    pub fn matches_conversation(&self, row: &Conversation) -> bool {
        self.matches(&CONVERSATIONS, row)
    }

    /// Whether an end point is shown for what is known of itself.
    pub fn matches_host(&self, row: &HostRow) -> bool {
        self.matches(&ENDPOINTS, row)
    }

    /// Whether an end point is shown for what is known of itself, or may be for one of its conversations.
    pub fn may_match_host(&self, row: &HostRow) -> bool {
        // A network card may have an address that is asked for.
        let is_card = matches!(row.address, Address::Mac(_));
        let holds = |term: &Term| {
            let own = of_itself(term, self, ENDPOINTS.fields, row);
            if is_card && matches!(term, Term::Text(_) | Term::Network(_)) { own.filter(|holds| *holds) } else { own }
        };
        self.expression.holds(&holds).unwrap_or(true)
    }
}

impl Expression {
    /// The words that are any text.
    fn words(&self, out: &mut Vec<String>) {
        match self {
            Expression::All(parts) | Expression::Any(parts) => parts.iter().for_each(|part| part.words(out)),
            Expression::Not(inner) => inner.words(out),
            Expression::Term(Term::Text(word)) => out.push(word.clone()),
            Expression::Term(_) => {}
        }
    }

    /// Whether any of its terms is such.
    fn any(&self, is: &dyn Fn(&Term) -> bool) -> bool {
        match self {
            Expression::All(parts) | Expression::Any(parts) => parts.iter().any(|part| part.any(is)),
            Expression::Not(inner) => inner.any(is),
            Expression::Term(term) => is(term),
        }
    }

    /// Kleene's three values: `None` is "this row does not know".
    fn holds(&self, term: &dyn Fn(&Term) -> Option<bool>) -> Option<bool> {
        // A sum of values is settled by the first one that decides it.
        let settle = |parts: &[Expression], decisive: bool| {
            let mut sum = Some(!decisive);
            for part in parts {
                match part.holds(term) {
                    Some(value) if value == decisive => return Some(decisive),
                    Some(_) => {}
                    None => sum = None,
                }
            }
            sum
        };
        match self {
            Expression::All(parts) => settle(parts, false),
            Expression::Any(parts) => settle(parts, true),
            Expression::Not(inner) => inner.holds(term).map(|value| !value),
            Expression::Term(this) => term(this),
        }
    }
}

/// Whether a term of a filter holds for a row; `None` when no field of its table can tell.
fn known<R>(term: &Term, filter: &Filter, fields: &[Field<R>], row: &R) -> Option<bool> {
    // Of the fields of some kinds: none there, or whether one holds.
    let any = |of: fn(FieldKind) -> bool, holds: &dyn Fn(FieldValue) -> bool| {
        let mut fields = fields.iter().filter(|f| of(f.head.kind) && f.head.searched).peekable();
        fields.peek()?;
        Some(fields.any(|f| holds(f.value(row))))
    };
    match term {
        Term::Text(needle) => {
            let called = filter.names.iter().find(|(word, _)| word == needle).map_or(&[][..], |(_, addresses)| addresses);
            let is_called = |value| !called.is_empty() && addresses(value).iter().flatten().any(|a| called.binary_search(&a.0).is_ok());
            let holds = |f: &Field<R>| match (f.head.kind, f.value(row)) {
                (FieldKind::Side, FieldValue::Flag(inside)) => side(inside).contains(needle.as_str()),
                (_, value) => contains(value, needle) || is_called(f.value(row)),
            };
            Some(fields.iter().any(|f| f.head.searched && holds(f)))
        }
        Term::Protocol(proto) => protocol(*proto, fields, row),
        Term::Network(network) => any(is_of_ends, &|value| addresses(value).iter().flatten().any(|a| in_network(a.0, network))),
        Term::Mac(prefix) => any(is_of_ends, &|value| addresses(value).iter().flatten().any(|a| has_mac_prefix(a.0, prefix))),
        // An address alone has no port to ask for.
        Term::Port(range) => {
            let has_ports = |value: &FieldValue| match value {
                FieldValue::Ends(_) => true,
                value => addresses(*value).iter().flatten().any(|a| a.1 != 0),
            };
            let of_ends = fields.iter().filter(|f| is_of_ends(f.head.kind) && f.head.searched).map(|f| f.value(row));
            let mut of_ends = of_ends.filter(has_ports).peekable();
            of_ends.peek()?;
            Some(of_ends.any(|value| addresses(value).iter().flatten().any(|a| has_port(a.1, range))))
        }
        Term::Vlan(id) => any(|kind| kind == FieldKind::Vlans, &|value| match (value, id) {
            (FieldValue::Numbers(ids), Some(id)) => ids.contains(id),
            (FieldValue::Numbers(ids), None) => !ids.is_empty(),
            _ => false,
        }),
        Term::State(state) => {
            let field = fields.iter().find(|f| f.head.kind == FieldKind::State)?;
            Some(field.value(row) == FieldValue::State(*state))
        }
        Term::Field(name, comparison, operand) => {
            let is_unequal = *comparison == Comparison::Unequal;
            let holds = |field: &Field<R>| match field.value(row) {
                // Nothing is neither more nor less than anything, nor equal to it.
                FieldValue::None => Some(is_unequal),
                value => compare(field.head.kind, value, *comparison, operand, filter.basis.as_deref()),
            };
            // What stands in the column counts as what machines read does: either is equal, both are unequal.
            let [by_token, by_title] = fields_called(name, fields).map(|field| field.and_then(holds));
            match (by_token, by_title) {
                (Some(one), Some(other)) => Some(if is_unequal { one && other } else { one || other }),
                (one, other) => one.or(other),
            }
        }
    }
}

/// The field of a token, and another one above whose column the same stands.
fn fields_called<'f, R>(name: &str, fields: &'f [Field<R>]) -> [Option<&'f Field<R>>; 2] {
    let by_title = |field: &&Field<R>| field.head.token != name && field.head.is_called(name);
    [fields.iter().find(|f| f.head.token == name), fields.iter().find(by_title)]
}

/// Whether a row has a field that is called so, and whether one of them says something.
fn is_told<R>(name: &str, fields: &[Field<R>], row: &R) -> Option<bool> {
    let called = fields_called(name, fields);
    let mut values = called.iter().flatten().map(|field| field.value(row)).peekable();
    values.peek()?;
    Some(values.any(|value| value != FieldValue::None))
}

/// Whether a term holds for somebody who takes part in conversations; `None`: for what it takes part in, if at all.
fn of_itself<R>(term: &Term, filter: &Filter, fields: &[Field<R>], row: &R) -> Option<bool> {
    let own = known(term, filter, fields, row);
    match term {
        // Parts of an address are of nothing else.
        Term::Text(word) if !is_of_addresses(word) || !fields.iter().any(|f| f.head.searched && is_of_ends(f.head.kind)) => {
            own.filter(|holds| *holds)
        }
        Term::Protocol(_) => own.filter(|holds| *holds),
        Term::Field(name, ..) => {
            let has_none = is_told(name, fields, row) == Some(false);
            own.filter(|_| !has_none || fields_called(name, CONVERSATIONS.fields).iter().all(Option::is_none))
        }
        _ => own,
    }
}

/// Whether a term holds for what is spoken in a conversation, and where `by_ends` for who speaks there.
fn of_talk(term: &Term, filter: &Filter, talk: &Conversation, by_ends: bool) -> Option<bool> {
    match term {
        Term::Text(word) if !by_ends => {
            // A name is that of an end.
            let is_spoken = |kind| !is_of_ends(kind) && kind != FieldKind::Text;
            Some(CONVERSATIONS.fields.iter().filter(|f| f.head.searched && is_spoken(f.head.kind)).any(|f| contains(f.value(talk), word)))
        }
        _ => known(term, filter, CONVERSATIONS.fields, talk),
    }
}

/// Whether values of a kind are addresses of who is there.
fn is_of_ends(kind: FieldKind) -> bool {
    matches!(kind, FieldKind::Address | FieldKind::End | FieldKind::Ends)
}

/// Whether a word can only be a part of an address, with or without a port.
fn is_of_addresses(word: &str) -> bool {
    word.contains(['.', ':']) && word.chars().all(|c| c.is_ascii_hexdigit() || matches!(c, '.' | ':' | '[' | ']'))
}

/// A protocol is known by its stack of them, else by the application's token, of IP and Ethernet also by the addresses.
fn protocol<R>(proto: Proto, fields: &[Field<R>], row: &R) -> Option<bool> {
    let mut has_path = false;
    for field in fields {
        match (field.head.kind, (field.head.kind == FieldKind::App || field.head.kind == FieldKind::Path).then(|| field.value(row))) {
            (_, Some(FieldValue::Word(app))) if field.head.searched && app == proto.token() => return Some(true),
            (_, Some(FieldValue::Path(path))) => {
                has_path = true;
                if path.contains(proto) {
                    return Some(true);
                }
            }
            _ => {}
        }
    }
    if has_path {
        return Some(false);
    }
    let is: fn(&(Address, u16)) -> bool = match proto {
        Proto::Eth => |a| matches!(a.0, Address::Mac(_)),
        Proto::Ip => |a| matches!(a.0, Address::V4(_)),
        Proto::Ipv6 => |a| matches!(a.0, Address::V6(_)),
        _ => return None,
    };
    let mut ends =
        fields.iter().filter(|f| f.head.searched).map(|f| addresses(f.value(row))).filter(|a| a.iter().any(Option::is_some)).peekable();
    ends.peek()?;
    Some(ends.any(|a| a.iter().flatten().any(is)))
}

/// The addresses in a value, with their ports.
fn addresses(value: FieldValue<'_>) -> [Option<(Address, u16)>; 2] {
    match value {
        FieldValue::Address(address) => [Some((address, 0)), None],
        FieldValue::End(address, port) => [Some((address, port)), None],
        FieldValue::Ends(ends) => [Some(ends.first), Some(ends.second)],
        _ => [None, None],
    }
}

/// How a value of a kind compares; `None` when it is of another kind than what it is compared with, or its basis is not known.
fn compare(kind: FieldKind, value: FieldValue<'_>, comparison: Comparison, operand: &Operand, basis: Option<&Basis>) -> Option<bool> {
    if let Some(same) = is_same_word(kind, value, &operand.text) {
        return match comparison {
            Comparison::Equal => Some(same),
            Comparison::Unequal => Some(!same),
            _ => None,
        };
    }
    // A word is no number.
    let Some(number) = operand.number else { return Some(comparison == Comparison::Unequal) };
    let real = if kind.is_part() { number.part() } else { number.real };
    Some(match value {
        FieldValue::Count(n) | FieldValue::AtLeast(n) => comparison.holds(n, number.whole),
        FieldValue::Real(x) => comparison.holds(x, real),
        FieldValue::Load { total, recent } => comparison.holds(basis?.shown(kind, total, recent)?, real),
        FieldValue::Span(nanos) => comparison.holds(seconds(nanos), real),
        FieldValue::Trips(trips, _) => comparison.holds(seconds(round_trip(trips)?), real),
        FieldValue::Handshake(trips, _) => comparison.holds(seconds(trips.handshake_total()?), real),
        FieldValue::Losses(lost, _) => comparison.holds(lost.iter().sum::<u64>() as f64, real),
        FieldValue::Turns(turns) => comparison.holds(seconds(turns.server), real),
        FieldValue::Transfers(of) => comparison.holds(of.iter().flatten().map(|t| t.carried.bytes).sum::<u64>() as f64, real),
        _ => return None,
    })
}

/// Whether a value that is no number is this word, in lower case: of words all of it, of addresses and protocols what stands in them.
fn is_same_word(kind: FieldKind, value: FieldValue<'_>, word: &str) -> Option<bool> {
    if let Some(text) = value.as_text() {
        return Some(text.eq_ignore_ascii_case(word));
    }
    match value {
        FieldValue::Flag(inside) if kind == FieldKind::Side => Some(side(inside) == word),
        FieldValue::Flag(yes) => Some(matches!(word, "yes" | "true") == yes && matches!(word, "yes" | "no" | "true" | "false")),
        FieldValue::PortOf(..) | FieldValue::Ports(..) => Some(value.ports_text().as_deref() == Some(word)),
        FieldValue::Layer(layer) => Some(Line::of(&layer).is(word)),
        FieldValue::Numbers(ids) => Some(ids.iter().any(|id| Line::of(id).is(word))),
        FieldValue::Address(_) | FieldValue::End(..) | FieldValue::Ends(_) | FieldValue::Path(_) => Some(contains(value, word)),
        _ => None,
    }
}

/// Where an address is, relative to the local networks.
fn side(is_inside: bool) -> &'static str {
    if is_inside { "inside" } else { "outside" }
}

fn seconds(nanos: i64) -> f64 {
    nanos as f64 / SECOND as f64
}

/// The whole way and back, nanoseconds: the medians of both sides, the shortest where there is no median; of one side where only one was measured.
fn round_trip(trips: &RoundTripFigures) -> Option<i64> {
    let measured = trips.sides.iter().filter(|side| side.count > 0);
    measured.map(|side| side.quantiles.map_or(side.min, |[median, _]| median)).reduce(i64::saturating_add)
}

fn in_network(address: Address, network: &IpNet) -> bool {
    address.ip().is_some_and(|ip| network.contains(&ip))
}

fn has_mac_prefix(address: Address, prefix: &[u8]) -> bool {
    matches!(address, Address::Mac(mac) if mac.0.starts_with(prefix))
}

/// Port 0 stands for "no port".
fn has_port(port: u16, range: &RangeInclusive<u16>) -> bool {
    port != 0 && range.contains(&port)
}

#[cfg(test)]
mod tests;
