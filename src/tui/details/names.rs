//! What an address is called, as a line of the page about it.

use crate::model::{Address, NameSource};
use crate::tui::label;
use crate::tui::panels::facts::Fact;
use crate::tui::theme::Hue;
use crate::tui::view::Scene;

/// Names that stand on a page at most.
const NAMES: usize = 4;

/// The names of an address and who told them, as a line of a page.
pub(super) fn fact(scene: &Scene, address: Address) -> Option<Fact> {
    if let Some(meaning) = label::group(address) {
        return Some(("means".into(), meaning.into(), scene.style(Hue::Text)));
    }
    let names = label::names(scene, address);
    let more = names.len().saturating_sub(NAMES);
    let mut list: Vec<String> = names
        .into_iter()
        .take(NAMES)
        .map(|(name, sources)| format!("{name} ({})", sources.into_iter().map(NameSource::token).collect::<Vec<_>>().join(", ")))
        .collect();
    if more > 0 {
        list.push(format!("and {more} more"));
    }
    (!list.is_empty()).then(|| ("name".into(), list.join(" · "), scene.style(Hue::Text)))
}
