//! Numbers of nodules of one episode: resected, metastases, occult, per place and per side.
//!
//! A group counts its number everywhere; a nodule resected twice within the episode counts once. Unknown pathology
//! leaves a lower bound.

use std::collections::BTreeMap;

use crate::domain::{
    lung::{Place, Side},
    nodule::{NoduleCount, Tally},
    operation::{Operation, ResectionTarget},
    truth::Truth,
    vocabulary::{NoduleOrigin, OperationSide, SpecimenKind},
};

use super::{
    episode::{EpisodeCounts, PlaceCounts, Sides},
    facts::{Facts, NoduleFacts, is_seen, on_or_before, takes_out},
    pathology::{Outcome, Specimen, outcome},
    units::Unit,
};

/// One nodule or group as one episode treated it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Treated {
    /// Position of the nodule in the record; `None` for a specimen that belongs to no recorded nodule.
    pub position: Option<usize>,
    pub place: Place,
    /// The side, by the place, else by the operation.
    pub side: Option<Side>,
    /// What pathology said; `None` where it was only irradiated or ablated.
    pub outcome: Option<Outcome>,
    /// What a biopsy said of one that was only irradiated or ablated; without one, any of it may be a metastasis.
    pub by_biopsy: Option<Outcome>,
    pub occult: Truth,
    pub count: NoduleCount,
}

impl Treated {
    /// What pathology said of it, of a biopsy where it was not resected.
    const fn result(&self) -> Option<&Outcome> {
        match &self.outcome {
            Some(outcome) => Some(outcome),
            None => self.by_biopsy.as_ref(),
        }
    }

    /// Whether it is held to be a metastasis: by pathology, or because it was treated as one.
    pub(super) fn is_metastasis(&self) -> Truth {
        match &self.outcome {
            None => Truth::True,
            Some(outcome) if outcome.metastases.min > 0 => Truth::True,
            Some(outcome) if outcome.most_metastases == Some(0) => Truth::False,
            Some(_) => Truth::Unknown,
        }
    }
}

/// Everything one episode treated, in the order of the record.
pub(super) fn treated(facts: &Facts<'_>, units: &[Unit]) -> Vec<Treated> {
    let mut nodules: Vec<Taken<'_>> = Vec::new();
    let mut loose = Vec::new();
    for operation in units.iter().filter_map(|unit| unit.operation(facts)) {
        for resection in operation.resections.iter().filter(|resection| takes_out(operation, resection)) {
            match &resection.target {
                ResectionTarget::Nodule { nodule, .. } => {
                    let by = Some((operation, Specimen::of(resection)));
                    nodules.extend(facts.position(nodule).map(|position| Taken { position, by }));
                }
                ResectionTarget::Specimen { place, kind: SpecimenKind::Nodule, count } => {
                    loose.push(Treated {
                        position: None,
                        place: *place,
                        side: place.side().or(side_of(operation)),
                        outcome: Some(outcome(*count, std::iter::once(Specimen::of(resection)))),
                        by_biopsy: None,
                        occult: occult_specimen(facts, operation, *place),
                        count: *count,
                    });
                }
                ResectionTarget::Specimen { .. } => {}
            }
        }
    }
    for therapy in units.iter().filter_map(|unit| unit.therapy(facts)) {
        let treated = therapy.nodules.iter().filter_map(|nodule| facts.position(nodule));
        nodules.extend(treated.map(|position| Taken { position, by: None }));
    }
    // Stable: what was taken of one nodule stays in the order of the operations.
    nodules.sort_by_key(|taken| taken.position);
    let recorded = nodules.chunk_by(|one, other| one.position == other.position);
    recorded.filter_map(|taken| one_nodule(facts, taken)).chain(loose).collect()
}

/// A nodule as one operation or one local therapy treated it.
struct Taken<'h> {
    position: usize,
    /// The operation and its specimen; `None` for a local therapy.
    by: Option<(&'h Operation, Specimen)>,
}

/// Everything that was taken of one nodule.
fn one_nodule(facts: &Facts<'_>, taken: &[Taken<'_>]) -> Option<Treated> {
    let position = taken.first()?.position;
    let known = facts.nodules.get(position)?;
    let operation = taken.iter().find_map(|one| one.by.map(|(operation, _)| operation));
    let specimens = taken.iter().filter_map(|one| Some(one.by?.1));
    let biopsies = known.specimens.iter().map(|(_, resection)| Specimen::of(resection));
    let place = known.nodule.place.place();
    Some(Treated {
        position: Some(position),
        place,
        side: place.side().or(operation.and_then(side_of)),
        outcome: operation.map(|_| outcome(known.nodule.count, specimens)),
        by_biopsy: operation.is_none().then(|| outcome(known.nodule.count, biopsies)),
        occult: operation.map_or(Truth::False, |operation| occult(known, operation)),
        count: known.nodule.count,
    })
}

fn side_of(operation: &Operation) -> Option<Side> {
    match operation.side {
        Some(OperationSide::Right) => Some(Side::Right),
        Some(OperationSide::Left) => Some(Side::Left),
        _ => None,
    }
}

/// Whether a nodule was found by hand or in the specimen, with no imaging before the operation.
pub(super) fn occult(known: &NoduleFacts<'_>, operation: &Operation) -> Truth {
    let imaged = Truth::any(
        known
            .sightings
            .iter()
            .filter(|(_, finding)| is_seen(finding.fate))
            .map(|(study, _)| on_or_before(study.on, operation.on)),
    );
    match known.nodule.origin {
        Some(NoduleOrigin::Imaging) => Truth::False,
        Some(NoduleOrigin::Palpation | NoduleOrigin::Specimen) => !imaged,
        // Without a stated origin the absence of imaging on record proves nothing.
        None => {
            if imaged.is_true() {
                Truth::False
            } else {
                Truth::Unknown
            }
        }
    }
}

/// A specimen that belongs to no recorded nodule was not imaged, unless it can be one that was imaged and has no
/// specimen of its own, or one that a report mentions without listing it.
fn occult_specimen(facts: &Facts<'_>, operation: &Operation, place: Place) -> Truth {
    let imaged = facts.nodules.iter().any(|known| {
        let waits = known.removals(&facts.operations).next().is_none();
        let mut seen = known.sightings.iter().filter(|(_, finding)| is_seen(finding.fate));
        waits
            && known.nodule.place.place().may_be(place)
            && seen.any(|(study, _)| on_or_before(study.on, operation.on).may_be_true())
    });
    let unlisted = facts.studies.iter().any(|study| {
        on_or_before(study.on, operation.on).may_be_true()
            && study.not_itemised.iter().any(|unlisted| unlisted.place.may_be(place))
    });
    if imaged || unlisted { Truth::Unknown } else { Truth::True }
}

/// The numbers of an episode.
pub(super) fn counts(units: &[Unit], facts: &Facts<'_>, treated: &[Treated]) -> EpisodeCounts {
    let outcomes = || treated.iter().filter_map(|one| one.outcome.as_ref());
    let possible = || treated.iter().filter_map(Treated::result);
    let sum = |part: fn(&Outcome) -> Tally| outcomes().map(part).sum::<Tally>();
    let mut counts = EpisodeCounts {
        resected: sum(|outcome| outcome.total),
        treated: treated.iter().filter(|one| one.outcome.is_none()).map(|one| one.count.tally()).sum(),
        metastases: possible().map(|outcome| outcome.metastases).sum(),
        most_metastases: possible()
            .try_fold(0_u32, |most, outcome| Some(most.saturating_add(outcome.most_metastases?))),
        viable: sum(|outcome| outcome.viable),
        benign: sum(|outcome| outcome.benign),
        examined: sum(|outcome| outcome.examined),
        occult: Tally::ZERO,
        occult_metastases: Tally::ZERO,
    };
    for one in treated {
        let Some(outcome) = &one.outcome else { continue };
        match one.occult {
            Truth::True => {
                counts.occult += outcome.total;
                counts.occult_metastases += outcome.metastases;
            }
            Truth::Unknown => {
                counts.occult.exact = false;
                counts.occult_metastases.exact = false;
            }
            Truth::False => {}
        }
    }
    if unrecorded(units, facts) {
        counts.most_metastases = None;
        for tally in [
            &mut counts.resected,
            &mut counts.metastases,
            &mut counts.viable,
            &mut counts.benign,
            &mut counts.examined,
            &mut counts.occult,
            &mut counts.occult_metastases,
        ] {
            tally.exact = false;
        }
    }
    counts
}

/// Whether an operation without any recorded resection took out something that nobody wrote down, or a local therapy
/// names no nodule.
pub(super) fn unrecorded(units: &[Unit], facts: &Facts<'_>) -> bool {
    units.iter().any(|unit| {
        unit.operation(facts).is_some_and(|operation| operation.resections.is_empty())
            || unit.therapy(facts).is_some_and(|therapy| therapy.nodules.is_empty())
    })
}

/// The nodules per place, in the order of the contract.
pub(super) fn by_place(treated: &[Treated]) -> Vec<PlaceCounts> {
    let mut places: BTreeMap<Place, PlaceCounts> = BTreeMap::new();
    for one in treated {
        let counts = places.entry(one.place).or_insert(PlaceCounts {
            place: one.place,
            resected: Tally::ZERO,
            treated: Tally::ZERO,
            metastases: Tally::ZERO,
        });
        match &one.outcome {
            Some(outcome) => counts.resected += outcome.total,
            None => counts.treated += one.count.tally(),
        }
        counts.metastases += one.result().map_or(Tally::ZERO, |outcome| outcome.metastases);
    }
    Place::ALL.into_iter().filter_map(|place| places.get(&place).copied()).collect()
}

/// The sides on which metastases were treated; open where nothing was recorded.
pub(super) fn disease_sides(treated: &[Treated], complete: bool) -> Sides {
    let on = |side: Side| {
        let known = Truth::any(treated.iter().map(|one| {
            let there = one.side.map_or(Truth::Unknown, |own| Truth::from(own == side));
            there.and(one.is_metastasis())
        }));
        if complete { known } else { known.or(Truth::Unknown) }
    };
    Sides { right: on(Side::Right), left: on(Side::Left) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::{Episode, testing::Story};

    fn episode(story: &Story) -> Episode {
        story.evaluate("2024-01-01").episodes.remove(0)
    }

    #[test]
    fn a_nodule_resected_in_both_steps_counts_once() {
        let story = Story::new()
            .nodule("n1", "RLL")
            .ct("ct1", "2023-01-01", &[("n1", 8.0)])
            .operation("op1", "2023-02-01", "right", &[("n1", "met_viable")])
            .completeness("op1", crate::domain::vocabulary::Completeness::R1)
            .operation("op2", "2023-03-01", "right", &[("n1", "benign")])
            .stage("op2", "op1");
        for story in [story.clone(), story.pathology("op2", "met_nonviable")] {
            let both = episode(&story);
            assert_eq!((both.operations.len(), both.counts.metastases), (2, Tally::exactly(1)));
        }
    }

    #[test]
    fn an_operation_without_recorded_resections_counts_nothing_exactly() {
        let counts = episode(&Story::new().operation("op1", "2023-02-01", "right", &[])).counts;
        assert_eq!(counts.resected, Tally { min: 0, exact: false });
        assert_eq!(counts.metastases_at_least(4), Truth::Unknown);
    }
}
