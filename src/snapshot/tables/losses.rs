//! What was lost or not fully understood, by the stage that tells of it.

use crate::snapshot::LossStage;
use crate::snapshot::table::{Field, Room, Rows, TableSpec, placed};

/// The stages that counted anything.
pub static LOSSES: TableSpec<LossStage> = TableSpec {
    sheets: &[placed("Losses", |s| Rows::of(s.capture.losses.stages().into_iter().filter(|l| l.count > 0).collect::<Vec<_>>()))],
    fields: &[
        Field::word("stage", "Stage", |l: &LossStage| Some(l.stage)).paper(0, Room::Fixed),
        Field::count("count", "Count", |l: &LossStage| l.count).paper(1, Room::Fixed),
        Field::word("what", "What", |l: &LossStage| Some(l.what)).paper(2, Room::Wrapped),
    ],
    in_json: false,
    ..TableSpec::new("losses", "stage", "", |x, y| x.stage.cmp(y.stage))
};
