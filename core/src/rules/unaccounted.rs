//! Nodules that were imaged before an operation on their side and that no specimen or explanation accounts for.
//!
//! Judged per operation, over all operations for metastases: what the surgeon did not find stays open until it is
//! treated, explained or gone, whatever was done on the other side since. Operations with benign results only count,
//! because the target may be what they missed.

use crate::domain::{
    imaging::ImagingStudy,
    lung::{Lobe, Place},
    nodule::Tally,
    operation::{Operation, ResectionTarget},
    text::OperationId,
    truth::Truth,
    vocabulary::{Certainty, Fate, LobeStatement, NoduleOrigin, Purpose, SpecimenKind},
};

use super::{
    case::Case,
    evidence::Evidence,
    facts::{Facts, NoduleFacts, before, is_seen, on_or_before},
    nodule_state::NoduleStatus,
    removed::lobes_removed,
    units::{is_biopsy_only, operated_sides},
};

/// Something imaged that is or may be not accounted for.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Unaccounted {
    /// The nodule, or the study that mentions nodules without listing them.
    pub what: Evidence,
    pub operation: OperationId,
    pub why: Why,
    /// Never false.
    pub state: Truth,
}

/// Why something is not accounted for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Why {
    /// No specimen holds it.
    NoSpecimen,
    /// It was resected and is seen on a later study.
    SeenAgain,
    /// Pathology counted fewer pieces than the group holds.
    FewerPieces,
    /// A report mentions it without listing it.
    NotListed,
}

/// Everything that is or may be not accounted for; `None` where no operation for metastases is on record.
pub(super) fn unaccounted(case: &Case<'_, '_>) -> Option<Vec<Unaccounted>> {
    let operations: Vec<&Operation> =
        case.facts.operations.iter().copied().filter(|one| is_for_metastases(one)).collect();
    if operations.is_empty() {
        return None;
    }
    let mut found = Vec::new();
    for operation in operations {
        missed(case, operation, &mut found);
        not_listed(case.facts, operation, &mut found);
    }
    for known in &case.facts.nodules {
        after_resection(case.facts, known, &mut found);
    }
    Some(found)
}

pub(super) fn is_for_metastases(operation: &Operation) -> bool {
    matches!(operation.purpose, Purpose::Metastasectomy | Purpose::Unknown) && !is_biopsy_only(operation)
}

/// Untreated nodules that the operation should have taken.
fn missed(case: &Case<'_, '_>, operation: &Operation, found: &mut Vec<Unaccounted>) {
    let facts = case.facts;
    let targets: Vec<(&NoduleStatus, Truth)> = facts
        .nodules
        .iter()
        .zip(case.nodules)
        .filter(|(_, status)| status.is_active())
        .map(|(known, status)| (status, target(facts, operation, known, status)))
        .filter(|(.., wanted)| wanted.may_be_true())
        .collect();
    let number_in = |place: Place, only_certain: bool| -> u32 {
        let there = targets.iter().filter(|(status, wanted)| {
            status.place.place().may_be(place) && (wanted.is_true() || !only_certain)
        });
        there.map(|(status, _)| status.count.tally().min).fold(0, u32::saturating_add)
    };
    for (status, wanted) in &targets {
        let place = status.place.place();
        let explained = left_with_reason(operation, place, number_in(place, false));
        let may_be_taken = may_have_taken(facts, operation, place, number_in(place, true));
        let matched = if may_be_taken { Truth::Unknown } else { Truth::False };
        let state = Truth::all([*wanted, !explained, !matched]);
        if state.may_be_true() {
            found.push(Unaccounted {
                what: Evidence::Nodule(status.nodule.clone()),
                operation: operation.id.clone(),
                why: Why::NoSpecimen,
                state,
            });
        }
    }
}

/// Whether a nodule was imaged by the day of an operation on its side, was still there, and was then or is now held
/// for a metastasis.
fn target(facts: &Facts<'_>, operation: &Operation, known: &NoduleFacts<'_>, status: &NoduleStatus) -> Truth {
    let seen = known.sightings.iter().filter(|(_, finding)| is_seen(finding.fate));
    // A study without a day may have been made before the operation.
    let imaged = Truth::any(seen.map(|(study, _)| on_or_before(study.on, operation.on)));
    let sides = operated_sides(facts, operation);
    let operated = match status.place.place().side() {
        Some(side) => sides.on(side),
        None => sides.right.or(sides.left).and(Truth::Unknown),
    };
    let held = known.sightings.iter().map(|(study, finding)| {
        let suspicious = matches!(finding.certainty, Some(Certainty::Definite | Certainty::Probable));
        on_or_before(study.on, operation.on).and(Truth::from(suspicious))
    });
    // What is still there afterwards is residual, whatever it was held for, unless a reason for leaving it is on record.
    let later = known.sightings.iter().filter(|(_, finding)| is_seen(finding.fate));
    let residual = Truth::any(later.map(|(study, _)| before(operation.on, study.on))).and(Truth::Unknown);
    let suspicious = Truth::any(held).or(status.suspicious).or(residual);
    Truth::all([imaged, operated, suspicious, !gone_before(facts, known, operation)])
}

/// Whether a reason is on record for leaving what lies there. A reason for fewer nodules leaves open which.
fn left_with_reason(operation: &Operation, place: Place, nodules: u32) -> Truth {
    let left = operation.left_behind.iter().filter(|left| left.reason.is_some() && left.place.may_be(place));
    let Some(number) = left.map(|left| left.count.tally()).reduce(|one, other| one + other) else {
        return Truth::False;
    };
    if place.lobe().is_some() && number.min >= nodules { Truth::True } else { Truth::Unknown }
}

/// Whether an operation may have taken what nobody linked to it: one of some nodules that may lie in a place. Fewer
/// specimens than nodules leave at least one of them.
pub(super) fn may_have_taken(facts: &Facts<'_>, operation: &Operation, place: Place, nodules: u32) -> bool {
    let unlinked = unlinked_specimens(facts, operation, place);
    unlinked != Tally::ZERO && !(unlinked.exact && nodules > unlinked.min)
}

/// Specimens of the operation that belong to no recorded nodule and may come from there.
fn unlinked_specimens(facts: &Facts<'_>, operation: &Operation, place: Place) -> Tally {
    let loose = operation.resections.iter().filter_map(|resection| match &resection.target {
        ResectionTarget::Specimen { place: from, kind: SpecimenKind::Nodule, count }
            if from.may_be(place) =>
        {
            Some(count.tally())
        }
        _ => None,
    });
    // What an operation took without a record, and a whole lobe, may hold any number of them.
    let whole = lobes_removed(facts, operation).into_iter().any(|lobe| Place::Lobe(lobe).may_be(place));
    let exact = !whole && !operation.resections.is_empty();
    loose.fold(Tally { min: 0, exact }, |sum, count| sum + count)
}

/// Whether it had gone by the day of the operation. Going under systemic therapy is an accepted reason; without one
/// it is open.
fn gone_before(facts: &Facts<'_>, known: &NoduleFacts<'_>, operation: &Operation) -> Truth {
    let last_look = |study: &ImagingStudy| {
        let seen_since = known
            .sightings
            .iter()
            .filter(|(_, finding)| is_seen(finding.fate))
            .map(|(later, _)| before(study.on, later.on).and(on_or_before(later.on, operation.on)));
        on_or_before(study.on, operation.on).and(!Truth::any(seen_since))
    };
    let gone = known.sightings.iter().filter(|(_, finding)| is_gone(finding.fate));
    Truth::any(
        gone.map(|(study, _)| last_look(study).and(went_on_therapy(facts, known, study).or(Truth::Unknown))),
    )
}

/// Whether systemic therapy ran between a study that showed a nodule and the one on which it had gone.
fn went_on_therapy(facts: &Facts<'_>, known: &NoduleFacts<'_>, gone: &ImagingStudy) -> Truth {
    let seen = || known.sightings.iter().filter(|(_, finding)| is_seen(finding.fate));
    let therapies = facts.parts.systemic_therapies.iter().map(|therapy| {
        let ended_before = |study: &ImagingStudy| match therapy.ongoing {
            Some(true) => Truth::False,
            _ => before(therapy.ended_on, study.on),
        };
        let since = seen().map(|(study, _)| before(study.on, gone.on).and(!ended_before(study)));
        on_or_before(therapy.started_on, gone.on).and(Truth::any(since))
    });
    Truth::any(therapies)
}

const fn is_gone(fate: Option<Fate>) -> bool {
    matches!(fate, Some(Fate::Resolved | Fate::NotSeen | Fate::NotANodule))
}

/// Nodules that the reports before the operation mention without listing them, and that fewer unlinked specimens
/// than nodules can hold. A later study that calls the lobe clear accounts for them.
fn not_listed(facts: &Facts<'_>, operation: &Operation, found: &mut Vec<Unaccounted>) {
    let sides = operated_sides(facts, operation);
    for study in facts.studies.iter().filter(|study| on_or_before(study.on, operation.on).may_be_true()) {
        let open = study.not_itemised.iter().any(|unlisted| {
            let operated = unlisted.place.side().is_none_or(|side| sides.on(side).may_be_true());
            let specimens = unlinked_specimens(facts, operation, unlisted.place)
                + palpated(facts, operation, unlisted.place);
            let number = unlisted.count.tally();
            let held = number.exact && specimens.min >= number.min;
            operated && !held && !clear_later(facts, study, unlisted.place)
        });
        if open {
            found.push(Unaccounted {
                what: Evidence::Study(study.id.clone()),
                operation: operation.id.clone(),
                why: Why::NotListed,
                state: Truth::Unknown,
            });
        }
    }
}

/// Nodules found by hand or in the specimen: they may be what the report meant.
fn palpated(facts: &Facts<'_>, operation: &Operation, place: Place) -> Tally {
    let nodules = operation.resections.iter().filter_map(|resection| match &resection.target {
        ResectionTarget::Nodule { nodule, .. } => facts.nodule(nodule),
        ResectionTarget::Specimen { .. } => None,
    });
    let by_hand = nodules.filter(|known| {
        matches!(known.nodule.origin, Some(NoduleOrigin::Palpation | NoduleOrigin::Specimen))
            && known.nodule.place.place().may_be(place)
    });
    by_hand.map(|known| known.nodule.count.tally()).sum()
}

fn clear_later(facts: &Facts<'_>, study: &ImagingStudy, place: Place) -> bool {
    let mut lobes = Lobe::ALL.into_iter().filter(|lobe| place.may_be(Place::Lobe(*lobe)));
    lobes.all(|lobe| {
        facts.studies.iter().any(|later| {
            before(study.on, later.on).is_true() && later.lobes.get(lobe) == Some(LobeStatement::Clear)
        })
    })
}

/// A resected nodule that a later study shows, or of which pathology counted fewer pieces than it holds.
fn after_resection(facts: &Facts<'_>, known: &NoduleFacts<'_>, found: &mut Vec<Unaccounted>) {
    let Some((at, _)) = known.removals(&facts.operations).last() else { return };
    let Some(operation) = facts.operations.get(at) else { return };
    let seen = known.sightings.iter().filter(|(_, finding)| is_seen(finding.fate)).map(|(study, _)| {
        let gone_since = known.sightings.iter().filter(|(_, finding)| is_gone(finding.fate));
        let gone_since = Truth::any(gone_since.map(|(later, _)| before(study.on, later.on)));
        // A study that may have been made before the operation shows nothing.
        before(operation.on, study.on).and(!gone_since)
    });
    let seen_again = Truth::any(seen);
    let pieces = if fewer_pieces(facts, known) { Truth::Unknown } else { Truth::False };
    for (why, state) in [(Why::SeenAgain, seen_again), (Why::FewerPieces, pieces)] {
        if state.may_be_true() {
            let what = Evidence::Nodule(known.nodule.id.clone());
            found.push(Unaccounted { what, operation: operation.id.clone(), why, state });
        }
    }
}

/// Pathology counted fewer pieces than the group holds, unlinked specimens of the same lobe included.
fn fewer_pieces(facts: &Facts<'_>, known: &NoduleFacts<'_>) -> bool {
    let place = known.nodule.place.place();
    let removals = || known.removals(&facts.operations);
    let pieces = removals()
        .map(|(_, resection)| resection.pathology_count)
        .try_fold(0_u32, |sum, pieces| Some(sum.saturating_add(pieces?)));
    let loose: Tally = removals()
        .filter_map(|(at, _)| facts.operations.get(at))
        .map(|operation| unlinked_specimens(facts, operation, place))
        .sum();
    pieces.is_some_and(|pieces| pieces.saturating_add(loose.min) < known.nodule.count.tally().min)
}
