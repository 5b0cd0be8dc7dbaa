//! P15: three or more metastasectomies. Never a limit.

use super::{Effect, PatternInfo, PatternResult};
use crate::{
    domain::truth::Truth,
    rules::{case::Case, episode::Episode},
};

pub(super) const INFO: PatternInfo = PatternInfo {
    id: "P15",
    name: "many-metastasectomies",
    flags: "three or more episodes; from five on it goes to the board",
    why: "permanent control became rarer with each operation in the one series; no absolute limit is known",
    inputs: "episodes, staged operations counted once; operations with benign results only do not count",
    not_evaluable: "never; metastasectomies of other hospitals have to be entered to count",
    source: "Jaklitsch 2001 (54 patients, 35 percent sarcoma); Gherzi 2022 (its reference 64)",
    figures: &["E62", "E44"],
    effect: Effect::HIGH,
};

pub(super) fn answer(case: &Case<'_, '_>) -> PatternResult {
    let limits = &case.limits.burden;
    let number = case.last_episode().map_or(0, |episode| episode.number);
    let operations: usize = case.episodes.iter().map(|episode| episode.operations.len()).sum();
    let many = number >= limits.episodes_flagged;
    INFO.decided(
        Truth::from(number >= limits.episodes_noted),
        format!("metastasectomies on record: {number}, in {operations} operations"),
    )
    .with_evidence(case.episodes.iter().flat_map(Episode::evidence))
    .label(many, "five-or-more")
    .raise(many, Effect::BOARD)
}
