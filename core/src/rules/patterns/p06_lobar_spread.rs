//! P06: metastases in more lobes than before.

use super::{Effect, PatternInfo, PatternResult};
use crate::{
    domain::{
        lung::{Lobe, Place, Side},
        nodule::Tally,
        truth::Truth,
    },
    rules::{
        case::{Case, rests_on},
        episode::{Episode, PlaceCounts, RecurrentNodule},
    },
};

pub(super) const INFO: PatternInfo = PatternInfo {
    id: "P06",
    name: "lobar-spread",
    flags: "metastases in at least 3 lobes and in more lobes than in the episode before, or a new lobe at two recurrences in a row",
    why: "nodules in more lobes need more resections, often on both sides; that it matters is a product rule",
    inputs: "lobes of metastases per episode, lobes of recurrent nodules",
    not_evaluable: "a lobe or a result is not recorded",
    source: "Gherzi 2022 (its reference 14: fewer lobes in leiomyosarcoma); rule needs local approval",
    figures: &[],
    effect: Effect::BOARD,
};

/// How many lobes hold metastases.
#[derive(Clone, Copy)]
struct Lobes {
    least: usize,
    most: usize,
}

impl Lobes {
    fn of(episode: &Episode) -> Self {
        let known = |one: &&PlaceCounts| one.place.lobe().is_some() && one.metastases.min > 0;
        let least = episode.by_place.iter().filter(known).count();
        if episode.unrecorded {
            return Self { least, most: Lobe::ALL.len() };
        }
        // What was irradiated or ablated may be a metastasis; nobody examined it.
        let possible = |one: &&PlaceCounts| one.metastases != Tally::ZERO || one.treated != Tally::ZERO;
        let possible: Vec<&PlaceCounts> = episode.by_place.iter().filter(possible).collect();
        let on_sides: usize = Side::BOTH.into_iter().map(|side| on_side(&possible, side)).sum();
        Self { least, most: Lobe::ALL.len().min(on_sides + open(&possible, Place::NotReported)) }
    }

    fn words(self) -> String {
        let Self { least, most } = self;
        if least == most { most.to_string() } else { format!("{least} to {most}") }
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

    const fn at_least(self, limit: usize) -> Truth {
        if self.least >= limit {
            Truth::True
        } else if self.most < limit {
            Truth::False
        } else {
            Truth::Unknown
        }
    }
}

/// Lobes of a side that may hold metastases: those named, and as many more as the side has for what has no lobe.
fn on_side(possible: &[&PlaceCounts], side: Side) -> usize {
    let named =
        possible.iter().filter(|one| one.place.lobe().is_some_and(|lobe| lobe.side() == side)).count();
    let lobes = Lobe::ALL.into_iter().filter(|lobe| lobe.side() == side).count();
    lobes.min(named + open(possible, Place::SideOnly(side)))
}

/// The most metastases recorded in a place that is no lobe.
fn open(possible: &[&PlaceCounts], escape: Place) -> usize {
    let most = |tally: Tally| match tally.exact {
        true => usize::try_from(tally.min).unwrap_or(Lobe::ALL.len()),
        false => Lobe::ALL.len(),
    };
    let of = |one: &PlaceCounts| {
        let resected = if one.metastases.exact { one.metastases } else { one.resected };
        most(resected).saturating_add(most(one.treated))
    };
    possible.iter().filter(|one| one.place == escape).map(|one| of(one)).sum()
}

pub(super) fn answer(case: &Case<'_, '_>) -> PatternResult {
    if case.episodes.is_empty() {
        return INFO.not_applicable("no metastasectomy is on record");
    }
    let limit = usize::try_from(case.limits.burden.spread_lobes).unwrap_or(usize::MAX);
    let lobes: Vec<Lobes> = case.episodes.iter().map(Lobes::of).collect();
    let wider = Truth::any(
        lobes
            .iter()
            .zip(lobes.iter().skip(1))
            .map(|(one, other)| other.more_than(*one).and(other.at_least(limit))),
    );
    let in_new_lobe = |one: &&RecurrentNodule| (!one.same_lobe).and(one.recurrent);
    let new_lobes: Vec<Truth> = case
        .episodes
        .iter()
        .map(|episode| Truth::any(episode.recurrence.nodules.iter().map(|one| in_new_lobe(&one))))
        .collect();
    let twice =
        Truth::any(new_lobes.iter().zip(new_lobes.iter().skip(1)).map(|(one, other)| one.and(*other)));
    let state = case.in_order(wider.or(twice));
    let words: Vec<String> = lobes.iter().map(|lobes| lobes.words()).collect();
    let reason = match twice {
        Truth::True => "a nodule in a lobe not treated before at two recurrences in a row".to_owned(),
        Truth::False | Truth::Unknown => format!("lobes with metastases per episode: {}", words.join(", ")),
    };
    let new =
        case.recurrent_nodules().filter(|(_, one)| rests_on(twice, in_new_lobe(one)) && twice.may_be_true());
    INFO.decided(state, reason)
        .with_evidence(case.episodes.iter().flat_map(Episode::evidence))
        .with_evidence(new.flat_map(|(episode, one)| case.shown_by(episode, one)))
        .missing("the lobe and the pathology of every nodule")
}
