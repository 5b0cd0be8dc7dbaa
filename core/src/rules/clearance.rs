//! Completeness of an episode and whether it cleared all known disease of the chest.
//!
//! What is left is judged by what was known when the episode closed: a suspected nodule left makes R2, one left
//! for observation does not, and a later proof does not rewrite it.

use std::collections::BTreeSet;

use crate::domain::{
    dates::PartialDate,
    lung::Place,
    operation::Operation,
    truth::Truth,
    vocabulary::{Completeness, Fate},
};

use super::{
    counts::Treated,
    episode::Margins,
    facts::{Facts, NoduleFacts, before, is_seen, on_or_before},
    nodule_state::{NoduleStatus, suspicion},
    pathology::PathologyClass,
    staging::Group,
    unaccounted::may_have_taken,
    units::is_benign_only,
};

/// What an episode left, and whether it cleared.
pub(super) struct Closing {
    pub completeness: Option<Completeness>,
    pub margins: Margins,
    pub with_observed: Truth,
    pub late_reclassification: bool,
    pub cleared: Truth,
    /// Disease that was known at the close, or can be seen in hindsight on a study before it, and was not treated.
    pub persistence: Truth,
    /// Whether some of that grew.
    pub progression: Truth,
}

/// Judges an episode at its close. `gone` holds the positions of the nodules treated in it or before.
pub(super) fn closing(
    facts: &Facts<'_>,
    statuses: &[NoduleStatus],
    group: &Group,
    until: Option<PartialDate>,
    gone: &BTreeSet<usize>,
    treated: &[Treated],
) -> Closing {
    let operations: Vec<_> = group.units.iter().filter_map(|unit| unit.operation(facts)).collect();
    let mut left = left(facts, statuses, until, gone, &operations);
    let therapies = || group.units.iter().filter_map(|unit| unit.therapy(facts));
    if operations.iter().any(|operation| operation.resections.is_empty())
        || therapies().any(|therapy| therapy.nodules.is_empty())
    {
        // Nobody wrote down what was taken out or treated: what seems to be left may be gone.
        left.suspected = left.suspected.and(Truth::Unknown);
        left.observed = left.observed.and(Truth::Unknown);
        left.persistence = left.persistence.and(Truth::Unknown);
        left.progression = left.progression.and(Truth::Unknown);
    }
    // A part of the plan that found nothing malignant left no margin that anybody has to report.
    let margin = |operation: &&&Operation| operation.completeness.is_some() || !is_benign_only(operation);
    let reported: Vec<_> = operations.iter().filter(margin).map(|operation| operation.completeness).collect();
    let left_on_purpose = operations.iter().any(|operation| !operation.left_behind.is_empty());
    let with_observed = left.observed.or(Truth::from(left_on_purpose));
    if group.pending {
        // More is to come: nothing is left behind yet.
        let margins = Margins { r0: Truth::False, r1_or_rx: any(&reported, is_r1_or_rx), r2: Truth::False };
        let cleared = Truth::False;
        return Closing {
            completeness: None,
            margins,
            with_observed,
            late_reclassification: false,
            cleared,
            persistence: left.persistence,
            progression: left.progression,
        };
    }
    // Where nothing was resected nobody looked at a margin.
    let no_margin = if operations.is_empty() { Truth::Unknown } else { Truth::False };
    let margins = Margins {
        r0: Truth::all(reported.iter().map(|one| is_r0(*one))).and(!left.suspected).and(!no_margin),
        r1_or_rx: any(&reported, is_r1_or_rx).or(no_margin),
        r2: any(&reported, is_r2).or(left.suspected),
    };
    let completeness = if left.suspected.is_true() { Some(Completeness::R2) } else { worst(&reported) };
    let assessed = Truth::all(reported.iter().map(|one| clears(*one)));
    let seen_again = treated.iter().any(|one| is_seen_again(facts, one, until));
    let cleared = match Truth::all([assessed, !left.suspected, !margins.r2]) {
        // A study after the close contradicts it: what was taken out is seen, or what was there was overlooked.
        Truth::True if seen_again || left.overlooked => Truth::Unknown,
        decided => decided,
    };
    Closing {
        completeness,
        margins,
        with_observed,
        late_reclassification: left.late,
        cleared,
        persistence: left.persistence,
        progression: left.progression,
    }
}

fn any(reported: &[Option<Completeness>], statement: fn(Option<Completeness>) -> Truth) -> Truth {
    Truth::any(reported.iter().map(|one| statement(*one)))
}

const fn is_r0(reported: Option<Completeness>) -> Truth {
    match reported {
        Some(Completeness::R0) => Truth::True,
        Some(Completeness::R1 | Completeness::R2 | Completeness::Rx) => Truth::False,
        Some(Completeness::Complete) | None => Truth::Unknown,
    }
}

const fn is_r1_or_rx(reported: Option<Completeness>) -> Truth {
    match reported {
        Some(Completeness::R1 | Completeness::Rx) => Truth::True,
        Some(Completeness::R0 | Completeness::R2) => Truth::False,
        Some(Completeness::Complete) | None => Truth::Unknown,
    }
}

const fn is_r2(reported: Option<Completeness>) -> Truth {
    match reported {
        Some(Completeness::R2) => Truth::True,
        Some(Completeness::R0 | Completeness::R1 | Completeness::Complete) => Truth::False,
        Some(Completeness::Rx) | None => Truth::Unknown,
    }
}

/// R0 and R1 clear macroscopically, and so does "complete".
const fn clears(reported: Option<Completeness>) -> Truth {
    match reported {
        Some(Completeness::R0 | Completeness::R1 | Completeness::Complete) => Truth::True,
        Some(Completeness::R2) => Truth::False,
        Some(Completeness::Rx) | None => Truth::Unknown,
    }
}

/// The worst that was reported; a reported rest outweighs what was not reported.
fn worst(reported: &[Option<Completeness>]) -> Option<Completeness> {
    let any = |one: Completeness| reported.contains(&Some(one)).then_some(one);
    any(Completeness::R2).or_else(|| any(Completeness::Rx)).or_else(|| any(Completeness::R1)).or_else(|| {
        let all_reported = !reported.contains(&None);
        if all_reported { any(Completeness::Complete).or_else(|| any(Completeness::R0)) } else { None }
    })
}

/// Known disease that was not treated when the episode closed.
struct Left {
    suspected: Truth,
    observed: Truth,
    late: bool,
    /// Something first reported later can be seen, in hindsight, on a study before the close.
    overlooked: bool,
    persistence: Truth,
    progression: Truth,
}

fn left(
    facts: &Facts<'_>,
    statuses: &[NoduleStatus],
    until: Option<PartialDate>,
    gone: &BTreeSet<usize>,
    operations: &[&Operation],
) -> Left {
    let open: Vec<(&NoduleFacts<'_>, &NoduleStatus)> = facts
        .nodules
        .iter()
        .zip(statuses)
        .enumerate()
        .filter(|(at, (known, status))| {
            !gone.contains(at) && !removed_by(facts, known, until) && !is_no_metastasis(status.result)
        })
        .map(|(_, pair)| pair)
        .collect();
    let taken = perhaps_taken(facts, &open, until, operations);
    let rest = thoracic_rest(facts, until);
    let mut left = Left {
        suspected: rest,
        observed: Truth::False,
        late: false,
        overlooked: false,
        persistence: rest,
        progression: Truth::False,
    };
    for (known, status) in open {
        let (there, suspicious) = at_close(known, status, until);
        let there =
            if taken.contains(&known.nodule.place.place()) { there.and(Truth::Unknown) } else { there };
        left.suspected = left.suspected.or(there.and(suspicious));
        left.observed = left.observed.or(there.and(!suspicious));
        let proved = status.result.is_metastasis().is_true();
        left.late |= there.is_true() && suspicious.is_false() && proved;
        let overlooked = overlooked(known, until).and(status.suspicious.or(Truth::from(proved)));
        left.overlooked |= overlooked.may_be_true();
        let persistent = there.and(suspicious.or(Truth::from(proved))).or(overlooked);
        left.persistence = left.persistence.or(persistent);
        left.progression = left.progression.or(persistent.and(status.growth.grown));
    }
    left
}

/// Places in which a nodule that seems to be left may be one of the specimens that belong to no recorded nodule.
fn perhaps_taken(
    facts: &Facts<'_>,
    open: &[(&NoduleFacts<'_>, &NoduleStatus)],
    until: Option<PartialDate>,
    operations: &[&Operation],
) -> Vec<Place> {
    let in_use = |place: &Place| open.iter().any(|(known, _)| known.nodule.place.place() == *place);
    let number_in = |place: Place| {
        let there = open.iter().filter(|(known, status)| {
            let (there, suspicious) = at_close(known, status, until);
            known.nodule.place.place().may_be(place) && there.and(suspicious).is_true()
        });
        there.map(|(known, _)| known.nodule.count.tally().min).fold(0, u32::saturating_add)
    };
    let may_hold = |place: &Place| {
        let nodules = number_in(*place);
        operations.iter().any(|operation| may_have_taken(facts, operation, *place, nodules))
    };
    Place::ALL.into_iter().filter(|place| in_use(place) && may_hold(place)).collect()
}

/// Results that no later reading counts as a metastasis.
const fn is_no_metastasis(result: PathologyClass) -> bool {
    matches!(result, PathologyClass::Benign | PathologyClass::OtherMalignancy | PathologyClass::Indeterminate)
}

/// Whether an operation outside of any episode had taken the nodule out by then.
fn removed_by(facts: &Facts<'_>, known: &NoduleFacts<'_>, until: Option<PartialDate>) -> bool {
    known.removals(&facts.operations).any(|(at, _)| {
        facts.operations.get(at).is_some_and(|operation| on_or_before(operation.on, until).is_true())
    })
}

/// Whether the nodule was known at the close, and whether it was then held to be a metastasis.
fn at_close(known: &NoduleFacts<'_>, status: &NoduleStatus, until: Option<PartialDate>) -> (Truth, Truth) {
    if known.sightings.is_empty() {
        // On record, but no study dates it: it may have been there.
        return (Truth::Unknown, Truth::Unknown);
    }
    let by_then: Vec<_> = known
        .sightings
        .iter()
        .copied()
        .filter(|(study, _)| on_or_before(study.on, until).may_be_true())
        .collect();
    let reported = known.reported_on.map_or(Truth::False, |on| on_or_before(Some(on), until));
    let last_then = by_then.iter().rev().find(|(study, _)| on_or_before(study.on, until).is_true());
    let gone = last_then.is_some_and(|(_, finding)| {
        matches!(finding.fate, Some(Fate::Resolved | Fate::NotSeen | Fate::NotANodule))
    });
    let suspicious = match suspicion(&by_then) {
        // Nobody said what it was held for; a later proof says so.
        Truth::Unknown if status.result.is_metastasis().is_true() => Truth::True,
        stated => stated,
    };
    (reported.and(Truth::from(!gone)), suspicious)
}

/// Whether a nodule that was first reported after the close can be seen on a study before it in hindsight.
fn overlooked(known: &NoduleFacts<'_>, until: Option<PartialDate>) -> Truth {
    let reported_later = before(until, known.reported_on);
    if reported_later.is_true() { on_or_before(known.seen_on, until) } else { Truth::False }
}

/// Known disease of the chest outside the lung that was not resected.
fn thoracic_rest(facts: &Facts<'_>, until: Option<PartialDate>) -> Truth {
    Truth::any(facts.parts.thoracic_events.iter().map(|event| {
        let untreated = Truth::from(event.resected.map(|resected| !resected));
        Truth::all([on_or_before(event.on, until), Truth::from(event.confirmed), untreated])
    }))
}

/// Whether a nodule that was taken out is seen on a later study.
fn is_seen_again(facts: &Facts<'_>, treated: &Treated, until: Option<PartialDate>) -> bool {
    let resected = treated.outcome.is_some();
    let known = treated.position.and_then(|at| facts.nodules.get(at));
    resected
        && known.is_some_and(|known| {
            let mut sightings = known.sightings.iter();
            sightings.any(|(study, finding)| is_seen(finding.fate) && before(until, study.on).is_true())
        })
}
