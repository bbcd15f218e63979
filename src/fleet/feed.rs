//! What a dashboard is shown from, while somebody else asks the database.

use super::{FleetDetail, FleetPicture, FleetSpan, FleetSubject, ProbeName, ProbeStory, SharedTraffic};
use std::sync::Arc;
use std::time::Duration;

/// What is looked at.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FleetQuestion {
    /// Which time.
    pub span: FleetSpan,
    /// Which probe, where one is opened.
    pub probe: Option<ProbeName>,
    /// Which host, service or conversation of it, where one is opened.
    pub subject: Option<FleetSubject>,
}

/// What is known by now. Answers come one after the other, so each says what it is about.
#[derive(Debug, Clone, Default)]
pub struct FleetView {
    /// Every probe.
    pub picture: Option<Arc<FleetPicture>>,
    /// Shared conversations, and of which span.
    pub shared: Option<(FleetSpan, Arc<SharedTraffic>)>,
    /// The probe that is opened.
    pub story: Option<Arc<ProbeStory>>,
    /// The host, service or conversation that is opened.
    pub detail: Option<Arc<FleetDetail>>,
    /// What went wrong last; `None`: everything was answered.
    pub trouble: Option<String>,
    /// Changes with each of these.
    pub generation: u64,
}

/// Where a dashboard takes it from; never waits.
pub trait FleetFeed {
    /// What is known.
    fn view(&self) -> Arc<FleetView>;

    /// How old the picture is.
    fn age(&self) -> Option<Duration>;

    /// Something else is looked at.
    fn ask(&self, question: FleetQuestion);
}
