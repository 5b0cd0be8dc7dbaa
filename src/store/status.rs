//! Counts for the status page, and the reconciliation that nobody is lost.
//!
//! Both are counted from dates and rows in SQL of their own, not with the planner's functions or
//! its state words: a defect there must not hide itself here.

use chrono::NaiveDate;
use sea_orm::{FromQueryResult, Statement};

use super::{
    Store,
    error::{InTable, StoreError},
};

/// How things stand on a civil day. A patient with several open slots counts once, under the worst.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, FromQueryResult)]
pub struct StatusCounts {
    /// Patients registered and not withdrawn.
    pub patients: i64,
    /// Of them, owed a next CT or a stated reason; one never assessed counts as followed.
    pub followed: i64,
    /// Of them, with a CT due: its nominal day has come and it is not overdue.
    pub due: i64,
    /// Of them, overdue but not severely.
    pub overdue: i64,
    /// Of them, severely overdue.
    pub severely_overdue: i64,
    /// Open data tasks.
    pub open_tasks: i64,
    /// Mails not settled for good: waiting, under way, to be repeated.
    pub mails_waiting: i64,
    /// Mails given up.
    pub mails_failed: i64,
    /// Reminders planned.
    pub reminders_planned: i64,
}

const COUNTS: &str = "
    WITH registered AS (
        SELECT p.id, (a.id IS NULL OR a.followed) AS followed
        FROM patients p
        LEFT JOIN assessments a ON a.patient_id = p.id AND a.superseded_at IS NULL
        WHERE NOT p.withdrawn
    ), worst AS (
        SELECT s.patient_id, MAX(CASE
            WHEN s.severe_from <= $1 THEN 3
            WHEN s.overdue_from <= $1 THEN 2
            WHEN s.due_on <= $1 THEN 1
            ELSE 0 END) AS level
        FROM slots s JOIN registered r ON r.id = s.patient_id
        WHERE s.open AND s.superseded_at IS NULL
        GROUP BY s.patient_id
    )
    SELECT
        (SELECT COUNT(*) FROM registered) AS patients,
        (SELECT COUNT(*) FROM registered WHERE followed) AS followed,
        (SELECT COUNT(*) FROM worst WHERE level = 1) AS due,
        (SELECT COUNT(*) FROM worst WHERE level = 2) AS overdue,
        (SELECT COUNT(*) FROM worst WHERE level = 3) AS severely_overdue,
        (SELECT COUNT(*) FROM data_tasks WHERE closed_at IS NULL) AS open_tasks,
        (SELECT COUNT(*) FROM mails WHERE state IN ('planned', 'claimed', 'unknown')
            OR (state = 'failed' AND next_attempt_at IS NOT NULL)) AS mails_waiting,
        (SELECT COUNT(*) FROM mails WHERE state = 'failed' AND next_attempt_at IS NULL) AS mails_failed,
        (SELECT COUNT(*) FROM reminders WHERE state = 'planned') AS reminders_planned";

/// No protocol plans further ahead than this; a later day is a mistyped one and protects nobody.
const FURTHEST_PLAN_DAYS: u64 = 5 * 366;

/// The key of the data task that says why a followed patient has no next date. It is the one task that accounts for a
/// patient; any other question may stay open for years and protects nobody. The assessment asks it under this key.
pub const NO_NEXT_DATE_TASK: &str = "plan-without-next-date";

const UNACCOUNTED: &str = "
    SELECT p.study_id AS name
    FROM patients p
    LEFT JOIN assessments a ON a.patient_id = p.id AND a.superseded_at IS NULL
    WHERE NOT p.withdrawn
        AND (a.id IS NULL OR a.followed)
        AND NOT EXISTS (SELECT 1 FROM slots s
            WHERE s.patient_id = p.id AND s.open AND s.superseded_at IS NULL
                AND (s.due_on <= $1 OR s.kind = 'decision'))
        AND NOT EXISTS (SELECT 1 FROM data_tasks t
            WHERE t.patient_id = p.id AND t.closed_at IS NULL AND t.task_key = $2)
    ORDER BY p.study_id";

impl Store {
    /// How things stand on a civil day, in one statement and thus of one moment.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub async fn counts(&self, on: NaiveDate) -> Result<StatusCounts, StoreError> {
        let statement = Statement::from_sql_and_values(self.sql_dialect(), COUNTS, [on.into()]);
        let counted = StatusCounts::find_by_statement(statement).one(&self.read).await.in_table("slots")?;
        counted.ok_or_else(|| StoreError::Other { problem: "counting returned no row".to_owned() })
    }

    /// Study ids of followed patients for whom nothing is open on a civil day: neither a slot with a
    /// believable date, nor a decision slot, nor the task [`NO_NEXT_DATE_TASK`]. Anything but an
    /// empty list is an incident. Patients never assessed count as followed.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub async fn unaccounted(&self, on: NaiveDate) -> Result<Vec<String>, StoreError> {
        let furthest = on.checked_add_days(chrono::Days::new(FURTHEST_PLAN_DAYS)).unwrap_or(NaiveDate::MAX);
        self.names(UNACCOUNTED, [furthest.into(), NO_NEXT_DATE_TASK.into()]).await
    }
}
