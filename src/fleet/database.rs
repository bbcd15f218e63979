//! Questions asked and answers read.

use super::answers::{AnswerRow, rows};
use super::picture::PictureRows;
use super::{FleetPicture, FleetQueries, FleetSpan, ProbeName, ProbeStory, SharedTraffic, story};

/// Whoever has the connection: asks one question and gives the answer as the server wrote it.
pub trait AskDatabase: Send + Sync {
    /// Asks.
    ///
    /// # Errors
    /// There is no answer; in words that are fit to print.
    fn ask(&self, sql: &str) -> Result<String, String>;

    /// The database the tables are in.
    fn database(&self) -> &str;
}

/// A fleet behind a connection.
pub struct FleetDatabase<A> {
    asked: A,
}

impl<A: AskDatabase> FleetDatabase<A> {
    /// Behind this connection.
    pub fn new(asked: A) -> Self {
        Self { asked }
    }

    fn queries(&self) -> FleetQueries<'_> {
        FleetQueries { database: self.asked.database() }
    }

    fn ask(&self, sql: &str) -> Result<Vec<AnswerRow>, String> {
        rows(&self.asked.ask(sql)?)
    }

    /// Every probe.
    ///
    /// # Errors
    /// The server does not answer, or refuses; in words.
    pub fn picture(&self, span: FleetSpan) -> Result<FleetPicture, String> {
        let queries = self.queries();
        let rows = PictureRows {
            probes: self.ask(&queries.probes())?,
            recent: self.ask(&queries.recent())?,
            history: self.ask(&queries.history(span))?,
            findings: self.ask(&queries.findings())?,
        };
        Ok(FleetPicture::of(span, &rows))
    }

    /// Conversations of a piece of time ([`FleetSpan::pieces`]), told and counted once.
    ///
    /// # Errors
    /// The server does not answer, or refuses; in words.
    pub fn shared(&self, piece: (i64, i64)) -> Result<SharedTraffic, String> {
        let queries = self.queries();
        Ok(SharedTraffic::piece(piece, &self.ask(&queries.told(piece))?, &self.ask(&queries.shared(piece))?))
    }

    /// One probe over time; `session` is its last run.
    ///
    /// # Errors
    /// The server does not answer, or refuses; in words.
    pub fn story(&self, name: &ProbeName, session: &str, span: FleetSpan) -> Result<ProbeStory, String> {
        let queries = self.queries();
        let (step, load) = queries.load(name, span);
        Ok(ProbeStory {
            name: name.clone(),
            span,
            step,
            load: self.ask(&load)?.iter().map(story::load).collect(),
            findings: self.ask(&queries.findings_of(name, span))?.iter().map(|row| story::finding(row, session)).collect(),
            hosts: self.ask(&queries.hosts_of(name, span))?.iter().map(story::host).collect(),
            services: self.ask(&queries.services_of(name, span))?.iter().map(story::service).collect(),
            conversations: self.ask(&queries.conversations_of(name, span))?.iter().map(story::conversation).collect(),
        })
    }
}
