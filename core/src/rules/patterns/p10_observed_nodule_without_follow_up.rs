//! P10: an untreated nodule whose last adequate CT is too long ago, or for which no further CT is planned.
//!
//! The plan is made from the evaluation, so its part of the answer comes after it: [`without_planned_ct`].

use super::{Effect, PatternInfo, PatternResult};
use crate::{
    domain::{
        dates::PartialDate,
        follow_up::FollowUp,
        imaging::{Finding, ImagingStudy},
        lung::Lobe,
        truth::Truth,
        vocabulary::{EndReason, Fate, LobeStatement, Modality},
    },
    protocol::thresholds::ObservedThresholds,
    rules::{
        case::Case,
        evidence::{Evidence, listed},
        facts::{is_seen, plus_months},
        nodule_state::NoduleStatus,
        patterns::PatternState,
    },
};

pub(super) const INFO: PatternInfo = PatternInfo {
    id: "P10",
    name: "observed-nodule-without-follow-up",
    flags: "an untreated nodule whose last adequate CT is older than 4 months in its first two years, later 7 months, or for which no further CT is planned",
    why: "an observed nodule may prove to be a metastasis, which only a further CT would show",
    inputs: "untreated nodules, CT studies in which their lobe could be assessed, open slots of the plan",
    not_evaluable: "a day is not known well enough",
    source: "review of indeterminate nodules in bone sarcoma 2024; slack needs local approval",
    figures: &["E80"],
    effect: Effect::TASK,
};

pub(super) fn answer(case: &Case<'_, '_>) -> PatternResult {
    let follow_up = case.facts.parts.follow_up.as_ref();
    if case.is_dead() {
        return INFO.not_applicable("the patient has died");
    }
    let looks = looks_at_lobes(case);
    let answers: Vec<(&NoduleStatus, Truth)> =
        case.active().map(|nodule| (nodule, is_late(case, nodule, &looks).and(is_there(nodule)))).collect();
    let state = Truth::any(answers.iter().map(|(_, late)| *late));
    let shown: Vec<&NoduleStatus> = answers
        .iter()
        .filter(|(_, late)| *late == state && state.may_be_true())
        .map(|(nodule, _)| *nodule)
        .collect();
    let ids = listed(shown.iter().map(|nodule| &nodule.nodule));
    let reason = match state {
        Truth::True => format!("no adequate CT within the limit is on record: {ids}"),
        Truth::False if answers.is_empty() => "no untreated nodule is on record".to_owned(),
        Truth::False => "every untreated nodule had an adequate CT within the limit".to_owned(),
        Truth::Unknown => {
            format!("whether the last adequate CT is too long ago is not certain: {ids}")
        }
    };
    result(state, reason, &shown, follow_up, &case.limits.observed)
}

/// Completes the answer with what the plan says: no further CT is planned. An untreated nodule then lacks follow-up,
/// however recent its last CT. Who died needs none.
pub(in crate::rules) fn without_planned_ct(
    found: &PatternResult,
    nodules: &[NoduleStatus],
    follow_up: Option<&FollowUp>,
    limits: &ObservedThresholds,
) -> PatternResult {
    let PatternState::Decided(late) = found.state else { return found.clone() };
    let active: Vec<&NoduleStatus> = nodules.iter().filter(|nodule| nodule.is_active()).collect();
    if active.is_empty() {
        return found.clone();
    }
    let state = late.or(Truth::any(active.iter().map(|nodule| is_there(nodule))));
    let ids = listed(active.iter().map(|nodule| &nodule.nodule));
    let mut reason = format!("no further CT is planned: {ids}");
    if late.is_true() {
        reason = format!("{}; {reason}", found.reason);
    }
    result(state, reason, &active, follow_up, limits)
}

fn result(
    state: Truth,
    reason: String,
    shown: &[&NoduleStatus],
    follow_up: Option<&FollowUp>,
    limits: &ObservedThresholds,
) -> PatternResult {
    let urgent = shown.iter().any(|nodule| nodule.largest_mm.is_none_or(|mm| mm > limits.urgent_mm));
    INFO.decided(state, reason)
        .with_evidence(shown.iter().map(|nodule| Evidence::Nodule(nodule.nodule.clone())))
        .label(state.is_true() && urgent, "urgent")
        .label(state.is_true() && is_reviewed(follow_up), "review-instead")
        .missing("exact days of the CT studies")
}

/// Whether a named person recorded a refusal or a palliative decision: then a person reviews that, and no CT is asked
/// for. Without a name an end ends nothing.
fn is_reviewed(follow_up: Option<&FollowUp>) -> bool {
    follow_up.and_then(|one| one.ended.as_ref()).is_some_and(|ended| {
        ended.by.is_some() && matches!(ended.reason, EndReason::Refusal | EndReason::Palliative)
    })
}

/// Whether the nodule is still there; open where another study may be the last one.
const fn is_there(nodule: &NoduleStatus) -> Truth {
    if nodule.order_open { Truth::Unknown } else { Truth::True }
}

/// Whether every adequate CT is older than the limit for the age of the nodule.
fn is_late(case: &Case<'_, '_>, nodule: &NoduleStatus, looks: &[(Lobe, Option<PartialDate>)]) -> Truth {
    let limits = &case.limits.observed;
    let today = case.facts.today();
    let lobe = nodule.place.place().lobe();
    let sightings = case.facts.nodule(&nodule.nodule).into_iter().flat_map(|known| &known.sightings);
    let shown =
        sightings.filter(|(study, finding)| looked_for(study, finding, lobe)).map(|(study, _)| study.on);
    let stated = looks.iter().filter(|(stated, _)| Some(*stated) == lobe).map(|(_, on)| *on);
    let days = latest(shown.chain(stated));
    let late_by = |months: u32| {
        let until = |on: &Option<PartialDate>| on.and_then(|on| plus_months(on, months));
        Truth::all(days.iter().map(|on| until(on).map_or(Truth::Unknown, |until| until.before(today))))
    };
    let young = nodule.first_seen_on.map_or(Truth::Unknown, |on| on.lt_months(today, limits.young_months));
    let (strict, lenient) = (late_by(limits.young_gap_months), late_by(limits.old_gap_months));
    // What is older than the long limit is older than the short one: then the age of the nodule does not matter.
    (young.and(strict)).or(strict.and(lenient))
}

/// The days without those that are known and precede another known one: what the latest answers, they answer.
fn latest(days: impl Iterator<Item = Option<PartialDate>>) -> Vec<Option<PartialDate>> {
    let mut last = None;
    let mut rest = Vec::new();
    for on in days {
        match on.and_then(PartialDate::exact) {
            Some(day) => last = last.max(Some(day)),
            None => rest.push(on),
        }
    }
    rest.extend(last.map(|day| Some(PartialDate::Day(day))));
    rest
}

/// A CT of the chest. A PET-CT is none: nothing on record says that its CT was made for the lungs.
const fn is_adequate(study: &ImagingStudy) -> bool {
    matches!(study.modality, Some(Modality::Ct | Modality::LowDoseCt))
}

/// Whether a CT looked for the nodule. Where its lobe could not be assessed only a nodule that was seen says so.
fn looked_for(study: &ImagingStudy, finding: &Finding, lobe: Option<Lobe>) -> bool {
    let hidden = matches!(finding.fate, Some(Fate::OutsideField | Fate::Obscured));
    let assessed = lobe.is_none_or(|lobe| study.lobes.get(lobe) != Some(LobeStatement::NotAssessable));
    is_adequate(study) && !hidden && (assessed || is_seen(finding.fate))
}

/// The days of every CT that said something of a lobe. Without a finding only such a statement says that somebody
/// looked there.
fn looks_at_lobes(case: &Case<'_, '_>) -> Vec<(Lobe, Option<PartialDate>)> {
    let studies = case.facts.studies.iter().filter(|study| is_adequate(study));
    let stated = studies.flat_map(|study| study.lobes.iter().map(|(lobe, said)| (lobe, said, study.on)));
    let looked = stated.filter(|(_, said, _)| matches!(said, LobeStatement::Clear | LobeStatement::Nodules));
    looked.map(|(lobe, _, on)| (lobe, on)).collect()
}
