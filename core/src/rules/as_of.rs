//! The history as known on a day: facts that cannot have happened by then are left out.
//!
//! A fact counts unless its earliest possible day is later; undated facts stay. References to what is left out
//! drop with it, so that the rest still fits together. Nothing is changed otherwise.

use std::{borrow::Cow, collections::HashSet};

use chrono::NaiveDate;

use crate::domain::{
    dates::PartialDate,
    follow_up::FollowUp,
    history::{History, HistoryParts},
    operation::{Operation, ResectionTarget},
    primary::{FIRST_PRIMARY, LungMetastases, Primary},
    text::NoduleId,
};

/// The history as known on `as_of`; borrowed where nothing has to be left out.
#[must_use]
pub fn known_on(history: &History, as_of: NaiveDate) -> Cow<'_, HistoryParts> {
    let parts: &HistoryParts = history;
    let day = Day(as_of);
    if !dates(parts).any(|on| day.precedes(on)) {
        return Cow::Borrowed(parts);
    }
    let mut known = parts.clone();
    let mentioned = mentions(&known);
    known.nodule_links.retain(|link| !day.precedes(link.on));
    known.imaging.retain(|study| !day.precedes(study.on));
    known.operations.retain(|operation| !day.precedes(operation.on));
    known.local_therapies.retain(|therapy| !day.precedes(therapy.started_on));
    known.systemic_therapies.retain(|therapy| !day.precedes(therapy.started_on));
    known.thoracic_events.retain(|event| !day.precedes(event.on));
    known.extrathoracic_events.retain(|event| !day.precedes(event.on));
    known.board_decisions.retain(|decision| !day.precedes(decision.on));
    known.tier_overrides.retain(|decision| !day.precedes(decision.on));
    known.slot_actions.retain(|action| !day.precedes(action.on));
    for action in &mut known.slot_actions {
        day.keep(&mut action.performed_on);
    }
    if let Some(fitness) = &mut known.fitness {
        fitness.performance.retain(|status| !day.precedes(status.on));
        fitness.spirometry.retain(|test| !day.precedes(test.on));
    }
    trim_imaging(&mut known, day);
    for operation in &mut known.operations {
        trim_operation(operation, day);
    }
    trim_stages(&mut known);
    trim_therapies(&mut known, day);
    trim_primaries(&mut known, day);
    if let Some(follow_up) = &mut known.follow_up {
        trim_follow_up(follow_up, day);
    }
    let still = mentions(&known);
    known.nodules.retain(|nodule| still.contains(&nodule.id) || !mentioned.contains(&nodule.id));
    for nodule in &mut known.nodules {
        nodule.closed = nodule.closed.take().filter(|closed| !day.precedes(closed.on));
    }
    let left: HashSet<&NoduleId> = known.nodules.iter().map(|nodule| &nodule.id).collect();
    known.nodule_links.retain(|link| left.contains(&link.nodule) && left.contains(&link.same_as));
    Cow::Owned(known)
}

#[derive(Clone, Copy)]
struct Day(NaiveDate);

impl Day {
    /// Whether `on` certainly lies after this day.
    fn precedes(self, on: Option<PartialDate>) -> bool {
        on.and_then(PartialDate::earliest).is_some_and(|earliest| earliest > self.0)
    }

    fn keep(self, on: &mut Option<PartialDate>) {
        if self.precedes(*on) {
            *on = None;
        }
    }
}

/// Every date that can put a fact after the day.
fn dates(parts: &HistoryParts) -> impl Iterator<Item = Option<PartialDate>> {
    let imaging = parts.imaging.iter().flat_map(|study| [study.on, study.reported_on, study.reviewed_on]);
    let operations = parts.operations.iter().flat_map(|operation| {
        let pathology = operation.resections.iter().map(|resection| resection.pathology_on);
        let complications = operation.complications.iter().map(|complication| complication.on);
        let refusals = operation.not_stage_of.iter().map(|refusal| refusal.on);
        pathology.chain(complications).chain(refusals).chain([operation.on])
    });
    let systemic = parts.systemic_therapies.iter().flat_map(|therapy| [therapy.started_on, therapy.ended_on]);
    let local = parts.local_therapies.iter().flat_map(|therapy| {
        let statuses = therapy.local_statuses.iter().map(|status| status.on);
        let refusals = therapy.not_stage_of.iter().map(|refusal| refusal.on);
        statuses.chain(refusals).chain([therapy.started_on, therapy.ended_on])
    });
    let events = parts.thoracic_events.iter().map(|event| event.on);
    let elsewhere = parts.extrathoracic_events.iter().map(|event| event.on);
    let closures = parts.nodules.iter().filter_map(|nodule| Some(nodule.closed.as_ref()?.on));
    let links = parts.nodule_links.iter().map(|link| link.on);
    let board = parts.board_decisions.iter().map(|decision| decision.on);
    let tiers = parts.tier_overrides.iter().map(|decision| decision.on);
    let actions = parts.slot_actions.iter().flat_map(|action| [action.on, action.performed_on]);
    let fitness = parts.fitness.iter().flat_map(|fitness| {
        let performance = fitness.performance.iter().map(|status| status.on);
        performance.chain(fitness.spirometry.iter().map(|test| test.on))
    });
    let primary = parts.primary.iter().chain(&parts.other_primaries).flat_map(|primary| {
        let local = primary.local_recurrences.iter().map(|recurrence| recurrence.on);
        local.chain([primary.diagnosed_on, primary.treated_on, primary.treatment_ended_on])
    });
    let first = parts.lung_metastases.iter().flat_map(|first| [first.diagnosed_on, first.first_visible_on]);
    let follow_up = parts.follow_up.iter().flat_map(|follow_up| {
        let ended = follow_up.ended.as_ref().and_then(|ended| ended.on);
        let checked = follow_up.other_hospitals.and_then(|other| other.checked_on);
        let acknowledged = follow_up.ended.as_ref().and_then(|ended| ended.acknowledged.as_ref()?.on);
        let attempts = follow_up.contact_attempts.iter().map(|attempt| attempt.on);
        let pregnancies = follow_up.pregnancies.iter().flat_map(|one| [one.known_on, one.ended_on]);
        let singles = [follow_up.last_contact_on, follow_up.died_on, ended, checked, acknowledged];
        attempts.chain(pregnancies).chain(singles)
    });
    imaging
        .chain(operations)
        .chain(systemic)
        .chain(local)
        .chain(events)
        .chain(elsewhere)
        .chain(closures)
        .chain(links)
        .chain(board)
        .chain(tiers)
        .chain(actions)
        .chain(fitness)
        .chain(primary)
        .chain(first)
        .chain(follow_up)
}

/// The nodules that some study, operation or therapy mentions.
fn mentions(parts: &HistoryParts) -> HashSet<NoduleId> {
    let findings =
        parts.imaging.iter().flat_map(|study| study.findings.iter().map(|finding| &finding.nodule));
    let specimens = parts.operations.iter().flat_map(|operation| {
        operation.resections.iter().filter_map(|resection| match &resection.target {
            ResectionTarget::Nodule { nodule, .. } => Some(nodule),
            ResectionTarget::Specimen { .. } => None,
        })
    });
    let treated = parts.local_therapies.iter().flat_map(|therapy| {
        therapy.nodules.iter().chain(therapy.local_statuses.iter().map(|status| &status.nodule))
    });
    findings.chain(specimens).chain(treated).cloned().collect()
}

fn trim_imaging(known: &mut HistoryParts, day: Day) {
    let studies: HashSet<_> = known.imaging.iter().map(|study| study.id.clone()).collect();
    for study in &mut known.imaging {
        day.keep(&mut study.reported_on);
        day.keep(&mut study.reviewed_on);
        study.comparator = study.comparator.take().filter(|comparator| studies.contains(comparator));
    }
}

/// A result that was reported later is not known yet.
fn trim_operation(operation: &mut Operation, day: Day) {
    operation.complications.retain(|complication| !day.precedes(complication.on));
    operation.not_stage_of.retain(|refusal| !day.precedes(refusal.on));
    for resection in &mut operation.resections {
        if day.precedes(resection.pathology_on) {
            resection.pathology_on = None;
            resection.pathology = None;
            resection.pathology_count = None;
            resection.viable_percent = None;
            resection.margin = None;
            resection.margin_mm = None;
            resection.molecular = None;
        }
    }
}

fn trim_stages(known: &mut HistoryParts) {
    let operations: HashSet<_> = known.operations.iter().map(|operation| operation.id.clone()).collect();
    for operation in &mut known.operations {
        operation.stage_of = operation.stage_of.take().filter(|first| operations.contains(first));
    }
    for therapy in &mut known.local_therapies {
        therapy.stage_of = therapy.stage_of.take().filter(|first| operations.contains(first));
    }
}

/// A therapy that ends later is still running; its response is not known yet.
fn trim_therapies(known: &mut HistoryParts, day: Day) {
    for therapy in &mut known.systemic_therapies {
        if day.precedes(therapy.ended_on) {
            therapy.ended_on = None;
            therapy.ongoing = Some(true);
            therapy.stop_reason = None;
            therapy.best_response = None;
        }
    }
    for therapy in &mut known.local_therapies {
        day.keep(&mut therapy.ended_on);
        therapy.not_stage_of.retain(|refusal| !day.precedes(refusal.on));
        therapy.local_statuses.retain(|status| !day.precedes(status.on));
    }
}

/// A primary is known from its first day on. A statement that the metastases come from one that is not known yet
/// is dropped with it.
fn trim_primaries(known: &mut HistoryParts, day: Day) {
    // A statement that names no recorded primary is kept as it is: nothing of it became known later.
    let had_first = known.primary.is_some();
    let is_known = |primary: &Primary| !day.precedes(primary.diagnosed_on.or(primary.treated_on));
    known.primary = known.primary.take().filter(is_known);
    known.other_primaries.retain(is_known);
    for primary in known.primary.iter_mut().chain(&mut known.other_primaries) {
        trim_primary(primary, day);
    }
    known.lung_metastases = known.lung_metastases.take().and_then(|first| trim_metastases(first, day));
    let Some(first) = &mut known.lung_metastases else { return };
    let others: HashSet<_> = known.other_primaries.iter().filter_map(|primary| primary.id.as_ref()).collect();
    first.from_primary = first.from_primary.take().filter(|from| {
        if from.as_str() == FIRST_PRIMARY {
            known.primary.is_some() || !had_first
        } else {
            others.contains(from)
        }
    });
}

fn trim_primary(primary: &mut Primary, day: Day) {
    day.keep(&mut primary.treated_on);
    day.keep(&mut primary.treatment_ended_on);
    primary.local_recurrences.retain(|recurrence| !day.precedes(recurrence.on));
}

/// Before their diagnosis nothing is known of lung metastases.
fn trim_metastases(mut first: LungMetastases, day: Day) -> Option<LungMetastases> {
    day.keep(&mut first.first_visible_on);
    (!day.precedes(first.diagnosed_on)).then_some(first)
}

fn trim_follow_up(follow_up: &mut FollowUp, day: Day) {
    if day.precedes(follow_up.died_on) {
        follow_up.died_on = None;
        follow_up.vital_status = None;
        follow_up.cause_of_death = None;
    }
    day.keep(&mut follow_up.last_contact_on);
    follow_up.other_hospitals = follow_up.other_hospitals.filter(|other| !day.precedes(other.checked_on));
    follow_up.contact_attempts.retain(|attempt| !day.precedes(attempt.on));
    follow_up.pregnancies.retain(|one| !day.precedes(one.known_on));
    for pregnancy in &mut follow_up.pregnancies {
        day.keep(&mut pregnancy.ended_on);
    }
    follow_up.ended = follow_up.ended.take().filter(|ended| !day.precedes(ended.on));
    if let Some(ended) = &mut follow_up.ended {
        ended.acknowledged = ended.acknowledged.take().filter(|one| !day.precedes(one.on));
    }
}
