//! An assessment as a document of the contract. Adds nothing: every value was decided before.

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
            anchors: Some(of_timeline::anchors(&evaluation.anchors)),
            dfi: of_timeline::dfi(&evaluation.dfi),
            irlm_group: evaluation.irlm_group.map(|group| group.code().to_owned()),
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

pub(super) fn ids(evidence: &[Evidence]) -> Vec<String> {
    evidence.iter().map(ToString::to_string).collect()
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
        computed: tier.computed.code().to_owned(),
        decision: tier.decision.as_ref().map(|decision| TierDecisionEntry {
            tier: decision.tier.code().to_owned(),
            by: decision.by.as_ref().map(ToString::to_string),
            on: decision.on.map(Field::new),
            until: decision.until.map(Field::new),
            reason: decision.reason.as_ref().map(ToString::to_string),
        }),
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
