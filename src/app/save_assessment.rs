//! Saves one patient's decisions: flags, tier, slots, data tasks and reminder rows, in the caller's transaction.

use chrono::{DateTime, NaiveDate, Utc};
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use super::{context::Context, recipient::Recipient};
use crate::{
    assessment::{Assessment, RULES_VERSION},
    document::assessment::AssessmentDocument,
    reminders::{
        key::ReminderKey,
        step::{SlotDates, StepDue, current_step, steps_due},
    },
    store::{
        AssessmentRecord, FlagRecord, PatientHead, ReminderRecord, SlotRecord, StoreError, TaskRecord,
        WriteTransaction,
    },
    surveillance::{Slot, Standing},
};

/// Why rows of an earlier plan are set aside.
const REPLANNED: &str = "replanned from the present facts";

/// Everything that follows from one assessment, ready to be stored.
#[derive(Debug, Clone)]
pub struct Decisions {
    record: AssessmentRecord,
    flags: Vec<FlagRecord>,
    slots: Vec<SlotRecord>,
    tasks: Vec<TaskRecord>,
    reminders: Vec<ReminderRecord>,
}

impl Decisions {
    /// Spells out what an assessment means for the registry.
    ///
    /// # Errors
    /// When the assessment cannot be written as a document; the patient then stays as planned before.
    pub fn of(
        ctx: &Context,
        head: &PatientHead,
        assessment: &Assessment,
        run_id: Option<Uuid>,
    ) -> Result<Self, serde_json::Error> {
        let document = AssessmentDocument::from(assessment);
        let content = serde_json::to_string(&document)?;
        let reminders = wanted_reminders(ctx, head, assessment);
        let mut tasks: Vec<_> = assessment
            .evaluation
            .data_tasks
            .iter()
            .map(|task| TaskRecord { key: task.id(), reason: task.reason.clone().into_owned() })
            .collect();
        tasks.extend(clinic_task(ctx, head, assessment));
        tasks.sort_by(|a, b| a.key.cmp(&b.key));
        tasks.dedup_by(|a, b| a.key == b.key);
        let substance_hash = substance(&content, assessment.as_of, head, &reminders, &tasks);
        let record = AssessmentRecord {
            id: ctx.ids.next_id(),
            patient_id: head.id,
            run_id,
            as_of: assessment.as_of,
            facts_seq: head.head_seq,
            protocol_id: assessment.protocol.id.clone(),
            protocol_version: assessment.protocol.version.clone(),
            rules_version: RULES_VERSION.to_owned(),
            tier: assessment.evaluation.tier.tier.code().to_owned(),
            plan_state: assessment.plan.standing.plan_state().to_owned(),
            followed: assessment.plan.standing.is_followed(),
            next_due_on: assessment.plan.next().map(|slot| slot.due_on),
            content,
            substance_hash,
            created_at: ctx.now(),
        };
        Ok(Self {
            record,
            flags: flags(&document)?,
            slots: assessment.plan.slots.iter().map(slot_record).collect(),
            tasks,
            reminders,
        })
    }

    /// Whether a stored assessment already says all of this.
    #[must_use]
    pub fn same_as(&self, stored_hash: &str) -> bool {
        self.record.substance_hash == stored_hash
    }

    /// Sets everything aside that an earlier assessment left open: for a patient who is withdrawn.
    ///
    /// # Errors
    /// As the store's; nothing is kept unless the caller commits.
    pub async fn clear(tx: &WriteTransaction, patient: Uuid, now: DateTime<Utc>) -> Result<(), StoreError> {
        const WITHDRAWN: &str = "the import that made the patient was rolled back";
        tx.save_plan(patient, &[], WITHDRAWN, now).await?;
        tx.save_tasks(patient, &[], now).await?;
        tx.save_reminders(patient, &[], WITHDRAWN, now).await?;
        tx.supersede_assessment(patient, now).await
    }

    /// Writes everything in the caller's transaction.
    ///
    /// # Errors
    /// As the store's; nothing is kept unless the caller commits.
    pub async fn save(&self, tx: &WriteTransaction, now: DateTime<Utc>) -> Result<(), StoreError> {
        Self::save_all(&[self], tx, now).await
    }

    /// Writes the decisions of many patients in the caller's transaction, with few statements. Each patient once, some
    /// hundreds at most.
    ///
    /// # Errors
    /// As the store's; nothing is kept unless the caller commits.
    pub async fn save_all(
        all: &[&Self],
        tx: &WriteTransaction,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let assessments: Vec<_> = all.iter().map(|own| (&own.record, own.flags.as_slice())).collect();
        tx.save_assessments(&assessments, now).await?;
        let plans: Vec<_> = all.iter().map(|own| (own.record.patient_id, own.slots.as_slice())).collect();
        tx.save_plans(&plans, REPLANNED, now).await?;
        let tasks: Vec<_> = all.iter().map(|own| (own.record.patient_id, own.tasks.as_slice())).collect();
        tx.save_tasks_of_many(&tasks, now).await?;
        let reminders: Vec<_> =
            all.iter().map(|own| (own.record.patient_id, own.reminders.as_slice())).collect();
        tx.save_reminders_of_many(&reminders, REPLANNED, now).await?;
        Ok(())
    }
}

/// Fingerprint of all that matters: the day itself does not, so that a quiet night writes nothing.
fn substance(
    content: &str,
    as_of: NaiveDate,
    head: &PatientHead,
    reminders: &[ReminderRecord],
    tasks: &[TaskRecord],
) -> String {
    let mut hash = Sha256::new();
    hash.update(content.replacen(&format!("\"as_of\":\"{as_of}\""), "", 1));
    hash.update(format!("\n{} {} {RULES_VERSION}\n", head.head_seq, head.clinic));
    for reminder in reminders {
        hash.update(format!("{} {}\n", reminder.reminder_key, reminder.due_on));
    }
    for task in tasks {
        hash.update(format!("{}\n", task.key));
    }
    hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}

fn flags(document: &AssessmentDocument) -> Result<Vec<FlagRecord>, serde_json::Error> {
    document
        .patterns
        .iter()
        .map(|pattern| {
            Ok(FlagRecord {
                pattern: pattern.id.clone().into_owned(),
                state: pattern.state.code().to_owned(),
                effect: pattern.effect.clone().into_owned(),
                reason: pattern.reason.clone().into_owned(),
                evidence: serde_json::to_string(&pattern.evidence)?,
            })
        })
        .collect()
}

fn slot_record(slot: &Slot) -> SlotRecord {
    SlotRecord {
        slot_key: slot.key.clone(),
        kind: slot.kind.code().to_owned(),
        due_on: Some(slot.due_on),
        window_from: Some(slot.window.from),
        window_to: Some(slot.window.to),
        overdue_from: slot.window.to.succ_opt(),
        severe_from: Some(slot.severe_from),
        state: slot.state.code().to_owned(),
        open: slot.state.is_open(),
        why: slot.why.clone(),
    }
}

/// A followed patient whose clinic the configuration does not know has nobody to be reminded.
fn clinic_task(ctx: &Context, head: &PatientHead, assessment: &Assessment) -> Option<TaskRecord> {
    let followed = assessment.plan.standing.is_followed();
    let problem = match ctx.clinics.get(&head.clinic) {
        None => "is not in the configuration",
        Some(clinic) if clinic.coordinator_email.is_none() => "has no coordinator address",
        Some(_) => return None,
    };
    followed.then(|| TaskRecord {
        key: "clinic-without-recipient".to_owned(),
        reason: format!(
            "Clinic `{}` {problem}: nobody receives the reminders. Complete the clinic's settings.",
            head.clinic
        ),
    })
}

/// The step that has come and the fixed steps still to come of the oldest open slot; lower steps collapse into it.
/// Weekly repetitions are added as they come, so that the list never grows without end.
fn wanted_reminders(ctx: &Context, head: &PatientHead, assessment: &Assessment) -> Vec<ReminderRecord> {
    let Some(slot) = assessment.plan.next() else { return Vec::new() };
    if matches!(assessment.plan.standing, Standing::Ended(_)) {
        return Vec::new();
    }
    let Ok(dates) = SlotDates::new(slot.due_on, slot.window.to, slot.severe_from) else { return Vec::new() };
    let ladder = ctx.ladder();
    let today = assessment.as_of;
    let before_severe = slot.severe_from.pred_opt().unwrap_or(slot.severe_from);
    let to_come = steps_due(&dates, &ladder, before_severe).into_iter().filter(|step| step.due_on > today);
    current_step(&dates, &ladder, today)
        .into_iter()
        .chain(to_come)
        .flat_map(|due| reminders_of(ctx, head, slot, &due))
        .collect()
}

/// One row for each role that is told of a step. Coordinator and clinician own steps and have their rows also without an
/// address, so that a person is asked for one; a copy is for those alone who are named to get it.
fn reminders_of(ctx: &Context, head: &PatientHead, slot: &Slot, due: &StepDue) -> Vec<ReminderRecord> {
    let clinic = ctx.clinics.get(&head.clinic);
    Recipient::told_of(due)
        .into_iter()
        .filter(|role| {
            matches!(role, Recipient::Coordinator | Recipient::Clinician)
                || clinic.is_some_and(|clinic| role.address(clinic).is_some())
        })
        .map(|role| {
            let key = ReminderKey {
                patient: head.id.to_string(),
                // A slot that moved to another day is told of anew.
                slot: format!("{}@{}", slot.key, slot.due_on),
                step: due.step,
                recipient: role.code().to_owned(),
            };
            ReminderRecord {
                id: ctx.ids.next_id(),
                reminder_key: key.to_text(),
                clinic: head.clinic.clone(),
                slot_key: slot.key.clone(),
                step: due.step.code(),
                recipient: role.code().to_owned(),
                due_on: due.due_on,
            }
        })
        .collect()
}
