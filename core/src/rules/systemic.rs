//! Progression on systemic therapy before a metastasectomy.
//!
//! A therapy precedes an operation when it began before it and ended at most a few months before it. Progression
//! is what was reported as such, or growth or a new nodule between the last CT before the therapy and the last CT
//! before the operation. Mixed response is progression.

use std::collections::HashMap;

use crate::domain::{
    imaging::ImagingStudy,
    operation::Operation,
    text::NoduleId,
    therapy::SystemicTherapy,
    truth::Truth,
    vocabulary::{BestResponse, SystemicIntent},
};

use super::{
    case::Case,
    evidence::Evidence,
    facts::{before, is_ct, is_seen, on_or_before, plus_months},
    growth::{Sighting, growth},
    novelty::came_after,
};

/// Whether some systemic therapy before a metastasectomy did not hold the disease.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Progression {
    pub state: Truth,
    /// Some nodules grew while others shrank.
    pub mixed: bool,
    pub evidence: Vec<Evidence>,
}

/// Looks at every pair of therapy and metastasectomy.
pub(super) fn progression(case: &Case<'_, '_>) -> Progression {
    let mut found = Progression { state: Truth::False, mixed: false, evidence: Vec::new() };
    let operations = case.episodes.iter().flat_map(|episode| &episode.operations);
    let operations: Vec<&Operation> =
        operations.filter_map(|id| case.facts.operations.iter().find(|one| one.id == *id).copied()).collect();
    for therapy in &case.facts.parts.systemic_therapies {
        // What ended before there were lung metastases did not treat them.
        if before(therapy.ended_on, case.anchors.metastases_on).is_true() {
            continue;
        }
        for operation in &operations {
            let precedes = precedes(therapy, operation, case.limits.therapy.operation_within_months);
            if precedes.is_false() {
                continue;
            }
            let state = precedes.and(progressed(case, therapy, operation));
            if state.may_be_true() && (state.is_true() || !found.state.is_true()) {
                found.evidence =
                    vec![Evidence::Therapy(therapy.id.clone()), Evidence::Operation(operation.id.clone())];
            }
            found.state = found.state.or(state);
        }
    }
    found
}

fn precedes(therapy: &SystemicTherapy, operation: &Operation, months: u32) -> Truth {
    let began = before(therapy.started_on, operation.on);
    let ended_near = match (therapy.ended_on, therapy.ongoing) {
        (Some(ended), _) => on_or_before(operation.on, plus_months(ended, months)),
        (None, Some(true)) => Truth::True,
        (None, _) => Truth::Unknown,
    };
    began.and(ended_near)
}

fn progressed(case: &Case<'_, '_>, therapy: &SystemicTherapy, operation: &Operation) -> Truth {
    let by_imaging = by_imaging(case, therapy, operation);
    match therapy.best_response {
        Some(BestResponse::ProgressiveDisease) => Truth::True,
        Some(
            BestResponse::CompleteResponse | BestResponse::PartialResponse | BestResponse::StableDisease,
        ) if !by_imaging.is_true() => Truth::False,
        _ => by_imaging,
    }
}

fn by_imaging(case: &Case<'_, '_>, therapy: &SystemicTherapy, operation: &Operation) -> Truth {
    let (first, last) = scans(case, therapy, |study| before(study.on, operation.on));
    let (Some(first), Some(last)) = (first, last) else { return Truth::Unknown };
    changes(case, first, last).0
}

/// The last CT at or before the start of a therapy, and the last one after it that is still wanted.
fn scans<'h>(
    case: &Case<'_, 'h>,
    therapy: &SystemicTherapy,
    wanted: impl Fn(&ImagingStudy) -> Truth,
) -> (Option<&'h ImagingStudy>, Option<&'h ImagingStudy>) {
    // The last CT that may fit is taken only if it certainly does: otherwise another may be the right one.
    let last_that = |fits: &dyn Fn(&ImagingStudy) -> Truth| {
        let mut cts = case.facts.studies.iter().rev().copied().filter(|study| is_ct(study));
        let candidate = cts.find(|study| fits(study).may_be_true())?;
        let earlier = cts.find(|study| fits(study).may_be_true());
        let ordered = earlier.is_none_or(|earlier| on_or_before(earlier.on, candidate.on).is_true());
        (ordered && fits(candidate).is_true()).then_some(candidate)
    };
    let first = last_that(&|study| on_or_before(study.on, therapy.started_on));
    let last = last_that(&|study| before(therapy.started_on, study.on).and(wanted(study)));
    (first, last)
}

/// Whether a nodule grew or came between two studies, and whether others shrank meanwhile.
fn changes(case: &Case<'_, '_>, first: &ImagingStudy, last: &ImagingStudy) -> (Truth, bool) {
    let earlier: HashMap<&NoduleId, Sighting<'_>> =
        first.findings.iter().map(|finding| (&finding.nodule, (first, finding))).collect();
    let mut shrunk = false;
    let changes = last.findings.iter().filter(|finding| is_seen(finding.fate)).map(|finding| {
        match earlier.get(&finding.nodule) {
            Some(sighting) => {
                let growth = growth(&[*sighting, (last, finding)], &case.limits.growth);
                shrunk |= growth.shrunk.is_true();
                growth.grown
            }
            None => is_new(case, &finding.nodule, first),
        }
    });
    let progressed = Truth::any(changes);
    (progressed, shrunk && progressed.is_true())
}

/// Progression under a therapy or shortly after it, whether or not an operation followed.
pub(super) fn under_therapy(case: &Case<'_, '_>) -> Progression {
    let mut found = Progression { state: Truth::False, mixed: false, evidence: Vec::new() };
    let months = case.limits.therapy.operation_within_months;
    for therapy in &case.facts.parts.systemic_therapies {
        if before(therapy.ended_on, case.anchors.metastases_on).is_true() {
            continue;
        }
        let until = therapy.ended_on.and_then(|ended| plus_months(ended, months));
        let open = therapy.ended_on.is_none();
        let (first, last) =
            scans(case, therapy, |study| if open { Truth::True } else { on_or_before(study.on, until) });
        let (imaged, mixed) = match (first, last) {
            // Without an end nobody knows whether the later scan was still under it.
            (Some(first), Some(last)) => {
                let (progressed, mixed) = changes(case, first, last);
                let certain = !open || therapy.ongoing == Some(true);
                (if certain { progressed } else { progressed.and(Truth::Unknown) }, mixed)
            }
            _ => (Truth::Unknown, false),
        };
        let state = match therapy.best_response {
            Some(BestResponse::ProgressiveDisease) => Truth::True,
            Some(BestResponse::NotEvaluable) | None => imaged,
            Some(_) if imaged.is_true() => Truth::True,
            Some(_) => Truth::False,
        };
        if state.may_be_true() && (state.is_true() || !found.state.is_true()) {
            found.evidence = vec![Evidence::Therapy(therapy.id.clone())];
            found
                .evidence
                .extend(first.into_iter().chain(last).map(|study| Evidence::Study(study.id.clone())));
            found.mixed = mixed;
        }
        found.state = found.state.or(state);
    }
    found
}

fn is_new(case: &Case<'_, '_>, nodule: &NoduleId, first: &ImagingStudy) -> Truth {
    case.facts
        .nodule(nodule)
        .map_or(Truth::Unknown, |known| came_after(case.facts, known, first, &case.limits.new_nodules))
}

/// Whether palliative systemic therapy is running on the day.
pub(super) fn palliative(case: &Case<'_, '_>) -> Progression {
    let mut found = Progression { state: Truth::False, mixed: false, evidence: Vec::new() };
    for therapy in &case.facts.parts.systemic_therapies {
        let running = match (therapy.ended_on, therapy.ongoing) {
            (Some(ended), _) => case.facts.today().on_or_before(ended),
            (None, Some(ongoing)) => Truth::from(ongoing),
            (None, None) => Truth::Unknown,
        };
        let intent = match therapy.intent {
            Some(SystemicIntent::Palliative) => Truth::True,
            Some(SystemicIntent::Unknown) | None => Truth::Unknown,
            Some(_) => Truth::False,
        };
        let state = running.and(intent);
        if state.is_true() || (state.is_unknown() && intent.is_true()) {
            found.evidence.push(Evidence::Therapy(therapy.id.clone()));
        }
        // An old therapy of unknown intent and end is a gap of the record, not a sign of activity.
        if intent.is_true() || running.is_true() {
            found.state = found.state.or(state);
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::testing::Story;

    fn state(story: &Story) -> Truth {
        story
            .evaluate("2024-01-01")
            .tier
            .triggers
            .iter()
            .find(|one| one.id == "progression-on-chemotherapy")
            .unwrap()
            .state
    }

    fn treated(sizes: [f64; 2], from: &str, until: &str) -> Story {
        Story::new()
            .nodule("n1", "RLL")
            .ct("ct1", "2022-12-01", &[("n1", sizes[0])])
            .systemic("s1", from, until)
            .ct("ct2", "2023-04-01", &[("n1", sizes[1])])
            .operation("op1", "2023-06-30", "right", &[("n1", "met_viable")])
    }

    #[test]
    fn growth_between_the_two_scans_is_progression() {
        assert_eq!(state(&treated([8.0, 10.0], "2023-01-01", "2023-03-30")), Truth::True);
        assert_eq!(state(&treated([8.0, 9.9], "2023-01-01", "2023-03-30")), Truth::False);
    }

    #[test]
    fn a_therapy_that_ended_more_than_three_months_before_does_not_count() {
        assert_eq!(state(&treated([8.0, 10.0], "2023-01-01", "2023-03-30")), Truth::True, "to the day");
        assert_eq!(state(&treated([8.0, 10.0], "2023-01-01", "2023-03-29")), Truth::False);
        assert_eq!(state(&treated([8.0, 10.0], "2023-01-01", "")), Truth::Unknown, "its end is not known");
    }

    #[test]
    fn a_new_nodule_is_progression_and_one_scan_decides_nothing() {
        let mut story = treated([8.0, 8.0], "2023-01-01", "2023-04-30").nodule("n2", "LUL");
        story.parts.imaging[1].findings.push(crate::rules::testing::finding("n2", 4.0));
        assert_eq!(state(&story), Truth::Unknown, "nothing says that the first scan could have shown it");
        story.parts.imaging[1].findings[1].fate = Some(crate::domain::vocabulary::Fate::New);
        assert_eq!(state(&story), Truth::True);
        story.parts.imaging.remove(0);
        assert_eq!(state(&story), Truth::Unknown);
        story.parts.systemic_therapies[0].best_response = Some(BestResponse::ProgressiveDisease);
        assert_eq!(state(&story), Truth::True);
    }

    #[test]
    fn without_systemic_therapy_there_is_no_progression_on_it() {
        assert_eq!(state(&Story::favourable()), Truth::False);
    }
}
