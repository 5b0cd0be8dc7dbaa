//! The time line of an assessment as a part of its document. Adds nothing: every value was decided before, and is borrowed.

use std::borrow::Cow;

use super::{
    assessment::{
        AnchorsEntry, DfiClass, DfiVariantEntry, DiseaseFreeInterval, EpisodeEntry, OperationResultEntry,
        PlaceMap, RecurrenceEntry, RecurrenceSide, RecurrenceState, UntilNextEntry,
    },
    field::Field,
    of_assessment::{ids, shared},
};
use crate::{
    domain::{nodule::Tally, vocabulary::Vocabulary},
    rules::{self, Evidence},
};

pub(super) fn anchors(anchors: &rules::Anchors) -> AnchorsEntry<'_> {
    AnchorsEntry {
        treated_on: anchors.treated_on.map(Field::new),
        diagnosed_on: anchors.diagnosed_on.map(Field::new),
        treatment_ended_on: anchors.treatment_ended_on.map(Field::new),
        metastases_on: anchors.metastases_on.map(Field::new),
        metastases_from: anchors.metastases_from.as_ref().map(Evidence::id),
        visible_on: anchors.visible_on.map(Field::new),
    }
}

pub(super) fn dfi(dfi: &rules::Dfi) -> DiseaseFreeInterval<'_> {
    DiseaseFreeInterval {
        class: match dfi.class {
            rules::DfiClass::Synchronous => DfiClass::Synchronous,
            rules::DfiClass::DuringPrimaryTreatment(_) => DfiClass::DuringPrimaryTreatment,
            rules::DfiClass::Metachronous => DfiClass::Metachronous,
            rules::DfiClass::Unknown => DfiClass::Unknown,
        },
        days: dfi.days.map(Into::into),
        lt_12_months: dfi.lt_12_months.into(),
        at_least_24_months: Some(dfi.at_least_24_months.into()),
        at_least_36_months: Some(dfi.at_least_36_months.into()),
        band: dfi.band.map(|band| band.code().into()),
        local_recurrences_on: dfi.local_recurrences.iter().map(|on| on.map(Field::new)).collect(),
        sub_class: dfi.class.sub_code().map(Cow::Borrowed),
        reason: shared(&dfi.reason),
        evidence: ids(&dfi.evidence),
        variants: dfi
            .variants
            .iter()
            .map(|variant| DfiVariantEntry { id: variant.id.into(), days: variant.days.into() })
            .collect(),
    }
}

pub(super) fn episode(episode: &rules::Episode) -> EpisodeEntry<'_> {
    let counts = &episode.counts;
    EpisodeEntry {
        number: episode.number,
        operations: episode.operations.iter().map(|id| id.as_str().into()).collect(),
        started_on: episode.started_on.map(Field::new),
        cleared_on: episode.cleared_on.map(Field::new),
        completeness: episode.completeness.map(|completeness| completeness.code().into()),
        cleared: episode.cleared.into(),
        resected: counts.resected.into(),
        metastases: counts.metastases.into(),
        viable: counts.viable.into(),
        benign: counts.benign.into(),
        occult: counts.occult.into(),
        by_lobe: PlaceMap(
            episode
                .by_place
                .iter()
                .filter(|place| place.resected != Tally::ZERO)
                .map(|place| (place.place, place.resected.into()))
                .collect(),
        ),
        recurrence: recurrence(episode),
        therapies: episode.therapies.iter().map(|id| id.as_str().into()).collect(),
        state: Some(episode.state.code().into()),
        planned_stages_on: episode.planned_stages_on.iter().copied().map(Field::new).collect(),
        treated_until: episode.treated_until.map(Field::new),
        treated: Some(counts.treated.into()),
        with_observed: Some(episode.with_observed.into()),
        late_reclassification: Some(episode.late_reclassification),
        persistence: Some(episode.persistence.into()),
        progression: Some(episode.progression.into()),
        operation_results: episode.operation_results.iter().map(operation_result).collect(),
        next: episode.next.map(|next| UntilNextEntry {
            since_clearance_days: next.since_clearance.map(Into::into),
            since_recurrence_days: next.since_recurrence.map(Into::into),
        }),
    }
}

fn operation_result(result: &rules::OperationResult) -> OperationResultEntry<'_> {
    OperationResultEntry {
        id: result.operation.as_str().into(),
        completeness: result.completeness.map(|completeness| completeness.code().into()),
        margin: result.margin.map(|margin| margin.code().into()),
        margin_mm: result.margin_mm,
        nodes: result.nodes.map(|nodes| nodes.code().into()),
    }
}

fn recurrence(episode: &rules::Episode) -> RecurrenceEntry<'_> {
    let recurrence = &episode.recurrence;
    RecurrenceEntry {
        state: match recurrence.state {
            rules::RecurrenceState::None => RecurrenceState::None,
            rules::RecurrenceState::Suspected => RecurrenceState::Suspected,
            rules::RecurrenceState::Confirmed => RecurrenceState::Confirmed,
            rules::RecurrenceState::Refuted => RecurrenceState::Refuted,
            rules::RecurrenceState::Unknown => RecurrenceState::Unknown,
        },
        on: recurrence.on.map(Field::new),
        interval_days: recurrence.interval.map(Into::into),
        lobes: recurrence.places.iter().copied().map(Field::new).collect(),
        same_lobe: recurrence.same_lobe.into(),
        nonviable_only: Some(recurrence.nonviable_only).filter(|one| one.may_be_true()).map(Into::into),
        side: match recurrence.side {
            rules::RecurrenceSide::Ipsilateral => RecurrenceSide::Ipsilateral,
            rules::RecurrenceSide::Contralateral => RecurrenceSide::Contralateral,
            rules::RecurrenceSide::Bilateral => RecurrenceSide::Bilateral,
            rules::RecurrenceSide::NotApplicable => RecurrenceSide::NotApplicable,
            rules::RecurrenceSide::Unknown => RecurrenceSide::Unknown,
        },
        location: Some(recurrence.location.code().into()),
        no_interval: episode.no_interval().map(Cow::Borrowed),
        no_side: episode.no_side().map(Cow::Borrowed),
        last_clear_on: recurrence.last_clear_on.map(Field::new),
        reason: shared(&recurrence.reason),
        evidence: ids(&recurrence.evidence),
    }
}
