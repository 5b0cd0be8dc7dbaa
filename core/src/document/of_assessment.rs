//! An assessment as a document of the contract. Adds nothing: every value was decided before.

use super::{
    assessment::{
        ASSESSMENT_FORMAT, AssessmentDocument, DataTask, DfiClass, DfiVariantEntry, DiseaseFreeInterval,
        EpisodeEntry, LobeCounts, PatternEntry, PatternState, PlaceMap, PlanEntry, PlanState, ProposalEntry,
        ProtocolReference, RecurrenceEntry, RecurrenceSide, RecurrenceState, SlotEntry, SlotState, TierEntry,
        TriggerEntry, WindowEntry,
    },
    field::Field,
};
use crate::{
    assessment::{Assessment, RULES_VERSION},
    domain::{nodule::Tally, vocabulary::Vocabulary},
    rules::{self, Evidence},
    surveillance::{self, Plan, Standing},
};

impl From<&Assessment> for AssessmentDocument {
    fn from(assessment: &Assessment) -> Self {
        let evaluation = &assessment.evaluation;
        let lobes = evaluation.lobes.iter().map(|tally| {
            let counts = LobeCounts {
                nodules: tally.nodules.into(),
                active: tally.active.into(),
                resected: tally.resected.into(),
                metastases: tally.metastases.into(),
                benign: tally.benign.into(),
                observed: Some(tally.observed.into()),
                viable: Some(tally.viable.into()),
                occult: Some(tally.occult.into()),
            };
            (tally.place, counts)
        });
        let tasks =
            assessment.data_tasks.iter().map(|task| DataTask { id: task.id(), reason: task.reason.clone() });
        Self {
            format: ASSESSMENT_FORMAT.to_owned(),
            study_id: assessment.study_id.clone(),
            as_of: assessment.as_of,
            protocol: ProtocolReference {
                id: assessment.protocol.id.clone(),
                version: assessment.protocol.version.clone(),
            },
            rules_version: Some(RULES_VERSION.to_owned()),
            dfi: dfi(&evaluation.dfi),
            episodes: evaluation.episodes.iter().map(episode).collect(),
            lobes: PlaceMap(lobes.collect()),
            nodules: evaluation.nodules.iter().map(Into::into).collect(),
            patterns: evaluation.patterns.iter().map(pattern).collect(),
            tier: tier(&evaluation.tier),
            plan: plan(&assessment.plan),
            data_tasks: tasks.collect(),
        }
    }
}

fn ids(evidence: &[Evidence]) -> Vec<String> {
    evidence.iter().map(ToString::to_string).collect()
}

fn dfi(dfi: &rules::Dfi) -> DiseaseFreeInterval {
    DiseaseFreeInterval {
        class: match dfi.class {
            rules::DfiClass::Synchronous => DfiClass::Synchronous,
            rules::DfiClass::DuringPrimaryTreatment(_) => DfiClass::DuringPrimaryTreatment,
            rules::DfiClass::Metachronous => DfiClass::Metachronous,
            rules::DfiClass::Unknown => DfiClass::Unknown,
        },
        days: dfi.days.map(Into::into),
        lt_12_months: dfi.lt_12_months.into(),
        sub_class: dfi.class.sub_code().map(ToOwned::to_owned),
        reason: dfi.reason.clone(),
        evidence: ids(&dfi.evidence),
        variants: dfi
            .variants
            .iter()
            .map(|variant| DfiVariantEntry { id: variant.id.to_owned(), days: variant.days.into() })
            .collect(),
    }
}

fn episode(episode: &rules::Episode) -> EpisodeEntry {
    let counts = &episode.counts;
    EpisodeEntry {
        number: episode.number,
        operations: episode.operations.iter().map(ToString::to_string).collect(),
        started_on: episode.started_on.map(Field::new),
        cleared_on: episode.cleared_on.map(Field::new),
        completeness: episode.completeness.map(|completeness| completeness.code().to_owned()),
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
        recurrence: recurrence(&episode.recurrence),
    }
}

fn recurrence(recurrence: &rules::Recurrence) -> RecurrenceEntry {
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
        side: match recurrence.side {
            rules::RecurrenceSide::Ipsilateral => RecurrenceSide::Ipsilateral,
            rules::RecurrenceSide::Contralateral => RecurrenceSide::Contralateral,
            rules::RecurrenceSide::Bilateral => RecurrenceSide::Bilateral,
            rules::RecurrenceSide::NotApplicable => RecurrenceSide::NotApplicable,
            rules::RecurrenceSide::Unknown => RecurrenceSide::Unknown,
        },
    }
}

fn pattern(result: &rules::PatternResult) -> PatternEntry {
    PatternEntry {
        id: result.info.id.to_owned(),
        name: result.info.name.to_owned(),
        state: match result.state {
            rules::PatternState::Decided(truth) => truth.into(),
            rules::PatternState::NotApplicable => PatternState::NotApplicable,
        },
        effect: result.effect.code(),
        reason: result.reason.clone(),
        evidence: ids(&result.evidence),
        missing: result.missing.clone(),
        labels: result.labels.iter().map(ToString::to_string).collect(),
        figures: result.figures().iter().map(ToString::to_string).collect(),
    }
}

fn tier(tier: &rules::TierAssessment) -> TierEntry {
    TierEntry {
        tier: tier.tier.code().to_owned(),
        triggers: tier
            .triggers
            .iter()
            .map(|trigger| TriggerEntry {
                id: trigger.id.to_owned(),
                tier: trigger.tier.code().to_owned(),
                state: trigger.state.into(),
                reason: trigger.reason.clone(),
                evidence: ids(&trigger.evidence),
                source: trigger.source.to_owned(),
            })
            .collect(),
        proposal: tier.proposal.as_ref().map(|proposal| ProposalEntry {
            to: proposal.to.code().to_owned(),
            reason: proposal.reason.clone(),
        }),
    }
}

fn plan(plan: &Plan) -> PlanEntry {
    PlanEntry {
        anchor_on: plan.anchor_on.map(Field::new),
        state: match &plan.standing {
            Standing::Followed | Standing::EndWithoutName(_) => PlanState::Active,
            Standing::Transferring(_) => PlanState::Transferring,
            Standing::Refused(_) => PlanState::Refused,
            Standing::Paused(_) => PlanState::PausedByDecision,
            Standing::Ended(_) => PlanState::Ended,
        },
        next: plan.next().map(slot),
        slots: plan.slots.iter().map(slot).collect(),
        reason: plan.standing.sentence().or_else(|| plan.gap.clone()),
    }
}

fn slot(slot: &surveillance::Slot) -> SlotEntry {
    SlotEntry {
        kind: slot.kind.code().to_owned(),
        label: slot.label.clone(),
        due_on: slot.due_on,
        window: WindowEntry { from: slot.window.from, to: slot.window.to },
        state: match slot.state {
            surveillance::SlotState::Planned => SlotState::Planned,
            surveillance::SlotState::Due => SlotState::Due,
            surveillance::SlotState::Overdue => SlotState::Overdue,
            surveillance::SlotState::SeverelyOverdue => SlotState::SeverelyOverdue,
            surveillance::SlotState::Done(_) => SlotState::Done,
            surveillance::SlotState::Missed => SlotState::Missed,
        },
        why: slot.why.clone(),
    }
}
