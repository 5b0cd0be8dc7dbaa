//! P05: clearly more metastases than in the episode before.

use super::{Effect, PatternInfo, PatternResult};
use crate::{
    domain::{nodule::Tally, truth::Truth, vocabulary::Approach},
    rules::{
        case::Case,
        episode::{Episode, EpisodeCounts},
        evidence::Evidence,
    },
};

pub(super) const INFO: PatternInfo = PatternInfo {
    id: "P05",
    name: "rising-nodule-count",
    flags: "at least 2 metastases more than in the episode before, or 4 and more for the first time after fewer",
    why: "four and more metastases went with shorter survival in the registry; disputed by later series",
    inputs: "metastases per episode; after the last episode the nodules of the recurrence",
    not_evaluable: "a number or a result is not recorded",
    source: "International Registry of Lung Metastases 1997; disputed; fewer nodules are selected for repeat surgery",
    figures: &["E64", "E17", "E70"],
    effect: Effect::BOARD,
};

/// Least and most; no upper bound where the most is absent.
#[derive(Clone, Copy)]
struct Bounds {
    least: u32,
    most: Option<u32>,
}

impl From<&EpisodeCounts> for Bounds {
    fn from(counts: &EpisodeCounts) -> Self {
        Self { least: counts.metastases.min, most: counts.most_metastases }
    }
}

impl Bounds {
    fn at_least(self, limit: u32) -> Truth {
        if self.least >= limit {
            Truth::True
        } else if self.most.is_some_and(|most| most < limit) {
            Truth::False
        } else {
            Truth::Unknown
        }
    }

    fn rises_to(self, later: Self, rise: u32, crossing: u32) -> Truth {
        let by = |from: u32| from.saturating_add(rise);
        let jump = match self.most {
            Some(most) if later.least >= by(most) => Truth::True,
            _ if later.most.is_some_and(|most| most < by(self.least)) => Truth::False,
            _ => Truth::Unknown,
        };
        jump.or(later.at_least(crossing).and(!self.at_least(crossing)))
    }
}

pub(super) fn answer(case: &Case<'_, '_>) -> PatternResult {
    let limits = &case.limits.burden;
    let mut steps: Vec<(Bounds, Bounds, &Episode)> = case
        .episodes
        .windows(2)
        .filter_map(|pair| match pair {
            [one, other] => Some(((&one.counts).into(), (&other.counts).into(), other)),
            _ => None,
        })
        .collect();
    let seen = imaged(case);
    if let (Some(episode), Some(seen)) = (case.last_episode(), seen) {
        steps.push(((&episode.counts).into(), seen, episode));
    }
    if steps.is_empty() {
        return INFO.not_applicable("there are not two episodes, and no untreated recurrence, to compare");
    }
    let rises: Vec<Truth> =
        steps.iter().map(|(one, other, _)| one.rises_to(*other, limits.rise, limits.crossing)).collect();
    let state = case.in_order(Truth::any(rises.iter().copied()));
    let by_imaging = seen.is_some() && rises.last().is_some_and(|rise| rise.is_true());
    let counts: Vec<String> = case.episodes.iter().map(|episode| words(episode.counts.metastases)).collect();
    let reason = match seen {
        Some(seen) => {
            format!("metastases per episode: {}; then {} nodules on imaging", counts.join(", "), seen.least)
        }
        None => format!("metastases per episode: {}", counts.join(", ")),
    };
    let many = steps
        .iter()
        .zip(&rises)
        .any(|((_, other, _), rise)| rise.is_true() && other.at_least(limits.crossing).is_true());
    INFO.decided(state, reason)
        .with_evidence(case.episodes.iter().flat_map(Episode::evidence))
        .with_evidence(case.last_episode().filter(|_| seen.is_some()).into_iter().flat_map(|episode| {
            episode.recurrence.nodules.iter().map(|one| Evidence::Nodule(one.nodule.clone()))
        }))
        .label(by_imaging, "by-imaging")
        .label(approach_changed(case), "approach-changed")
        .raise(many, Effect::HIGH)
        .missing("the number and the pathology of every nodule")
}

fn words(count: Tally) -> String {
    if count.exact { count.min.to_string() } else { format!("at least {}", count.min) }
}

/// Untreated nodules of the recurrence after the last episode.
fn imaged(case: &Case<'_, '_>) -> Option<Bounds> {
    let recurrence = &case.last_episode()?.recurrence;
    let mut count = Tally::ZERO;
    for nodule in &recurrence.nodules {
        let at = case.facts.position(&nodule.nodule)?;
        let status = case.nodules.get(at)?;
        if status.is_active() && status.suspicious.is_true() && nodule.after.is_true() {
            count += status.count.tally();
        } else if status.is_active() {
            // It may be one more.
            count.exact = false;
        }
    }
    (count != Tally::ZERO).then_some(Bounds { least: count.min, most: count.exact.then_some(count.min) })
}

/// Counts of a thoracoscopy and of an open operation do not compare.
fn approach_changed(case: &Case<'_, '_>) -> bool {
    let closed = |approach| matches!(approach, Approach::Vats | Approach::Rats);
    let approaches: Vec<bool> = case
        .facts
        .operations
        .iter()
        .filter_map(|operation| operation.approach)
        .filter(|approach| !matches!(approach, Approach::Other | Approach::Unknown))
        .map(closed)
        .collect();
    approaches.contains(&true) && approaches.contains(&false)
}
