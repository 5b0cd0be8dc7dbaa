//! P15: three or more metastasectomies, done or planned. Never a limit.

use super::{Effect, PatternInfo, PatternResult};
use crate::{
    domain::{nodule::Tally, truth::Truth, vocabulary::OtherMetastasectomies},
    rules::{case::Case, episode::Episode, planned},
};

pub(super) const INFO: PatternInfo = PatternInfo {
    id: "P15",
    name: "many-metastasectomies",
    flags: "three or more episodes, done or planned; from five on it goes to the board",
    why: "permanent control became rarer with each operation in the one series; no absolute limit is known",
    inputs: "episodes, staged operations counted once; operations with benign results only do not count; plans; what other hospitals did",
    not_evaluable: "metastasectomies of another hospital are known of and not entered, or it is open whether one is planned",
    source: "Jaklitsch 2001 (54 patients, 35 percent sarcoma); Gherzi 2022 (its reference 64)",
    figures: &["E62", "E44"],
    effect: Effect::HIGH,
};

pub(super) fn answer(case: &Case<'_, '_>) -> PatternResult {
    let limits = &case.limits.burden;
    let count = Count::of(case);
    let many = count.at_least(limits.episodes_flagged);
    INFO.decided(count.at_least(limits.episodes_noted), count.words(case))
        .with_evidence(case.episodes.iter().flat_map(Episode::evidence))
        .label(many.is_true(), "five-or-more")
        // Where it is open whether there were five, the board decides.
        .raise(many.may_be_true(), Effect::BOARD)
        .missing("the metastasectomies of other hospitals, and whether another one is planned")
}

/// Metastasectomies done, and what may have to be added.
struct Count {
    done: u32,
    planned: Truth,
    /// Whether those of other hospitals are on record, as far as anybody asked.
    entered: bool,
}

impl Count {
    fn of(case: &Case<'_, '_>) -> Self {
        let follow_up = case.facts.parts.follow_up.as_ref();
        let elsewhere = follow_up
            .and_then(|follow_up| follow_up.other_hospitals)
            .and_then(|other| other.metastasectomies);
        Self {
            done: case.last_episode().map_or(0, |episode| episode.number),
            planned: planned::new_episode(case),
            // Where nobody recorded an answer the yearly question is open; the count is that of the record.
            entered: matches!(
                elsewhere,
                None | Some(OtherMetastasectomies::None | OtherMetastasectomies::Entered)
            ),
        }
    }

    fn at_least(&self, limit: u32) -> Truth {
        let with_plan = self.done.saturating_add(u32::from(self.planned.is_true()));
        let most = self.done.saturating_add(u32::from(self.planned.may_be_true()));
        if self.entered && most < limit {
            return Truth::False;
        }
        Tally { min: with_plan, exact: false }.at_least(limit)
    }

    fn words(&self, case: &Case<'_, '_>) -> String {
        let operations: usize = case.episodes.iter().map(|episode| episode.operations.len()).sum();
        let plan = match self.planned {
            Truth::True => ", and another one is planned",
            Truth::False => "",
            Truth::Unknown => ", and another one may be planned",
        };
        let elsewhere = if self.entered { "" } else { "; those of other hospitals are not all entered" };
        let local = case.local_only();
        format!(
            "metastasectomies on record: {}, in {operations} operations{local}{plan}{elsewhere}",
            self.done
        )
    }
}
