//! P06: metastases in more lobes than before.

use super::{Effect, PatternInfo, PatternResult};
use crate::{
    domain::{
        lung::{Lobe, Place, Side},
        nodule::Tally,
        truth::Truth,
    },
    rules::{
        case::Case,
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
    least: u32,
    most: u32,
}

impl Lobes {
    fn of(case: &Case<'_, '_>, episode: &Episode) -> Self {
        let places = || episode.by_place.iter().filter(|one| one.metastases != Tally::ZERO);
        let certain = places().filter(|one| one.place.lobe().is_some() && one.metastases.min > 0).count();
        let resected = places().map(|one| (one.place, most_of(one)));
        // What was irradiated or ablated may be a metastasis; nobody examined it.
        let possible: Vec<(Place, usize)> = resected.chain(irradiated(case, episode)).collect();
        let most = Lobe::ALL.len().min(match unrecorded(case, episode) {
            true => Lobe::ALL.len(),
            false => {
                let sides = Side::BOTH.into_iter().map(|side| on_side(&possible, side)).sum::<usize>();
                sides + open(&possible, Place::NotReported)
            }
        });
        Self { least: count(certain), most: count(most) }
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

/// Lobes of a side that may hold metastases: those named, and as many more as the side has for what was not placed.
fn on_side(possible: &[(Place, usize)], side: Side) -> usize {
    let lobes = Lobe::ALL.into_iter().filter(|lobe| lobe.side() == side);
    let named = |lobe: &Lobe| possible.iter().any(|(place, _)| *place == Place::Lobe(*lobe));
    let known = lobes.clone().filter(named).count();
    lobes.count().min(known + open(possible, Place::SideOnly(side)))
}

/// Nodules recorded in a place that is no lobe.
fn open(possible: &[(Place, usize)], escape: Place) -> usize {
    possible.iter().filter(|(place, _)| *place == escape).map(|(_, count)| count).sum()
}

/// The most nodules of a place; five lobes are all there are.
fn most_of(counts: &PlaceCounts) -> usize {
    let all = Lobe::ALL.len();
    if counts.resected.exact { usize::try_from(counts.resected.min).unwrap_or(all).min(all) } else { all }
}

fn irradiated<'a>(case: &'a Case<'_, '_>, episode: &'a Episode) -> impl Iterator<Item = (Place, usize)> + 'a {
    let therapies = case.facts.therapies.iter().filter(|one| episode.therapies.contains(&one.id));
    let positions = therapies.flat_map(|therapy| &therapy.nodules).filter_map(|id| case.facts.position(id));
    positions.filter_map(|at| case.nodules.get(at)).map(|status| (status.place.place(), Lobe::ALL.len()))
}

/// Whether an operation of the episode took out what nobody wrote down.
fn unrecorded(case: &Case<'_, '_>, episode: &Episode) -> bool {
    let mut operations = case.facts.operations.iter().filter(|one| episode.operations.contains(&one.id));
    operations.any(|operation| operation.resections.is_empty())
}

fn count(lobes: usize) -> u32 {
    u32::try_from(lobes).unwrap_or(u32::MAX)
}

pub(super) fn answer(case: &Case<'_, '_>) -> PatternResult {
    if case.episodes.is_empty() {
        return INFO.not_applicable("no metastasectomy is on record");
    }
    let limit = case.limits.burden.spread_lobes;
    let lobes: Vec<Lobes> = case.episodes.iter().map(|episode| Lobes::of(case, episode)).collect();
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
    let per_episode = format!("lobes with metastases per episode: {}", words.join(", "));
    let (reason, nodules) = if twice.is_true() {
        ("a nodule in a lobe not treated before at two recurrences in a row".to_owned(), true)
    } else {
        (per_episode, false)
    };
    let new = case.recurrent_nodules().filter(|(_, one)| nodules && in_new_lobe(one).is_true());
    INFO.decided(state, reason)
        .with_evidence(case.episodes.iter().flat_map(Episode::evidence))
        .with_evidence(new.flat_map(|(episode, one)| case.shown_by(episode, one)))
        .missing("the lobe and the pathology of every nodule")
}
