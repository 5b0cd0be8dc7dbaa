//! Lymph nodes: what pathology and imaging say. Not sampled is NX, never N0.

use crate::domain::{truth::Truth, vocabulary::NodalStatus};

use super::{case::Case, evidence::Evidence};

/// What is known of the lymph nodes.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Nodal {
    /// By pathology: unknown where the last operation sampled none.
    pub pathological: Truth,
    /// By imaging; false where no enlarged node was reported.
    pub clinical: Truth,
    pub evidence: Vec<Evidence>,
}

/// Reads operations and studies.
pub(super) fn nodal(case: &Case<'_, '_>) -> Nodal {
    let mut evidence = Vec::new();
    let (mut positive, mut last) = (false, Truth::Unknown);
    for operation in &case.facts.operations {
        let nodes = operation.nodes.as_ref();
        let counted = nodes.is_some_and(|nodes| {
            nodes.positive.is_some_and(|positive| positive > 0)
                || nodes.stations.iter().any(|station| station.positive.is_some_and(|positive| positive > 0))
        });
        last = match nodes.and_then(|nodes| nodes.status) {
            Some(NodalStatus::N1 | NodalStatus::N2) => Truth::True,
            _ if counted => Truth::True,
            Some(NodalStatus::N0) => Truth::False,
            Some(NodalStatus::Nx) | None => Truth::Unknown,
        };
        if !last.is_unknown() {
            evidence.push(Evidence::Operation(operation.id.clone()));
        }
        positive |= last.is_true();
    }
    let clinical = clinical(case, &mut evidence);
    Nodal { pathological: if positive { Truth::True } else { last }, clinical, evidence }
}

fn clinical(case: &Case<'_, '_>, evidence: &mut Vec<Evidence>) -> Truth {
    let mut measured =
        case.facts.studies.iter().rev().filter_map(|study| Some((study, study.largest_node_short_mm?.get())));
    let Some((study, latest)) = measured.next() else { return Truth::False };
    evidence.push(Evidence::Study(study.id.clone()));
    let limits = &case.limits.nodes;
    if latest >= limits.enlarged_mm {
        return Truth::True;
    }
    if latest < limits.watched_mm {
        return Truth::False;
    }
    let grew = |earlier: f64| latest - earlier >= case.limits.growth.diameter_mm;
    Truth::from(measured.next().map(|(_, earlier)| grew(earlier)))
}
