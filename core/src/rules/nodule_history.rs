//! The states of one nodule in order of time: suspected or observed, planned, treated, resolved, refuted.
//!
//! Every state is the answer to the same question as the present one, asked after each study, so the last entry is
//! where the nodule stands. A day is given only where the record has one, and where the order of the studies is not
//! certain there is nothing to tell but the present.

use crate::{
    domain::{dates::PartialDate, imaging::Finding, operation::Operation, truth::Truth, vocabulary::Fate},
    protocol::thresholds::GrowthThresholds,
};

use super::{
    facts::{Facts, NoduleFacts, is_seen, on_or_before, order_key},
    growth::{Sighting, at_least, growth_of},
    local_control::treats_nodules,
    nodule_state::{NoduleState, NoduleStatus, closed_on, held, in_order, untreated},
    pathology::PathologyClass,
};

/// A state, and the first day on which it was so.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StateChange {
    /// The state.
    pub state: NoduleState,
    /// The day of the study, operation, therapy or report; `None` where it is not on record.
    pub on: Option<PartialDate>,
}

/// Tells the states of a nodule up to the present one, and whether it ever grew untreated.
pub(super) fn tell(
    facts: &Facts<'_>,
    known: &NoduleFacts<'_>,
    status: &mut NoduleStatus,
    limits: &GrowthThresholds,
) {
    let mut changes = Changes(Vec::new());
    let removals = known.removals(&facts.operations).filter_map(|(at, _)| facts.operations.get(at).copied());
    let treatments = treatments(facts, known, removals.clone());
    if in_order(&known.sightings) {
        // What studies show after a treatment is judged by the rules of the treatment.
        let untreated_until = treatments.first().map(|change| change.on);
        let before_it = known.sightings.iter().take_while(|(study, _)| {
            untreated_until.is_none_or(|treated_on| on_or_before(study.on, treated_on).is_true())
        });
        status.grew = on_imaging(
            known.sightings.get(..before_it.count()).unwrap_or_default(),
            status,
            limits,
            &mut changes,
        );
    }
    let was_planned = removals.clone().any(|operation| operation.planned_on.is_some());
    if was_planned || status.state == NoduleState::Planned {
        // The record has the day a plan is for, not the day it was made.
        changes.push(NoduleState::Planned, None);
    }
    let treated_on = treatments.last().map(|change| change.on);
    for change in treatments {
        changes.push(change.state, change.on);
    }
    if status.state == NoduleState::Resected && status.result == PathologyClass::Benign {
        let reported_on =
            known.removals(&facts.operations).last().and_then(|(_, resection)| resection.pathology_on);
        changes.push(NoduleState::Refuted, reported_on.or(removals.last().and_then(|last| last.on)));
    }
    // A treated nodule may be closed as well; one that was treated after that was open again.
    let treated_since =
        |on| treated_on.is_some_and(|treated_on| !on_or_before(treated_on, Some(on)).is_true());
    if let Some(on) = closed_on(known).filter(|on| !treated_since(*on)) {
        changes.push(NoduleState::Closed, Some(on));
    }
    if changes.0.is_empty() {
        changes.push(status.state, None);
    }
    status.states = changes.0;
}

struct Changes(Vec<StateChange>);

impl Changes {
    fn push(&mut self, state: NoduleState, on: Option<PartialDate>) {
        if self.0.last().is_none_or(|last| last.state != state) {
            self.0.push(StateChange { state, on });
        }
    }
}

/// Resections, irradiations and ablations in order of time.
fn treatments<'h>(
    facts: &Facts<'_>,
    known: &NoduleFacts<'_>,
    removals: impl Iterator<Item = &'h Operation>,
) -> Vec<StateChange> {
    let resected = removals.map(|operation| StateChange { state: NoduleState::Resected, on: operation.on });
    let therapies = known.therapies.iter().filter_map(|at| facts.therapies.get(*at));
    let therapies = therapies.filter(|therapy| treats_nodules(therapy));
    let treated = therapies.map(|therapy| StateChange {
        state: NoduleState::Treated,
        on: therapy.started_on.or(therapy.ended_on),
    });
    let mut treatments: Vec<StateChange> = treated.chain(resected).collect();
    treatments.sort_by_key(|change| order_key(change.on));
    treatments
}

/// The states of the untreated nodule after each study that says something of it. Answers whether it grew on any.
fn on_imaging(
    sightings: &[Sighting<'_>],
    status: &NoduleStatus,
    limits: &GrowthThresholds,
    changes: &mut Changes,
) -> bool {
    let mut called = Truth::Unknown;
    let mut grew = false;
    let mut was_seen = false;
    let mut sizes = Smallest::default();
    for (at, (study, finding)) in sightings.iter().enumerate() {
        called = finding.certainty.map_or(called, held);
        was_seen |= is_seen(finding.fate);
        let until_then = sightings.get(..=at).unwrap_or_default();
        let may_have_grown = sizes.may_be_exceeded(finding, limits);
        let growth = may_have_grown.then(|| growth_of(status.count, until_then, limits));
        let growth = growth.filter(|growth| growth.grown.is_true());
        let grown = growth.is_some();
        // What an unreliable measurement showed once and the next does not bear out is no growth.
        grew |= growth.is_some_and(|growth| !growth.low_confidence());
        let suspicious = Truth::from(called.is_true() || grown);
        let state = untreated(until_then, suspicious, limits);
        if was_seen || !matches!(state, NoduleState::Observed | NoduleState::Suspected) {
            changes.push(state, study.on);
        }
    }
    grew
}

/// The smallest sizes so far. Only what exceeds one of them by enough can have grown by a rule, so that the rules are
/// asked after few studies and not after every one.
#[derive(Default)]
struct Smallest {
    sizes: [Option<f64>; 3],
    exceeded: bool,
    called_grown: bool,
}

impl Smallest {
    /// Whether some study so far, this one included, may show growth.
    fn may_be_exceeded(&mut self, finding: &Finding, limits: &GrowthThresholds) -> bool {
        let now = [
            finding.mean_mm(),
            finding.long_mm.map(|long| long.get()),
            finding.volume_mm3.map(|volume| volume.get()),
        ];
        let volume_factor = 1.0 + limits.volume_percent / 100.0;
        let [mean, long, volume] = self.sizes;
        let least = [
            mean.map(|mean| mean + limits.diameter_mm),
            long.map(|long| long + limits.diameter_mm),
            volume.map(|volume| volume * volume_factor),
        ];
        self.exceeded |= now
            .into_iter()
            .zip(least)
            .any(|(now, least)| now.zip(least).is_some_and(|(now, least)| at_least(now, least)));
        for (smallest, now) in self.sizes.iter_mut().zip(now) {
            *smallest = match (*smallest, now) {
                (Some(one), Some(other)) => Some(one.min(other)),
                (one, other) => one.or(other),
            };
        }
        self.called_grown = finding.fate.map_or(self.called_grown, |fate| fate == Fate::Grown);
        self.exceeded || self.called_grown
    }
}
