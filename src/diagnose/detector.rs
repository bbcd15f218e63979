//! What a detector is.

mod completeness;
mod report;

pub(super) use completeness::completeness;
pub use report::Report;

use super::evidence::Evidence;
use super::figure::{Figure, filled};
use super::vendor::VendorTopic;
use crate::model::evidence::{ClockEvidence, LossEvidence, Silent, Threshold, share};
use crate::model::tcp::HOLD;
use crate::model::units::{duration, grouped, percent, times};
use crate::model::{Aspect, Estimate, Finding, Subject, TunnelKind, wilson};

/// What is said of a finding whatever its numbers.
#[derive(Debug)]
pub struct ExplainPage {
    /// Stable identifier.
    pub id: &'static str,
    /// What it takes from trust in the mirror; `None`: nothing, it is about the network.
    pub aspect: Option<Aspect>,
    /// What it means.
    pub meaning: &'static str,
    /// How it is measured, with its thresholds.
    pub measured: &'static str,
    /// Why it happens, most likely.
    pub cause: &'static str,
    /// What else it could be.
    pub lookalikes: &'static str,
    /// What to change.
    pub remedy: &'static str,
    /// Which of the vendor's commands belong to the remedy.
    pub topic: Option<VendorTopic>,
    /// The numbers that the texts name: `{name}` in a text stands for the figure of that name. No text holds a number of its own.
    pub figures: &'static [(&'static str, Figure)],
}

impl ExplainPage {
    /// One of the page's texts with its numbers.
    pub fn text(&self, text: &str) -> String {
        filled(text, self.figures)
    }
}

/// What a detector makes of the evidence.
#[derive(Debug, Clone, PartialEq)]
pub enum Detection {
    /// Too little evidence, and what is missing.
    Unknown(String),
    /// Looked at and not there.
    Clear,
    /// There: one report at least. Those about the same subject become one, which the gravest leads.
    Present(Vec<Report>),
}

impl From<Report> for Detection {
    fn from(report: Report) -> Self {
        Detection::Present(vec![report])
    }
}

/// Which subjects of one detector stand already.
#[derive(Clone, Copy)]
pub struct StandingFindings<'a>(&'a dyn Fn(Subject) -> bool);

impl<'a> StandingFindings<'a> {
    /// By whoever knows whether the finding about a subject stands.
    pub fn new(stands: &'a dyn Fn(Subject) -> bool) -> Self {
        Self(stands)
    }

    /// Whether the finding about this subject stands.
    pub fn on(self, subject: Subject) -> bool {
        (self.0)(subject)
    }

    /// Whether the finding about the network as a whole stands.
    pub fn at_all(self) -> bool {
        self.on(Subject::Network)
    }
}

/// One kind of finding.
pub trait Detector: Sync {
    /// What is said of it.
    fn page(&self) -> &'static ExplainPage;

    /// Whether it has ended as soon as it is looked at and not there. Others hold on for a while, so that none comes and goes by the second.
    fn ends_at_once(&self) -> bool {
        false
    }

    /// What must hold for its evidence to mean anything.
    fn needs(&self) -> &'static [Need] {
        &[]
    }

    /// More particular findings of the same fault, listed before this one: while one of them stands, this one does not.
    fn yields_to(&self) -> &'static [&'static str] {
        &[]
    }

    /// The part of trust that this one names where no other finding does: it stands only while none that is more than a note takes from it.
    fn part(&self) -> Option<Aspect> {
        None
    }

    /// What it takes from trust beside [`ExplainPage::aspect`], by this evidence: of a time that was not mirrored both directions and what was sent are
    /// missing, and one finding says so.
    fn takes_also(&self, _evidence: &Evidence) -> Option<Aspect> {
        None
    }

    /// Findings this one is the cause of, by this evidence, while it stands.
    fn explains(&self, _evidence: &Evidence) -> &'static [&'static str] {
        &[]
    }

    /// Whether what was found is known by now not to be so: what was seen since shows it.
    fn withdraws(&self, _evidence: &Evidence, _finding: &Finding) -> bool {
        false
    }

    /// Of a finding about the network that lacks what it `needs`: whether what it rests on shows by itself that it is not the mirror's doing.
    fn is_proved_without(&self, _need: Need, _finding: &Finding) -> bool {
        false
    }

    /// Why a finding about the network is of what the mirror did, by the mirror's evidence; `None` where it is not.
    fn is_of_the_mirror(&self, _finding: &Finding, _mirror: &Evidence) -> Option<String> {
        None
    }

    /// Of one that rests on the mirror's evidence: whether it says something of the network all the same.
    fn is_of_the_network(&self) -> bool {
        false
    }

    /// Looks at the evidence. For subjects that stand already the lower limit counts.
    fn judge(&self, evidence: &Evidence, standing: StandingFindings<'_>) -> Detection;
}

/// A limit with hysteresis: raised above one value, cleared below a lower one.
#[derive(Debug)]
pub struct Limit {
    /// Raised above this.
    pub raise: Threshold,
}

impl Limit {
    /// Cleared at 70 % of the value it is raised at: a rate measured twice on the same traffic differs by less.
    pub const CLEAR: f64 = 0.7;

    /// Of a share.
    pub const fn new(raise: f64) -> Self {
        Self { raise: Threshold::share(raise) }
    }

    /// Of how many times as much.
    pub const fn times(raise: f64) -> Self {
        Self { raise: Threshold::times(raise) }
    }

    /// Whether the value is over it.
    pub fn exceeded(&self, value: f64, active: bool) -> bool {
        value > if active { self.raise.value() * Self::CLEAR } else { self.raise.value() }
    }
}

/// Share of one-sided conversations from which on silence may be that of the mirror.
pub const ONE_SIDED: f64 = 0.02;

/// Share of answers before their cause from which times of one side say nothing.
const SHIFTED: f64 = 0.001;

/// The same from which on packets stand in another order than they were sent in, so that what is missing may stand elsewhere.
const TURNED: f64 = 0.25;

/// Steps back of the clock from which on they are no single wrong stamps, but packets in another order.
const STEPS: u64 = 20;

/// Share of the traffic that a mirror may lose before what is missing in the network cannot be told from what the mirror lost.
pub const MIRROR_LOSS: f64 = 0.01;

/// Share of cut packets above which what is not found may be behind the cut.
const ILLEGIBLE: f64 = 0.05;

/// Share of tagged frames below which VLANs cannot be told apart, where there are several.
const UNTAGGED: f64 = 0.001;

/// Lower end of the interval above which copies are missing beyond doubt: half of the 0.1 % that is still called good, so that a
/// true 0.1 % is found on some tens of thousands of segments.
pub(super) static TCP_LIMIT: Limit = Limit::new(0.0005);

/// The same by answers without their question, where there is too little TCP: one or two of a hundred may have been slow.
pub(super) static ORPHAN_LIMIT: Limit = Limit::new(0.005);

/// What must hold for data that is missing to be the mirror's loss.
pub(super) const LOSS_NEEDS: &[Need] =
    &[Need::Undivided, Need::Unrouted, Need::BothDirections, Need::Unique, Need::Abreast, Need::InSequence];

/// The answers without a question where they have to tell alone. Beside TCP they do while no side of its conversations is missing: then their
/// questions are as well.
pub(super) fn orphans_alone(e: &Evidence) -> Option<Estimate> {
    let is_told = e.loss.all.is_none_or(|all| all.n < LossEvidence::ENOUGH) || Need::EverySide.check(e).is_ok();
    e.loss.orphans_alone().filter(|_| is_told)
}

/// A kind of tunnel as people call it.
pub(super) fn tunnel_name(kind: TunnelKind) -> &'static str {
    match kind {
        TunnelKind::Vxlan => "VXLAN",
        TunnelKind::Geneve => "Geneve",
        TunnelKind::Tzsp => "TZSP",
        other => other.token(),
    }
}

/// A condition without which evidence means nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Need {
    /// Both directions of conversations are mirrored.
    BothDirections,
    /// Copies are left out of the analysis, or there are few.
    Unique,
    /// No copies come so late that they look like what their sender sent again.
    Timely,
    /// Most packets are there whole.
    Whole,
    /// Nearly all packets are there whole: what is said is not cut off.
    Legible,
    /// Segments are as they were on the wire.
    Unmerged,
    /// The clock was not set meanwhile.
    SteadyClock,
    /// Packets stand in the order of their times, but for single wrong stamps: the clock was not set back, and no other capture was appended.
    InSequence,
    /// Most conversations show how they begin.
    Begun,
    /// Somebody is seen to answer somebody: without, nobody knows whose silence it is.
    Replies,
    /// Nearly all conversations show both directions: no host's answers take another way.
    EverySide,
    /// The mirror does not surely lose more than a little.
    Complete,
    /// The mirror surely loses little.
    SurelyComplete,
    /// Nothing seems to be missing that tunnels hide which are left on.
    Undivided,
    /// Nothing seems to be missing that takes another way.
    Unrouted,
    /// Packets are not sampled.
    Unsampled,
    /// The two directions are not shifted against each other.
    Aligned,
    /// No direction comes so late that the other's answers seem slow or early.
    Prompt,
    /// No direction comes later than what is missing is waited for.
    Abreast,
    /// Frames of several VLANs can be told apart.
    Tagged,
    /// The mirror does not show nearly every packet once more with another tag.
    Once,
    /// Milliseconds can be told apart by the capture's clock.
    FineClock,
    /// Tenths of a second can.
    TimedClock,
}

/// The share of a link that mirrors make up which only cross it, from which on they may hold what is missing beside them.
const CROSSING: f64 = 0.1;

/// Seconds that data is waited for after its acknowledgement.
const HELD: f64 = HOLD as f64 / 1e9;

/// Nanoseconds of the coarsest clock by which milliseconds can be told apart: a tenth of one.
const FINE_CLOCK: u64 = 100_000;

/// The same with which times of answers are known: what takes a tenth of a second takes nothing, or two.
const TIMED_CLOCK: u64 = 50_000_000;

/// Why what is missing may not be.
fn divided(kind: TunnelKind) -> String {
    format!("a part of the conversations lies in tunnels ({}), which are left on: --decap all looks inside", tunnel_name(kind))
}

/// What is missing from times in which nothing was mirrored, with those, where it is more than spoils findings.
fn silent_at_times(e: &Evidence) -> Option<Silent> {
    e.silent.filter(|silent| silent.missing.rate > MIRROR_LOSS)
}

/// What speaks against a mirror that surely was away.
fn silent(e: &Evidence) -> Option<String> {
    let silent = silent_at_times(e).filter(|silent| silent.missing.low > TCP_LIMIT.raise.value())?;
    Some(format!("nothing was mirrored {}, {} of the traffic", silent.for_how_long(), percent(silent.missing.rate)))
}

impl Need {
    /// Whether it holds, or why not.
    pub fn check(self, e: &Evidence) -> Result<(), String> {
        let complaint = match self {
            Need::Unique | Need::Timely | Need::Once => self.lacks_of_copies(e),
            Need::BothDirections | Need::Begun | Need::Replies | Need::EverySide | Need::Undivided | Need::Unrouted | Need::Tagged => {
                self.lacks_of_sides(e)
            }
            Need::Whole | Need::Legible | Need::Unmerged => self.lacks_of_sizes(e),
            Need::SteadyClock | Need::InSequence | Need::FineClock | Need::TimedClock => self.lacks_of_clock(e),
            Need::Aligned | Need::Prompt | Need::Abreast => self.lacks_of_order(e),
            Need::Complete | Need::SurelyComplete | Need::Unsampled => self.lacks_of_completeness(e),
        };
        complaint.map_or(Ok(()), Err)
    }

    /// What speaks against needs about copies.
    fn lacks_of_copies(self, e: &Evidence) -> Option<String> {
        let copies = &e.copies;
        match self {
            Need::Unique if copies.kept && copies.share() > 0.01 => {
                Some(format!("{} of the packets are copies and copies are kept", percent(copies.share())))
            }
            Need::Once if copies.times >= 2 && copies.changed.saturating_mul(2) > copies.copies => {
                Some("nearly every packet comes again, with another tag or from a router".to_owned())
            }
            Need::Unique | Need::Timely => match copies.late() {
                Some(late) => {
                    let (part, gap) = (percent(late.share()), duration(late.gap.p50));
                    Some(format!("{part} of the packets come again {gap} later, too late to be left out"))
                }
                None => copies.slow().map(|gap| format!("copies come {} later, as what is sent again does", duration(gap))),
            },
            _ => None,
        }
    }

    /// What speaks against needs about directions, tunnels and tags.
    fn lacks_of_sides(self, e: &Evidence) -> Option<String> {
        let sides = &e.sides;
        let is_one_sided = || wilson(sides.one_sided, sides.judged).low > ONE_SIDED;
        let one_sided = || sides.one_sided();
        match self {
            Need::BothDirections => sides.is_half(false).then(one_sided),
            Need::Replies => sides.shows_no_reply().then(|| "no station is seen both to send and to receive".to_owned()),
            Need::EverySide => e.one_way_for_a_while().or_else(|| is_one_sided().then(one_sided)),
            // Where packets stand in another order, beginnings stand behind.
            Need::Begun if Need::Abreast.lacks_of_order(e).is_none() => sides.begun.are_hidden().then(|| {
                let [unseen, all] = [sides.begun.unseen, sides.begun.connections].map(grouped);
                format!("the beginning of {unseen} of {all} connections is not mirrored")
            }),
            Need::Undivided => {
                let is_apart = is_one_sided() || sides.exchanges.are_divided();
                let lacks = e.loss.all.is_some_and(|all| all.low > TCP_LIMIT.raise.value()) || is_apart;
                // What lacks its other half may have it in a mirror that only crosses the link.
                let crosses = || e.contents.left_on.filter(|_| is_apart && e.transit.foreign_bytes >= CROSSING);
                let divides = e.contents.divides().filter(|_| lacks || sides.is_half(false));
                divides.or_else(crosses).map(divided)
            }
            Need::Unrouted => {
                let lacks = e.loss.all.is_some_and(|all| all.low > TCP_LIMIT.raise.value()) && !e.loss.is_of_most();
                (sides.is_routing() && lacks)
                    .then(|| format!("{}, all of them of a few hosts, and what is missing may be theirs", one_sided()))
            }
            Need::Tagged => {
                let tags = &e.tags;
                let all = tags.tagged.saturating_add(tags.untagged);
                let is_stripped = all > 0 && tags.claimed > 1 && share(tags.tagged, all) < UNTAGGED;
                if is_stripped {
                    return Some(format!("{} VLANs are mirrored without their tags", grouped(tags.claimed)));
                }
                let is_doubled = all > 0 && tags.are_doubled() && share(tags.tagged, all) < UNTAGGED;
                is_doubled.then(|| {
                    format!("networks with the same addresses are mirrored without VLAN tags: {} are doubled", grouped(tags.doubled))
                })
            }
            _ => None,
        }
    }

    /// What speaks against needs about sizes.
    fn lacks_of_sizes(self, e: &Evidence) -> Option<String> {
        let sizes = &e.sizes;
        let cut = share(sizes.cut_by_mirror.saturating_add(sizes.cut_by_capture), sizes.packets);
        match self {
            Need::Whole if cut > 0.5 => Some("most packets are cut".to_owned()),
            Need::Legible if cut > ILLEGIBLE => Some(format!("{} of the packets are cut: what they say may lie behind", percent(cut))),
            Need::Unmerged if sizes.merged() > 0.05 => Some(format!("{} of the segments are several in one", percent(sizes.merged()))),
            _ => None,
        }
    }

    /// What speaks against needs about the capture's clock.
    fn lacks_of_clock(self, e: &Evidence) -> Option<String> {
        let clock = &e.clock;
        match self {
            Need::SteadyClock if clock.steps > 0 => Some(format!("the capture clock stepped back {}", times(clock.steps))),
            Need::InSequence if clock.set_back > 0 => {
                Some(format!("the times of the packets go back {}, and go on from there", times(clock.set_back)))
            }
            Need::FineClock | Need::TimedClock if clock.is_timeless() => {
                Some("the packets have no times: nearly all have one stamp".to_owned())
            }
            Need::FineClock | Need::TimedClock if clock.grain > if self == Need::FineClock { FINE_CLOCK } else { TIMED_CLOCK } => {
                Some(match clock.is_enough() {
                    true => format!("the capture clock is coarse: {}", duration(clock.grain as f64 / 1e9)),
                    // A few packets that come seconds apart have seconds in common, whatever the clock counts in.
                    false => format!(
                        "too few packets to know how fine the capture clock is: {} of {} differences between time stamps",
                        clock.differences,
                        ClockEvidence::DIFFERENCES
                    ),
                })
            }
            _ => None,
        }
    }

    /// What speaks against needs about the order of the directions.
    fn lacks_of_order(self, e: &Evidence) -> Option<String> {
        let order = &e.order;
        match self {
            Need::Aligned | Need::Prompt | Need::Abreast if let Some(apart) = order.clocks_apart => {
                Some(format!("the clocks of the two directions lie {} apart", duration(apart)))
            }
            Need::Aligned if wilson(order.violations, order.judged).low > SHIFTED => {
                Some(format!("{} of the answers arrive before their cause", percent(order.rate())))
            }
            Need::Aligned | Need::Prompt if let Some(turned) = e.clock.turned() => {
                Some(format!("{} of the packets are stamped before the one that they follow", percent(turned)))
            }
            Need::Prompt => order.shift().map(|late| format!("one direction comes about {} later than the other", duration(late))),
            Need::Abreast if wilson(order.violations.min(order.judged), order.judged).low > TURNED && !order.is_even() => {
                Some(format!("{} of the answers arrive before their cause", percent(order.rate())))
            }
            Need::Abreast if e.sides.exchanges.are_apart() && e.loss.is_whole_by_number() => {
                let [questions, answers] = [e.sides.exchanges.questions, e.sides.exchanges.answers].map(grouped);
                Some(format!("hardly any of {questions} questions and {answers} answers belong together"))
            }
            Need::Abreast if e.clock.steps >= STEPS => Some(format!("the times of the packets go back {}", times(e.clock.steps))),
            Need::Abreast if order.is_far_apart => {
                let by = order.skew.map_or_else(String::new, |[p50, _]| format!("about {} ", duration(p50)));
                Some(format!("one direction comes {by}later than the other, and what is missing is waited for {}", duration(HELD)))
            }
            _ => None,
        }
    }

    /// What speaks against needs about loss.
    fn lacks_of_completeness(self, e: &Evidence) -> Option<String> {
        let loss = &e.loss;
        match self {
            Need::Complete | Need::SurelyComplete if let Some(complaint) = silent(e).or_else(|| e.one_way_for_a_while()) => Some(complaint),
            Need::Complete if let Some(lone) = loss.lone_answers() => {
                Some(format!("{} of {} answers lack their question", percent(lone.rate), grouped(lone.n)))
            }
            Need::Complete if let Some(lone) = loss.lone_segments() => {
                Some(format!("{} of {} acknowledged segments were never seen", percent(lone.rate), grouped(lone.n)))
            }
            Need::Complete => {
                let all = loss.all.filter(|all| all.n >= 100);
                let witnesses = [all, loss.numbered_alone(), orphans_alone(e), loss.path, loss.host];
                let lossy = witnesses.into_iter().flatten().find(|loss| loss.low > MIRROR_LOSS)?;
                // What speaks against the witnesses is why they seem to lack something.
                let complaint = LOSS_NEEDS.iter().find_map(|need| need.check(e).err());
                Some(complaint.unwrap_or_else(|| format!("the mirror loses {} of the traffic", percent(lossy.rate))))
            }
            Need::SurelyComplete
                if let Some(lacks) = [Need::Unsampled, Need::Complete].iter().find_map(|need| need.lacks_of_completeness(e)) =>
            {
                Some(lacks)
            }
            Need::SurelyComplete => match completeness(e) {
                Ok(known) if known.at_most <= MIRROR_LOSS => None,
                Ok(known) => Some(format!("the mirror may lose up to {} of the traffic", percent(known.at_most))),
                Err(why) => Some(format!("what the mirror loses cannot be told ({})", why.split(':').next().unwrap_or_default())),
            },
            Need::Unsampled if let Some(divided) = loss.sampled().and_then(|_| Need::Undivided.check(e).err()) => Some(divided),
            Need::Unsampled => loss.sampled().map(|n| format!("the mirror samples one packet in {n:.0}")),
            _ => None,
        }
    }
}
