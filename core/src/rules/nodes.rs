//! Lymph nodes: what pathology, imaging and recorded events say. Not sampled is NX, never N0.
//!
//! An enlarged node counts until a later study measures it smaller. Nodes that were sampled free do not take it back:
//! nobody knows whether the enlarged one was among them.

use crate::domain::{
    dates::PartialDate,
    imaging::ImagingStudy,
    operation::Operation,
    truth::Truth,
    vocabulary::{Lymphadenectomy, NodalStatus, ThoracicSite},
};

use super::{case::Case, evidence::Evidence, facts::before, growth::at_least};

/// What is known of the lymph nodes.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Nodal {
    /// By pathology: unknown where the last operation sampled none.
    pub pathological: Truth,
    /// By imaging, or as an event; false where no enlarged node and no disease of hilar nodes was reported.
    pub clinical: Truth,
    pub evidence: Vec<Evidence>,
}

/// Reads operations, studies and events.
pub(super) fn nodal(case: &Case<'_, '_>) -> Nodal {
    let mut evidence = Vec::new();
    let pathological = pathological(case, &mut evidence);
    let clinical = enlarged(case, &mut evidence).or(hilar(case, &mut evidence));
    Nodal { pathological, clinical, evidence }
}

/// Positive nodes count whenever they were found; free ones only at the last operation.
fn pathological(case: &Case<'_, '_>, evidence: &mut Vec<Evidence>) -> Truth {
    let operations = &case.facts.operations;
    let sampled = operations.iter().filter(|operation| !result(operation).is_unknown());
    evidence.extend(sampled.map(|operation| Evidence::Operation(operation.id.clone())));
    if operations.iter().any(|operation| result(operation).is_true()) {
        return Truth::True;
    }
    let mut last =
        operations.iter().filter(|one| operations.iter().all(|other| !is_before(one.on, other.on)));
    let free = last.clone().next().is_some() && last.all(|operation| result(operation).is_false());
    if free { Truth::False } else { Truth::Unknown }
}

fn is_before(one: Option<PartialDate>, other: Option<PartialDate>) -> bool {
    before(one, other).is_true()
}

/// What one operation says.
fn result(operation: &Operation) -> Truth {
    match status(operation) {
        Some(NodalStatus::N1 | NodalStatus::N2) => Truth::True,
        Some(NodalStatus::N0) => Truth::False,
        // A node with tumour whose station is not known has no status, and counts.
        Some(NodalStatus::Nx) | None if tumour_in_a_node(operation) => Truth::True,
        Some(NodalStatus::Nx) | None => Truth::Unknown,
    }
}

/// The nodal status of an operation by pathology: as reported, else by the nodes that were counted; `None` where
/// that is not known.
///
/// Nodes that were not sampled are NX, never N0, whatever was reported. Tumour in stations 1 to 9 is N2, in 10 to
/// 14 N1.
pub(super) fn status(operation: &Operation) -> Option<NodalStatus> {
    let nodes = operation.nodes.as_ref();
    let sampled = nodes.and_then(|nodes| nodes.sampled);
    let none_taken = operation.lymphadenectomy == Some(Lymphadenectomy::None) || sampled == Some(0);
    let free = sampled.is_some() && nodes.is_some_and(|nodes| nodes.positive == Some(0));
    match nodes.and_then(|nodes| nodes.status) {
        certain @ Some(NodalStatus::N1 | NodalStatus::N2) => certain,
        _ if tumour_in_a_node(operation) => by_station(operation),
        Some(NodalStatus::N0) | None if none_taken => Some(NodalStatus::Nx),
        None if free => Some(NodalStatus::N0),
        reported => reported,
    }
}

fn tumour_in_a_node(operation: &Operation) -> bool {
    operation.nodes.as_ref().is_some_and(|nodes| {
        let stations = nodes.stations.iter().map(|station| station.positive);
        stations.chain([nodes.positive]).flatten().any(|positive| positive > 0)
    })
}

/// The status by the stations with tumour, the farthest one; `None` where no station is known.
fn by_station(operation: &Operation) -> Option<NodalStatus> {
    let stations = operation.nodes.iter().flat_map(|nodes| &nodes.stations);
    let with_tumour = stations.filter(|station| station.positive.is_some_and(|positive| positive > 0));
    with_tumour.filter_map(|station| station_status(station.station.as_str())).max()
}

/// The status of one station, such as `7` or `10R`.
fn station_status(station: &str) -> Option<NodalStatus> {
    let number: String = station.chars().filter(char::is_ascii_digit).collect();
    match number.parse() {
        Ok(1..=9) => Some(NodalStatus::N2),
        Ok(10..=14) => Some(NodalStatus::N1),
        _ => None,
    }
}

/// The short axis of a node on one study.
struct Measured<'h> {
    study: &'h ImagingStudy,
    short_mm: f64,
}

/// The last study that measured a node; where it is not certain which that is, all that may be must agree.
fn enlarged(case: &Case<'_, '_>, evidence: &mut Vec<Evidence>) -> Truth {
    let measured: Vec<Measured<'_>> = case
        .facts
        .studies
        .iter()
        .filter_map(|study| Some(Measured { study, short_mm: study.largest_node_short_mm?.get() }))
        .collect();
    let is_last = |one: &&Measured<'_>| measured.iter().all(|other| !is_before(one.study.on, other.study.on));
    let mut last = measured.iter().filter(is_last);
    let Some(first) = last.next() else { return Truth::False };
    evidence.push(Evidence::Study(first.study.id.clone()));
    let answer = is_enlarged(case, first, &measured);
    let agree = last.all(|other| is_enlarged(case, other, &measured) == answer);
    if agree { answer } else { Truth::Unknown }
}

/// Enlarged by itself, or of a size to watch and grown against the smallest earlier measurement.
fn is_enlarged(case: &Case<'_, '_>, node: &Measured<'_>, measured: &[Measured<'_>]) -> Truth {
    let limits = &case.limits.nodes;
    if node.short_mm >= limits.enlarged_mm {
        return Truth::True;
    }
    if node.short_mm < limits.watched_mm {
        return Truth::False;
    }
    let comparisons = measured.iter().filter(|other| other.study.id != node.study.id).filter_map(|other| {
        let earlier = before(other.study.on, node.study.on);
        let grown = at_least(node.short_mm - other.short_mm, case.limits.growth.diameter_mm);
        earlier.may_be_true().then_some(Truth::from(grown).and(earlier))
    });
    comparisons.reduce(Truth::or).unwrap_or(Truth::Unknown)
}

/// Disease of the hilar nodes, recorded as an event.
fn hilar(case: &Case<'_, '_>, evidence: &mut Vec<Evidence>) -> Truth {
    let events = case.facts.parts.thoracic_events.iter();
    Truth::any(events.filter(|event| event.site == Some(ThoracicSite::HilarNodes)).map(|event| {
        let confirmed = Truth::from(event.confirmed);
        if confirmed.may_be_true() {
            evidence.push(Evidence::Dated("thoracic_events", event.on));
        }
        confirmed
    }))
}
