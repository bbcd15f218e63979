//! From words to an expression.

use super::{Comparison, Expression, Number, Operand, Term};
use crate::model::Proto;
use crate::model::near::near;
use crate::model::text::printable;
use crate::snapshot::TcpState;
use crate::snapshot::table::{FieldKind, Head};
use crate::snapshot::tables::TABLES;
use ipnet::IpNet;
use std::net::IpAddr;
use std::ops::RangeInclusive;

/// Parentheses and negations in one another: more are a slip, and recursion must end somewhere.
const DEPTH: usize = 32;

/// Highest VLAN identifier (12 bits).
const LAST_VLAN: u16 = 4095;

/// Every state, for looking up a token and for the error that lists them.
const STATES: [TcpState; 7] = [
    TcpState::SynSent,
    TcpState::SynReceived,
    TcpState::Established,
    TcpState::Midstream,
    TcpState::Closing,
    TcpState::Closed,
    TcpState::Reset,
];

/// A piece of what was typed.
#[derive(Debug, Clone, PartialEq)]
enum Token {
    /// Lower case.
    Word(String),
    Quoted(String),
    Compare(Comparison),
    Open,
    Close,
    Not,
    And,
    Or,
}

impl Token {
    /// As people would call it in an error.
    fn name(&self) -> String {
        match self {
            Token::Word(word) => format!("`{}`", printable(word)),
            Token::Quoted(text) => format!("`\"{}\"`", printable(text)),
            Token::Compare(_) => "a comparison".into(),
            Token::Open => "`(`".into(),
            Token::Close => "`)`".into(),
            Token::Not => "`not`".into(),
            Token::And => "`and`".into(),
            Token::Or => "`or`".into(),
        }
    }
}

/// Parses a filter that is not empty.
///
/// # Errors
/// A sentence naming the word.
pub(super) fn parse(text: &str) -> Result<Expression, String> {
    let mut parser = Parser { tokens: tokens(text)?, at: 0 };
    let expression = parser.any(0)?;
    match parser.peek() {
        None => Ok(expression),
        Some(token) => Err(format!("{} is not expected here", token.name())),
    }
}

/// Splits at spaces, parentheses, comparisons and a leading `!`.
fn tokens(text: &str) -> Result<Vec<Token>, String> {
    let mut out = Vec::new();
    let mut rest = text.trim_start();
    while let Some(first) = rest.chars().next() {
        let symbol = SYMBOLS.iter().find(|(symbol, _)| rest.starts_with(symbol));
        if let Some((symbol, token)) = symbol {
            out.push(token.clone());
            rest = rest.get(symbol.len()..).unwrap_or("");
        } else if first == '"' {
            let inside = rest.get(1..).unwrap_or("");
            let (quoted, after) = inside.split_once('"').ok_or("a quotation mark is not closed")?;
            out.push(Token::Quoted(quoted.to_lowercase()));
            rest = after;
        } else {
            let end = rest.find(|c: char| c.is_whitespace() || "()<>=\"".contains(c)).unwrap_or(rest.len());
            let (word, after) = rest.split_at(end);
            // `!=` belongs to what follows the word.
            let (word, after) = match word.strip_suffix('!') {
                Some(shorter) if after.starts_with('=') => (shorter, rest.get(end - 1..).unwrap_or("")),
                _ => (word, after),
            };
            out.push(match word.to_lowercase() {
                word if word == "and" => Token::And,
                word if word == "or" => Token::Or,
                word if word == "not" => Token::Not,
                word => Token::Word(word),
            });
            rest = after;
        }
        rest = rest.trim_start();
    }
    Ok(out)
}

/// Symbols, longer ones first.
const SYMBOLS: [(&str, Token); 12] = [
    ("&&", Token::And),
    ("||", Token::Or),
    (">=", Token::Compare(Comparison::AtLeast)),
    ("<=", Token::Compare(Comparison::AtMost)),
    ("!=", Token::Compare(Comparison::Unequal)),
    ("==", Token::Compare(Comparison::Equal)),
    (">", Token::Compare(Comparison::More)),
    ("<", Token::Compare(Comparison::Less)),
    ("=", Token::Compare(Comparison::Equal)),
    ("!", Token::Not),
    ("(", Token::Open),
    (")", Token::Close),
];

struct Parser {
    tokens: Vec<Token>,
    at: usize,
}

impl Parser {
    fn peek(&self) -> Option<&Token> {
        self.tokens.get(self.at)
    }

    /// The next word, if the next token is one.
    fn peek_word(&self) -> Option<&str> {
        match self.peek() {
            Some(Token::Word(word)) => Some(word),
            _ => None,
        }
    }

    fn next(&mut self) -> Option<Token> {
        let token = self.tokens.get(self.at).cloned();
        self.at += 1;
        token
    }

    fn any(&mut self, depth: usize) -> Result<Expression, String> {
        let mut parts = vec![self.all(depth)?];
        while self.peek() == Some(&Token::Or) {
            self.at += 1;
            parts.push(self.all(depth)?);
        }
        Ok(joined(parts, Expression::Any))
    }

    fn all(&mut self, depth: usize) -> Result<Expression, String> {
        let mut parts = vec![self.one(depth)?];
        loop {
            match self.peek() {
                None | Some(Token::Or | Token::Close) => return Ok(joined(parts, Expression::All)),
                Some(Token::And) => self.at += 1,
                Some(_) => {}
            }
            parts.push(self.one(depth)?);
        }
    }

    fn one(&mut self, depth: usize) -> Result<Expression, String> {
        if depth > DEPTH {
            return Err(format!("more than {DEPTH} parentheses or negations inside one another"));
        }
        let before = self.at.checked_sub(1).and_then(|at| self.tokens.get(at)).map(Token::name);
        match self.next() {
            Some(Token::Not) => Ok(Expression::Not(Box::new(self.one(depth + 1)?))),
            Some(Token::Open) => {
                let inner = self.any(depth + 1)?;
                match self.next() {
                    Some(Token::Close) => Ok(inner),
                    _ => Err("a parenthesis is not closed".into()),
                }
            }
            Some(Token::Quoted(text)) => Ok(Expression::Term(Term::Text(text))),
            Some(Token::Word(word)) => self.asked(word),
            Some(token) => Err(format!("{} is not expected here", token.name())),
            None => Err(format!("nothing follows {}", before.unwrap_or_default())),
        }
    }

    /// What a word begins. `port = 443` is `port 443`, `port != 443` is `not port 443`, and `port > 1023` is `port 1024-65535`.
    fn asked(&mut self, word: String) -> Result<Expression, String> {
        let comparison = match self.peek() {
            Some(Token::Compare(comparison)) if TAKING.contains(&word.as_str()) => *comparison,
            _ => return self.term(word, false).map(Expression::Term),
        };
        self.at += 1;
        match comparison {
            Comparison::Equal => self.term(word, true).map(Expression::Term),
            Comparison::Unequal => self.term(word, true).map(|term| Expression::Not(Box::new(Expression::Term(term)))),
            _ if word == "port" => {
                let beyond = |w: &str| w.parse().ok().and_then(|port| beyond(comparison, port)).map(Term::Port);
                self.argument(&word, "a number such as 1024", beyond).map(Expression::Term)
            }
            _ => Err(format!("`{word}` is neither more nor less than another: ask `{word} = …`")),
        }
    }

    /// `is_compared`: a value must stand behind the word.
    fn term(&mut self, word: String, is_compared: bool) -> Result<Term, String> {
        match word.as_str() {
            "ip" | "ipv6" => match self.peek_word().and_then(network) {
                Some(network) => Ok(self.taken(Term::Network(network))),
                None if is_compared => self.argument(&word, NETWORK, |w| network(w).map(Term::Network)),
                None => Ok(protocol_or_text(word)),
            },
            "host" | "net" => self.argument(&word, NETWORK, |w| network(w).map(Term::Network)),
            "mac" => self.argument(&word, "an address or its beginning such as 00:1b:21", |w| mac(w).map(Term::Mac)),
            "port" => self.argument(&word, "a number or a range such as 443 or 6000-6010", |w| ports(w).map(Term::Port)),
            "state" => {
                let names = STATES.map(TcpState::token).join(", ");
                self.argument(&word, &format!("one of {names}"), |w| state(w).map(Term::State))
            }
            "vlan" => match self.peek_word() {
                Some(number) if is_compared || number.starts_with(|c: char| c.is_ascii_digit()) => {
                    self.argument(&word, "a number from 0 to 4095", |w| {
                        w.parse().ok().filter(|&id| id <= LAST_VLAN).map(|id| Term::Vlan(Some(id)))
                    })
                }
                _ => Ok(Term::Vlan(None)),
            },
            "bytes" => self.comparison(&word).map(|(comparison, number)| Term::Field("wire_bytes".into(), comparison, number)),
            "packets" | "rate" => self.comparison(&word).map(|(comparison, number)| Term::Field(word, comparison, number)),
            _ if matches!(self.peek(), Some(Token::Compare(_))) => match columns(&word) {
                heads if heads.is_empty() => Err(elsewhere(&word).unwrap_or_else(|| no_column(&word))),
                heads => self.field(word, &heads),
            },
            "src" | "dst" => Err(format!("`{word}` cannot be asked of a conversation, which goes both ways; use `ip` or `port`")),
            _ => match word.split_once('/') {
                Some((address, _)) if address.parse::<IpAddr>().is_ok() => match network(&word) {
                    Some(network) => Ok(Term::Network(network)),
                    None => Err(format!("`{word}` is no network: its length is 0 to {}", if address.contains(':') { 128 } else { 32 })),
                },
                _ => Ok(protocol_or_text(word)),
            },
        }
    }

    fn taken(&mut self, term: Term) -> Term {
        self.at += 1;
        term
    }

    fn argument(&mut self, word: &str, what: &str, read: impl Fn(&str) -> Option<Term>) -> Result<Term, String> {
        match self.next() {
            Some(Token::Word(value)) => read(&value).ok_or_else(|| format!("`{word}` needs {what}, not {}", Token::Word(value).name())),
            Some(other) => Err(format!("`{word}` needs {what}, not {}", other.name())),
            None => Err(format!("`{word}` needs {what}")),
        }
    }

    fn comparison(&mut self, word: &str) -> Result<(Comparison, Operand), String> {
        let example = format!("`{word}` needs a comparison such as `{word} > 1M`");
        let Some(Token::Compare(comparison)) = self.next() else { return Err(example) };
        match self.next() {
            Some(Token::Word(text)) => match number(&text) {
                Some(number) => Ok((comparison, Operand { number: Some(number), text })),
                None => Err(format!("{} is not a number such as 1500, 64k or 1.5M", Token::Word(text).name())),
            },
            _ => Err(example),
        }
    }

    /// The comparison behind the name of a column that tables have, with a number or a word.
    fn field(&mut self, name: String, heads: &[Head]) -> Result<Term, String> {
        let comparison = self.next();
        match (comparison, self.next()) {
            (Some(Token::Compare(comparison)), Some(Token::Word(text) | Token::Quoted(text))) => {
                let operand = Operand { number: number(&text), text: as_said(text) };
                // A name that several tables have holds where it does in one of them.
                let mut wrong = None;
                for head in heads {
                    match comparable(&name, head.kind, comparison, &operand) {
                        Ok(()) if can_be(head, &operand.text) => return Ok(Term::Field(name, comparison, operand)),
                        Ok(()) => wrong = Some(one_of(&name, heads, Some(&operand.text))),
                        Err(why) => wrong = wrong.or(Some(why)),
                    }
                }
                Err(wrong.unwrap_or_default())
            }
            _ if heads.iter().all(|head| !head.words.is_empty()) => Err(one_of(&name, heads, None)),
            _ => Err(format!("`{name}` is compared with a number or a word, such as `{name} = 5`")),
        }
    }
}

/// What an address is asked by.
const NETWORK: &str = "an address or a network such as 10.0.0.0/8";

/// Words behind which a value stands.
const TAKING: [&str; 8] = ["ip", "ipv6", "host", "net", "mac", "port", "vlan", "state"];

/// The columns of all tables that are called so.
fn columns(word: &str) -> Vec<Head> {
    TABLES.iter().flat_map(|table| table.heads()).filter(|head| head.is_called(word)).collect()
}

/// Whether a column of a kind can be compared so.
fn comparable(name: &str, kind: FieldKind, comparison: Comparison, operand: &Operand) -> Result<(), String> {
    let is_number = kind.is_amount() || kind == FieldKind::Trips;
    let is_equality = matches!(comparison, Comparison::Equal | Comparison::Unequal);
    match kind {
        FieldKind::Time | FieldKind::Moment => Err(format!("`{name}` is a time: look at a span of it with [ and ] instead")),
        _ if is_number && operand.number.is_none() && !is_equality => {
            Err(format!("{} is not a number such as {}", Token::Word(operand.text.clone()).name(), numbers(kind)))
        }
        _ if !is_number && !is_equality => {
            Err(format!("`{name}` holds words, and is neither more nor less than one: ask `{name} = {}`", printable(&operand.text)))
        }
        _ => Ok(()),
    }
}

/// Whether a column can have a value, in lower case.
fn can_be(head: &Head, text: &str) -> bool {
    let is_flag = head.kind == FieldKind::Flag && matches!(text, "true" | "false");
    head.words.is_empty() || head.words.contains(&text) || is_flag
}

/// Which values columns of a name have, where another one was asked for, or none.
fn one_of(name: &str, heads: &[Head], asked: Option<&str>) -> String {
    let mut words: Vec<&str> = Vec::new();
    for word in heads.iter().flat_map(|head| head.words) {
        if !words.contains(word) {
            words.push(word);
        }
    }
    let not = asked.map(|text| format!(", not `{}`", printable(text))).unwrap_or_default();
    format!("`{name}` is one of {}{not}", words.join(", "))
}

/// Examples of numbers of a kind.
fn numbers(kind: FieldKind) -> &'static str {
    match kind {
        _ if kind.is_part() => "5 or 0.5 (per cent)",
        FieldKind::Span | FieldKind::Trips => "5 (seconds), 20ms or 2min",
        _ => "1500, 64k or 1.5M",
    }
}

/// Fields of Wireshark's display filters, and how they are asked for here.
const WIRESHARK: [(&str, &str); 8] = [
    ("ip.addr", "host 10.0.0.1"),
    ("ipv6.addr", "host 2001:db8::1"),
    ("eth.addr", "mac 00:1b:21"),
    ("tcp.port", "tcp port 443"),
    ("udp.port", "udp port 53"),
    ("vlan.id", "vlan 10"),
    ("tcp.analysis.retransmission", "retrans > 0"),
    ("frame.len", "bytes > 1M"),
];

/// How a field of Wireshark is asked for here.
fn elsewhere(word: &str) -> Option<String> {
    let (_, here) = WIRESHARK.iter().find(|(field, _)| *field == word)?;
    Some(format!("`{}` is a field of Wireshark's filters: here it is asked for as in `{here}`", printable(word)))
}

/// That there is no such column, and which one may have been meant; where nothing is near it, which there are.
fn no_column(word: &str) -> String {
    let meant: Vec<String> = TABLES.iter().flat_map(|table| table.heads()).flat_map(|head| [head.name(), head.token.to_owned()]).collect();
    if let Some(meant) = near(word, meant.iter().map(String::as_str)) {
        return format!("no column is called `{}`; did you mean `{meant}`?", printable(word));
    }
    format!("no column is called `{}`: columns are asked for by the words above them, such as {}", printable(word), COLUMNS.join(", "))
}

/// Columns that people ask for: all of them would hide the list that is filtered.
const COLUMNS: [&str; 12] =
    ["bytes", "packets", "rate", "share", "app", "state", "retrans", "rtt_server", "server_name", "clients", "median", "severity"];

/// Several parts joined, or the only one.
fn joined(mut parts: Vec<Expression>, join: fn(Vec<Expression>) -> Expression) -> Expression {
    match (parts.len(), parts.pop()) {
        (1, Some(only)) => only,
        (_, last) => {
            parts.extend(last);
            join(parts)
        }
    }
}

/// Without the mark of a guess, which is no part of what is guessed.
fn as_said(word: String) -> String {
    match word.strip_suffix('?') {
        Some(said) if !said.is_empty() => said.to_owned(),
        _ => word,
    }
}

fn protocol_or_text(word: String) -> Term {
    let word = as_said(word);
    match Proto::ALL.iter().find(|proto| proto.token() == word) {
        Some(proto) => Term::Protocol(*proto),
        None => Term::Text(word),
    }
}

/// A network, or an address as a network of one.
fn network(word: &str) -> Option<IpNet> {
    word.parse().ok().or_else(|| word.parse::<IpAddr>().ok().map(IpNet::from))
}

/// One to six octets joined by `:` or `-`; a trailing separator is allowed.
fn mac(word: &str) -> Option<Vec<u8>> {
    let word = word.strip_suffix([':', '-']).unwrap_or(word);
    let octets: Option<Vec<u8>> =
        word.split([':', '-']).map(|part| (part.len() <= 2).then(|| u8::from_str_radix(part, 16).ok()).flatten()).collect();
    octets.filter(|octets| octets.len() <= 6)
}

fn ports(word: &str) -> Option<RangeInclusive<u16>> {
    let (first, last) = word.split_once('-').unwrap_or((word, word));
    let range = first.parse().ok()?..=last.parse().ok()?;
    (!range.is_empty()).then_some(range)
}

/// The ports that are more or less than one.
fn beyond(comparison: Comparison, port: u16) -> Option<RangeInclusive<u16>> {
    match comparison {
        Comparison::More => Some(port.checked_add(1)?..=u16::MAX),
        Comparison::AtLeast => Some(port..=u16::MAX),
        Comparison::Less => Some(0..=port.checked_sub(1)?),
        Comparison::AtMost => Some(0..=port),
        Comparison::Equal | Comparison::Unequal => None,
    }
}

fn state(word: &str) -> Option<TcpState> {
    let word = word.replace('-', "_");
    STATES.into_iter().find(|state| state.token() == word)
}

/// Units of time in seconds, and of shares; longer ones first.
const UNITS: [(&str, f64); 7] = [("ms", 1e-3), ("us", 1e-6), ("µs", 1e-6), ("ns", 1e-9), ("min", 60.0), ("s", 1.0), ("%", 0.01)];

/// A number with or without unit: `1500`, `64k`, `1.5M`, `2GiB` (lower case here), `20ms`, `3%`; as a whole number rounded down.
fn number(word: &str) -> Option<Number> {
    if let Some((digits, unit)) = UNITS.iter().find_map(|(unit, size)| Some((word.strip_suffix(unit)?, size))) {
        let real = digits.parse::<f64>().ok().filter(|n| n.is_finite() && *n >= 0.0)? * unit;
        return Some(Number { whole: real as u64, real, is_bare: false });
    }
    let is_bare = word.ends_with(|c: char| c.is_ascii_digit() || c == '.');
    let word = word.strip_suffix('b').unwrap_or(word);
    let (word, base) = match word.strip_suffix('i') {
        Some(shorter) => (shorter, 1024u64),
        None => (word, 1000),
    };
    let power = word.chars().last().and_then(|unit| "kmgt".find(unit)).map_or(0, |index| index as u32 + 1);
    if power == 0 && base == 1024 {
        return None;
    }
    let digits = if power == 0 { word } else { word.get(..word.len() - 1)? };
    let scale = base.pow(power);
    match digits.parse::<u64>() {
        Ok(whole) => Some(Number { whole: whole.saturating_mul(scale), real: whole as f64 * scale as f64, is_bare }),
        Err(_) => {
            let real = digits.parse::<f64>().ok().filter(|n| n.is_finite() && *n >= 0.0)? * scale as f64;
            Some(Number { whole: real as u64, real, is_bare })
        }
    }
}
