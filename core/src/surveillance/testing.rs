//! Small builders for the tests of this folder.

use super::{Plan, PlanFacts, plan};
use crate::{
    domain::{
        board::BoardDecision,
        dates::PartialDate,
        imaging::{Finding, ImagingStudy, LobeStatements},
        lung::Lobe,
        vocabulary::{Fate, LobeStatement},
    },
    protocol::{Protocol, SHIPPED, Tier},
    rules::testing,
};

pub(super) fn day(text: &str) -> PartialDate {
    text.parse().unwrap()
}

/// A CT that states all five lobes.
pub(super) fn ct(id: &str, on: &str) -> ImagingStudy {
    let lobes = Lobe::ALL
        .into_iter()
        .fold(LobeStatements::default(), |lobes, lobe| lobes.with(lobe, LobeStatement::Clear));
    ImagingStudy { lobes, ..testing::study(id, on) }
}

pub(super) fn finding(nodule: &str, fate: Fate) -> Finding {
    Finding { fate: Some(fate), long_mm: None, certainty: None, ..testing::finding(nodule, 1.0) }
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
        tier_otherwise: (tier == Tier::Active).then_some(Tier::High),
        signs: &[],
        suspected_on: None,
        local_recurrence_on: None,
        actions: &[],
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
