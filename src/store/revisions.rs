//! Revisions: the only way facts get in. Nothing here updates or deletes a fact.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use entities::{facts, patients, revisions};
use sea_orm::{
    ActiveValue::{NotSet, Set},
    EntityTrait, QueryFilter, QueryOrder,
    sea_query::Expr,
};
use uuid::Uuid;

use super::{
    Fact, PatientHead, Store, WriteTransaction,
    error::{InTable, StoreError},
    transaction::stored_at,
};

/// Who changed the facts, when and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RevisionNote {
    /// Identity for the revision.
    pub id: Uuid,
    /// Instant of recording.
    pub recorded_at: DateTime<Utc>,
    /// Person or command; must not be empty.
    pub recorded_by: String,
    /// Reason; must not be empty.
    pub reason: String,
    /// Import batch, if the change came in with one.
    pub batch_id: Option<Uuid>,
}

/// One change within a revision. A key may occur once per revision.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FactChange {
    /// States a fact, new or in place of the earlier statement under the same kind and key.
    Put(Fact),
    /// Takes a fact back; it stays readable as of any instant before.
    Withdraw {
        /// Kind of the fact.
        kind: String,
        /// Key of the fact.
        key: String,
    },
}

/// What a revision changes about the patient's head besides its sequence; `None` keeps the value.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct HeadChange {
    /// New clinic.
    pub clinic: Option<String>,
    /// New mark of withdrawal.
    pub withdrawn: Option<bool>,
}

/// A recorded revision.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Revision {
    /// Identity.
    pub id: Uuid,
    /// Patient changed.
    pub patient_id: Uuid,
    /// 1, 2, 3 … per patient.
    pub seq: i64,
    /// Instant of recording.
    pub recorded_at: DateTime<Utc>,
    /// Person or command.
    pub recorded_by: String,
    /// Reason.
    pub reason: String,
    /// Import batch, if any.
    pub batch_id: Option<Uuid>,
}

impl From<revisions::Model> for Revision {
    fn from(row: revisions::Model) -> Self {
        Self {
            id: row.id,
            patient_id: row.patient_id,
            seq: row.seq,
            recorded_at: row.recorded_at,
            recorded_by: row.recorded_by,
            reason: row.reason,
            batch_id: row.batch_id,
        }
    }
}

/// A patient to be registered together with the facts of the first revision.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewPatient {
    /// Identity for the patient.
    pub id: Uuid,
    /// Pseudonym, unique.
    pub study_id: String,
    /// Clinic that looks after the patient.
    pub clinic: String,
    /// The first revision; registration counts as of its instant.
    pub note: RevisionNote,
    /// The facts it states. A kind and key may occur once.
    pub facts: Vec<Fact>,
}

impl WriteTransaction {
    /// Registers patients with their first revision, with few statements. Returns their heads in the order given.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] if a study id is taken or a fact is stated twice; the transaction has to be rolled back
    /// then. [`StoreError::Other`] for an empty author or reason.
    pub async fn register_patients(&self, new: Vec<NewPatient>) -> Result<Vec<PatientHead>, StoreError> {
        let heads: Vec<PatientHead> = new.iter().map(first_head).collect();
        self.create_patients(&heads).await?;
        let revisions = new.iter().map(|own| revision_row(own.id, 1, &own.note)).collect();
        self.insert_all::<revisions::ActiveModel>(revisions).await?;
        let facts = new.into_iter().flat_map(|NewPatient { id, facts, .. }| {
            facts.into_iter().map(move |fact| fact_row(id, 1, fact, false))
        });
        self.insert_all(facts.collect()).await?;
        Ok(heads)
    }

    /// Records a revision on top of `head` and returns the new head. `changes` may be empty where
    /// only the head changes.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] if `head` is no longer the newest, or a key occurs twice in
    /// `changes`: roll back, read again, repeat. [`StoreError::Other`] for an empty author or reason.
    pub async fn append_revision(
        &self,
        head: &PatientHead,
        note: &RevisionNote,
        changes: &[FactChange],
        head_change: &HeadChange,
    ) -> Result<PatientHead, StoreError> {
        let new_head = PatientHead {
            head_seq: head.head_seq + 1,
            clinic: head_change.clinic.clone().unwrap_or_else(|| head.clinic.clone()),
            withdrawn: head_change.withdrawn.unwrap_or(head.withdrawn),
            ..head.clone()
        };
        self.advance_head(head.head_seq, &new_head).await?;
        let revision = revision_row(head.id, new_head.head_seq, note);
        revisions::Entity::insert(revision).exec_without_returning(&self.inner).await?;
        let rows = changes.iter().map(|change| match change {
            FactChange::Put(fact) => fact_row(head.id, new_head.head_seq, fact.clone(), false),
            FactChange::Withdraw { kind, key } => {
                fact_row(head.id, new_head.head_seq, Fact::empty(kind, key), true)
            }
        });
        self.insert_all(rows.collect()).await?;
        Ok(new_head)
    }

    /// Compare-and-set on the head: it takes the row lock first and refuses a caller that decided
    /// on older facts, so no revision is lost even without a preceding lock.
    async fn advance_head(&self, from_seq: i64, to: &PatientHead) -> Result<(), StoreError> {
        let moved = patients::Entity::update_many()
            .col_expr(patients::Column::HeadSeq, Expr::value(to.head_seq))
            .col_expr(patients::Column::Clinic, Expr::value(to.clinic.clone()))
            .col_expr(patients::Column::Withdrawn, Expr::value(to.withdrawn))
            .filter(patients::COLUMN.id.eq(to.id))
            .filter(patients::COLUMN.head_seq.eq(from_seq))
            .exec(&self.inner)
            .await?;
        if moved.rows_affected == 1 {
            Ok(())
        } else {
            Err(StoreError::conflict(format!("revision {from_seq} is no longer the patient's newest")))
        }
    }
}

fn first_head(new: &NewPatient) -> PatientHead {
    PatientHead {
        id: new.id,
        study_id: new.study_id.clone(),
        clinic: new.clinic.clone(),
        head_seq: 1,
        withdrawn: false,
        created_at: stored_at(new.note.recorded_at),
    }
}

fn revision_row(patient_id: Uuid, seq: i64, note: &RevisionNote) -> revisions::ActiveModel {
    revisions::ActiveModel {
        id: Set(note.id),
        patient_id: Set(patient_id),
        seq: Set(seq),
        recorded_at: Set(stored_at(note.recorded_at)),
        recorded_by: Set(note.recorded_by.clone()),
        reason: Set(note.reason.clone()),
        batch_id: Set(note.batch_id),
    }
}

fn fact_row(patient_id: Uuid, seq: i64, fact: Fact, withdrawn: bool) -> facts::ActiveModel {
    facts::ActiveModel {
        id: NotSet,
        patient_id: Set(patient_id),
        seq: Set(seq),
        kind: Set(fact.kind),
        fact_key: Set(fact.key),
        position: Set(fact.position),
        lobe: Set(fact.lobe),
        side: Set(fact.side),
        earliest_on: Set(fact.earliest_on),
        latest_on: Set(fact.latest_on),
        withdrawn: Set(withdrawn),
        content: Set(fact.content),
    }
}

impl Store {
    /// Every revision of a patient, oldest first.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`], [`StoreError::Inconsistent`].
    pub async fn revisions(&self, patient_id: Uuid) -> Result<Vec<Revision>, StoreError> {
        let rows = revisions::Entity::find()
            .filter(revisions::COLUMN.patient_id.eq(patient_id))
            .order_by_asc(revisions::Column::Seq)
            .all(&self.read)
            .await
            .in_table("revisions")?;
        Ok(rows.into_iter().map(Revision::from).collect())
    }

    /// Every statement ever made about one fact, oldest first; `None` where it was taken back.
    ///
    /// # Errors
    /// [`StoreError::Inconsistent`] also if a fact has no revision.
    pub async fn fact_history(
        &self,
        patient_id: Uuid,
        kind: &str,
        key: &str,
    ) -> Result<Vec<(Revision, Option<Fact>)>, StoreError> {
        let rows = facts::Entity::find()
            .filter(facts::COLUMN.patient_id.eq(patient_id))
            .filter(facts::COLUMN.kind.eq(kind))
            .filter(facts::COLUMN.fact_key.eq(key))
            .order_by_asc(facts::Column::Seq)
            .all(&self.read)
            .await
            .in_table("facts")?;
        let mut by_seq: HashMap<i64, Revision> =
            self.revisions(patient_id).await?.into_iter().map(|revision| (revision.seq, revision)).collect();
        rows.into_iter()
            .map(|row| {
                let revision = by_seq.remove(&row.seq).ok_or_else(|| {
                    StoreError::inconsistent("facts", row.id, "seq", "there is no revision with this number")
                })?;
                let fact = (!row.withdrawn).then(|| Fact::from(row));
                Ok((revision, fact))
            })
            .collect()
    }
}
