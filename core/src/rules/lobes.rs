//! The per-lobe tallies: five lobes always, the escapes where used.

use std::collections::{BTreeMap, BTreeSet};

use crate::domain::{
    lung::Place, nodule::Tally, operation::ResectionTarget, truth::Truth, vocabulary::SpecimenKind,
};

use super::{
    counts::occult,
    facts::{Facts, takes_out},
    nodule_state::{NoduleState, NoduleStatus},
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
    /// Of these, the ones that are not called a metastasis, do not grow and are in no plan: they are watched.
    pub observed: Tally,
    /// Resected.
    pub resected: Tally,
    /// Metastases by pathology.
    pub metastases: Tally,
    /// Of these, viable.
    pub viable: Tally,
    /// Nodules with a benign result.
    pub benign: Tally,
    /// Of the resected ones, those that no imaging before the operation showed, whatever pathology found.
    pub occult: Tally,
}

impl PlaceTally {
    const fn empty(place: Place) -> Self {
        let none = Tally::ZERO;
        Self {
            place,
            nodules: none,
            active: none,
            observed: none,
            resected: none,
            metastases: none,
            viable: none,
            benign: none,
            occult: none,
        }
    }

    fn add_resected(&mut self, outcome: &Outcome, occult: Truth) {
        self.resected += outcome.total;
        self.metastases += outcome.metastases;
        self.viable += outcome.viable;
        self.benign += outcome.benign;
        match occult {
            Truth::True => self.occult += outcome.total,
            Truth::Unknown => self.occult.exact = false,
            Truth::False => {}
        }
    }
}

/// Tallies of the five lobes and of the escapes in use, in the order of the contract.
pub(super) fn tallies(facts: &Facts<'_>, statuses: &[NoduleStatus]) -> Vec<PlaceTally> {
    let mut tallies: BTreeMap<Place, PlaceTally> = BTreeMap::new();
    for (known, status) in facts.nodules.iter().zip(statuses) {
        let place = status.place.place();
        let tally = tallies.entry(place).or_insert(PlaceTally::empty(place));
        let count = status.count.tally();
        tally.nodules += count;
        if status.is_active() {
            tally.active += count;
        }
        if status.state == NoduleState::Observed {
            tally.observed += count;
        }
        let specimens = known.removals(&facts.operations).map(|(_, resection)| Specimen::of(resection));
        let first = known.removals(&facts.operations).next();
        if let Some(operation) = first.and_then(|(at, _)| facts.operations.get(at)) {
            tally.add_resected(&outcome(status.count, specimens), occult(known, operation));
        }
    }
    for operation in &facts.operations {
        for resection in &operation.resections {
            if let ResectionTarget::Specimen { place, kind: SpecimenKind::Nodule, count } = &resection.target
                && takes_out(operation, resection)
            {
                let tally = tallies.entry(*place).or_insert(PlaceTally::empty(*place));
                tally.nodules += count.tally();
                tally.add_resected(&outcome(*count, std::iter::once(Specimen::of(resection))), Truth::True);
            }
        }
    }
    open_by_unlisted(facts, &mut tallies);
    let used: BTreeSet<Place> = tallies.keys().copied().collect();
    Place::ALL
        .into_iter()
        .filter(|place| place.lobe().is_some() || used.contains(place))
        .map(|place| tallies.get(&place).copied().unwrap_or(PlaceTally::empty(place)))
        .collect()
}

/// Nodules that the last report mentions without listing them make the numbers of their place lower bounds.
fn open_by_unlisted(facts: &Facts<'_>, tallies: &mut BTreeMap<Place, PlaceTally>) {
    let Some(last) = facts.studies.last() else { return };
    for unlisted in &last.not_itemised {
        let tally = tallies.entry(unlisted.place).or_insert(PlaceTally::empty(unlisted.place));
        tally.nodules.exact = false;
        tally.active.exact = false;
        tally.observed.exact = false;
    }
}
