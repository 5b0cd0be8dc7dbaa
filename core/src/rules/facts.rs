//! The known history in order of time, with an index per nodule built once.
//!
//! Every rule reads this; nothing here decides. Undated parts stand last, and what shares a
//! day in the order of the ids: the order in which a document lists its facts says nothing.

use std::collections::HashMap;

use chrono::NaiveDate;
use foldhash::fast::RandomState;

use crate::domain::{
    dates::{PartialDate, add_months},
    history::HistoryParts,
    imaging::ImagingStudy,
    lung::Lobe,
    nodule::Nodule,
    operation::{Operation, Resection, ResectionTarget},
    text::{NoduleId, StudyKey},
    therapy::LocalTherapy,
    truth::Truth,
    vocabulary::{Extent, Fate, LobeStatement, Modality, Purpose},
};

use super::{growth::Sighting, origin::Origin};

/// The known history in order of time.
#[derive(Debug)]
pub struct Facts<'h> {
    /// The history as known on the day.
    pub parts: &'h HistoryParts,
    /// The day.
    pub as_of: NaiveDate,
    /// The primary of the lung metastases.
    pub origin: Origin<'h>,
    /// Studies in order of time.
    pub studies: Vec<&'h ImagingStudy>,
    /// Operations that were done, in order of time.
    pub operations: Vec<&'h Operation>,
    /// Operations that are planned and were not done.
    pub planned: Vec<&'h Operation>,
    /// Local therapies in order of time.
    pub therapies: Vec<&'h LocalTherapy>,
    /// Per nodule, in the order of the record.
    pub nodules: Vec<NoduleFacts<'h>>,
    index: HashMap<&'h NoduleId, usize, RandomState>,
}

/// Everything that mentions one nodule, in order of time.
#[derive(Debug)]
pub struct NoduleFacts<'h> {
    /// The nodule.
    pub nodule: &'h Nodule,
    /// Its findings.
    pub sightings: Vec<Sighting<'h>>,
    /// Its specimens: index into `operations`, and the resection.
    pub specimens: Vec<(usize, &'h Resection)>,
    /// Its local therapies: indices into `therapies`.
    pub therapies: Vec<usize>,
    /// First day on which a study reported it.
    pub reported_on: Option<PartialDate>,
    /// The same, corrected where the reader saw it on an earlier study in hindsight.
    pub seen_on: Option<PartialDate>,
}

impl<'h> Facts<'h> {
    /// Orders and indexes a history as known on `as_of`.
    #[must_use]
    pub fn new(parts: &'h HistoryParts, as_of: NaiveDate) -> Self {
        let mut studies: Vec<&ImagingStudy> = parts.imaging.iter().collect();
        studies.sort_by_key(|study| (order_key(study.on), &study.id));
        let (mut operations, planned): (Vec<_>, Vec<_>) = parts
            .operations
            .iter()
            .partition(|operation| operation.on.is_some() || operation.planned_on.is_none());
        operations.sort_by_key(|operation: &&Operation| (order_key(operation.on), &operation.id));
        let mut therapies: Vec<&LocalTherapy> = parts.local_therapies.iter().collect();
        therapies.sort_by_key(|therapy| (order_key(therapy.started_on.or(therapy.ended_on)), &therapy.id));
        let nodules: Vec<NoduleFacts<'h>> = parts.nodules.iter().map(NoduleFacts::new).collect();
        let index = nodules.iter().enumerate().map(|(at, facts)| (&facts.nodule.id, at)).collect();
        let origin = Origin::of(parts);
        let mut facts =
            Self { parts, as_of, origin, studies, operations, planned, therapies, nodules, index };
        facts.link();
        facts
    }

    /// The last study that mentions nodules without listing them, unless a later CT does not. Films and scans of other
    /// parts do not answer for it, nor does a study without a day.
    #[must_use]
    pub fn unlisted(&self) -> Option<&'h ImagingStudy> {
        let mentions = |study: &&&ImagingStudy| self.leaves_unlisted(study);
        let last =
            self.studies.iter().rev().find(|study| mentions(study) || (is_ct(study) && study.on.is_some()));
        last.filter(mentions).copied()
    }

    /// Whether a study mentions nodules that it does not list: by their number, or as the state of a lobe for which it
    /// has no finding.
    #[must_use]
    pub fn leaves_unlisted(&self, study: &ImagingStudy) -> bool {
        let lists = |lobe: Lobe| {
            study.findings.iter().any(|finding| {
                self.nodule(&finding.nodule)
                    .is_some_and(|known| known.nodule.place.touches(lobe).may_be_true())
            })
        };
        let silent = |(lobe, statement)| statement == LobeStatement::Nodules && !lists(lobe);
        !study.not_itemised.is_empty() || study.lobes.iter().any(silent)
    }

    fn link(&mut self) {
        let day_of = |id: &StudyKey| self.studies.iter().find(|study| study.id == *id)?.on;
        for study in &self.studies {
            for finding in &study.findings {
                let Some(nodule) = self.index.get(&finding.nodule).and_then(|at| self.nodules.get_mut(*at))
                else {
                    continue;
                };
                nodule.sightings.push((study, finding));
                if is_seen(finding.fate) {
                    // A study without a day may be of any day up to this one.
                    let reported_on = study.on.unwrap_or(PartialDate::NotAfter(self.as_of));
                    nodule.reported_on = first_of(nodule.reported_on, Some(reported_on));
                    let shown_before = study.comparator.as_ref().and_then(day_of);
                    let on = match (finding.visible_before, shown_before) {
                        (Some(true), Some(before)) => first_of(Some(reported_on), Some(before)),
                        // Some earlier study showed it; nobody said which, or which day that was.
                        (Some(true), None) => bounded(None, reported_on.latest()),
                        _ => Some(reported_on),
                    };
                    nodule.seen_on = first_of(nodule.seen_on, on);
                }
            }
        }
        for (at, operation) in self.operations.iter().enumerate() {
            for resection in &operation.resections {
                if let ResectionTarget::Nodule { nodule, .. } = &resection.target
                    && let Some(nodule) = self.index.get(nodule).and_then(|at| self.nodules.get_mut(*at))
                {
                    nodule.specimens.push((at, resection));
                }
            }
        }
        for (at, therapy) in self.therapies.iter().enumerate() {
            for nodule in &therapy.nodules {
                if let Some(nodule) = self.index.get(nodule).and_then(|at| self.nodules.get_mut(*at)) {
                    nodule.therapies.push(at);
                }
            }
        }
    }

    /// What mentions a nodule.
    #[must_use]
    pub fn nodule(&self, id: &NoduleId) -> Option<&NoduleFacts<'h>> {
        self.index.get(id).and_then(|at| self.nodules.get(*at))
    }

    /// The place of a nodule in the record.
    #[must_use]
    pub fn position(&self, id: &NoduleId) -> Option<usize> {
        self.index.get(id).copied()
    }

    /// The day of the evaluation as a date.
    #[must_use]
    pub const fn today(&self) -> PartialDate {
        PartialDate::Day(self.as_of)
    }
}

impl<'h> NoduleFacts<'h> {
    fn new(nodule: &'h Nodule) -> Self {
        Self {
            nodule,
            sightings: Vec::new(),
            specimens: Vec::new(),
            therapies: Vec::new(),
            reported_on: None,
            seen_on: None,
        }
    }

    /// Specimens that took the nodule out: everything but a biopsy.
    pub fn removals(
        &self,
        operations: &[&'h Operation],
    ) -> impl Iterator<Item = (usize, &'h Resection)> + Clone {
        self.specimens.iter().copied().filter(|(at, resection)| {
            operations.get(*at).is_some_and(|operation| takes_out(operation, resection))
        })
    }
}

/// Whether a resection takes the nodule out. A diagnostic operation of unknown extent is read as a biopsy.
pub(super) fn takes_out(operation: &Operation, resection: &Resection) -> bool {
    match resection.extent {
        Some(Extent::Biopsy) => false,
        Some(Extent::Unknown) | None => operation.purpose != Purpose::Diagnostic,
        Some(_) => true,
    }
}

/// Whether a fate means that the nodule was seen; an absent one does.
pub(super) const fn is_seen(fate: Option<Fate>) -> bool {
    !matches!(
        fate,
        Some(Fate::Resolved | Fate::NotSeen | Fate::OutsideField | Fate::Obscured | Fate::NotANodule)
    )
}

/// Whether a study is a CT of the chest.
pub(super) const fn is_ct(study: &ImagingStudy) -> bool {
    matches!(study.modality, Some(Modality::Ct | Modality::LowDoseCt | Modality::PetCt))
}

/// Whether a study is a CT that states all five lobes to be clear and mentions no nodule beside.
pub(super) fn shows_all_clear(study: &ImagingStudy) -> bool {
    let clear = |lobe| study.lobes.get(lobe) == Some(LobeStatement::Clear);
    is_ct(study) && study.not_itemised.is_empty() && Lobe::ALL.into_iter().all(clear)
}

/// Key of the order of time: what is not dated stands last.
pub(super) fn order_key(on: Option<PartialDate>) -> (NaiveDate, NaiveDate) {
    let earliest = on.and_then(|on| on.earliest().or(on.latest())).unwrap_or(NaiveDate::MAX);
    (earliest, on.and_then(PartialDate::latest).unwrap_or(NaiveDate::MAX))
}

/// The earlier of two days, as far as they are known; an absent one is no day.
pub(super) fn first_of(one: Option<PartialDate>, other: Option<PartialDate>) -> Option<PartialDate> {
    let (Some(a), Some(b)) = (one, other) else { return one.or(other) };
    if a.on_or_before(b).is_true() {
        return Some(a);
    }
    if b.on_or_before(a).is_true() {
        return Some(b);
    }
    let earliest = a.earliest().zip(b.earliest()).map(|(a, b)| a.min(b));
    let latest = match (a.latest(), b.latest()) {
        (Some(a), Some(b)) => Some(a.min(b)),
        (a, b) => a.or(b),
    };
    bounded(earliest, latest)
}

/// The later of two days, as far as they are known; unknown where one is.
pub(super) fn last_of(one: Option<PartialDate>, other: Option<PartialDate>) -> Option<PartialDate> {
    let (a, b) = (one?, other?);
    if a.on_or_before(b).is_true() {
        return Some(b);
    }
    if b.on_or_before(a).is_true() {
        return Some(a);
    }
    let earliest = match (a.earliest(), b.earliest()) {
        (Some(a), Some(b)) => Some(a.max(b)),
        (a, b) => a.or(b),
    };
    let latest = a.latest().zip(b.latest()).map(|(a, b)| a.max(b));
    bounded(earliest, latest)
}

/// A date within bounds of which one may be open.
pub(super) fn bounded(earliest: Option<NaiveDate>, latest: Option<NaiveDate>) -> Option<PartialDate> {
    match (earliest, latest) {
        (Some(earliest), Some(latest)) => Some(PartialDate::within(earliest, latest)),
        (Some(earliest), None) => Some(PartialDate::NotBefore(earliest)),
        (None, Some(latest)) => Some(PartialDate::NotAfter(latest)),
        (None, None) => None,
    }
}

/// The same uncertainty moved by calendar months.
pub(super) fn plus_months(on: PartialDate, months: u32) -> Option<PartialDate> {
    bounded(
        on.earliest().and_then(|day| add_months(day, months)),
        on.latest().and_then(|day| add_months(day, months)),
    )
}

/// Whether the one day lies before the other; unknown where one is not known.
pub(super) fn before(one: Option<PartialDate>, other: Option<PartialDate>) -> Truth {
    match (one, other) {
        (Some(one), Some(other)) => one.before(other),
        _ => Truth::Unknown,
    }
}

/// Whether the one day lies on or before the other; unknown where one is not known.
pub(super) fn on_or_before(one: Option<PartialDate>, other: Option<PartialDate>) -> Truth {
    !before(other, one)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn date(text: &str) -> Option<PartialDate> {
        Some(text.parse().unwrap())
    }

    #[test]
    fn the_first_and_the_last_of_overlapping_days_are_ranges() {
        assert_eq!(first_of(date("2020-03"), date("2020-05-01")), date("2020-03"));
        assert_eq!(first_of(date("2020-03"), date("2020-03-15")), date("[2020-03-01..2020-03-15]"));
        assert_eq!(last_of(date("2020-03"), date("2020-03-15")), date("[2020-03-15..2020-03-31]"));
        assert_eq!(last_of(date("2020-03"), None), None);
        assert_eq!(first_of(date("2020-03"), None), date("2020-03"));
        assert_eq!(first_of(date("[..2020-05-01]"), date("2020-04")), date("[..2020-04-30]"));
    }

    #[test]
    fn months_move_both_bounds() {
        assert_eq!(plus_months(date("2020-01").unwrap(), 3), date("[2020-04-01..2020-04-30]"));
    }
}
