//! Runs of the nightly job: started before the work, ended after it; a killed one stays `running`.

use chrono::{DateTime, NaiveDate, Utc};
use entities::runs;
use sea_orm::{
    ActiveValue::Set, ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, sea_query::Expr,
};
use uuid::Uuid;

use super::{
    Store,
    batches::changed_one,
    error::{InTable, StoreError},
    transaction::stored_at,
};

/// How a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RunOutcome {
    /// Under way, or killed.
    Running,
    /// Every patient was handled.
    Complete,
    /// Some patients could not be handled.
    Incomplete,
    /// The run broke off.
    Failed,
}

impl RunOutcome {
    const ALL: [Self; 4] = [Self::Running, Self::Complete, Self::Incomplete, Self::Failed];

    /// The stored word.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Complete => "complete",
            Self::Incomplete => "incomplete",
            Self::Failed => "failed",
        }
    }
}

/// A run about to begin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewRun {
    /// Identity.
    pub id: Uuid,
    /// Kind of job.
    pub kind: String,
    /// Civil day it computes for.
    pub as_of: NaiveDate,
    /// Instant of the beginning.
    pub started_at: DateTime<Utc>,
}

/// How a run went.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunEnd {
    /// Instant of the end.
    pub finished_at: DateTime<Utc>,
    /// How it ended.
    pub outcome: RunOutcome,
    /// Patients looked at.
    pub n_patients: i64,
    /// Patients it could not handle.
    pub n_failed: i64,
    /// Counts as JSON.
    pub summary: String,
}

/// A stored run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Run {
    /// Identity.
    pub id: Uuid,
    /// Kind of job.
    pub kind: String,
    /// Civil day it computed for.
    pub as_of: NaiveDate,
    /// Instant of the beginning.
    pub started_at: DateTime<Utc>,
    /// Instant of the end, if it got there.
    pub finished_at: Option<DateTime<Utc>>,
    /// How it ended.
    pub outcome: RunOutcome,
    /// Patients looked at.
    pub n_patients: i64,
    /// Patients it could not handle.
    pub n_failed: i64,
    /// Counts as JSON; `{}` until it ends.
    pub summary: String,
}

impl TryFrom<runs::Model> for Run {
    type Error = StoreError;

    fn try_from(row: runs::Model) -> Result<Self, StoreError> {
        let outcome =
            RunOutcome::ALL.into_iter().find(|outcome| outcome.as_str() == row.outcome).ok_or_else(|| {
                StoreError::inconsistent(
                    "runs",
                    row.id,
                    "outcome",
                    format!("`{}` is no outcome", row.outcome),
                )
            })?;
        Ok(Self {
            id: row.id,
            kind: row.kind,
            as_of: row.as_of,
            started_at: row.started_at,
            finished_at: row.finished_at,
            outcome,
            n_patients: row.n_patients,
            n_failed: row.n_failed,
            summary: row.summary,
        })
    }
}

impl Store {
    /// Records that a run begins, in a commit of its own.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] if the identity is taken.
    pub async fn start_run(&self, run: &NewRun) -> Result<(), StoreError> {
        let row = runs::ActiveModel {
            id: Set(run.id),
            kind: Set(run.kind.clone()),
            as_of: Set(run.as_of),
            started_at: Set(stored_at(run.started_at)),
            finished_at: Set(None),
            outcome: Set(RunOutcome::Running.as_str().to_owned()),
            n_patients: Set(0),
            n_failed: Set(0),
            summary: Set("{}".to_owned()),
        };
        let tx = self.writer().await?;
        runs::Entity::insert(row).exec_without_returning(&tx.inner).await?;
        tx.commit().await
    }

    /// Records how a run went, in a commit of its own.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] if the run is not under way.
    pub async fn finish_run(&self, id: Uuid, end: &RunEnd) -> Result<(), StoreError> {
        use runs::Column;
        let tx = self.writer().await?;
        let done = runs::Entity::update_many()
            .col_expr(Column::FinishedAt, Expr::value(stored_at(end.finished_at)))
            .col_expr(Column::Outcome, Expr::value(end.outcome.as_str()))
            .col_expr(Column::NPatients, Expr::value(end.n_patients))
            .col_expr(Column::NFailed, Expr::value(end.n_failed))
            .col_expr(Column::Summary, Expr::value(end.summary.as_str()))
            .filter(Column::Id.eq(id))
            .filter(Column::Outcome.eq(RunOutcome::Running.as_str()))
            .exec(&tx.inner)
            .await?;
        changed_one(done.rows_affected, "the run is not under way")?;
        tx.commit().await
    }

    /// The run of a kind that began last.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`], [`StoreError::Inconsistent`].
    pub async fn last_run(&self, kind: &str) -> Result<Option<Run>, StoreError> {
        use runs::Column;
        let newest = runs::Entity::find()
            .filter(Column::Kind.eq(kind))
            .order_by_desc(Column::StartedAt)
            .order_by_desc(Column::Id)
            .limit(1);
        newest.one(&self.read).await.in_table("runs")?.map(Run::try_from).transpose()
    }

    /// The run of a kind that began last, at or before `by`, and went through all patients: complete or incomplete.
    /// A later beginning is one that a wrong clock wrote.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`], [`StoreError::Inconsistent`].
    pub async fn last_finished_run(&self, kind: &str, by: DateTime<Utc>) -> Result<Option<Run>, StoreError> {
        use runs::Column;
        let finished = [RunOutcome::Complete.as_str(), RunOutcome::Incomplete.as_str()];
        let newest = runs::Entity::find()
            .filter(Column::Kind.eq(kind))
            .filter(Column::Outcome.is_in(finished))
            .filter(Column::StartedAt.lte(stored_at(by)))
            .order_by_desc(Column::StartedAt)
            .order_by_desc(Column::Id)
            .limit(1);
        newest.one(&self.read).await.in_table("runs")?.map(Run::try_from).transpose()
    }
}
