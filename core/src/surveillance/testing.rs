//! Small builders for the tests of this folder.

use super::{Plan, PlanFacts, plan};
use crate::{
    domain::{
        board::BoardDecision,
        dates::PartialDate,
        imaging::{Finding, ImagingStudy, LobeStatements},
        lung::Lobe,
        text::{NoduleId, StudyKey},
        vocabulary::{Fate, LobeStatement, Modality},
    },
    protocol::{Protocol, SHIPPED, Tier},
};

pub(super) fn day(text: &str) -> PartialDate {
    text.parse().unwrap()
}

/// A CT that states all five lobes.
pub(super) fn ct(id: &str, on: &str) -> ImagingStudy {
    let clear = Lobe::ALL
        .into_iter()
        .fold(LobeStatements::default(), |lobes, lobe| lobes.with(lobe, LobeStatement::Clear));
    ImagingStudy {
        id: StudyKey::parse(id).unwrap(),
        on: Some(day(on)),
        reported_on: None,
        reviewed_on: None,
        modality: Some(Modality::Ct),
        indication: None,
        slice_mm: None,
        contrast: None,
        lobes: clear,
        findings: Vec::new(),
        not_itemised: Vec::new(),
        largest_node_short_mm: None,
        pleural_effusion: None,
        incidental: None,
        recent_infection: None,
        comparator: None,
        device: None,
        kernel: None,
        dose_msv: None,
        performed_at: None,
    }
}

pub(super) fn finding(nodule: &str, fate: Fate) -> Finding {
    Finding {
        nodule: NoduleId::parse(nodule).unwrap(),
        fate: Some(fate),
        long_mm: None,
        short_mm: None,
        volume_mm3: None,
        volume_software: None,
        density: None,
        position: None,
        certainty: None,
        at_staple_line: None,
        distance_to_staple_line_mm: None,
        visible_before: None,
        reader: None,
    }
}

pub(super) fn board() -> BoardDecision {
    BoardDecision {
        on: None,
        decision: None,
        planned_stages: None,
        rescan_on: None,
        next_decision_on: None,
        preconditions: None,
        members: Vec::new(),
        disciplines: Vec::new(),
        comment: None,
    }
}

pub(super) fn facts(tier: Tier, cleared: &str, as_of: &str) -> PlanFacts<'static> {
    PlanFacts {
        as_of: day(as_of).exact().unwrap(),
        tier,
        lowered: None,
        clearance: Some(day(cleared)),
        diagnosed_on: None,
        last_treatment_on: None,
        studies: &[],
        observed_since: &[],
        boards: &[],
        follow_up: None,
        birth_date: None,
    }
}

pub(super) fn planned(facts: &PlanFacts<'_>) -> Plan {
    plan(facts, &Protocol::parse(SHIPPED).unwrap())
}
