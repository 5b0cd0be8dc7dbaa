//! P10: an untreated nodule whose last adequate CT is too long ago.

use super::{Effect, PatternInfo, PatternResult};
use crate::{
    domain::{
        dates::PartialDate,
        lung::Lobe,
        truth::Truth,
        vocabulary::{BoardChoice, EndReason, Fate, LobeStatement, VitalStatus},
    },
    rules::{
        case::Case,
        evidence::{Evidence, listed},
        facts::is_ct,
        nodule_state::NoduleStatus,
    },
};

pub(super) const INFO: PatternInfo = PatternInfo {
    id: "P10",
    name: "observed-nodule-without-follow-up",
    flags: "an untreated nodule whose last adequate CT is older than 4 months in its first two years, later 7 months",
    why: "an observed nodule that nobody looks at is how people are lost",
    inputs: "untreated nodules, CT studies in which their lobe could be assessed",
    not_evaluable: "a day is not known well enough; whether a next scan is planned is checked with the plan",
    source: "review of indeterminate nodules in bone sarcoma 2024; slack needs local approval",
    figures: &["E80"],
    effect: Effect::TASK,
};

pub(super) fn answer(case: &Case<'_, '_>) -> PatternResult {
    let follow_up = case.facts.parts.follow_up.as_ref();
    let dead =
        follow_up.is_some_and(|one| one.vital_status == Some(VitalStatus::Dead) || one.died_on.is_some());
    if dead {
        return INFO.not_applicable("the patient has died");
    }
    let stated = last_stated(case);
    let active: Vec<&NoduleStatus> = case.active().collect();
    let mut shown: Vec<&NoduleStatus> = Vec::new();
    let state = Truth::any(active.iter().map(|nodule| {
        let there = if nodule.order_open { Truth::Unknown } else { Truth::True };
        let late = is_late(case, nodule, &stated).and(there);
        if late.may_be_true() {
            shown.push(nodule);
        }
        late
    }));
    let ids = listed(shown.iter().map(|nodule| &nodule.nodule));
    let reason = match state {
        Truth::True => format!("no adequate CT within the limit: {ids}"),
        Truth::False if active.is_empty() => "no untreated nodule is on record".to_owned(),
        Truth::False => "every untreated nodule had an adequate CT within the limit".to_owned(),
        Truth::Unknown => {
            format!("the day of the last adequate CT, or of the first sight, is not known: {ids}")
        }
    };
    let urgent =
        shown.iter().any(|nodule| nodule.largest_mm.is_none_or(|mm| mm > case.limits.observed.urgent_mm));
    let refused = follow_up
        .and_then(|one| one.ended.as_ref())
        .is_some_and(|ended| matches!(ended.reason, EndReason::Refusal | EndReason::Palliative));
    let palliative = case
        .facts
        .parts
        .board_decisions
        .last()
        .is_some_and(|decision| decision.decision == Some(BoardChoice::Palliative));
    INFO.decided(state, reason)
        .with_evidence(shown.iter().map(|nodule| Evidence::Nodule(nodule.nodule.clone())))
        .label(state.is_true() && urgent, "urgent")
        .label(state.is_true() && (refused || palliative), "review-instead")
        .missing("exact days of the CT studies")
}

fn is_late(case: &Case<'_, '_>, nodule: &NoduleStatus, stated: &[Option<PartialDate>; 5]) -> Truth {
    let limits = &case.limits.observed;
    let today = case.facts.today();
    let late_by = |months: u32| {
        let since = |on: Option<PartialDate>| on.map_or(Truth::Unknown, |on| !on.lt_months(today, months));
        let seen = last_shown(case, nodule).map_or(Truth::True, since);
        let lobe = nodule.place.place().lobe();
        let by_lobe = lobe.and_then(|lobe| Lobe::ALL.iter().zip(stated).find(|(own, _)| **own == lobe));
        seen.and(by_lobe.and_then(|(_, on)| *on).map_or(Truth::True, |on| since(Some(on))))
    };
    let young = nodule.first_seen_on.map_or(Truth::Unknown, |on| on.lt_months(today, limits.young_months));
    let (strict, lenient) = (late_by(limits.young_gap_months), late_by(limits.old_gap_months));
    (young.and(strict)).or((!young).and(lenient)).or(strict.and(lenient))
}

/// The day of the last CT that could show the nodule, by a finding of it.
fn last_shown(case: &Case<'_, '_>, nodule: &NoduleStatus) -> Option<Option<PartialDate>> {
    let known = case.facts.nodule(&nodule.nodule)?;
    let hidden = |fate| matches!(fate, Some(Fate::OutsideField | Fate::Obscured));
    let mut sightings = known.sightings.iter().rev();
    sightings.find(|(study, finding)| is_ct(study) && !hidden(finding.fate)).map(|(study, _)| study.on)
}

/// Per lobe: the last dated CT that said something of it. Without a finding only such a statement says that
/// somebody looked there.
fn last_stated(case: &Case<'_, '_>) -> [Option<PartialDate>; 5] {
    Lobe::ALL.map(|lobe| {
        let looked = |statement| matches!(statement, Some(LobeStatement::Clear | LobeStatement::Nodules));
        let mut studies = case.facts.studies.iter().rev();
        studies.find(|study| is_ct(study) && study.on.is_some() && looked(study.lobes.get(lobe)))?.on
    })
}
