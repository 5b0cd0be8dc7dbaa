//! Progression on systemic therapy, before a metastasectomy or at any time.
//!
//! A therapy precedes an operation when it began before it and ended at most a few months before it. Progression
//! is what was reported as such, or growth or a new nodule between the last CT before the therapy and the last CT
//! before the operation, or within those months. Mixed response is progression.

use crate::domain::{
    imaging::ImagingStudy,
    lung::Lobe,
    operation::Operation,
    therapy::SystemicTherapy,
    truth::Truth,
    vocabulary::{BestResponse, Fate, LobeStatement, SystemicIntent},
};

use super::{
    case::Case,
    evidence::Evidence,
    facts::{NoduleFacts, before, is_ct, is_seen, on_or_before, plus_months},
    growth::{Sighting, growth_of},
    novelty::came_after,
};

/// What is known of progression on systemic therapy.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Progression {
    pub state: Truth,
    /// Some nodules grew, or came, while others shrank.
    pub mixed: bool,
    pub evidence: Vec<Evidence>,
}

impl Progression {
    const NONE: Self = Self { state: Truth::False, mixed: false, evidence: Vec::new() };

    /// At least one of both; it rests on those that carry the answer.
    pub(super) fn or(self, other: Self) -> Self {
        let state = self.state.or(other.state);
        let carrying = [self, other].into_iter().filter(|one| one.state == state && state.may_be_true());
        carrying.fold(Self { state, ..Self::NONE }, |mut all, one| {
            all.mixed |= one.mixed;
            all.evidence.extend(one.evidence);
            all
        })
    }
}

/// Progression on a systemic therapy before a metastasectomy.
pub(super) fn progression(case: &Case<'_, '_>) -> Progression {
    let done = case.episodes.iter().flat_map(|episode| &episode.operations);
    let operations: Vec<&Operation> =
        done.filter_map(|id| case.facts.operations.iter().find(|one| one.id == *id).copied()).collect();
    let pairs = of_metastases(case).flat_map(|therapy| operations.iter().map(move |one| (therapy, *one)));
    pairs.fold(Progression::NONE, |found, (therapy, operation)| {
        let precedes = precedes(therapy, operation, case.limits.therapy.operation_within_months);
        let mut one = judged(case, therapy, |study| before(study.on, operation.on), Truth::True);
        one.state = one.state.and(precedes);
        one.evidence.push(Evidence::Operation(operation.id.clone()));
        found.or(one)
    })
}

/// Progression under a systemic therapy or shortly after it, whether or not an operation followed.
pub(super) fn under_therapy(case: &Case<'_, '_>) -> Progression {
    let months = case.limits.therapy.operation_within_months;
    of_metastases(case).fold(Progression::NONE, |found, therapy| {
        let until = therapy.ended_on.and_then(|ended| plus_months(ended, months));
        let running = therapy.ended_on.is_none();
        // Without an end nobody knows whether a later scan was still under it.
        let certain =
            if running { Truth::from(therapy.ongoing.filter(|ongoing| *ongoing)) } else { Truth::True };
        let wanted = |study: &ImagingStudy| if running { Truth::True } else { on_or_before(study.on, until) };
        found.or(judged(case, therapy, wanted, certain))
    })
}

/// Therapies that were given while there were, or may have been, lung metastases.
fn of_metastases<'c, 'h>(case: &Case<'c, 'h>) -> impl Iterator<Item = &'h SystemicTherapy> + use<'c, 'h> {
    let found_on = case.anchors.metastases_on;
    let therapies = case.facts.parts.systemic_therapies.iter();
    therapies.filter(move |therapy| !before(therapy.ended_on, found_on).is_true())
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

/// What was reported of a therapy, else what the CTs before and under it show. A best response other than progression
/// excludes none: disease may have held first and progressed later.
fn judged(
    case: &Case<'_, '_>,
    therapy: &SystemicTherapy,
    wanted: impl Fn(&ImagingStudy) -> Truth,
    certain: Truth,
) -> Progression {
    let reported = Truth::from(therapy.best_response == Some(BestResponse::ProgressiveDisease));
    let scans = scans(case, therapy, wanted);
    let studies = scans.into_iter().flatten().map(|study| Evidence::Study(study.id.clone()));
    let evidence = std::iter::once(Evidence::Therapy(therapy.id.clone())).chain(studies).collect();
    let (imaged, mixed) = match scans {
        [Some(first), Some(last)] => changes(case, first, last),
        _ => (Truth::Unknown, false),
    };
    // Where the scans may not be the right ones, what they do not show may have been on others.
    let imaged = if certain.is_true() { imaged } else { Truth::Unknown };
    Progression { state: reported.or(imaged), mixed, evidence }
}

/// The last CT at or before the start of a therapy, and the last one after it that is still wanted.
fn scans<'h>(
    case: &Case<'_, 'h>,
    therapy: &SystemicTherapy,
    wanted: impl Fn(&ImagingStudy) -> Truth,
) -> [Option<&'h ImagingStudy>; 2] {
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
    [first, last]
}

/// Whether a nodule grew or came between two studies, and whether others shrank or went meanwhile.
fn changes(case: &Case<'_, '_>, first: &ImagingStudy, last: &ImagingStudy) -> (Truth, bool) {
    let mut shrunk = false;
    // What the report does not list, or a lobe of which it says nothing, may hold a new nodule.
    let complete = last.not_itemised.is_empty() && all_assessed(last);
    let mut progressed = if complete { Truth::False } else { Truth::Unknown };
    for finding in &last.findings {
        let Some(known) = case.facts.nodule(&finding.nodule) else { continue };
        if is_seen(finding.fate) {
            let (grown, smaller) = change(case, known, first, (last, finding));
            progressed = progressed.or(grown);
            shrunk |= smaller;
        } else {
            shrunk |= matches!(finding.fate, Some(Fate::Resolved | Fate::NotSeen));
        }
    }
    (progressed, shrunk && progressed.is_true())
}

fn all_assessed(study: &ImagingStudy) -> bool {
    Lobe::ALL.into_iter().all(|lobe| is_assessed(study.lobes.get(lobe)))
}

const fn is_assessed(statement: Option<LobeStatement>) -> bool {
    matches!(statement, Some(LobeStatement::Clear | LobeStatement::Nodules))
}

/// Whether one nodule grew or came since the first study, and whether it shrank. What was measured in between counts,
/// so that growth after shrinkage is not lost.
fn change(
    case: &Case<'_, '_>,
    known: &NoduleFacts<'_>,
    first: &ImagingStudy,
    now: Sighting<'_>,
) -> (Truth, bool) {
    let measure = |sightings: &[Sighting<'_>]| growth_of(known.nodule.count, sightings, &case.limits.growth);
    let until = known.sightings.iter().copied().take_while(|(study, _)| study.id != now.0.id).chain([now]);
    let then = known.sightings.iter().find(|(study, _)| study.id == first.id);
    if let Some(then) = then.filter(|(_, finding)| is_seen(finding.fate)) {
        let since: Vec<_> = until.skip_while(|(study, _)| study.id != first.id).collect();
        return (measure(&since).grown, measure(&[*then, now]).shrunk.is_true());
    }
    let came = came_after(case.facts, known, first, &case.limits.new_nodules);
    let looked_for = |(_, finding): &Sighting<'_>| {
        matches!(finding.fate, Some(Fate::NotSeen | Fate::Resolved | Fate::NotANodule))
    };
    let progressed = match came {
        // Known before, not there then, and back now.
        Truth::False if then.is_some_and(looked_for) => Truth::True,
        Truth::False => {
            // Known before and not shown then: if it grew, nobody knows since when.
            let all: Vec<_> = until.collect();
            measure(&all).grown.and(Truth::Unknown)
        }
        came => came,
    };
    (progressed, false)
}

/// Whether a systemic therapy is running on the day.
fn runs(case: &Case<'_, '_>, therapy: &SystemicTherapy) -> Truth {
    match (therapy.ended_on, therapy.ongoing) {
        (Some(ended), _) => case.facts.today().on_or_before(ended),
        (None, Some(ongoing)) => Truth::from(ongoing),
        (None, None) => Truth::Unknown,
    }
}

/// Systemic therapies of whatever intent that are on record as running while there are, or may be, lung metastases. One
/// without an end on record is not taken for running: what it says of the tier is asked by [`palliative`].
pub(super) fn running(case: &Case<'_, '_>) -> Vec<Evidence> {
    let running = of_metastases(case).filter(|therapy| runs(case, therapy).is_true());
    running.map(|therapy| Evidence::Therapy(therapy.id.clone())).collect()
}

/// Whether palliative systemic therapy is running on the day.
pub(super) fn palliative(case: &Case<'_, '_>) -> Progression {
    let mut found = Progression { state: Truth::False, mixed: false, evidence: Vec::new() };
    for therapy in &case.facts.parts.systemic_therapies {
        let running = runs(case, therapy);
        let intent = match therapy.intent {
            Some(SystemicIntent::Palliative) => Truth::True,
            Some(SystemicIntent::Unknown) | None => Truth::Unknown,
            Some(_) => Truth::False,
        };
        let state = running.and(intent);
        if state.may_be_true() {
            found.evidence.push(Evidence::Therapy(therapy.id.clone()));
        }
        found.state = found.state.or(state);
    }
    found
}
