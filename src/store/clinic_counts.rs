//! The status counts by clinic.

use chrono::NaiveDate;
use sea_orm::{FromQueryResult, Statement};

use super::{
    Store,
    error::{InTable, StoreError},
};

/// One clinic on a civil day.
#[derive(Debug, Clone, PartialEq, Eq, FromQueryResult)]
pub struct ClinicCounts {
    /// Clinic.
    pub clinic: String,
    /// Patients owed a next CT or a stated reason.
    pub followed: i64,
    /// Of them, with a CT due and not overdue.
    pub due: i64,
    /// Of them, overdue, severely or not.
    pub overdue: i64,
}

const COUNTS: &str = "
    WITH registered AS (
        SELECT p.id, p.clinic, (a.id IS NULL OR a.followed) AS followed
        FROM patients p
        LEFT JOIN assessments a ON a.patient_id = p.id AND a.superseded_at IS NULL
        WHERE NOT p.withdrawn
    ), worst AS (
        SELECT s.patient_id, MAX(CASE
            WHEN s.overdue_from <= $1 OR s.severe_from <= $1 THEN 2
            WHEN s.due_on <= $1 THEN 1
            ELSE 0 END) AS level
        FROM slots s
        WHERE s.open AND s.superseded_at IS NULL
        GROUP BY s.patient_id
    )
    SELECT r.clinic,
        COUNT(CASE WHEN r.followed THEN 1 END) AS followed,
        COUNT(CASE WHEN w.level = 1 THEN 1 END) AS due,
        COUNT(CASE WHEN w.level = 2 THEN 1 END) AS overdue
    FROM registered r
    LEFT JOIN worst w ON w.patient_id = r.id
    GROUP BY r.clinic
    ORDER BY r.clinic";

impl Store {
    /// The counts of every clinic that has patients, in order of slug.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub async fn counts_by_clinic(&self, on: NaiveDate) -> Result<Vec<ClinicCounts>, StoreError> {
        let statement = Statement::from_sql_and_values(self.sql_dialect(), COUNTS, [on.into()]);
        ClinicCounts::find_by_statement(statement).all(&self.read).await.in_table("slots")
    }
}
