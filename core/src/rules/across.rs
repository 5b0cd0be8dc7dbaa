//! What holds in every reading of the record: where two readings answer otherwise, the answer is unknown.

use crate::domain::truth::Truth;

use super::{
    episode::Episode,
    evidence::{Evidence, listed},
    patterns::{PatternResult, PatternState},
    tier::Trigger,
};

/// Weighs the patterns of another reading against those of the reading in force. `open` says what decides between them.
pub(super) fn patterns(in_force: &mut [PatternResult], other: Vec<PatternResult>, open: &[String]) {
    for (own, other) in in_force.iter_mut().zip(other) {
        if own.state.truth() == other.state.truth() || own.state == PatternState::Decided(Truth::Unknown) {
            continue;
        }
        own.state = PatternState::Decided(Truth::Unknown);
        own.effect = own.info.effect;
        own.labels.clear();
        own.reason = both(open, &own.reason, &other.reason).into();
        add(&mut own.evidence, other.evidence);
        own.missing = open.iter().cloned().map(Into::into).collect();
    }
}

/// The same for the triggers of the tier.
pub(super) fn triggers(in_force: &mut [Trigger], other: Vec<Trigger>, open: &[String]) {
    for (own, other) in in_force.iter_mut().zip(other) {
        if own.state == other.state || own.state.is_unknown() {
            continue;
        }
        own.state = Truth::Unknown;
        own.reason = both(open, &own.reason, &other.reason).into();
        add(&mut own.evidence, other.evidence);
    }
}

/// Whether the last episode cleared is certain only where every reading says the same of its last episode.
pub(super) fn clearance(in_force: &mut [Episode], others: &[Vec<Episode>]) {
    let Some(last) = in_force.last_mut() else { return };
    let same = |other: &Vec<Episode>| {
        other.last().is_some_and(|other| (other.cleared, other.cleared_on) == (last.cleared, last.cleared_on))
    };
    if !others.iter().all(same) {
        last.cleared = Truth::Unknown;
    }
}

fn both(open: &[String], one: &str, other: &str) -> String {
    format!("it is open {}; as counted here: {one}; else: {other}", listed(open))
}

fn add(evidence: &mut Vec<Evidence>, more: Vec<Evidence>) {
    for one in more {
        if !evidence.contains(&one) {
            evidence.push(one);
        }
    }
}
