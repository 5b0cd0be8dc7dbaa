//! Assessments and their flags. Saving one supersedes the current one; none is ever lost.
//!
//! Whether a new one is worth saving is the caller's decision: it compares `substance_hash`.

use std::collections::HashMap;

use chrono::{DateTime, NaiveDate, Utc};
use entities::{assessments, flags};
use sea_orm::{
    ActiveValue::{NotSet, Set},
    ColumnTrait, EntityTrait, FromQueryResult, QueryFilter, QueryOrder, QuerySelect,
    sea_query::Expr,
};
use uuid::Uuid;

use super::{
    Store, WriteTransaction,
    error::{InTable, StoreError},
    transaction::stored_at,
};

/// Patients per statement when many heads are read.
const PATIENTS_PER_READ: usize = 1_000;

/// An assessment as computed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AssessmentRecord {
    /// Identity.
    pub id: Uuid,
    /// Patient assessed.
    pub patient_id: Uuid,
    /// Nightly run, if one computed it; the run has to be started first.
    pub run_id: Option<Uuid>,
    /// Civil day it holds for.
    pub as_of: NaiveDate,
    /// Newest revision it saw.
    pub facts_seq: i64,
    /// Protocol followed.
    pub protocol_id: String,
    /// Version of the protocol.
    pub protocol_version: String,
    /// Version of the rules.
    pub rules_version: String,
    /// Surveillance tier.
    pub tier: String,
    /// State of the plan.
    pub plan_state: String,
    /// True while the patient is owed a next CT or a stated reason.
    pub followed: bool,
    /// Civil day of the next CT, if one is planned.
    pub next_due_on: Option<NaiveDate>,
    /// The assessment document as JSON.
    pub content: String,
    /// Hash of what matters in `content`.
    pub substance_hash: String,
    /// Instant it is saved.
    pub created_at: DateTime<Utc>,
}

impl From<assessments::Model> for AssessmentRecord {
    fn from(row: assessments::Model) -> Self {
        Self {
            id: row.id,
            patient_id: row.patient_id,
            run_id: row.run_id,
            as_of: row.as_of,
            facts_seq: row.facts_seq,
            protocol_id: row.protocol_id,
            protocol_version: row.protocol_version,
            rules_version: row.rules_version,
            tier: row.tier,
            plan_state: row.plan_state,
            followed: row.followed,
            next_due_on: row.next_due_on,
            content: row.content,
            substance_hash: row.substance_hash,
            created_at: row.created_at,
        }
    }
}

/// The verdict on one pattern.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FlagRecord {
    /// Stable id; once per assessment.
    pub pattern: String,
    /// `true`, `false`, `unknown` or `not_applicable`.
    pub state: String,
    /// What it does to the plan.
    pub effect: String,
    /// The verdict in words.
    pub reason: String,
    /// JSON list of the facts behind it.
    pub evidence: String,
}

/// The current assessment without its document: enough to decide whether anything changed.
#[derive(Debug, Clone, PartialEq, Eq, FromQueryResult)]
pub struct AssessmentHead {
    /// Identity.
    pub id: Uuid,
    /// Patient assessed.
    pub patient_id: Uuid,
    /// Civil day it holds for.
    pub as_of: NaiveDate,
    /// Newest revision it saw.
    pub facts_seq: i64,
    /// Protocol followed.
    pub protocol_id: String,
    /// Version of the protocol.
    pub protocol_version: String,
    /// Version of the rules.
    pub rules_version: String,
    /// Surveillance tier.
    pub tier: String,
    /// State of the plan.
    pub plan_state: String,
    /// True while the patient is owed a next CT or a stated reason.
    pub followed: bool,
    /// Civil day of the next CT, if one is planned.
    pub next_due_on: Option<NaiveDate>,
    /// Hash of what matters in the document.
    pub substance_hash: String,
}

impl WriteTransaction {
    /// Ends the current assessment of a patient without a new one.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub async fn supersede_assessment(&self, patient_id: Uuid, now: DateTime<Utc>) -> Result<(), StoreError> {
        self.supersede_assessments(vec![patient_id], stored_at(now)).await
    }

    async fn supersede_assessments(&self, patients: Vec<Uuid>, now: DateTime<Utc>) -> Result<(), StoreError> {
        assessments::Entity::update_many()
            .col_expr(assessments::Column::SupersededAt, Expr::value(now))
            .filter(assessments::COLUMN.patient_id.is_in(patients))
            .filter(assessments::COLUMN.superseded_at.is_null())
            .exec(&self.inner)
            .await?;
        Ok(())
    }

    /// Saves an assessment with its flags and supersedes the patient's current one.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] if the identity is taken or a pattern occurs twice.
    pub async fn save_assessment(
        &self,
        record: &AssessmentRecord,
        verdicts: &[FlagRecord],
    ) -> Result<(), StoreError> {
        self.save_assessments(&[(record, verdicts)], record.created_at).await
    }

    /// [`save_assessment`](Self::save_assessment) for many patients with few statements. Each patient once, some
    /// hundreds at most. All are saved at `now`, whatever `created_at` says, so that each ends its predecessor.
    ///
    /// # Errors
    /// As [`save_assessment`](Self::save_assessment).
    pub async fn save_assessments(
        &self,
        records: &[(&AssessmentRecord, &[FlagRecord])],
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let now = stored_at(now);
        let patients = records.iter().map(|(record, _)| record.patient_id).collect();
        self.supersede_assessments(patients, now).await?;
        self.insert_all(records.iter().map(|(record, _)| assessment_row(record, now)).collect()).await?;
        let flags = records
            .iter()
            .flat_map(|(record, verdicts)| verdicts.iter().map(|verdict| flag_row(record, verdict)));
        self.insert_all(flags.collect()).await?;
        Ok(())
    }
}

fn assessment_row(record: &AssessmentRecord, created_at: DateTime<Utc>) -> assessments::ActiveModel {
    assessments::ActiveModel {
        id: Set(record.id),
        patient_id: Set(record.patient_id),
        run_id: Set(record.run_id),
        as_of: Set(record.as_of),
        facts_seq: Set(record.facts_seq),
        protocol_id: Set(record.protocol_id.clone()),
        protocol_version: Set(record.protocol_version.clone()),
        rules_version: Set(record.rules_version.clone()),
        tier: Set(record.tier.clone()),
        plan_state: Set(record.plan_state.clone()),
        followed: Set(record.followed),
        next_due_on: Set(record.next_due_on),
        content: Set(record.content.clone()),
        substance_hash: Set(record.substance_hash.clone()),
        created_at: Set(created_at),
        superseded_at: Set(None),
    }
}

fn flag_row(record: &AssessmentRecord, flag: &FlagRecord) -> flags::ActiveModel {
    flags::ActiveModel {
        id: NotSet,
        assessment_id: Set(record.id),
        patient_id: Set(record.patient_id),
        pattern: Set(flag.pattern.clone()),
        state: Set(flag.state.clone()),
        effect: Set(flag.effect.clone()),
        reason: Set(flag.reason.clone()),
        evidence: Set(flag.evidence.clone()),
    }
}

impl Store {
    /// The patient's current assessment.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`], [`StoreError::Inconsistent`].
    pub async fn latest_assessment(&self, patient_id: Uuid) -> Result<Option<AssessmentRecord>, StoreError> {
        let current = assessments::Entity::find()
            .filter(assessments::COLUMN.patient_id.eq(patient_id))
            .filter(assessments::COLUMN.superseded_at.is_null());
        Ok(current.one(&self.read).await.in_table("assessments")?.map(AssessmentRecord::from))
    }

    /// Every assessment of a patient, oldest first.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`], [`StoreError::Inconsistent`].
    pub async fn assessment_history(&self, patient_id: Uuid) -> Result<Vec<AssessmentRecord>, StoreError> {
        let rows = assessments::Entity::find()
            .filter(assessments::COLUMN.patient_id.eq(patient_id))
            .order_by_asc(assessments::Column::CreatedAt)
            .order_by_asc(assessments::Column::Id)
            .all(&self.read)
            .await
            .in_table("assessments")?;
        Ok(rows.into_iter().map(AssessmentRecord::from).collect())
    }

    /// The current assessments of many patients by patient, without their documents. A patient
    /// never assessed has no entry.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`], [`StoreError::Inconsistent`].
    pub async fn assessment_heads(
        &self,
        patients: &[Uuid],
    ) -> Result<HashMap<Uuid, AssessmentHead>, StoreError> {
        use assessments::Column;
        let mut found = HashMap::with_capacity(patients.len());
        for chunk in patients.chunks(PATIENTS_PER_READ) {
            let rows = assessments::Entity::find()
                .filter(Column::PatientId.is_in(chunk.iter().copied()))
                .filter(Column::SupersededAt.is_null())
                .select_only()
                .columns([
                    Column::Id,
                    Column::PatientId,
                    Column::AsOf,
                    Column::FactsSeq,
                    Column::ProtocolId,
                    Column::ProtocolVersion,
                    Column::RulesVersion,
                    Column::Tier,
                    Column::PlanState,
                    Column::Followed,
                    Column::NextDueOn,
                    Column::SubstanceHash,
                ])
                .into_model::<AssessmentHead>()
                .all(&self.read)
                .await
                .in_table("assessments")?;
            found.extend(rows.into_iter().map(|head| (head.patient_id, head)));
        }
        Ok(found)
    }

    /// The flags of an assessment in the order they were saved.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`], [`StoreError::Inconsistent`].
    pub async fn flags(&self, assessment_id: Uuid) -> Result<Vec<FlagRecord>, StoreError> {
        let rows = flags::Entity::find()
            .filter(flags::COLUMN.assessment_id.eq(assessment_id))
            .order_by_asc(flags::Column::Id)
            .all(&self.read)
            .await
            .in_table("flags")?;
        Ok(rows
            .into_iter()
            .map(|row| FlagRecord {
                pattern: row.pattern,
                state: row.state,
                effect: row.effect,
                reason: row.reason,
                evidence: row.evidence,
            })
            .collect())
    }
}
