//! The per-lobe tallies: five lobes always, the escapes where used.

use std::collections::{HashMap, HashSet};

use crate::domain::{lung::Place, nodule::Tally, operation::ResectionTarget, vocabulary::SpecimenKind};

use super::{
    facts::{Facts, takes_out},
    nodule_state::NoduleStatus,
    pathology::{Outcome, Specimen, outcome},
};

/// Numbers of nodules in one place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PlaceTally {
    /// The lobe, or the escape.
    pub place: Place,
    /// All on record.
    pub nodules: Tally,
    /// Still there and untreated.
    pub active: Tally,
    /// Resected.
    pub resected: Tally,
    /// Metastases by pathology.
    pub metastases: Tally,
    /// Nodules with a benign result.
    pub benign: Tally,
}

impl PlaceTally {
    const fn empty(place: Place) -> Self {
        let none = Tally::ZERO;
        Self { place, nodules: none, active: none, resected: none, metastases: none, benign: none }
    }

    fn add_resected(&mut self, outcome: &Outcome) {
        self.resected += outcome.total;
        self.metastases += outcome.metastases;
        self.benign += outcome.benign;
    }
}

/// Tallies of the five lobes and of the escapes in use, in the order of the contract.
pub(super) fn tallies(facts: &Facts<'_>, statuses: &[NoduleStatus]) -> Vec<PlaceTally> {
    let mut tallies: HashMap<Place, PlaceTally> = HashMap::new();
    for (known, status) in facts.nodules.iter().zip(statuses) {
        let place = status.place.place();
        let tally = tallies.entry(place).or_insert(PlaceTally::empty(place));
        let count = status.count.tally();
        tally.nodules += count;
        if status.is_active() {
            tally.active += count;
        }
        let specimens: Vec<Specimen> =
            known.removals(&facts.operations).map(|(_, resection)| Specimen::of(resection)).collect();
        if !specimens.is_empty() {
            tally.add_resected(&outcome(status.count, &specimens));
        }
    }
    for operation in &facts.operations {
        for resection in &operation.resections {
            if let ResectionTarget::Specimen { place, kind: SpecimenKind::Nodule, count } = &resection.target
                && takes_out(operation, resection)
            {
                let tally = tallies.entry(*place).or_insert(PlaceTally::empty(*place));
                tally.nodules += count.tally();
                tally.add_resected(&outcome(*count, &[Specimen::of(resection)]));
            }
        }
    }
    open_by_unlisted(facts, &mut tallies);
    let used: HashSet<Place> = tallies.keys().copied().collect();
    Place::ALL
        .into_iter()
        .filter(|place| place.lobe().is_some() || used.contains(place))
        .map(|place| tallies.get(&place).copied().unwrap_or(PlaceTally::empty(place)))
        .collect()
}

/// Nodules that the last report mentions without listing them make the numbers of their place lower bounds.
fn open_by_unlisted(facts: &Facts<'_>, tallies: &mut HashMap<Place, PlaceTally>) {
    let Some(last) = facts.studies.last() else { return };
    for unlisted in &last.not_itemised {
        let tally = tallies.entry(unlisted.place).or_insert(PlaceTally::empty(unlisted.place));
        tally.nodules.exact = false;
        tally.active.exact = false;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        domain::{imaging::NotItemised, lung::Lobe, nodule::NoduleCount},
        rules::testing::Story,
    };

    fn of(story: &Story, place: Place) -> PlaceTally {
        let evaluation = story.evaluate("2024-01-01");
        evaluation.lobes.into_iter().find(|tally| tally.place == place).unwrap()
    }

    #[test]
    fn the_five_lobes_are_always_there_and_escapes_only_where_used() {
        let places: Vec<_> =
            Story::new().evaluate("2024-01-01").lobes.iter().map(|tally| tally.place).collect();
        assert_eq!(places, Place::ALL[..5]);
        let story = Story::new().nodule("n1", "left_nos");
        assert_eq!(story.evaluate("2024-01-01").lobes.len(), 6);
    }

    #[test]
    fn the_twenty_two_nodules_of_one_operation_stand_under_their_lobes() {
        let story = Story::new()
            .group("g1", "RUL", Some(2))
            .group("g2", "RML", Some(3))
            .group("g3", "RLL", Some(17))
            .operation(
                "op1",
                "2020-01-01",
                "right",
                &[("g1", "unknown"), ("g2", "unknown"), ("g3", "unknown")],
            );
        for (lobe, count) in [(Lobe::Rul, 2), (Lobe::Rml, 3), (Lobe::Rll, 17)] {
            let tally = of(&story, Place::Lobe(lobe));
            assert_eq!((tally.nodules, tally.resected), (Tally::exactly(count), Tally::exactly(count)));
            assert_eq!(tally.metastases, Tally { min: 0, exact: false });
        }
        assert_eq!(of(&story, Place::Lobe(Lobe::Lul)), PlaceTally::empty(Place::Lobe(Lobe::Lul)));
    }

    #[test]
    fn unlisted_nodules_of_the_last_report_make_a_lower_bound() {
        let mut story = Story::new().nodule("n1", "LUL").ct("ct1", "2023-01-01", &[("n1", 8.0)]);
        story.parts.imaging[0].not_itemised =
            vec![NotItemised { place: Place::Lobe(Lobe::Lul), count: NoduleCount::Several, max_mm: None }];
        let tally = of(&story, Place::Lobe(Lobe::Lul));
        assert_eq!(tally.nodules, Tally { min: 1, exact: false });
    }

    #[test]
    fn a_bleb_is_no_nodule() {
        let story = Story::new().specimen("op1", "2023-01-01", "right", "RLL", SpecimenKind::Bleb, "benign");
        assert_eq!(of(&story, Place::Lobe(Lobe::Rll)).nodules, Tally::ZERO);
        let story =
            Story::new().specimen("op1", "2023-01-01", "right", "RLL", SpecimenKind::Nodule, "benign");
        assert_eq!(of(&story, Place::Lobe(Lobe::Rll)).benign, Tally::exactly(1));
    }
}
