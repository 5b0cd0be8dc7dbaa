//! P16: metastases that only the surgeon's hand or the specimen showed.

use super::{Effect, PatternInfo, PatternResult};
use crate::{
    domain::{dates::PartialDate, truth::Truth, vocabulary::Palpation},
    rules::{
        case::Case,
        episode::Episode,
        facts::{before, is_ct},
    },
};

pub(super) const INFO: PatternInfo = PatternInfo {
    id: "P16",
    name: "occult-burden",
    flags: "an occult metastasis in an episode; two and more, or a third and more of all, weigh more",
    why: "what imaging missed once it may miss again",
    inputs: "origin of nodules, imaging before the operation, palpation",
    not_evaluable: "the lung was not palpated as a whole, or an origin or a result is not recorded",
    source: "Cerfolio 2011, Heaton 2019; shares of thoracoscopy and open operation do not compare",
    figures: &["E34", "E74", "E33"],
    effect: Effect::INFO,
};

pub(super) fn answer(case: &Case<'_, '_>) -> PatternResult {
    let operated = || case.episodes.iter().filter(|episode| !episode.operations.is_empty());
    if operated().next().is_none() {
        return INFO.not_applicable("no operation for metastases is on record");
    }
    let answers: Vec<(&Episode, Truth)> =
        operated().map(|episode| (episode, occult(case, episode))).collect();
    let state = Truth::any(answers.iter().map(|(_, occult)| *occult));
    let shown: Vec<&Episode> =
        answers.iter().filter(|(_, occult)| *occult == state).map(|(episode, _)| *episode).collect();
    let found: u32 =
        shown.iter().fold(0, |sum, episode| sum.saturating_add(episode.counts.occult_metastases.min));
    let reason = match state {
        Truth::True => format!("occult metastases found: at least {found}"),
        Truth::False => "palpation of the whole lung found no occult metastasis".to_owned(),
        Truth::Unknown => "palpation, the origin or the result of a nodule is not reported".to_owned(),
    };
    let limits = &case.limits.burden;
    let many = shown.iter().any(|episode| {
        let counts = &episode.counts;
        let occult = counts.occult_metastases.min;
        let share = counts.metastases.exact
            && occult.saturating_mul(100) >= counts.metastases.min.saturating_mul(limits.occult_percent);
        occult >= limits.occult_flagged || (occult > 0 && share)
    });
    let stale = shown.iter().any(|episode| stale_ct(case, episode));
    INFO.decided(state, reason)
        .with_evidence(shown.iter().flat_map(|episode| episode.evidence()))
        .label(state.is_true() && many, "flagged")
        .label(stale, "stale-ct")
        .raise(many, Effect::BOARD)
        .missing("palpation of the whole lung, and the origin and result of every nodule")
}

fn occult(case: &Case<'_, '_>, episode: &Episode) -> Truth {
    let found = episode.counts.occult_metastases.at_least(1);
    let palpated = case
        .facts
        .operations
        .iter()
        .filter(|operation| episode.operations.contains(&operation.id))
        .all(|operation| operation.palpation == Some(Palpation::Full));
    if found.is_false() && !palpated { Truth::Unknown } else { found }
}

/// Whether the last CT before the episode is older than the limit.
fn stale_ct(case: &Case<'_, '_>, episode: &Episode) -> bool {
    let last: Option<PartialDate> = case
        .facts
        .studies
        .iter()
        .rev()
        .find(|study| is_ct(study) && before(study.on, episode.started_on).is_true())
        .and_then(|study| study.on);
    let limit = case.limits.burden.stale_ct_days;
    last.zip(episode.started_on)
        .is_some_and(|(ct, operation)| ct.days_until(operation).lt(limit + 1).is_false())
}
