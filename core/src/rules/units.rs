//! The building blocks of episodes: operations and curative local therapies that can belong to one.
//!
//! Decides only what counts at all: a biopsy or a re-operation for a complication is kept as an operation and is no part
//! of an episode. An operation whose specimens all have a benign result is no episode of its own, but may be a stage or
//! a completion of one.

use crate::domain::{
    dates::PartialDate,
    lung::Side,
    operation::{Operation, ResectionTarget},
    text::OperationId,
    therapy::LocalTherapy,
    truth::Truth,
    vocabulary::{Extent, LocalIntent, LocalTherapyKind, OperationSide, Purpose, SpecimenKind},
};

use super::{
    episode::Sides,
    evidence::DataTask,
    facts::{Facts, last_of, takes_out},
    pathology::PathologyClass,
};

/// One operation or local therapy; the index into the facts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Unit {
    Operation(usize),
    Therapy(usize),
}

impl Unit {
    pub(super) fn operation<'h>(self, facts: &Facts<'h>) -> Option<&'h Operation> {
        match self {
            Self::Operation(at) => facts.operations.get(at).copied(),
            Self::Therapy(_) => None,
        }
    }

    pub(super) fn therapy<'h>(self, facts: &Facts<'h>) -> Option<&'h LocalTherapy> {
        match self {
            Self::Therapy(at) => facts.therapies.get(at).copied(),
            Self::Operation(_) => None,
        }
    }

    /// Its id.
    pub(super) fn name(self, facts: &Facts<'_>) -> String {
        match (self.operation(facts), self.therapy(facts)) {
            (Some(operation), _) => operation.id.to_string(),
            (None, Some(therapy)) => therapy.id.to_string(),
            (None, None) => String::new(),
        }
    }

    /// The operation of which it is recorded as a stage.
    pub(super) fn stage_of<'h>(self, facts: &Facts<'h>) -> Option<&'h OperationId> {
        match self.operation(facts) {
            Some(operation) => operation.stage_of.as_ref(),
            None => self.therapy(facts)?.stage_of.as_ref(),
        }
    }

    /// Whether a person linked the two as parts of one plan, at either of them.
    pub(super) fn is_linked(self, other: Self, facts: &Facts<'_>) -> bool {
        let names = |one: Self, other: Self| {
            one.stage_of(facts).is_some_and(|id| other.operation(facts).is_some_and(|first| first.id == *id))
        };
        names(self, other) || names(other, self)
    }

    /// Whether a person decided, at either of them, that they are not parts of one plan.
    pub(super) fn is_refused(self, other: Self, facts: &Facts<'_>) -> bool {
        let refuses = |one: Self, other: Self| {
            let refusals = match (one.operation(facts), one.therapy(facts)) {
                (Some(operation), _) => operation.not_stage_of.as_slice(),
                (None, Some(therapy)) => therapy.not_stage_of.as_slice(),
                (None, None) => &[],
            };
            !refusals.is_empty() && {
                let name = other.name(facts);
                refusals.iter().any(|refusal| refusal.of.as_str() == name)
            }
        };
        refuses(self, other) || refuses(other, self)
    }

    /// First day.
    pub(super) fn from(self, facts: &Facts<'_>) -> Option<PartialDate> {
        match self.operation(facts) {
            Some(operation) => operation.on,
            None => self.therapy(facts).and_then(|therapy| therapy.started_on.or(therapy.ended_on)),
        }
    }

    /// Last day. A therapy whose end was not reported ends some day after it began.
    pub(super) fn until(self, facts: &Facts<'_>) -> Option<PartialDate> {
        match self.operation(facts) {
            Some(operation) => operation.on,
            None => self.therapy(facts).and_then(|therapy| {
                let open = || therapy.started_on.and_then(PartialDate::earliest).map(PartialDate::NotBefore);
                therapy.ended_on.or_else(open)
            }),
        }
    }
}

/// The units that can belong to an episode, in order of time, and what is odd about the rest.
pub(super) fn units(facts: &Facts<'_>) -> (Vec<Unit>, Vec<DataTask>) {
    let mut tasks = Vec::new();
    let operations = facts.operations.iter().enumerate().filter_map(|(at, operation)| {
        counts_as_episode(operation, &mut tasks).then_some(Unit::Operation(at))
    });
    let mut units: Vec<Unit> = operations.collect();
    for (at, therapy) in facts.therapies.iter().enumerate() {
        let whole_lung = therapy.kind == Some(LocalTherapyKind::WholeLungIrradiation);
        match therapy.intent {
            Some(LocalIntent::Curative) if !whole_lung => units.push(Unit::Therapy(at)),
            Some(LocalIntent::Unknown) | None if !whole_lung => {
                let reason = "whether this local therapy was curative is not reported; a curative one belongs to \
                              an episode and sets its clearance date";
                tasks.push(DataTask::new("local-therapy-intent", &therapy.id, reason));
            }
            _ => {}
        }
    }
    units.sort_by_key(|unit| {
        let on = unit.from(facts);
        let earliest = on.and_then(|on| on.earliest().or(on.latest()));
        (earliest.is_none(), earliest, on.and_then(PartialDate::latest))
    });
    (units, tasks)
}

fn counts_as_episode(operation: &Operation, tasks: &mut Vec<DataTask>) -> bool {
    let found_metastasis = operation.resections.iter().any(|resection| {
        takes_out(operation, resection) && PathologyClass::of(resection.pathology).is_metastasis().is_true()
    });
    match operation.purpose {
        Purpose::Metastasectomy => !is_biopsy_only(operation),
        Purpose::Unknown => {
            let reason = "the purpose of this operation is unknown; it is counted as a metastasectomy until \
                          somebody says otherwise";
            tasks.push(DataTask::new("operation-purpose", &operation.id, reason));
            !is_biopsy_only(operation)
        }
        Purpose::Diagnostic | Purpose::Complication | Purpose::OtherIndication => {
            if found_metastasis {
                let reason = "this operation removed a metastasis but was not recorded as a metastasectomy; \
                              confirm its purpose, because it is not counted as an episode";
                tasks.push(DataTask::new("metastasis-outside-metastasectomy", &operation.id, reason));
            }
            false
        }
    }
}

pub(super) fn is_biopsy_only(operation: &Operation) -> bool {
    !operation.resections.is_empty()
        && operation.resections.iter().all(|resection| resection.extent == Some(Extent::Biopsy))
}

/// Whether every specimen that is or may be a nodule has a benign result.
pub(super) fn is_benign_only(operation: &Operation) -> bool {
    let mut specimens = operation.resections.iter().filter(|resection| {
        !matches!(&resection.target, ResectionTarget::Specimen { kind, .. } if *kind != SpecimenKind::Nodule)
    });
    let rest_is_harmless = operation
        .resections
        .iter()
        .all(|resection| !PathologyClass::of(resection.pathology).is_metastasis().is_true());
    let any = !operation.resections.is_empty();
    any && rest_is_harmless
        && specimens.all(|resection| PathologyClass::of(resection.pathology) == PathologyClass::Benign)
}

/// The sides an operation reached, by its own statement, else by what it removed.
pub(super) fn operated_sides(facts: &Facts<'_>, operation: &Operation) -> Sides {
    if operation.opens_both_sides() || !matches!(operation.side, Some(OperationSide::Unknown) | None) {
        return Sides { right: operation.reached(Side::Right), left: operation.reached(Side::Left) };
    }
    let places: Vec<Option<Side>> = operation
        .resections
        .iter()
        .map(|resection| match &resection.target {
            ResectionTarget::Nodule { nodule, labelled } => facts
                .nodule(nodule)
                .and_then(|known| known.nodule.place.place().side())
                .or(labelled.and_then(|place| place.side())),
            ResectionTarget::Specimen { place, .. } => place.side(),
        })
        .collect();
    sides_of(&places)
}

/// The sides of local therapy, by the nodules it treated.
pub(super) fn treated_sides(facts: &Facts<'_>, therapy: &LocalTherapy) -> Sides {
    let places: Vec<Option<Side>> = therapy
        .nodules
        .iter()
        .map(|nodule| facts.nodule(nodule).and_then(|known| known.nodule.place.place().side()))
        .collect();
    sides_of(&places)
}

/// Nothing listed, or something without a side, leaves the sides open.
fn sides_of(places: &[Option<Side>]) -> Sides {
    let open = places.is_empty() || places.iter().any(Option::is_none);
    let on = |side| match places.contains(&Some(side)) {
        true => Truth::True,
        false if open => Truth::Unknown,
        false => Truth::False,
    };
    Sides { right: on(Side::Right), left: on(Side::Left) }
}

/// The last day of some units; unknown where one of them is.
pub(super) fn treated_until(facts: &Facts<'_>, units: &[Unit]) -> Option<PartialDate> {
    let mut days = units.iter().map(|unit| unit.until(facts));
    let first = days.next()?;
    days.fold(first, last_of)
}
