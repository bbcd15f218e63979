//! Questions asked and answers read.

use super::answers::{AnswerRow, rows};
use super::picture::PictureRows;
use super::shared::{group, skew};
use super::tails::AT_ONCE;
use super::{
    FleetClocks, FleetDetail, FleetPicture, FleetProbe, FleetQueries, FleetSpan, FleetSubject, LoadPoint, ProbeName, ProbeStory,
    SharedTraffic, detail, story,
};

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

    fn queries<'a>(&'a self, shifts: &'a [(u64, i64)]) -> FleetQueries<'a> {
        FleetQueries { database: self.asked.database(), shifts }
    }

    /// Clocks of the runs that were heard of in a stretch of time, in seconds since 1970.
    ///
    /// # Errors
    /// The server does not answer, or refuses; in words.
    pub fn clocks(&self, stretch: (i64, i64)) -> Result<FleetClocks, String> {
        Ok(FleetClocks::read(&self.ask(&self.queries(&[]).clocks(stretch))?))
    }

    fn ask(&self, sql: &str) -> Result<Vec<AnswerRow>, String> {
        rows(&self.asked.ask(sql)?)
    }

    /// Every probe.
    ///
    /// # Errors
    /// The server does not answer, or refuses; in words.
    pub fn picture(&self, span: FleetSpan) -> Result<FleetPicture, String> {
        let probes = self.ask(&self.queries(&[]).probes())?;
        let asked = probes.first().map_or(0, |row| row.seconds("asked"));
        // How clocks are off at the end of a long span does for all of it: nothing is matched by them here.
        let (from, to) = span.bounds(asked);
        let clocks = self.clocks((from.max(to.saturating_sub(FleetSpan::DAY.seconds())), to))?;
        let shifts = clocks.shifts();
        let queries = self.queries(&shifts);
        let rows = PictureRows {
            probes,
            recent: self.ask(&queries.recent())?,
            history: self.ask(&queries.history(span))?,
            findings: self.ask(&queries.findings())?,
        };
        let (mut picture, tails) = FleetPicture::of(span, &rows, clocks);
        for tails in tails.chunks(AT_ONCE) {
            picture.add_untold(tails, &self.ask(&queries.tails(tails))?);
        }
        Ok(picture)
    }

    /// Conversations of a piece of time ([`FleetSpan::pieces`]), told and counted once.
    ///
    /// # Errors
    /// The server does not answer, or refuses; in words.
    pub fn shared(&self, piece: (i64, i64)) -> Result<SharedTraffic, String> {
        let clocks = self.clocks(piece)?;
        let shifts = clocks.shifts();
        let queries = self.queries(&shifts);
        let (told, shared) = (self.ask(&queries.told(piece))?, self.ask(&queries.shared(piece))?);
        let mut doubts = clocks.doubts();
        // Where one probe alone told something there is nothing to take for one.
        if told.first().is_some_and(|row| row.count("probes") > 1) {
            doubts.extend(self.ask(&queries.skewed(piece))?.iter().filter_map(skew));
        }
        Ok(SharedTraffic::piece(piece, &told, &shared, doubts))
    }

    /// One probe of a picture over time.
    ///
    /// # Errors
    /// The server does not answer, or refuses; in words.
    pub fn story(&self, picture: &FleetPicture, name: &ProbeName, span: FleetSpan) -> Result<ProbeStory, String> {
        let shifts = picture.clocks.shifts();
        let queries = self.queries(&shifts);
        let (step, load) = queries.load(name, span);
        let running = picture.find(name).and_then(FleetProbe::running);
        Ok(ProbeStory {
            name: name.clone(),
            span,
            step,
            load: self.ask(&load)?.iter().map(story::load).collect(),
            findings: story::in_order(self.ask(&queries.findings_of(name, span))?.iter().map(|row| story::finding(row, running)).collect()),
            hosts: self.ask(&queries.hosts_of(name, None, span))?.iter().map(story::host).collect(),
            services: self.ask(&queries.services_of(name, None, span))?.iter().map(story::service).collect(),
            conversations: self.ask(&queries.conversations_of(name, None, span))?.iter().map(story::conversation).collect(),
        })
    }

    /// A host, a service or a conversation that a probe of a picture told of, over time.
    ///
    /// # Errors
    /// The server does not answer, or refuses; in words.
    pub fn detail(
        &self,
        picture: &FleetPicture,
        (name, subject): (&ProbeName, &FleetSubject),
        span: FleetSpan,
    ) -> Result<FleetDetail, String> {
        let shifts = picture.clocks.shifts();
        let queries = self.queries(&shifts);
        let (step, load) = queries.load_of((name, subject), span);
        let mut load: Vec<LoadPoint> = self.ask(&load)?.iter().map(story::load).collect();
        load.reverse();
        let (is_conversation, only) = (matches!(subject, FleetSubject::Conversation { .. }), Some(subject));
        // Of one conversation the records are the list, of others what they come to.
        let unless = |sql: String| if is_conversation { Ok(Vec::new()) } else { self.ask(&sql) };
        Ok(FleetDetail {
            name: name.clone(),
            subject: subject.clone(),
            span,
            step,
            load,
            conversations: unless(queries.conversations_of(name, only, span))?.iter().map(story::conversation).collect(),
            hosts: unless(queries.hosts_of(name, only, span))?.iter().map(story::host).collect(),
            services: unless(queries.services_of(name, only, span))?.iter().map(story::service).collect(),
            records: self.ask(&queries.records_of(subject, span))?.iter().map(detail::record).collect(),
            seen: self.ask(&queries.seen_by(subject, span))?.iter().map(group).collect(),
        })
    }
}
