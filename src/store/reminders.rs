//! Reminders: in the database before they are sent, cancelled but never deleted.
//!
//! Which reminders a patient needs is decided elsewhere; this file makes the stored ones agree.
//! What was sent stays sent, whatever later plans say.

use std::collections::HashMap;

use chrono::{DateTime, NaiveDate, Utc};
use entities::reminders;
use sea_orm::{
    ActiveModelTrait, ActiveValue::Set, ColumnTrait, ConnectionTrait, DbBackend, EntityTrait,
    FromQueryResult, QueryFilter, QueryOrder, Statement, sea_query::Expr,
};
use uuid::Uuid;

use super::{
    Store, WriteTransaction,
    error::{InTable, StoreError},
    transaction::stored_at,
};

/// Reminders per statement where many are named: one parameter each.
const REMINDERS_PER_UPDATE: usize = 1_000;

/// Where a reminder stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReminderState {
    /// Waits for its day or its mail.
    Planned,
    /// Went out with a mail.
    Sent,
    /// No longer wanted.
    Cancelled,
    /// A higher step of the same slot took its place before it was sent.
    Superseded,
}

impl ReminderState {
    const ALL: [Self; 4] = [Self::Planned, Self::Sent, Self::Cancelled, Self::Superseded];

    /// The stored word.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Planned => "planned",
            Self::Sent => "sent",
            Self::Cancelled => "cancelled",
            Self::Superseded => "superseded",
        }
    }
}

/// A reminder as wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReminderRecord {
    /// Identity, used if the key is new.
    pub id: Uuid,
    /// Patient, slot, step and recipient in one.
    pub reminder_key: String,
    /// Clinic it goes to.
    pub clinic: String,
    /// Slot it is about.
    pub slot_key: String,
    /// Step of the ladder.
    pub step: String,
    /// Role or address it goes to.
    pub recipient: String,
    /// First civil day it may be sent.
    pub due_on: NaiveDate,
}

/// A stored reminder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reminder {
    /// What it is.
    pub record: ReminderRecord,
    /// Patient it is about.
    pub patient_id: Uuid,
    /// Where it stands.
    pub state: ReminderState,
    /// Mail that carried it.
    pub mail_id: Option<Uuid>,
    /// Why it was cancelled or superseded; kept if it was sent nevertheless.
    pub cancelled_because: Option<String>,
}

impl TryFrom<reminders::Model> for Reminder {
    type Error = StoreError;

    fn try_from(row: reminders::Model) -> Result<Self, StoreError> {
        let state =
            ReminderState::ALL.into_iter().find(|state| state.as_str() == row.state).ok_or_else(|| {
                StoreError::inconsistent("reminders", row.id, "state", format!("`{}` is no state", row.state))
            })?;
        Ok(Self {
            record: ReminderRecord {
                id: row.id,
                reminder_key: row.reminder_key,
                clinic: row.clinic,
                slot_key: row.slot_key,
                step: row.step,
                recipient: row.recipient,
                due_on: row.due_on,
            },
            patient_id: row.patient_id,
            state,
            mail_id: row.mail_id,
            cancelled_because: row.cancelled_because,
        })
    }
}

/// What saving reminders changed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ReminderChanges {
    /// New keys.
    pub planned: u64,
    /// Cancelled ones that are wanted again.
    pub revived: u64,
    /// Planned ones with another day, clinic or recipient.
    pub changed: u64,
    /// Planned ones no longer wanted.
    pub cancelled: u64,
}

/// A reminder that is due, with what its line in a digest needs.
#[derive(Debug, Clone, PartialEq, Eq, FromQueryResult)]
pub struct DueReminder {
    /// Reminder.
    pub id: Uuid,
    /// Its key.
    pub reminder_key: String,
    /// Patient.
    pub patient_id: Uuid,
    /// Pseudonym the clinic knows.
    pub study_id: String,
    /// Slot.
    pub slot_key: String,
    /// Step of the ladder.
    pub step: String,
    /// Role or address it goes to.
    pub recipient: String,
    /// First civil day the reminder could be sent.
    pub due_on: NaiveDate,
    /// Kind of the slot; `None`, like all slot values, if there is no such slot.
    pub slot_kind: Option<String>,
    /// Nominal day of the slot.
    pub slot_due_on: Option<NaiveDate>,
    /// First day that counts as on time.
    pub slot_window_from: Option<NaiveDate>,
    /// Last day that counts as on time.
    pub slot_window_to: Option<NaiveDate>,
    /// State of the slot in the planner's words.
    pub slot_state: Option<String>,
    /// True while the slot is in the plan and awaits an outcome.
    pub slot_open: Option<bool>,
    /// Tier of the current assessment, if there is one.
    pub tier: Option<String>,
    /// Step that follows for the same slot, if one is planned for a later day.
    pub next_step: Option<String>,
    /// Civil day of that step.
    pub next_step_on: Option<NaiveDate>,
}

// The next step is found twice with the same order, so that both values are of one row.
const DUE: &str = "
    SELECT r.id, r.reminder_key, r.patient_id, p.study_id, r.slot_key, r.step, r.recipient, r.due_on,
        s.kind AS slot_kind, s.due_on AS slot_due_on, s.window_from AS slot_window_from,
        s.window_to AS slot_window_to, s.state AS slot_state,
        (s.open AND s.superseded_at IS NULL) AS slot_open, a.tier,
        (SELECT n.step FROM reminders n
            WHERE n.patient_id = r.patient_id AND n.slot_key = r.slot_key AND n.state = 'planned'
                AND n.due_on > $2
            ORDER BY n.due_on, n.reminder_key LIMIT 1) AS next_step,
        (SELECT n.due_on FROM reminders n
            WHERE n.patient_id = r.patient_id AND n.slot_key = r.slot_key AND n.state = 'planned'
                AND n.due_on > $2
            ORDER BY n.due_on, n.reminder_key LIMIT 1) AS next_step_on
    FROM reminders r
    JOIN patients p ON p.id = r.patient_id
    LEFT JOIN slots s ON s.patient_id = r.patient_id AND s.slot_key = r.slot_key
    LEFT JOIN assessments a ON a.patient_id = r.patient_id AND a.superseded_at IS NULL
    WHERE r.state = 'planned' AND r.clinic = $1 AND r.due_on <= $2
    ORDER BY s.due_on, p.study_id, r.due_on, r.reminder_key";

impl Store {
    /// What a clinic has to be told on a civil day: planned reminders due on or before it, oldest
    /// slot first. A missed night changes nothing.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`], [`StoreError::Inconsistent`].
    pub async fn reminders_due(&self, clinic: &str, on: NaiveDate) -> Result<Vec<DueReminder>, StoreError> {
        let statement =
            Statement::from_sql_and_values(self.sql_dialect(), DUE, [clinic.to_owned().into(), on.into()]);
        DueReminder::find_by_statement(statement).all(&self.read).await.in_table("reminders")
    }

    /// Clinics that look after at least one registered patient, in order of name: each of them is
    /// owed a digest even on a day with nothing due.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub async fn clinics(&self) -> Result<Vec<String>, StoreError> {
        self.names("SELECT DISTINCT clinic AS name FROM patients WHERE NOT withdrawn ORDER BY clinic", [])
            .await
    }

    /// Every reminder a patient ever had, by day and key.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`], [`StoreError::Inconsistent`].
    pub async fn reminders(&self, patient_id: Uuid) -> Result<Vec<Reminder>, StoreError> {
        let rows = reminders::Entity::find()
            .filter(reminders::COLUMN.patient_id.eq(patient_id))
            .order_by_asc(reminders::Column::DueOn)
            .order_by_asc(reminders::Column::ReminderKey)
            .all(&self.read)
            .await
            .in_table("reminders")?;
        rows.into_iter().map(Reminder::try_from).collect()
    }

    pub(super) fn sql_dialect(&self) -> DbBackend {
        self.read.get_database_backend()
    }

    /// Runs a statement that selects one text column called `name`.
    pub(super) async fn names<const N: usize>(
        &self,
        sql: &str,
        values: [sea_orm::Value; N],
    ) -> Result<Vec<String>, StoreError> {
        let statement = Statement::from_sql_and_values(self.sql_dialect(), sql, values);
        let rows = self.read.query_all_raw(statement).await?;
        rows.iter().map(|row| Ok(row.try_get("", "name")?)).collect()
    }
}

impl WriteTransaction {
    /// Makes a patient's planned reminders equal to the wanted ones: new keys are planned, planned
    /// ones no longer wanted are cancelled with `because`, cancelled or superseded ones that are
    /// wanted again are planned again. Sent ones are left alone.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] if a key is wanted twice or belongs to another patient.
    pub async fn save_reminders(
        &self,
        patient_id: Uuid,
        wanted: &[ReminderRecord],
        because: &str,
        now: DateTime<Utc>,
    ) -> Result<ReminderChanges, StoreError> {
        self.save_reminders_of_many(&[(patient_id, wanted)], because, now).await
    }

    /// [`save_reminders`](Self::save_reminders) for many patients with few statements. Each patient once, some
    /// hundreds at most.
    ///
    /// # Errors
    /// As [`save_reminders`](Self::save_reminders).
    pub async fn save_reminders_of_many(
        &self,
        wanted: &[(Uuid, &[ReminderRecord])],
        because: &str,
        now: DateTime<Utc>,
    ) -> Result<ReminderChanges, StoreError> {
        use reminders::{ActiveModel, COLUMN, Entity};
        let now = stored_at(now);
        let rows = Entity::find()
            .filter(COLUMN.patient_id.is_in(wanted.iter().map(|(patient, _)| *patient)))
            .all(&self.inner)
            .await
            .in_table("reminders")?;
        let mut stored: HashMap<(Uuid, String), Reminder> = HashMap::with_capacity(rows.len());
        for row in rows {
            stored.insert((row.patient_id, row.reminder_key.clone()), Reminder::try_from(row)?);
        }
        let mut changes = ReminderChanges::default();
        let mut added = Vec::new();
        for (patient_id, own) in wanted {
            let patient_id = *patient_id;
            for record in *own {
                let Some(known) = stored.remove(&(patient_id, record.reminder_key.clone())) else {
                    added.push(new_row(patient_id, record, now));
                    continue;
                };
                let wanted_as_known = ReminderRecord { id: known.record.id, ..record.clone() };
                match known.state {
                    ReminderState::Sent => continue,
                    ReminderState::Planned if known.record == wanted_as_known => continue,
                    ReminderState::Planned => changes.changed += 1,
                    ReminderState::Cancelled | ReminderState::Superseded => changes.revived += 1,
                }
                let again = ActiveModel {
                    created_at: sea_orm::ActiveValue::NotSet,
                    ..new_row(patient_id, &wanted_as_known, now)
                };
                again.update(&self.inner).await?;
            }
        }
        let dropped: Vec<Uuid> = stored
            .into_values()
            .filter(|known| known.state == ReminderState::Planned)
            .map(|known| known.record.id)
            .collect();
        changes.cancelled = self.cancel_planned(&dropped, because, now).await?;
        changes.planned = self.insert_all(added).await?;
        Ok(changes)
    }

    async fn cancel_planned(
        &self,
        ids: &[Uuid],
        because: &str,
        now: DateTime<Utc>,
    ) -> Result<u64, StoreError> {
        use reminders::Column;
        let mut cancelled = 0;
        for chunk in ids.chunks(REMINDERS_PER_UPDATE) {
            let ended = reminders::Entity::update_many()
                .col_expr(Column::State, Expr::value(ReminderState::Cancelled.as_str()))
                .col_expr(Column::CancelledBecause, Expr::value(because))
                .col_expr(Column::ChangedAt, Expr::value(now))
                .filter(Column::Id.is_in(chunk.iter().copied()))
                .filter(Column::State.eq(ReminderState::Planned.as_str()))
                .exec(&self.inner)
                .await?;
            cancelled += ended.rows_affected;
        }
        Ok(cancelled)
    }
}

/// The reminder as a planned row.
fn new_row(patient_id: Uuid, record: &ReminderRecord, now: DateTime<Utc>) -> reminders::ActiveModel {
    reminders::ActiveModel {
        id: Set(record.id),
        reminder_key: Set(record.reminder_key.clone()),
        patient_id: Set(patient_id),
        clinic: Set(record.clinic.clone()),
        slot_key: Set(record.slot_key.clone()),
        step: Set(record.step.clone()),
        recipient: Set(record.recipient.clone()),
        due_on: Set(record.due_on),
        state: Set(ReminderState::Planned.as_str().to_owned()),
        mail_id: Set(None),
        created_at: Set(now),
        changed_at: Set(now),
        cancelled_because: Set(None),
    }
}
