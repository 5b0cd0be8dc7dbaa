//! P17: more than half of the examined nodules had a benign result. A quality signal, nothing more.

use super::{Effect, PatternInfo, PatternResult};
use crate::{
    domain::{nodule::Tally, truth::Truth},
    rules::{
        case::Case,
        counts::{counts, treated},
        evidence::Evidence,
        units::Unit,
    },
};

pub(super) const INFO: PatternInfo = PatternInfo {
    id: "P17",
    name: "high-benign-share",
    flags: "more than half of the resected nodules with pathology had a benign result, in one operation or over all",
    why: "it tells how well imaging and selection fit the patient",
    inputs: "pathology of resected nodules; not sent is left out, non-viable metastases are metastases",
    not_evaluable: "fewer than three nodules were examined, or numbers are lower bounds",
    source: "review of palpated nodules 2016 (18 studies); Gherzi 2022 (its reference 49)",
    figures: &["E75", "E34"],
    effect: Effect::INFO,
};

pub(super) fn answer(case: &Case<'_, '_>) -> PatternResult {
    let limits = &case.limits.burden;
    let units: Vec<Unit> = (0..case.facts.operations.len()).map(Unit::Operation).collect();
    let share = |units: &[Unit]| {
        let counts = counts(units, case.facts, &treated(case.facts, units));
        (counts.benign, counts.examined)
    };
    let (benign, examined) = share(&units);
    if examined.exact && examined.min < limits.benign_least {
        return INFO.not_applicable(format!("{} nodules were examined", examined.min));
    }
    let judge = |(benign, examined): (Tally, Tally)| high(benign, examined, limits.benign_percent);
    let single = units.iter().map(|unit| share(std::slice::from_ref(unit)));
    let enough = single.filter(|(_, examined)| examined.min >= limits.benign_least);
    let state = judge((benign, examined)).or(Truth::any(enough.map(judge)));
    let percent = benign.min.saturating_mul(100).checked_div(examined.min);
    let reason = match percent.filter(|_| examined.exact && examined.min >= limits.percentage_least) {
        Some(percent) => {
            format!("{} of {} examined nodules ({percent} %) had a benign result", benign.min, examined.min)
        }
        None => format!("{} of {} examined nodules had a benign result", words(benign), words(examined)),
    };
    let operations = case.facts.operations.iter().filter(|operation| !operation.resections.is_empty());
    INFO.decided(state, reason)
        .with_evidence(operations.map(|operation| Evidence::Operation(operation.id.clone())))
        .missing("the number and the pathology of every resected nodule")
}

fn words(count: Tally) -> String {
    if count.exact { count.min.to_string() } else { format!("at least {}", count.min) }
}

/// What was counted only at least leaves the share open, unless nothing had such a result.
fn high(benign: Tally, examined: Tally, percent: u32) -> Truth {
    if benign == Tally::ZERO {
        Truth::False
    } else if benign.exact && examined.exact {
        Truth::from(benign.min.saturating_mul(100) > examined.min.saturating_mul(percent))
    } else {
        Truth::Unknown
    }
}
