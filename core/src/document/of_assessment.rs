//! An assessment as a document of the contract. Adds nothing: every value was decided before, and is borrowed.

use std::borrow::Cow;

use super::{
    assessment::{
        ASSESSMENT_FORMAT, AssessmentDocument, DataTask, LobeCounts, PatternEntry, PatternState, PlaceMap,
        PlanEntry, PlanState, ProposalEntry, ProtocolReference, SlotEntry, SlotState, TierDecisionEntry,
        TierEntry, TriggerEntry, WindowEntry,
    },
    field::Field,
    of_timeline,
};
use crate::{
    assessment::{Assessment, RULES_VERSION},
    rules::{self, Evidence},
    surveillance::{self, Closure, Plan, Standing},
};

impl<'a> From<&'a Assessment> for AssessmentDocument<'a> {
    fn from(assessment: &'a Assessment) -> Self {
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
        let tasks = evaluation
            .data_tasks
            .iter()
            .map(|task| DataTask { id: task.id().into(), reason: shared(&task.reason) });
        Self {
            format: ASSESSMENT_FORMAT.into(),
            study_id: shared(&assessment.study_id),
            as_of: assessment.as_of,
            protocol: ProtocolReference {
                id: shared(&assessment.protocol.id),
                version: shared(&assessment.protocol.version),
            },
            rules_version: Some(RULES_VERSION.into()),
            anchors: Some(of_timeline::anchors(&evaluation.anchors)),
            dfi: of_timeline::dfi(&evaluation.dfi),
            irlm_group: evaluation.irlm_group.map(|group| group.code().into()),
            episodes: evaluation.episodes.iter().map(of_timeline::episode).collect(),
            lobes: PlaceMap(lobes.collect()),
            nodules: evaluation.nodules.iter().map(Into::into).collect(),
            match_proposals: evaluation.matches.iter().map(Into::into).collect(),
            patterns: evaluation.patterns.iter().map(pattern).collect(),
            tier: tier(&evaluation.tier),
            plan: plan(&assessment.plan),
            data_tasks: tasks.collect(),
        }
    }
}

/// Text that lives as long as the assessment.
pub(super) fn shared(text: &str) -> Cow<'_, str> {
    Cow::Borrowed(text)
}

pub(super) fn ids(evidence: &[Evidence]) -> Vec<Cow<'_, str>> {
    evidence.iter().map(Evidence::id).collect()
}

fn pattern(result: &rules::PatternResult) -> PatternEntry<'_> {
    PatternEntry {
        id: result.info.id.into(),
        name: result.info.name.into(),
        state: match result.state {
            rules::PatternState::Decided(truth) => truth.into(),
            rules::PatternState::NotApplicable => PatternState::NotApplicable,
        },
        effect: result.effect.code().into(),
        reason: shared(&result.reason),
        evidence: ids(&result.evidence),
        missing: result.missing.iter().map(|what| shared(what)).collect(),
        labels: result.labels.iter().copied().map(Cow::Borrowed).collect(),
        figures: result.figures().iter().copied().map(Cow::Borrowed).collect(),
    }
}

fn tier(tier: &rules::TierAssessment) -> TierEntry<'_> {
    TierEntry {
        tier: tier.tier.code().into(),
        computed: tier.computed.code().into(),
        decision: tier.decision.as_ref().map(|decision| TierDecisionEntry {
            tier: decision.tier.code().into(),
            by: decision.by.as_ref().map(|by| by.as_str().into()),
            on: decision.on.map(Field::new),
            until: decision.until.map(Field::new),
            reason: decision.reason.as_ref().map(|reason| reason.as_str().into()),
        }),
        triggers: tier
            .triggers
            .iter()
            .map(|trigger| TriggerEntry {
                id: trigger.id.into(),
                tier: trigger.tier.code().into(),
                state: trigger.state.into(),
                reason: shared(&trigger.reason),
                evidence: ids(&trigger.evidence),
                source: trigger.source.into(),
            })
            .collect(),
        proposal: tier.proposal.as_ref().map(|proposal| ProposalEntry {
            to: proposal.to.code().into(),
            reason: shared(&proposal.reason),
        }),
    }
}

fn plan(plan: &Plan) -> PlanEntry<'_> {
    PlanEntry {
        anchor_on: plan.anchor_on.map(Field::new),
        state: match &plan.standing {
            Standing::Followed | Standing::EndWithoutName(_) | Standing::TooFewAttempts => PlanState::Active,
            Standing::Transferring(_) => PlanState::Transferring,
            Standing::Refused(_) => PlanState::Refused,
            Standing::Paused(_) => PlanState::PausedByDecision,
            Standing::Transferred(_) => PlanState::Transferred,
            Standing::Unreachable(_) => PlanState::Uncontactable,
            Standing::Ended(_) => PlanState::Ended,
        },
        next: plan.next().map(slot),
        slots: plan.slots.iter().map(slot).collect(),
        reason: plan.standing.sentence().map(Cow::Owned).or_else(|| plan.gap.as_deref().map(shared)),
    }
}

fn slot(slot: &surveillance::Slot) -> SlotEntry<'_> {
    SlotEntry {
        key: shared(&slot.key),
        kind: slot.kind.code().into(),
        label: shared(&slot.label),
        due_on: slot.due_on,
        window: WindowEntry { from: slot.window.from, to: slot.window.to },
        state: match slot.state {
            surveillance::SlotState::Planned => SlotState::Planned,
            surveillance::SlotState::Due => SlotState::Due,
            surveillance::SlotState::Overdue => SlotState::Overdue,
            surveillance::SlotState::SeverelyOverdue => SlotState::SeverelyOverdue,
            surveillance::SlotState::Done(_) => SlotState::Done,
            surveillance::SlotState::Missed => SlotState::Missed,
            surveillance::SlotState::Closed(Closure::DoneElsewhere) => SlotState::DoneElsewhere,
            surveillance::SlotState::Closed(Closure::NotNeeded) => SlotState::NotNeeded,
            surveillance::SlotState::Closed(Closure::Reviewed) => SlotState::Reviewed,
        },
        booked_for: slot.booked_for.map(Field::new),
        performed_on: slot.clocks.performed_on.map(Field::new),
        reported_on: slot.clocks.reported_on.map(Field::new),
        acted_on: slot.clocks.acted_on.map(Field::new),
        why: shared(&slot.why),
    }
}
