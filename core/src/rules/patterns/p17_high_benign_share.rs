//! P17: more than half of the examined nodules had a benign result. A quality signal, nothing more.

use super::{Effect, PatternInfo, PatternResult};
use crate::{
    domain::{operation::Operation, truth::Truth},
    protocol::thresholds::BurdenThresholds,
    rules::{
        case::Case,
        counts::{Treated, treated},
        episode::Episode,
        evidence::Evidence,
        facts::Facts,
        pathology::{Outcome, PathologyClass},
        units::Unit,
    },
    statistics::Proportion,
};

pub(super) const INFO: PatternInfo = PatternInfo {
    id: "P17",
    name: "high-benign-share",
    flags: "more than half of the resected nodules with pathology had a benign result, in one episode or over all operations; at least three have to be examined",
    why: "it tells how well imaging and selection fit the patient",
    inputs: "pathology of resected nodules; not sent is left out, non-viable metastases are metastases",
    not_evaluable: "a result is not reported or pathology could not say, and it could turn the answer",
    source: "review of palpated nodules 2016 (18 studies); Gherzi 2022 (its reference 49)",
    figures: &["E75", "E34"],
    effect: Effect::INFO,
};

pub(super) fn answer(case: &Case<'_, '_>) -> PatternResult {
    let limits = &case.limits.burden;
    let units: Vec<Unit> = (0..case.facts.operations.len()).map(Unit::Operation).collect();
    let all = treated(case.facts, &units);
    let lifetime = Share::of(case.facts, None, &all);
    if lifetime.most().is_some_and(|most| most < limits.benign_least) {
        return INFO.not_applicable(format!(
            "resected nodules with pathology on record: {}; a share is judged from {} on",
            lifetime.examined, limits.benign_least
        ));
    }
    let episodes: Vec<Share<'_>> =
        case.episodes.iter().map(|episode| Share::of(case.facts, Some(episode), &episode.treated)).collect();
    let over_all = lifetime.is_high(limits);
    let state = over_all.or(Truth::any(episodes.iter().map(|share| share.is_high(limits))));
    let in_one = episodes.iter().find(|share| over_all != state && share.is_high(limits) == state);
    let shown = in_one.unwrap_or(&lifetime);
    INFO.decided(state, shown.words(limits))
        .with_evidence(shown.operations(case.facts).map(|one| Evidence::Operation(one.id.clone())))
        .label(shown.proportion().is_none_or(Proportion::is_small), "small-number")
        .missing("the number and the pathology of every resected nodule")
}

/// Benign results among nodules with pathology, and how many more there may be of either.
struct Share<'e> {
    /// The episode; `None` for all operations.
    episode: Option<&'e Episode>,
    benign: u32,
    examined: u32,
    /// Nodules whose result is not reported, or that pathology could not name; `None` without upper bound.
    open: Option<u32>,
    /// Whether none of the open ones can have a benign result.
    benign_exact: bool,
}

impl<'e> Share<'e> {
    fn of(facts: &Facts<'_>, episode: Option<&'e Episode>, treated: &[Treated]) -> Self {
        let mut share = Self { episode, benign: 0, examined: 0, open: Some(0), benign_exact: true };
        if share.operations(facts).any(|operation| operation.resections.is_empty()) {
            share.open = None;
            share.benign_exact = false;
        }
        for outcome in treated.iter().filter_map(|one| one.outcome.as_ref()) {
            share.add(outcome);
        }
        share
    }

    fn operations<'f>(&self, facts: &'f Facts<'_>) -> impl Iterator<Item = &'f Operation> + use<'f, 'e> {
        let episode = self.episode;
        let all = facts.operations.iter().copied();
        all.filter(move |one| episode.is_none_or(|episode| episode.operations.contains(&one.id)))
    }

    fn add(&mut self, outcome: &Outcome) {
        if outcome.class == PathologyClass::NotSent {
            return;
        }
        self.benign = self.benign.saturating_add(outcome.benign.min);
        self.examined = self.examined.saturating_add(outcome.examined.min);
        self.benign_exact &= outcome.benign.exact;
        let open = outcome.total.exact.then(|| outcome.total.min.saturating_sub(outcome.examined.min));
        self.open = self.open.zip(open).map(|(sum, open)| sum.saturating_add(open));
    }

    /// The most that can have been examined.
    fn most(&self) -> Option<u32> {
        self.open.map(|open| self.examined.saturating_add(open))
    }

    /// What is open may have any result: only an answer that every reading gives is certain.
    fn is_high(&self, limits: &BurdenThresholds) -> Truth {
        let over = |benign: u32, examined: u32| {
            u64::from(benign) * 100 > u64::from(examined) * u64::from(limits.benign_percent)
        };
        let enough = match self.most() {
            _ if self.examined >= limits.benign_least => Truth::True,
            Some(most) if most < limits.benign_least => Truth::False,
            _ => Truth::Unknown,
        };
        let certain = self.most().is_some_and(|most| over(self.benign, most));
        let possible = if self.benign_exact {
            over(self.benign, self.examined)
        } else {
            self.open
                .is_none_or(|open| over(self.benign.saturating_add(open), self.examined.saturating_add(open)))
        };
        let high = match (certain, possible) {
            (true, _) => Truth::True,
            (false, true) => Truth::Unknown,
            (false, false) => Truth::False,
        };
        enough.and(high)
    }

    /// The share, where every result is known.
    fn proportion(&self) -> Option<Proportion> {
        (self.open == Some(0)).then(|| Proportion::new(self.benign, self.examined)).flatten()
    }

    /// A percentage only from the number on from which one means something.
    fn words(&self, limits: &BurdenThresholds) -> String {
        let (benign, examined) = (self.benign, self.examined);
        let scope = match self.episode {
            Some(episode) => format!("in metastasectomy {}", episode.number),
            None => "over all operations".to_owned(),
        };
        let (least, share) = match self.proportion() {
            Some(proportion) if examined >= limits.percentage_least => {
                ("", format!(", {},", proportion.in_words()))
            }
            Some(_) => ("", String::new()),
            None => ("at least ", String::new()),
        };
        format!("{least}{benign} of {least}{examined} examined nodules{share} had a benign result {scope}")
    }
}
