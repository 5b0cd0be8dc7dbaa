//! P06: metastases in more lobes than before.

use super::{Effect, PatternInfo, PatternResult};
use crate::{
    domain::{
        lung::{Place, Side},
        truth::Truth,
    },
    rules::{case::Case, episode::Episode},
};

pub(super) const INFO: PatternInfo = PatternInfo {
    id: "P06",
    name: "lobar-spread",
    flags: "metastases in at least 3 lobes and in more lobes than in the episode before, or a new lobe at two recurrences in a row",
    why: "disease that reaches new lobes is harder to clear",
    inputs: "lobes of metastases per episode, lobes of recurrent nodules",
    not_evaluable: "a lobe or a result is not recorded",
    source: "Gherzi 2022 (its reference 14: fewer lobes in leiomyosarcoma); rule needs local approval",
    figures: &[],
    effect: Effect::BOARD,
};

/// How many lobes hold metastases.
#[derive(Clone, Copy)]
struct Lobes {
    least: u32,
    most: u32,
}

impl Lobes {
    fn of(episode: &Episode) -> Self {
        let (mut least, mut possible) = (0, 0);
        let mut lobes_on = [0_u32; 2];
        let mut open_on = [0_u32; 3];
        for counts in &episode.by_place {
            let maybe = counts.metastases.min > 0 || !counts.metastases.exact;
            match counts.place {
                Place::Lobe(lobe) if maybe => {
                    least += u32::from(counts.metastases.min > 0);
                    possible += 1;
                    if let Some(side) = lobes_on.get_mut(usize::from(lobe.side() == Side::Left)) {
                        *side += 1;
                    }
                }
                Place::SideOnly(side) if maybe => {
                    if let Some(open) = open_on.get_mut(usize::from(side == Side::Left)) {
                        *open += most_of(counts);
                    }
                }
                Place::NotReported if maybe => {
                    if let Some(open) = open_on.get_mut(2) {
                        *open += most_of(counts);
                    }
                }
                _ => {}
            }
        }
        let [right, left] = lobes_on;
        let [open_right, open_left, open] = open_on;
        let on_sides =
            open_right.min(3_u32.saturating_sub(right)) + open_left.min(2_u32.saturating_sub(left));
        let unrecorded = u32::from(!episode.counts.resected.exact && episode.by_place.is_empty()) * 5;
        Self { least, most: (possible + on_sides + open + unrecorded).min(5) }
    }

    const fn more_than(self, other: Self) -> Truth {
        if self.least > other.most {
            Truth::True
        } else if self.most <= other.least {
            Truth::False
        } else {
            Truth::Unknown
        }
    }

    const fn at_least(self, limit: u32) -> Truth {
        if self.least >= limit {
            Truth::True
        } else if self.most < limit {
            Truth::False
        } else {
            Truth::Unknown
        }
    }
}

/// The most metastases of a place; five lobes are all there are.
fn most_of(counts: &crate::rules::episode::PlaceCounts) -> u32 {
    if counts.resected.exact { counts.resected.min.min(5) } else { 5 }
}

pub(super) fn answer(case: &Case<'_, '_>) -> PatternResult {
    if case.episodes.is_empty() {
        return INFO.not_applicable("no metastasectomy is on record");
    }
    let limit = case.limits.burden.spread_lobes;
    let lobes: Vec<Lobes> = case.episodes.iter().map(Lobes::of).collect();
    let wider = Truth::any(lobes.windows(2).map(|pair| match pair {
        [one, other] => other.more_than(*one).and(other.at_least(limit)),
        _ => Truth::False,
    }));
    let new_lobe = |episode: &Episode| {
        Truth::any(episode.recurrence.nodules.iter().map(|nodule| (!nodule.same_lobe).and(nodule.after)))
    };
    let new_lobes: Vec<Truth> = case.episodes.iter().map(new_lobe).collect();
    let twice = Truth::any(new_lobes.windows(2).map(|pair| match pair {
        [one, other] => one.and(*other),
        _ => Truth::False,
    }));
    let state = case.in_order(wider.or(twice));
    let words: Vec<String> = lobes
        .iter()
        .map(|lobes| {
            if lobes.least == lobes.most {
                lobes.least.to_string()
            } else {
                format!("{} to {}", lobes.least, lobes.most)
            }
        })
        .collect();
    let reason = match (state, twice) {
        (Truth::True, Truth::True) => "a new lobe at two recurrences in a row".to_owned(),
        _ => format!("lobes with metastases per episode: {}", words.join(", ")),
    };
    INFO.decided(state, reason)
        .with_evidence(case.episodes.iter().flat_map(Episode::evidence))
        .missing("the lobe and the pathology of every nodule")
}
