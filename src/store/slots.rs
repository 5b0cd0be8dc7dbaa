//! The slots of a patient's plan: inserted, changed or superseded, never deleted.

use std::collections::HashMap;

use chrono::{DateTime, NaiveDate, Utc};
use entities::slots;
use sea_orm::{
    ActiveValue::{NotSet, Set},
    ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder,
    sea_query::{Expr, OnConflict},
};
use uuid::Uuid;

use super::{
    Store, WriteTransaction,
    error::{InTable, StoreError},
    transaction::stored_at,
};

/// Ids per statement.
const SLOTS_PER_UPDATE: usize = 1_000;

/// The kind of a slot that waits for a person's decision instead of a date. An open one accounts
/// for its patient although nothing is due.
pub const DECISION_SLOT: &str = "decision";

/// A slot as the planner wants it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SlotRecord {
    /// Identity within the patient; stable from one plan to the next.
    pub slot_key: String,
    /// What is awaited; [`DECISION_SLOT`] where a person has to decide.
    pub kind: String,
    /// Nominal civil day.
    pub due_on: Option<NaiveDate>,
    /// First day that counts as on time.
    pub window_from: Option<NaiveDate>,
    /// Last day that counts as on time.
    pub window_to: Option<NaiveDate>,
    /// First day it is overdue.
    pub overdue_from: Option<NaiveDate>,
    /// First day it is severely overdue.
    pub severe_from: Option<NaiveDate>,
    /// State in the planner's words.
    pub state: String,
    /// True while an outcome is awaited.
    pub open: bool,
    /// Why it stands there.
    pub why: String,
}

/// A stored slot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Slot {
    /// What the newest plan that named it wanted.
    pub record: SlotRecord,
    /// Instant it was first planned.
    pub first_planned_at: DateTime<Utc>,
    /// Instant of its newest change.
    pub changed_at: DateTime<Utc>,
    /// Instant and reason of being dropped from the plan.
    pub superseded: Option<(DateTime<Utc>, String)>,
}

impl From<slots::Model> for Slot {
    fn from(row: slots::Model) -> Self {
        Self {
            record: SlotRecord {
                slot_key: row.slot_key,
                kind: row.kind,
                due_on: row.due_on,
                window_from: row.window_from,
                window_to: row.window_to,
                overdue_from: row.overdue_from,
                severe_from: row.severe_from,
                state: row.state,
                open: row.open,
                why: row.why,
            },
            first_planned_at: row.first_planned_at,
            changed_at: row.changed_at,
            superseded: row.superseded_at.zip(row.superseded_because),
        }
    }
}

/// What saving a plan changed, in slots.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct PlanChanges {
    /// New keys.
    pub added: u64,
    /// Known keys with new values, or back in the plan.
    pub changed: u64,
    /// Open slots the plan no longer names.
    pub superseded: u64,
}

async fn rows_of(
    connection: &impl ConnectionTrait,
    patients: Vec<Uuid>,
) -> Result<Vec<slots::Model>, StoreError> {
    slots::Entity::find()
        .filter(slots::COLUMN.patient_id.is_in(patients))
        .order_by_asc(slots::Column::Id)
        .all(connection)
        .await
        .in_table("slots")
}

impl WriteTransaction {
    /// Makes the stored plan equal to the wanted one. A slot that is no longer wanted is
    /// superseded with `because` if it was open; closed ones stay as history.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] if a key occurs twice in `wanted`.
    pub async fn save_plan(
        &self,
        patient_id: Uuid,
        wanted: &[SlotRecord],
        because: &str,
        now: DateTime<Utc>,
    ) -> Result<PlanChanges, StoreError> {
        self.save_plans(&[(patient_id, wanted)], because, now).await
    }

    /// [`save_plan`](Self::save_plan) for many patients with few statements. Each patient once, some hundreds at most.
    ///
    /// # Errors
    /// As [`save_plan`](Self::save_plan).
    pub async fn save_plans(
        &self,
        wanted: &[(Uuid, &[SlotRecord])],
        because: &str,
        now: DateTime<Utc>,
    ) -> Result<PlanChanges, StoreError> {
        let now = stored_at(now);
        let mut stored: HashMap<(Uuid, String), slots::Model> =
            rows_of(&self.inner, wanted.iter().map(|(patient, _)| *patient).collect())
                .await?
                .into_iter()
                .map(|row| ((row.patient_id, row.slot_key.clone()), row))
                .collect();
        let (mut added, mut changed) = (Vec::new(), Vec::new());
        for (patient_id, own) in wanted {
            let patient_id = *patient_id;
            for slot in *own {
                match stored.remove(&(patient_id, slot.slot_key.clone())) {
                    None => added.push(new_row(patient_id, slot, now)),
                    Some(row) => {
                        let known = Slot::from(row);
                        if known.superseded.is_some() || known.record != *slot {
                            changed.push(new_row(patient_id, slot, now));
                        }
                    }
                }
            }
        }
        let dropped: Vec<i64> = stored
            .into_values()
            .filter(|row| row.open && row.superseded_at.is_none())
            .map(|row| row.id)
            .collect();
        Ok(PlanChanges {
            superseded: self.drop_slots(&dropped, because, now).await?,
            changed: self.insert_or_update(changed, &in_place_of_known()).await?,
            added: self.insert_all(added).await?,
        })
    }

    async fn drop_slots(&self, ids: &[i64], because: &str, now: DateTime<Utc>) -> Result<u64, StoreError> {
        use slots::Column;
        let mut dropped = 0;
        for chunk in ids.chunks(SLOTS_PER_UPDATE) {
            let ended = slots::Entity::update_many()
                .col_expr(Column::ChangedAt, Expr::value(now))
                .col_expr(Column::SupersededAt, Expr::value(now))
                .col_expr(Column::SupersededBecause, Expr::value(because))
                .filter(Column::Id.is_in(chunk.iter().copied()))
                .exec(&self.inner)
                .await?;
            dropped += ended.rows_affected;
        }
        Ok(dropped)
    }
}

/// A known slot gets all new values but the instant it was first planned.
fn in_place_of_known() -> OnConflict {
    use slots::Column;
    OnConflict::columns([Column::PatientId, Column::SlotKey])
        .update_columns([
            Column::Kind,
            Column::DueOn,
            Column::WindowFrom,
            Column::WindowTo,
            Column::OverdueFrom,
            Column::SevereFrom,
            Column::State,
            Column::Open,
            Column::Why,
            Column::ChangedAt,
            Column::SupersededAt,
            Column::SupersededBecause,
        ])
        .to_owned()
}

/// The slot as a row in the plan since `now`.
fn new_row(patient_id: Uuid, slot: &SlotRecord, now: DateTime<Utc>) -> slots::ActiveModel {
    slots::ActiveModel {
        id: NotSet,
        patient_id: Set(patient_id),
        slot_key: Set(slot.slot_key.clone()),
        kind: Set(slot.kind.clone()),
        due_on: Set(slot.due_on),
        window_from: Set(slot.window_from),
        window_to: Set(slot.window_to),
        overdue_from: Set(slot.overdue_from),
        severe_from: Set(slot.severe_from),
        state: Set(slot.state.clone()),
        open: Set(slot.open),
        why: Set(slot.why.clone()),
        first_planned_at: Set(now),
        changed_at: Set(now),
        superseded_at: Set(None),
        superseded_because: Set(None),
    }
}

impl Store {
    /// Every slot a patient ever had, in the order they were first planned.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`], [`StoreError::Inconsistent`].
    pub async fn slots(&self, patient_id: Uuid) -> Result<Vec<Slot>, StoreError> {
        Ok(rows_of(&self.read, vec![patient_id]).await?.into_iter().map(Slot::from).collect())
    }
}
