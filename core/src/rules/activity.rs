//! What is active now, for the planner: the tier without it, its newest signs, and the last local recurrence.

use crate::domain::{dates::PartialDate, tier::Tier, truth::Truth};

use super::{
    case::Case,
    evidence::Evidence,
    facts::{before, last_of},
    local_control::local_control,
    nodule_state::{NoduleState, NoduleStatus},
    tier::TierAssessment,
};

/// What is active in the chest and beside it, with its days.
#[derive(Debug, Clone, PartialEq)]
pub struct Activity {
    /// The tier by all triggers but those of tier A that hold: H or S.
    pub tier_otherwise: Tier,
    /// Days of the newest signs of disease in the chest; `None` for a sign of unknown day.
    pub signs: Vec<Option<PartialDate>>,
    /// Day of the newest study by which a nodule is suspected that was not there at clearance.
    pub suspected_on: Option<PartialDate>,
    /// Day of the last local recurrence of the primary since clearance.
    pub local_recurrence_on: Option<PartialDate>,
}

pub(super) fn activity(case: &Case<'_, '_>, tier: &TierAssessment) -> Activity {
    let otherwise = tier.triggers.iter().filter(|trigger| trigger.reached() != Some(Tier::Active));
    let cleared_on = case.last_episode().and_then(|episode| episode.cleared_on);
    let since_clearance = |on: &Option<PartialDate>| !before(*on, cleared_on).is_true();
    let suspected: Vec<&NoduleStatus> = case.active().filter(|nodule| nodule.suspicious.is_true()).collect();
    let came_since = suspected.iter().filter(|nodule| since_clearance(&nodule.first_seen_on));
    let local = case.extrathoracic().filter(|event| event.is_local).map(|event| event.on);
    Activity {
        tier_otherwise: otherwise.filter_map(|trigger| trigger.reached()).min().unwrap_or(Tier::Standard),
        signs: signs(case, &suspected),
        suspected_on: came_since.filter_map(|nodule| suspected_since(nodule)).max_by_key(|on| on.latest()),
        local_recurrence_on: local.filter(since_clearance).flatten().max_by_key(|on| on.latest()),
    }
}

/// The first day on which the nodule was held to be a metastasis.
fn suspected_since(nodule: &NoduleStatus) -> Option<PartialDate> {
    let begun = nodule.states.iter().rev().find(|change| change.state == NoduleState::Suspected);
    begun.and_then(|change| change.on)
}

/// One day for each untreated suspected nodule, each failed local therapy and each untreated disease beside the lung.
fn signs(case: &Case<'_, '_>, suspected: &[&NoduleStatus]) -> Vec<Option<PartialDate>> {
    let nodules = suspected.iter().map(|nodule| suspected_since(nodule));
    let control = local_control(case);
    let day_of = |evidence: &Evidence| match evidence {
        Evidence::Study(id) => case.facts.studies.iter().find(|study| study.id == *id)?.on,
        _ => None,
    };
    let failed = control.nodules.iter().filter(|one| one.failed.is_true()).map(|one| {
        let mut days = one.evidence.iter().filter_map(day_of).map(Some);
        days.next().and_then(|first| days.fold(first, last_of))
    });
    let beside = case.facts.parts.thoracic_events.iter().filter(|event| {
        Truth::from(event.confirmed).is_true() && Truth::from(event.resected.map(|one| !one)).is_true()
    });
    nodules.chain(failed).chain(beside.map(|event| event.on)).collect()
}
