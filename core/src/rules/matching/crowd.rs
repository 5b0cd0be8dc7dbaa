//! Too many nodules to pair one by one: a person reviews them as a group.

use std::collections::BTreeSet;

use crate::{
    domain::{imaging::ImagingStudy, lung::Place, nodule::Tally},
    protocol::thresholds::MatchingThresholds,
    rules::{
        evidence::DataTask,
        facts::{Facts, on_or_before},
    },
};

use super::Row;

/// Leaves out the newcomers of crowded places and makes a task for each such place.
pub(super) fn set_aside(
    facts: &Facts<'_>,
    study: &ImagingStudy,
    rows: Vec<Row>,
    limits: &MatchingThresholds,
    tasks: &mut Vec<DataTask>,
) -> Vec<Row> {
    let place_of = |at: usize| facts.nodules.get(at).map(|known| known.nodule.place.place());
    let places: BTreeSet<Place> = rows.iter().filter_map(|(at, _)| place_of(*at)).collect();
    let crowded: BTreeSet<Place> =
        places.into_iter().filter(|place| present(facts, study, *place).min > limits.group_nodules).collect();
    tasks.extend(crowded.iter().map(|place| {
        let reason = format!(
            "more than {} nodules in {place} by {}: record them as a counted group, and have a clinician review which \
             are the same",
            limits.group_nodules, study.id
        );
        DataTask::new("group-review", format!("{}/{place}", study.id), reason)
    }));
    rows.into_iter().filter(|(at, _)| !place_of(*at).is_some_and(|place| crowded.contains(&place))).collect()
}

/// How many nodules were seen in a place up to a study and not taken out before it.
fn present(facts: &Facts<'_>, study: &ImagingStudy, place: Place) -> Tally {
    let there = facts.nodules.iter().filter(|known| {
        let out = known.removals(&facts.operations).any(|(at, _)| {
            facts.operations.get(at).is_some_and(|one| on_or_before(one.on, study.on).is_true())
        });
        known.nodule.place.place() == place
            && on_or_before(known.reported_on, study.on).may_be_true()
            && known.reported_on.is_some()
            && !out
    });
    there.map(|known| known.nodule.count.tally()).sum()
}
