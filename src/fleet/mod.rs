//! A fleet: what many probes have written into one database, read from there.
//!
//! ```text
//!  probes ─▶ ClickHouse ─▶ FleetDatabase::ask ─▶ answers ─▶ FleetPicture, SharedPiece, ProbeStory ─┬▶ report (text, JSON, CSV)
//!                            (queries)                                                            └▶ tui/fleet
//! ```
//!
//! Everything that can be added up is added up by the server; each answer is bounded ([`crate::model::limits`]). Nothing is ever written. What the
//! database says is data of others: numbers are read as numbers, texts are escaped by who prints them.
//!
//! - [`FleetPicture`]: every probe, how it is, how loaded, what is wrong with it ([`FleetDatabase::picture`]);
//! - [`SharedTraffic`]: conversations that several mirrors saw, counted once ([`FleetDatabase::shared`]);
//! - [`ProbeStory`]: one probe over time ([`FleetDatabase::story`]);
//! - [`FleetDetail`]: a host, a service or a conversation over time ([`FleetDatabase::detail`]).

mod answers;
mod clocks;
mod database;
mod detail;
mod feed;
mod history;
mod picture;
mod probe;
mod queries;
pub mod report;
mod shared;
mod span;
mod story;
mod tails;

pub use clocks::FleetClocks;
pub use database::{AskDatabase, FleetDatabase};
pub use detail::{FleetDetail, FleetSubject, StoryRecord, port_words};
pub use feed::{FleetFeed, FleetQuestion, FleetView};
pub use history::{HistoryBin, ProbeHistory, RunTold};
pub use picture::FleetPicture;
pub use probe::{FleetProbe, ProbeName, ProbeState, SILENT_AFTER, WorstFinding};
pub use queries::FleetQueries;
pub use shared::{PAIRED, ProbePair, SharedGroup, SharedSum, SharedTraffic, pairs};
pub use span::FleetSpan;
pub use story::{LoadPoint, ProbeStory, StoryConversation, StoryFinding, StoryHost, StoryService};
pub use tails::RunTail;
