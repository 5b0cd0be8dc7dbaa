//! Pure composition: history, protocol and date become one assessment.
//!
//! The rules say what is the case, the planner says what follows; this module puts both together, tells the rules
//! where no CT is planned, and adds nothing of its own but the tasks that a plan without a next date makes.

pub mod act;

use chrono::NaiveDate;

use crate::{
    domain::{dates::PartialDate, history::History, tier::Tier},
    protocol::Protocol,
    rules::{DataTask, Evaluation, as_of::known_on, evaluate, evidence::sort_tasks},
    surveillance::{Plan, PlanFacts, Standing, plan},
};

/// Version of the rules, kept with every decision. Raise it with every change by which the same history, protocol and day
/// may be answered otherwise: the next nightly run then decides every patient anew.
pub const RULES_VERSION: &str = "3";

/// The task of a followed patient for whom no next CT can be planned; the nightly check knows it by this name.
pub const NO_NEXT_DATE_TASK: &str = "plan-without-next-date";

/// What the program says about one patient on one day.
#[derive(Debug, Clone, PartialEq)]
pub struct Assessment {
    /// The patient.
    pub study_id: String,
    /// Only facts dated on or before this day count.
    pub as_of: NaiveDate,
    /// The protocol that was applied.
    pub protocol: ProtocolUsed,
    /// What the rules say.
    pub evaluation: Evaluation,
    /// What is planned.
    pub plan: Plan,
}

/// Name and version of a protocol.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProtocolUsed {
    /// Name.
    pub id: String,
    /// Version.
    pub version: String,
}

/// Assesses one patient on one day. The same history, protocol and day give the same answer; nothing panics.
#[must_use]
pub fn assess(history: &History, protocol: &Protocol, as_of: NaiveDate) -> Assessment {
    let known = known_on(history, as_of);
    let mut evaluation = evaluate(history, protocol, as_of);
    let observed_since: Vec<PartialDate> =
        evaluation.observed.iter().filter_map(|nodule| nodule.first_seen_on).collect();
    let facts = PlanFacts {
        as_of,
        tier: evaluation.tier.tier,
        tier_otherwise: (evaluation.tier.computed == Tier::Active)
            .then_some(evaluation.activity.tier_otherwise),
        signs: &evaluation.activity.signs,
        suspected_on: evaluation.activity.suspected_on,
        local_recurrence_on: evaluation.activity.local_recurrence_on,
        actions: &known.slot_actions,
        lowered: evaluation.tier.lowered_on.map(|on| (evaluation.tier.computed, on)),
        clearance: evaluation.clearance.map(|clearance| clearance.on),
        diagnosed_on: evaluation.anchors.metastases_on,
        last_treatment_on: evaluation.episodes.last().and_then(|episode| episode.treated_until),
        studies: &known.imaging,
        observed_since: &observed_since,
        boards: &known.board_decisions,
        follow_up: known.follow_up.as_ref(),
        birth_date: known.patient.birth_date,
    };
    let plan = plan(&facts, protocol);
    if !plan.has_open_ct() {
        evaluation.note_no_planned_ct(known.follow_up.as_ref(), &protocol.patterns);
    }
    evaluation.data_tasks.extend(plan_tasks(&plan));
    sort_tasks(&mut evaluation.data_tasks);
    Assessment {
        study_id: history.patient.study_id.to_string(),
        as_of,
        protocol: ProtocolUsed { id: protocol.id.clone(), version: protocol.version.clone() },
        evaluation,
        plan,
    }
}

/// What the plan itself leaves open: a followed patient is never silently without a next date.
fn plan_tasks(plan: &Plan) -> Vec<DataTask> {
    let gap = plan.gap.as_ref().map(|gap| DataTask::about_patient(NO_NEXT_DATE_TASK, gap.clone()));
    let nameless = matches!(plan.standing, Standing::EndWithoutName(_)).then(|| {
        DataTask::about_patient(
            "end-without-name",
            "An end of follow-up is recorded without the person who decided it, so it ends nothing: add the name.",
        )
    });
    let rescan = plan.doubtful_rescan_on.map(|on| {
        DataTask::about_patient(
            "board-rescan-date",
            format!("The tumour board's re-scan date {on} is unusually far away: confirm it or correct it. Until then the usual longest gap counts."),
        )
    });
    let transfer = matches!(plan.standing, Standing::Transferring(_)).then(|| {
        DataTask::about_patient(
            "transfer-not-acknowledged",
            "The transfer does not count until a named person of the receiving clinic has acknowledged it, with the day: ask \
             for it. Until then the patient is followed here.",
        )
    });
    let unreached = matches!(plan.standing, Standing::TooFewAttempts).then(|| {
        DataTask::about_patient(
            "contact-attempts-missing",
            "The patient is recorded as unreachable, but too few attempts to reach the patient are on record, or over too \
             short a time, or the patient was reached since: document them, or take the record back. Until then the plan \
             goes on.",
        )
    });
    let slots = plan.tasks.iter().map(|task| DataTask::new(task.kind, &task.subject, task.reason.clone()));
    gap.into_iter().chain(nameless).chain(rescan).chain(transfer).chain(unreached).chain(slots).collect()
}

#[cfg(test)]
mod properties {
    use proptest::prelude::*;

    use super::*;
    use crate::{
        document::{assessment::AssessmentDocument, read, testing, write},
        protocol::SHIPPED,
    };

    fn bytes(history: &History, as_of: NaiveDate) -> String {
        let assessment = assess(history, &Protocol::parse(SHIPPED).unwrap(), as_of);
        serde_json::to_string(&AssessmentDocument::from(&assessment)).unwrap()
    }

    proptest! {
        #[test]
        fn the_same_facts_give_the_same_bytes(history in testing::any_history(), days in 0_i64..60_000) {
            let as_of = NaiveDate::from_ymd_opt(1900, 1, 1).unwrap() + chrono::Days::new(days.unsigned_abs());
            let first = bytes(&history, as_of);
            prop_assert_eq!(&bytes(&history, as_of), &first);
            let again = read::read(&write::compact(&history)).unwrap();
            prop_assert_eq!(bytes(&again, as_of), first);
        }
    }
}
