//! Lobes that were removed whole, and what operations cost in segments. Wedges have no segment weight.

use crate::domain::{
    dates::PartialDate,
    lung::{Lobe, Place, Side},
    operation::{Operation, Resection, ResectionTarget},
    text::OperationId,
    vocabulary::{Extent, OperationSide},
};

use super::facts::Facts;

/// A lobe that an operation removed whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct RemovedLobe<'h> {
    pub lobe: Lobe,
    pub on: Option<PartialDate>,
    pub operation: &'h OperationId,
}

/// Where a resection was done, as far as it is known.
pub(super) fn place_of(facts: &Facts<'_>, resection: &Resection) -> Place {
    match &resection.target {
        ResectionTarget::Nodule { nodule, labelled } => {
            let own = facts.nodule(nodule).map_or(Place::NotReported, |known| known.nodule.place.place());
            if own.lobe().is_some() { own } else { labelled.unwrap_or(own) }
        }
        ResectionTarget::Specimen { place, .. } => *place,
    }
}

/// The side of a resection, by its place, else by its operation.
pub(super) fn side_of(facts: &Facts<'_>, operation: &Operation, resection: &Resection) -> Option<Side> {
    let by_operation = match operation.side {
        Some(OperationSide::Right) => Some(Side::Right),
        Some(OperationSide::Left) => Some(Side::Left),
        _ => None,
    };
    place_of(facts, resection).side().or(by_operation)
}

/// The lobes an operation removed whole and that are known; each once.
pub(super) fn lobes_removed(facts: &Facts<'_>, operation: &Operation) -> Vec<Lobe> {
    let mut lobes = Vec::new();
    for resection in &operation.resections {
        match resection.extent {
            Some(Extent::Lobectomy | Extent::Bilobectomy) => lobes.extend(place_of(facts, resection).lobe()),
            Some(Extent::Pneumonectomy) => {
                lobes.extend(
                    side_of(facts, operation, resection).map(Operation::lobes_of).into_iter().flatten(),
                );
            }
            _ => {}
        }
    }
    lobes.sort_unstable();
    lobes.dedup();
    lobes
}

/// Every lobe that was removed whole, in order of time.
pub(super) fn removed_lobes<'h>(facts: &Facts<'h>) -> Vec<RemovedLobe<'h>> {
    facts
        .operations
        .iter()
        .flat_map(|operation| {
            let lobes = lobes_removed(facts, operation);
            lobes.into_iter().map(|lobe| RemovedLobe { lobe, on: operation.on, operation: &operation.id })
        })
        .collect()
}
