//! How a later unit relates to an earlier one: side, completion, what was known when, and the days between.

use crate::{
    domain::{
        dates::DayRange,
        operation::ResectionTarget,
        truth::Truth,
        vocabulary::{Completeness, NoduleOrigin},
    },
    protocol::thresholds::EpisodeThresholds,
};

use super::{
    episode::Sides,
    facts::{Facts, NoduleFacts, before, on_or_before, shows_all_clear},
    units::{Unit, operated_sides, treated_sides},
};

/// How a later unit relates to an earlier one.
pub(super) struct Relation {
    pub opposite: Truth,
    pub completion: Truth,
    /// A CT between the two states all five lobes to be clear: what was cleared in between is no stage.
    pub cleared_between: Truth,
    pub gap: DayRange,
    /// Whether the days between the two allow a completion.
    soon: Truth,
}

impl Relation {
    pub(super) fn of(facts: &Facts<'_>, first: Unit, later: Unit, limits: &EpisodeThresholds) -> Self {
        let (a, b) = (sides(facts, first), sides(facts, later));
        let one_sided = |sides: Sides| !sides.both();
        let opposite = one_sided(a).and(one_sided(b)).and((a.right.and(b.left)).or(a.left.and(b.right)));
        let same = (a.right.and(b.right)).or(a.left.and(b.left));
        let gap = match (first.until(facts), later.from(facts)) {
            (Some(until), Some(from)) => until.days_until(from),
            _ => DayRange { min: None, max: None },
        };
        let margin = first.operation(facts).map_or(Truth::False, |operation| match operation.completeness {
            Some(Completeness::R1 | Completeness::Rx) => Truth::True,
            Some(Completeness::Complete) | None => Truth::Unknown,
            Some(Completeness::R0 | Completeness::R2) => Truth::False,
        });
        let both_operations = Truth::from(later.operation(facts).is_some());
        let soon = gap.lt(limits.completion_days + 1);
        Self {
            opposite,
            completion: Truth::all([same, margin, soon, both_operations]),
            cleared_between: cleared_between(facts, first, later),
            gap,
            soon,
        }
    }

    /// Whether it lies where a part of the same plan lies: on the other side, or as a completion.
    pub(super) fn placed(&self) -> Truth {
        self.opposite.or(self.completion)
    }

    /// The same for a pair that a person linked: only what the record says against it counts, and what an inexact day
    /// may say.
    pub(super) fn placed_by_link(&self) -> Truth {
        match self.placed() {
            Truth::Unknown if self.opposite.is_false() && self.soon.is_unknown() => Truth::Unknown,
            placed => Truth::from(placed.may_be_true()),
        }
    }
}

fn sides(facts: &Facts<'_>, unit: Unit) -> Sides {
    match (unit.operation(facts), unit.therapy(facts)) {
        (Some(operation), _) => operated_sides(facts, operation),
        (None, Some(therapy)) => treated_sides(facts, therapy),
        (None, None) => Sides { right: Truth::Unknown, left: Truth::Unknown },
    }
}

/// The nodules a unit treats.
fn targets<'f, 'h>(facts: &'f Facts<'h>, unit: Unit) -> Vec<&'f NoduleFacts<'h>> {
    let resected = unit.operation(facts).into_iter().flat_map(|operation| {
        operation.resections.iter().filter_map(|resection| match &resection.target {
            ResectionTarget::Nodule { nodule, .. } => facts.nodule(nodule),
            ResectionTarget::Specimen { .. } => None,
        })
    });
    let irradiated = unit
        .therapy(facts)
        .into_iter()
        .flat_map(|therapy| therapy.nodules.iter().filter_map(|nodule| facts.nodule(nodule)));
    resected.chain(irradiated).collect()
}

/// Whether everything a unit targets was on imaging at the first, or was found on the other side before it.
pub(super) fn known(facts: &Facts<'_>, first: Unit, later: Unit) -> Truth {
    // What imaging showed on no recorded study is open.
    known_as(facts, first, later, Truth::Unknown)
}

/// The same for a pair that a person linked: what no recorded study shows does not speak against the link.
pub(super) fn known_by_link(facts: &Facts<'_>, first: Unit, later: Unit) -> Truth {
    known_as(facts, first, later, Truth::True)
}

fn known_as(facts: &Facts<'_>, first: Unit, later: Unit, never_imaged: Truth) -> Truth {
    let operated = sides(facts, first);
    let (until, from) = (first.until(facts), later.from(facts));
    Truth::all(targets(facts, later).into_iter().map(|target| {
        let Some(reported) = target.reported_on else {
            // What palpation finds was not a target.
            return match target.nodule.origin {
                Some(NoduleOrigin::Palpation | NoduleOrigin::Specimen) => Truth::True,
                Some(NoduleOrigin::Imaging) | None if target.sightings.is_empty() => never_imaged,
                Some(NoduleOrigin::Imaging) | None => Truth::Unknown,
            };
        };
        let on_other_side =
            target.nodule.place.place().side().map_or(Truth::Unknown, |side| !operated.on(side));
        let in_time = on_or_before(Some(reported), from);
        on_or_before(Some(reported), until).or(on_other_side.and(in_time))
    }))
}

/// Whether the chest was recorded as clear between the two: a CT that states all five lobes clear.
fn cleared_between(facts: &Facts<'_>, first: Unit, later: Unit) -> Truth {
    let (until, from) = (first.until(facts), later.from(facts));
    let clear = facts.studies.iter().filter(|study| shows_all_clear(study));
    Truth::any(clear.map(|study| before(until, study.on).and(before(study.on, from))))
}

/// Whether nothing known was left by the first: it was complete, and everything the later one targets is newer.
pub(super) fn cleared_by(facts: &Facts<'_>, first: Unit, later: Unit) -> Truth {
    let complete = first.operation(facts).is_some_and(|operation| {
        matches!(operation.completeness, Some(Completeness::R0 | Completeness::R1 | Completeness::Complete))
    });
    let targets = targets(facts, later);
    if !complete || targets.is_empty() {
        return Truth::False;
    }
    Truth::all(targets.into_iter().map(|target| before(first.until(facts), target.reported_on)))
}
