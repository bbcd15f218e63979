//! The list of dissectors: one line each; behind them the protocols of `labels`. Asked in this order; the first that is certain has the conversation.

use super::labels::{Company, LABELS, Label};
use super::{About, AnswerProgress, Carriage, DissectOutput, Dissector, Payload, Probe, Progress};
use crate::model::evidence::LONG_POLL;
use crate::model::{Answer, AppId, CloseReason, Direction, Manners, Proto, Tally, Transaction, TransactionEnd, TurnKind};
use std::borrow::Cow;

macro_rules! dissectors {
    ($($name:ident => $dissector:ty;)*) => {
        /// One of the dissectors.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub(super) enum Which { $($name),* }

        /// What a dissector keeps of a conversation.
        #[derive(Debug)]
        pub(super) enum DissectorState { $($name(<$dissector as Dissector>::State)),* }

        const ALL: &[Which] = &[$(Which::$name),*];

        impl Which {
            pub(super) const fn about(self) -> &'static About {
                match self { $(Which::$name => &<$dissector as Dissector>::ABOUT),* }
            }

            pub(super) fn keeps(self) -> bool {
                match self { $(Which::$name => <$dissector as Dissector>::KEEPS),* }
            }

            pub(super) const fn manners(self) -> Manners {
                match self { $(Which::$name => <$dissector as Dissector>::MANNERS),* }
            }

            pub(super) fn probe(self, payload: &Payload<'_>, transport: Carriage) -> Probe {
                match self { $(Which::$name => <$dissector as Dissector>::probe(payload, transport)),* }
            }

            pub(super) fn excludes(self, payload: &Payload<'_>) -> bool {
                match self { $(Which::$name => <$dissector as Dissector>::excludes(payload)),* }
            }

            pub(super) fn datagram(self, payload: &Payload<'_>, out: &mut DissectOutput<'_>) -> Progress {
                match self { $(Which::$name => <$dissector as Dissector>::datagram(payload, out)),* }
            }

            pub(super) fn state(self) -> DissectorState {
                match self { $(Which::$name => DissectorState::$name(Default::default())),* }
            }

            pub(super) fn kinds(self) -> &'static [&'static str] {
                match self { $(Which::$name => <$dissector as Dissector>::KINDS),* }
            }

            pub(super) fn kind(self, transaction: &Transaction) -> Option<usize> {
                match self { $(Which::$name => <$dissector as Dissector>::kind(transaction)),* }
            }

            pub(super) fn outcome(self, code: u32) -> Answer {
                match self { $(Which::$name => <$dissector as Dissector>::outcome(code)),* }
            }

            pub(super) fn code_text(self, code: u32) -> Cow<'static, str> {
                match self { $(Which::$name => <$dissector as Dissector>::code_text(code)),* }
            }

            pub(super) fn transaction(self, transaction: &Transaction, tally: &mut Tally) {
                match self { $(Which::$name => <$dissector as Dissector>::transaction(transaction, tally)),* }
            }
        }

        impl DissectorState {
            pub(super) fn stream(&mut self, payload: &Payload<'_>, out: &mut DissectOutput<'_>) -> Progress {
                match self { $(DissectorState::$name(state) => <$dissector as Dissector>::stream(state, payload, out)),* }
            }

            pub(super) fn gap(&mut self, way: Direction, bytes: u32, out: &mut DissectOutput<'_>) -> Progress {
                match self { $(DissectorState::$name(state) => <$dissector as Dissector>::gap(state, way, bytes, out)),* }
            }

            pub(super) fn end(&mut self, reason: Option<CloseReason>, tally: &mut Tally) {
                match self { $(DissectorState::$name(state) => <$dissector as Dissector>::end(state, reason, tally)),* }
            }

            pub(super) fn progress(&self) -> AnswerProgress {
                match self { $(DissectorState::$name(state) => <$dissector as Dissector>::progress(state)),* }
            }

            pub(super) fn held(&self) -> usize {
                match self { $(DissectorState::$name(state) => <$dissector as Dissector>::held(state)),* }
            }
        }
    };
}

dissectors! {
    Tls => super::tls::Tls;
    Http => super::http::Http;
    Smb2 => super::smb2::Smb2;
    Ldap => super::ldap::Ldap;
    Kerberos => super::kerberos::Kerberos;
    Mysql => super::mysql::Mysql;
    Pgsql => super::pgsql::Pgsql;
    Redis => super::redis::Redis;
    Sip => super::sip::Sip;
    Modbus => super::modbus::Modbus;
    Smtp => super::replies::Smtp;
    Ftp => super::replies::Ftp;
    Imap => super::replies::Imap;
    Pop => super::replies::Pop;
    Dhcp => super::dhcp::Dhcp;
    Dhcpv6 => super::dhcpv6::Dhcpv6;
    Snmp => super::snmp::Snmp;
    Ntp => super::ntp::Ntp;
    Radius => super::radius::Radius;
    Nbns => super::nbns::Nbns;
    Mdns => super::dns::Mdns;
    Llmnr => super::dns::Llmnr;
    Dns => super::dns::Dns;
    Quic => super::quic::Quic;
    Rtp => super::rtp::Rtp;
}

impl Which {
    pub(super) fn all() -> impl Iterator<Item = Which> {
        ALL.iter().copied()
    }

    /// The dissector that reads a protocol: of TLS within another one that of TLS.
    pub(super) fn of(app: AppId) -> Option<Which> {
        ALL.get(app.place()?).copied().or_else(|| within(app).map(|_| Which::Tls))
    }

    pub(super) const fn app(self) -> AppId {
        AppId::at(self as usize)
    }
}

/// Protocols that turn into TLS where they are told to (STARTTLS and its kin), and what their conversations are called then.
const WITHIN: &[(&str, About)] = &[
    ("ftp", secured("ftp+tls", "File Transfer, secured within")),
    ("imap", secured("imap+tls", "Internet Message Access, secured within")),
    ("ldap", secured("ldap+tls", "Lightweight Directory Access, secured within")),
    ("mysql", secured("mysql+tls", "MySQL, secured within")),
    ("pgsql", secured("pgsql+tls", "PostgreSQL, secured within")),
    ("pop", secured("pop+tls", "Post Office, secured within")),
    ("rdp", secured("rdp+tls", "Remote Desktop, secured within")),
    ("smtp", secured("smtp+tls", "Mail transfer, secured within")),
    ("xmpp", secured("xmpp+tls", "Extensible Messaging and Presence, secured within")),
];

const fn secured(token: &'static str, title: &'static str) -> About {
    About { token, title, udp: None, tcp: Some(&[]), counters: &[] }
}

/// What TLS within another protocol is called.
fn within(app: AppId) -> Option<&'static About> {
    WITHIN.get(app.place()?.checked_sub(ALL.len() + LABELS.len())?).map(|(_, about)| about)
}

/// Whether this is TLS that another protocol turned into.
pub fn is_tls_within(app: AppId) -> bool {
    within(app).is_some()
}

/// What a conversation of protocol `before` is when `found` is spoken in it from now on.
pub(super) fn became(before: AppId, found: AppId) -> AppId {
    let at = token(before).filter(|_| found == Which::Tls.app()).and_then(|token| WITHIN.iter().position(|(outer, _)| *outer == token));
    at.map_or(found, |at| AppId::at(ALL.len() + LABELS.len() + at))
}

/// The place of a protocol's counters: what TLS says within another protocol counts for TLS.
pub(super) fn counted(app: AppId) -> Option<usize> {
    within(app).map_or(app, |_| Which::Tls.app()).place()
}

/// What is known of the protocol of a conversation; `None` for one that was not recognised.
pub fn about(app: AppId) -> Option<&'static About> {
    within(app).or_else(|| Which::of(app).map(Which::about)).or_else(|| label(app).map(|label| &label.about))
}

/// The protocol that is recognised and read no further.
fn label(app: AppId) -> Option<&'static Label> {
    LABELS.get(app.place()?.checked_sub(ALL.len())?)
}

/// Whether nobody reads a protocol, and what it turns into is not looked for.
pub(super) fn is_final(app: AppId) -> bool {
    label(app).is_some_and(|label| label.company == Company::Alone)
}

/// Whether voice and pictures may come beside a protocol at any time.
pub(super) fn is_beside_media(app: AppId) -> bool {
    label(app).is_some_and(|label| label.company == Company::BesideMedia)
}

/// Whether requests and answers of a conversation are told by whose turn it is: where nobody reads them. Of TLS the dissector reads the handshake
/// alone; of what is read a request that the capture `cut`.
pub fn told_by_turns(app: AppId, cut: bool) -> Option<TurnKind> {
    if app == AppId::NONE {
        return Some(TurnKind::Unknown);
    }
    match Which::of(app) {
        Some(Which::Tls) => Some(TurnKind::Encrypted),
        Some(Which::Http | Which::Mysql | Which::Pgsql | Which::Redis | Which::Modbus) if cut => Some(TurnKind::Unread),
        Some(_) => None,
        None => label(app).filter(|label| label.in_turn).map(|_| TurnKind::Unread),
    }
}

/// Every protocol, those first that are read.
pub(super) fn every() -> impl Iterator<Item = (AppId, &'static About)> {
    let labels = LABELS.iter().zip(ALL.len()..).map(|(label, place)| (AppId::at(place), &label.about));
    Which::all().map(|which| (which.app(), which.about())).chain(labels)
}

/// Whether a payload is of a protocol.
pub(super) fn probe(app: AppId, payload: &Payload<'_>, transport: Carriage) -> Probe {
    let by_label = || label(app).map(|label| (label.probe)(payload, transport));
    Which::of(app).map(|which| which.probe(payload, transport)).or_else(by_label).unwrap_or(Probe::No)
}

/// Whether a datagram cannot be of what its ports stand for.
pub(super) fn denies_ports(payload: &Payload<'_>) -> bool {
    let is_there = |about: &About| about.udp.is_some_and(|known| payload.ports().iter().any(|port| known.contains(port)));
    Which::all().any(|which| is_there(which.about()) && which.excludes(payload))
}

/// Whether requests of an application are read, and what became of them is counted.
pub fn reads_requests(app: AppId) -> bool {
    about(app).is_some_and(|about| about.counters.iter().any(|counter| counter.token == "answered"))
}

/// Protocols that are read whose port this usually is.
pub fn usual(port: u16, over: Proto) -> impl Iterator<Item = AppId> {
    let has_port = move |about: &About| {
        match over {
            Proto::Tcp => about.tcp,
            Proto::Udp => about.udp,
            _ => None,
        }
        .is_some_and(|ports| ports.contains(&port))
    };
    Which::all().filter(move |which| has_port(which.about())).map(Which::app)
}

/// The protocol whose requests one carries that nobody reads: of those nothing is judged.
pub fn carries_unread(app: AppId) -> Option<&'static str> {
    label(app)?.carries
}

/// The ports of a protocol whose connections are meant to stand for months, so that their end is of interest wherever they began; none of any
/// other.
pub fn standing_ports(app: AppId) -> &'static [u16] {
    label(app).filter(|label| label.stands).and_then(|label| label.about.tcp).unwrap_or_default()
}

/// The usual token of a protocol, as in Wireshark's filter names (`dns`, `tls` …); `None` for one that was not recognised.
pub fn token(app: AppId) -> Option<&'static str> {
    about(app).map(|about| about.token)
}

/// How services of a protocol answer, whatever they are asked.
pub fn manners(app: AppId) -> Manners {
    Which::of(app).map_or(Manners::USUAL, Which::manners)
}

/// Kinds of requests of a protocol by which users want something.
pub fn kinds(app: AppId) -> &'static [&'static str] {
    Which::of(app).map_or(&[], Which::kinds)
}

/// Which of these a request is of.
pub fn kind(transaction: &Transaction) -> Option<usize> {
    Which::of(transaction.app)?.kind(transaction)
}

/// What became of a request means to the one who asked; that nobody answered is told beside it, and is no answer.
pub fn answer(transaction: &Transaction) -> Answer {
    let manners = manners(transaction.app);
    let TransactionEnd::Answered(code) = transaction.end else {
        return if manners.asks_groups { Answer::Uncounted } else { Answer::Normal };
    };
    match outcome(transaction.app, code) {
        _ if manners.asks_groups => Answer::Uncounted,
        // What its handshakes come to is told of TLS, wherever it begins.
        Answer::Denied | Answer::Rejected | Answer::Error if is_tls_within(transaction.app) => Answer::Uncounted,
        Answer::Normal | Answer::Expected
            if manners.holds
                && (transaction.question != 0 || manners.empty.contains(&code))
                && transaction.latency().is_some_and(|nanos| nanos >= LONG_POLL.in_nanos()) =>
        {
            Answer::Held
        }
        said => said,
    }
}

/// What the code of an answer of a protocol says to the one who asked.
pub fn outcome(app: AppId, code: u32) -> Answer {
    Which::of(app).map_or(Answer::Normal, |which| which.outcome(code))
}

/// The usual words for the code of an answer of a protocol: `SERVFAIL`, `503`.
pub fn code_text(app: AppId, code: u32) -> Cow<'static, str> {
    Which::of(app).map_or_else(|| code.to_string().into(), |which| which.code_text(code))
}

/// Zeek's word for a DNS record type (its `base/protocols/dns/consts.zeek`): the usual name, as `AAAA`, but for two.
pub fn dns_type_name(kind: u16) -> Cow<'static, str> {
    match super::dns::wire::kind_name(kind) {
        "" => format!("query-{kind}").into(),
        "ANY" => "*".into(),
        "OPT" => "EDNS".into(),
        name => name.into(),
    }
}

/// The method of an HTTP request, by the code that tells it.
pub fn http_method_name(method: u8) -> Cow<'static, str> {
    super::http::method_name(method)
}

/// The protocol of a token.
pub fn app(token: &str) -> Option<AppId> {
    let secured = WITHIN.iter().zip(ALL.len() + LABELS.len()..).map(|((_, about), place)| (AppId::at(place), about));
    every().chain(secured).find(|(_, about)| about.token == token).map(|(app, _)| app)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::time::SECOND;
    use crate::model::{FlowKey, Timestamp};
    use std::collections::BTreeSet;

    #[test]
    fn codes_have_a_meaning_and_words() {
        let dns = app("dns").unwrap_or_default();
        let told = |code| (outcome(dns, code), code_text(dns, code).into_owned());
        assert_eq!(told(0), (Answer::Normal, "NOERROR".to_owned()));
        assert_eq!(told(2), (Answer::Error, "SERVFAIL".to_owned()));
        assert_eq!(told(3), (Answer::NoSuchName, "NXDOMAIN".to_owned()));
        assert_eq!((outcome(AppId::NONE, 3), code_text(AppId::NONE, 3)), (Answer::Normal, "3".into()));
    }

    #[test]
    fn answers_mean_what_the_protocol_says_and_how_long_they_took() {
        let answer_to = |question, token: &str, code, seconds: i64| {
            let (app, answered) = (app(token).unwrap_or_default(), Some(Timestamp(seconds * SECOND)));
            let asked = Transaction::between(FlowKey::v4(6, 1, 2, 40_000, 80), Timestamp(0), TransactionEnd::Answered(code));
            answer(&Transaction { app, answered, question, ..asked })
        };
        let answered = |token: &str, code, seconds| answer_to(7, token, code, seconds);
        assert_eq!(answer_to(0, "http", 200, 30), Answer::Normal, "what is sent is not held back");
        let polls = [(204, 19), (204, 20), (304, 20), (201, 30)].map(|(code, seconds)| answer_to(0, "http", code, seconds));
        assert_eq!(polls, [Answer::Normal, Answer::Held, Answer::Held, Answer::Normal], "but for what ends without anything to tell");
        assert_eq!((answered("http", 200, 19), answered("http", 200, 20)), (Answer::Normal, Answer::Held));
        assert_eq!(
            (answered("http", 404, 20), answered("http", 403, 30), answered("http", 503, 30)),
            (Answer::Held, Answer::Rejected, Answer::Error)
        );
        assert_eq!(
            (answered("dns", 3, 0), answered("dns", 5, 0), answered("dns", 0, 30)),
            (Answer::NoSuchName, Answer::Error, Answer::Normal)
        );
        assert_eq!((answered("mdns", 3, 0), answered("llmnr", 2, 0)), (Answer::Uncounted, Answer::Uncounted));
        assert_eq!(
            (answered("tls", 0, 0), answered("smtp+tls", 0, 0), answered("tls", 40, 0)),
            (Answer::Begun, Answer::Begun, Answer::Error)
        );
        let prompt = |token| manners(app(token).unwrap_or_default()).is_prompt;
        assert_eq!(["http2", "tds", "http"].map(|token| carries_unread(app(token).unwrap_or_default())), [Some("http"), None, None]);
        assert_eq!(["bgp", "ssh", "http"].map(|token| standing_ports(app(token).unwrap_or_default())), [&[179][..], &[], &[]]);
        assert_eq!(["http", "smtp+tls", "dns", "resp", "ssh"].map(prompt), [true, true, false, true, false]);
    }

    #[test]
    fn record_types_are_called_as_zeek_calls_them() {
        assert_eq!(
            [1, 41, 50, 52, 99, 255, 251, 65_280].map(dns_type_name),
            ["A", "EDNS", "NSEC3", "TLSA", "SPF", "*", "IXFR", "query-65280"]
        );
    }

    #[test]
    fn tokens_and_counters_are_distinct_and_have_words() {
        let mut tokens = BTreeSet::new();
        for (id, about) in every() {
            assert!(tokens.insert(about.token), "{} twice", about.token);
            assert!(!about.title.is_empty() && (about.udp.is_some() || about.tcp.is_some()), "{}", about.token);
            let counters: BTreeSet<_> = about.counters.iter().map(|c| c.token).collect();
            assert_eq!(counters.len(), about.counters.len(), "{}: a counter twice", about.token);
            assert!(about.counters.iter().all(|c| !c.title.is_empty()), "{}: a counter without title", about.token);
            assert_eq!((app(about.token), token(id)), (Some(id), Some(about.token)));
        }
        assert_eq!((token(AppId::NONE), app("no such protocol")), (None, None));
    }
}
