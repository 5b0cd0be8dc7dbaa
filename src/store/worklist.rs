//! What a clinic has to see to on a civil day: the oldest open slot of each patient, and patients without any date.

use chrono::NaiveDate;
use sea_orm::{FromQueryResult, Statement};
use uuid::Uuid;

use super::{
    Store,
    error::{InTable, StoreError},
};

/// The oldest open slot of a followed patient.
#[derive(Debug, Clone, PartialEq, Eq, FromQueryResult)]
pub struct OpenSlot {
    /// Patient.
    pub patient_id: Uuid,
    /// Pseudonym the clinic knows.
    pub study_id: String,
    /// Slot.
    pub slot_key: String,
    /// Nominal day.
    pub due_on: NaiveDate,
    /// Last day that counts as on time.
    pub window_to: NaiveDate,
    /// First day it is severely overdue.
    pub severe_from: NaiveDate,
}

/// A followed patient with an open task.
#[derive(Debug, Clone, PartialEq, Eq, FromQueryResult)]
pub struct OpenTask {
    /// Pseudonym the clinic knows.
    pub study_id: String,
    /// Clinic.
    pub clinic: String,
    /// Which question.
    pub task_key: String,
    /// The question in words.
    pub reason: String,
}

// A patient's clinic is read here and now: whoever moved since the plan was made stands on the new clinic's list only.
const OPEN: &str = "
    SELECT s.patient_id, p.study_id, s.slot_key, s.due_on, s.window_to, s.severe_from
    FROM slots s
    JOIN patients p ON p.id = s.patient_id
    WHERE p.clinic = $1 AND NOT p.withdrawn
        AND s.open AND s.superseded_at IS NULL AND s.due_on <= $2
        AND s.window_to IS NOT NULL AND s.severe_from IS NOT NULL
        AND NOT EXISTS (SELECT 1 FROM slots older
            WHERE older.patient_id = s.patient_id AND older.open AND older.superseded_at IS NULL
                AND (older.due_on < s.due_on OR (older.due_on = s.due_on AND older.id < s.id)))
    ORDER BY s.due_on, p.study_id";

const TASKS: &str = "
    SELECT p.study_id, p.clinic, t.task_key, t.reason
    FROM data_tasks t
    JOIN patients p ON p.id = t.patient_id
    WHERE t.closed_at IS NULL AND NOT p.withdrawn
        AND ($1 = '' OR p.clinic = $1) AND ($2 = '' OR t.task_key = $2)
    ORDER BY p.study_id, t.task_key";

impl Store {
    /// The oldest open slot of each patient of a clinic, due on or before a civil day, oldest first.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`], [`StoreError::Inconsistent`].
    pub async fn open_slots(&self, clinic: &str, on: NaiveDate) -> Result<Vec<OpenSlot>, StoreError> {
        let values = [clinic.to_owned().into(), on.into()];
        let statement = Statement::from_sql_and_values(self.sql_dialect(), OPEN, values);
        OpenSlot::find_by_statement(statement).all(&self.read).await.in_table("slots")
    }

    /// Open data tasks, of one clinic or all, of one kind or all, in order of study id.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`], [`StoreError::Inconsistent`].
    pub async fn open_tasks(
        &self,
        clinic: Option<&str>,
        key: Option<&str>,
    ) -> Result<Vec<OpenTask>, StoreError> {
        let values = [clinic.unwrap_or("").to_owned().into(), key.unwrap_or("").to_owned().into()];
        let statement = Statement::from_sql_and_values(self.sql_dialect(), TASKS, values);
        OpenTask::find_by_statement(statement).all(&self.read).await.in_table("data_tasks")
    }
}
