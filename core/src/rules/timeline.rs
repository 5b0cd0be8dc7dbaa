//! Puts the episodes together: groups, numbers, closing and what came after each.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    domain::{
        dates::PartialDate,
        lung::Side,
        nodule::Tally,
        operation::Operation,
        truth::Truth,
        vocabulary::{Approach, Margin},
    },
    protocol::thresholds::EpisodeThresholds,
};

use super::{
    clearance::{Closing, closing},
    counts::{Treated, by_place, counts, disease_sides, treated, unrecorded},
    episode::{Episode, EpisodeState, OperationResult, Recurrence, Sides, UntilNext},
    evidence::DataTask,
    facts::Facts,
    nodes,
    nodule_state::NoduleStatus,
    pathology::PathologyClass,
    readings::Question,
    recurrence::{After, TreatedPlaces, recurrence},
    staging::{Group, groupings, planned_days},
    units::{Unit, operated_sides, treated_sides, treated_until, units},
};

/// The episodes of a patient in every way that the record allows, the one in force first, and what that hangs on.
pub(super) fn episodes(
    facts: &Facts<'_>,
    statuses: &[NoduleStatus],
    limits: &EpisodeThresholds,
    tasks: &mut Vec<DataTask>,
) -> (Vec<Episode>, Vec<Vec<Episode>>, Vec<Question>) {
    let (units, questions) = units(facts);
    tasks.extend(questions);
    let readings = groupings(facts, &units, limits, tasks);
    let mut all = readings.all.iter().map(|groups| in_order(facts, statuses, limits, groups));
    let episodes = all.next().unwrap_or_default();
    (episodes, all.collect(), readings.questions)
}

/// The episodes of one reading, in order.
fn in_order(
    facts: &Facts<'_>,
    statuses: &[NoduleStatus],
    limits: &EpisodeThresholds,
    groups: &[Group],
) -> Vec<Episode> {
    let parts: Vec<Part<'_>> = groups.iter().map(|group| Part::new(facts, group)).collect();
    let treated_in = treated_in(facts, &parts);
    let mut gone: BTreeSet<usize> = BTreeSet::new();
    let mut places = TreatedPlaces::default();
    let mut episodes = Vec::with_capacity(parts.len());
    for (at, part) in parts.iter().enumerate() {
        gone.extend(part.treated.iter().filter_map(|one| one.position));
        places.add(facts, &part.treated);
        let closing = closing(facts, statuses, part.group, part.until, &gone, &part.treated);
        let next = parts.get(at + 1);
        let after = After {
            until: part.until,
            cleared: closing.cleared,
            sides: part.sides,
            treated_places: &places,
            next: next.map(|next| (next.from, next.until)),
            next_treated: next.map_or(&[], |next| &next.treated),
            next_sides: next.map_or(&NO_SIDES, |next| &next.nodule_sides),
            treated_in: &treated_in,
            at,
            same_recurrence_days: limits.same_recurrence_days,
        };
        let recurrence = recurrence(facts, statuses, &after);
        let mut episode = part.episode(facts, at, closing, recurrence);
        episode.next = next.map(|next| until_next(&episode, next.operated_from(facts)));
        episodes.push(episode);
    }
    episodes
}

static NO_SIDES: BTreeMap<usize, Option<Side>> = BTreeMap::new();

/// A group with what is derived from it once.
struct Part<'g> {
    group: &'g Group,
    from: Option<PartialDate>,
    until: Option<PartialDate>,
    treated: Vec<Treated>,
    nodule_sides: BTreeMap<usize, Option<Side>>,
    sides: Sides,
}

impl<'g> Part<'g> {
    fn new(facts: &Facts<'_>, group: &'g Group) -> Self {
        let treated = treated(facts, &group.units);
        let nodule_sides = treated.iter().filter_map(|one| Some((one.position?, one.side))).collect();
        Self {
            group,
            from: group.units.first().and_then(|unit| unit.from(facts)),
            until: treated_until(facts, &group.units),
            nodule_sides,
            sides: sides(facts, &group.units),
            treated,
        }
    }

    fn episode(&self, facts: &Facts<'_>, at: usize, closing: Closing, recurrence: Recurrence) -> Episode {
        let counts = counts(&self.group.units, facts, &self.treated);
        let recorded = counts.resected.exact || counts.resected.min > 0 || counts.treated != Tally::ZERO;
        let units = || self.group.units.iter();
        Episode {
            number: u32::try_from(at + 1).unwrap_or(u32::MAX),
            operations: units().filter_map(|unit| Some(unit.operation(facts)?.id.clone())).collect(),
            operation_results: units().filter_map(|unit| Some(result(unit.operation(facts)?))).collect(),
            therapies: units().filter_map(|unit| Some(unit.therapy(facts)?.id.clone())).collect(),
            started_on: self.from,
            treated_until: self.until,
            state: if self.group.pending { EpisodeState::PendingNextStage } else { EpisodeState::Closed },
            planned_stages_on: planned_days(facts, self.group),
            completeness: closing.completeness,
            margins: closing.margins,
            with_observed: closing.with_observed,
            late_reclassification: closing.late_reclassification,
            cleared: closing.cleared,
            persistence: closing.persistence,
            progression: closing.progression,
            cleared_on: self.until.filter(|_| closing.cleared.may_be_true()),
            counts,
            unrecorded: unrecorded(&self.group.units, facts),
            approaches: approaches(facts, &self.group.units),
            treated: self.treated.clone(),
            by_place: by_place(&self.treated),
            sides: self.sides,
            disease_sides: disease_sides(&self.treated, recorded),
            recurrence,
            next: None,
        }
    }

    /// Day of its first operation; of its first local therapy where there was none.
    fn operated_from(&self, facts: &Facts<'_>) -> Option<PartialDate> {
        let mut units = self.group.units.iter();
        units.find_map(|unit| Some(unit.operation(facts)?.on)).unwrap_or(self.from)
    }
}

/// The time from an episode to the first operation of the next one.
fn until_next(episode: &Episode, operated_on: Option<PartialDate>) -> UntilNext {
    let until_operation = |from: Option<PartialDate>| Some(from?.days_until(operated_on?));
    UntilNext {
        since_clearance: until_operation(episode.cleared_on),
        since_recurrence: until_operation(episode.recurrence.on),
    }
}

/// What was reported of one operation.
fn result(operation: &Operation) -> OperationResult {
    let tumour = || {
        let resections = operation.resections.iter();
        resections.filter(|one| PathologyClass::of(one.pathology).is_metastasis().may_be_true())
    };
    let margins: Vec<Margin> = tumour().filter_map(|one| one.margin).collect();
    let worst = [Margin::Involved, Margin::NotAssessable, Margin::Unknown, Margin::Free];
    OperationResult {
        operation: operation.id.clone(),
        completeness: operation.completeness,
        margin: worst.into_iter().find(|margin| margins.contains(margin)),
        margin_mm: tumour().filter_map(|one| Some(one.margin_mm?.get())).min_by(f64::total_cmp),
        nodes: nodes::status(operation),
    }
}

/// The approaches of the operations that report one.
fn approaches(facts: &Facts<'_>, units: &[Unit]) -> Vec<Approach> {
    let reported = units.iter().filter_map(|unit| unit.operation(facts)?.approach);
    reported.filter(|approach| !matches!(approach, Approach::Other | Approach::Unknown)).collect()
}

/// The sides an episode reached.
fn sides(facts: &Facts<'_>, units: &[Unit]) -> Sides {
    units.iter().fold(Sides::NONE, |sides, unit| {
        let own = match (unit.operation(facts), unit.therapy(facts)) {
            (Some(operation), _) => operated_sides(facts, operation),
            (None, Some(therapy)) => treated_sides(facts, therapy),
            (None, None) => Sides { right: Truth::Unknown, left: Truth::Unknown },
        };
        sides.or(own)
    })
}

/// Per nodule: index of the first episode that treated it.
fn treated_in(facts: &Facts<'_>, parts: &[Part<'_>]) -> Vec<Option<usize>> {
    let mut episodes = vec![None; facts.nodules.len()];
    for (at, part) in parts.iter().enumerate() {
        for position in part.treated.iter().filter_map(|one| one.position) {
            if let Some(episode @ None) = episodes.get_mut(position) {
                *episode = Some(at);
            }
        }
    }
    episodes
}
