//! Kinds of trouble, and something of each kind that there was: of most services and clients there was none, and thousands of them are remembered.

use crate::model::units::plural;
use crate::model::{Address, Episode, Value};

/// What may go wrong for the client of a service.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Trouble {
    /// An attempt to connect was not answered.
    NoAnswer,
    /// An attempt to connect was answered by RST.
    Refused,
    /// A SYN-ACK was not acknowledged.
    HalfOpen,
    /// A connection was cut by RST while data was outstanding, or its client waited for an answer.
    Cut,
    /// A request was answered by an error.
    Error,
    /// A request was not answered.
    Unanswered,
    /// A request was answered more than [`super::SLOW_REPLY`] and the round trip to the server later.
    Slow,
    /// A request was answered more than [`super::VERY_SLOW_REPLY`] later.
    VerySlow,
    /// An ICMP error said that the service cannot be reached.
    Unreachable,
    /// A connection lost a segment for the first time.
    Lossy,
    /// Credentials were refused.
    Denied,
    /// A request was answered more than [`super::USUAL_TIMES`] times as late as usual, and later than what is never slow.
    SlowerThanUsual,
    /// A web server refused a request: the client's fault, it says (400 to 499).
    Rejected,
    /// There is no such name.
    NoSuchName,
    /// A connection was cut by RST when it was idle, not by its client.
    IdleCut,
    /// A request over TCP has waited for its answer for longer than users do, and still waits.
    Waiting,
    /// A TLS handshake ended by an alert, by the end of its connection, or was not answered.
    TlsFailed,
    /// A connection of which the service says nothing any more, though what is sent to it is sent again and again and its host answers others.
    Hung,
    /// A SYN-ACK was not acknowledged by a client that repeated its SYN.
    Untaken,
    /// A SYN was answered more than [`super::LATE_ANSWER`] after it was sent first, having been repeated; the connection came about.
    Late,
    /// A SYN was answered by RST, and by a SYN-ACK when it was repeated; the connection came about.
    RefusedFirst,
}

impl Trouble {
    /// How many there are.
    pub const COUNT: usize = 21;

    /// All of them, each at the place of its number.
    pub const ALL: [Trouble; Self::COUNT] = [
        Trouble::NoAnswer,
        Trouble::Refused,
        Trouble::HalfOpen,
        Trouble::Cut,
        Trouble::Error,
        Trouble::Unanswered,
        Trouble::Slow,
        Trouble::VerySlow,
        Trouble::Unreachable,
        Trouble::Lossy,
        Trouble::Denied,
        Trouble::SlowerThanUsual,
        Trouble::Rejected,
        Trouble::NoSuchName,
        Trouble::IdleCut,
        Trouble::Waiting,
        Trouble::TlsFailed,
        Trouble::Hung,
        Trouble::Untaken,
        Trouble::Late,
        Trouble::RefusedFirst,
    ];
}

/// How often something went wrong.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Troubled {
    /// How often.
    pub count: u64,
    /// For how many clients.
    pub clients: u64,
    /// For others besides, which were not told apart.
    pub is_more: bool,
    /// The first few of them, those first for whom most did.
    pub named: [Option<Address>; NAMED],
    /// When first and when last.
    pub span: Option<Episode>,
}

/// Clients that are named of those for whom something went wrong.
pub const NAMED: usize = 3;

impl Troubled {
    /// For how many clients, in words.
    pub fn who(&self) -> String {
        let who = plural(self.clients, "client");
        if self.is_more { format!("at least {who}") } else { who }
    }

    /// The same as evidence.
    pub fn told(&self) -> Value {
        if self.is_more { Value::AtLeast(self.clients) } else { Value::Count(self.clients) }
    }
}

/// One of each kind of trouble, where there is one.
#[derive(Debug, Clone, PartialEq)]
pub struct ByTrouble<T>(Vec<(Trouble, T)>);

/// What went wrong in a stretch of time.
pub type Troubles = ByTrouble<Troubled>;

impl<T> Default for ByTrouble<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T> ByTrouble<T> {
    /// Bytes at most, without its own.
    #[cfg(test)]
    pub const BYTES: usize = Trouble::COUNT * size_of::<(Trouble, T)>();

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The one of a kind.
    pub fn get(&self, trouble: Trouble) -> Option<&T> {
        self.0.iter().find(|known| known.0 == trouble).map(|known| &known.1)
    }

    /// The one of a kind, to be changed; where there is none it is `fresh`.
    pub fn get_or_insert(&mut self, trouble: Trouble, fresh: impl FnOnce() -> T) -> &mut T {
        let at = self.0.iter().position(|known| known.0 >= trouble).unwrap_or(self.0.len());
        if self.0.get(at).is_none_or(|known| known.0 != trouble) {
            // Seldom another comes.
            self.0.reserve_exact(1);
            self.0.insert(at, (trouble, fresh()));
        }
        &mut self.0[at].1
    }

    /// All of them, in the order of their kinds.
    pub fn iter(&self) -> impl Iterator<Item = (Trouble, &T)> {
        self.0.iter().map(|(trouble, of)| (*trouble, of))
    }
}

impl Troubles {
    /// How often something went wrong, and for whom.
    pub fn of(&self, trouble: Trouble) -> Troubled {
        self.get(trouble).copied().unwrap_or_default()
    }

    /// The same, to be changed.
    pub fn of_mut(&mut self, trouble: Trouble) -> &mut Troubled {
        self.get_or_insert(trouble, Troubled::default)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_has_its_own_count_in_whatever_order_they_come() {
        let counted = |order: &[Trouble]| {
            let mut troubles = Troubles::default();
            order.iter().for_each(|trouble| troubles.of_mut(*trouble).count += 1 + *trouble as u64);
            troubles
        };
        let all = counted(&Trouble::ALL);
        assert!(Trouble::ALL.iter().all(|trouble| all.of(*trouble).count == 1 + *trouble as u64));
        assert!(all.iter().map(|of| of.0).eq(Trouble::ALL));
        let reverse: Vec<Trouble> = Trouble::ALL.into_iter().rev().collect();
        assert_eq!(counted(&reverse), all);
        let twice = counted(&[Trouble::Cut, Trouble::Refused, Trouble::Cut]);
        assert_eq!([Trouble::Cut, Trouble::Refused, Trouble::Error].map(|trouble| twice.of(trouble).count), [8, 2, 0]);
        assert!(!twice.is_empty() && Troubles::default().is_empty());
    }
}
