//! Import batches: opened before the first patient, finished after the last, rolled back by id.
//!
//! Rolling back the facts is the caller's work (new revisions); this file keeps the books.

use chrono::{DateTime, Utc};
use entities::import_batches;
use sea_orm::{
    ActiveValue::Set, ColumnTrait, ConnectionTrait, EntityTrait, FromQueryResult, QueryFilter, QueryOrder,
    QuerySelect, Statement, sea_query::Expr,
};
use uuid::Uuid;

use super::{
    Store, WriteTransaction,
    error::{InTable, StoreError},
    transaction::stored_at,
};

/// Where a batch stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BatchState {
    /// Begun and not finished: under way, or killed.
    Running,
    /// Finished, or stopped by a roll-back that left patients alone.
    Committed,
    /// Taken back as a whole.
    RolledBack,
}

impl BatchState {
    const ALL: [Self; 3] = [Self::Running, Self::Committed, Self::RolledBack];

    /// The stored word.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Committed => "committed",
            Self::RolledBack => "rolled_back",
        }
    }
}

/// A batch about to begin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewBatch {
    /// Identity.
    pub id: Uuid,
    /// Instant of the beginning.
    pub started_at: DateTime<Utc>,
    /// Person or command.
    pub imported_by: String,
    /// File names as given.
    pub source: String,
}

/// What an import did, in documents.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct BatchCounts {
    /// Patients that were new.
    pub new: i64,
    /// Patients whose facts changed.
    pub changed: i64,
    /// Patients already known exactly so.
    pub unchanged: i64,
    /// Documents refused.
    pub refused: i64,
}

/// A stored batch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Batch {
    /// Identity.
    pub id: Uuid,
    /// Instant of the beginning.
    pub started_at: DateTime<Utc>,
    /// Instant of the end, if it got there.
    pub finished_at: Option<DateTime<Utc>>,
    /// Person or command.
    pub imported_by: String,
    /// File names as given.
    pub source: String,
    /// Where it stands.
    pub state: BatchState,
    /// What it did; zeros until it is finished.
    pub counts: BatchCounts,
    /// Instant of the roll-back.
    pub rolled_back_at: Option<DateTime<Utc>>,
    /// Who rolled it back.
    pub rolled_back_by: Option<String>,
    /// Why it was rolled back.
    pub rolled_back_reason: Option<String>,
}

/// A patient as one batch recorded it.
#[derive(Debug, Clone, PartialEq, Eq, FromQueryResult)]
pub struct BatchPatient {
    /// Patient.
    pub patient_id: Uuid,
    /// Its pseudonym.
    pub study_id: String,
    /// The batch's first revision of the patient.
    pub first_seq: i64,
    /// The batch's last revision of the patient.
    pub last_seq: i64,
    /// How many there are; fewer than from first to last where others wrote in between.
    pub n_revisions: i64,
}

const PATIENTS_OF_BATCH: &str = "
    SELECT r.patient_id, p.study_id, MIN(r.seq) AS first_seq, MAX(r.seq) AS last_seq,
        COUNT(*) AS n_revisions
    FROM revisions r JOIN patients p ON p.id = r.patient_id
    WHERE r.batch_id = $1
    GROUP BY r.patient_id, p.study_id";

impl TryFrom<import_batches::Model> for Batch {
    type Error = StoreError;

    fn try_from(row: import_batches::Model) -> Result<Self, StoreError> {
        let state =
            BatchState::ALL.into_iter().find(|state| state.as_str() == row.state).ok_or_else(|| {
                StoreError::inconsistent(
                    "import_batches",
                    row.id,
                    "state",
                    format!("`{}` is no state", row.state),
                )
            })?;
        Ok(Self {
            id: row.id,
            started_at: row.started_at,
            finished_at: row.finished_at,
            imported_by: row.imported_by,
            source: row.source,
            state,
            counts: BatchCounts {
                new: row.n_new,
                changed: row.n_changed,
                unchanged: row.n_unchanged,
                refused: row.n_refused,
            },
            rolled_back_at: row.rolled_back_at,
            rolled_back_by: row.rolled_back_by,
            rolled_back_reason: row.rolled_back_reason,
        })
    }
}

impl WriteTransaction {
    /// Opens a batch.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] if the identity is taken.
    pub async fn open_batch(&self, batch: &NewBatch) -> Result<(), StoreError> {
        let row = import_batches::ActiveModel {
            id: Set(batch.id),
            started_at: Set(stored_at(batch.started_at)),
            finished_at: Set(None),
            imported_by: Set(batch.imported_by.clone()),
            source: Set(batch.source.clone()),
            state: Set(BatchState::Running.as_str().to_owned()),
            n_new: Set(0),
            n_changed: Set(0),
            n_unchanged: Set(0),
            n_refused: Set(0),
            rolled_back_at: Set(None),
            rolled_back_by: Set(None),
            rolled_back_reason: Set(None),
        };
        import_batches::Entity::insert(row).exec_without_returning(&self.inner).await?;
        Ok(())
    }

    /// The batch with this identity, locked until the transaction ends: an import that records and a
    /// roll-back of the same batch wait for each other.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] also where another writer holds the batch too long.
    pub async fn lock_batch(&self, id: Uuid) -> Result<Option<Batch>, StoreError> {
        // SQLite has one writer and leaves the lock clause out.
        let found = import_batches::Entity::find_by_id(id).lock_exclusive();
        found.one(&self.inner).await.in_table("import_batches")?.map(Batch::try_from).transpose()
    }

    /// Whom a batch recorded and under which revisions, in the order of the study ids' bytes.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`], [`StoreError::Inconsistent`].
    pub async fn patients_of_batch(&self, id: Uuid) -> Result<Vec<BatchPatient>, StoreError> {
        let statement =
            Statement::from_sql_and_values(self.inner.get_database_backend(), PATIENTS_OF_BATCH, [id.into()]);
        let mut found =
            BatchPatient::find_by_statement(statement).all(&self.inner).await.in_table("revisions")?;
        // Not in SQL: a database sorts by its own language.
        found.sort_unstable_by(|a, b| a.study_id.cmp(&b.study_id));
        Ok(found)
    }

    /// Ends a running batch that was taken back in part: nothing more can be recorded under it.
    /// Any other batch stays as it is.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub async fn stop_batch(&self, id: Uuid, at: DateTime<Utc>) -> Result<(), StoreError> {
        use import_batches::Column;
        import_batches::Entity::update_many()
            .col_expr(Column::State, Expr::value(BatchState::Committed.as_str()))
            .col_expr(Column::FinishedAt, Expr::value(stored_at(at)))
            .filter(Column::Id.eq(id))
            .filter(Column::State.eq(BatchState::Running.as_str()))
            .exec(&self.inner)
            .await?;
        Ok(())
    }

    /// Closes a running batch with its counts.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] if it is not running.
    pub async fn finish_batch(
        &self,
        id: Uuid,
        counts: BatchCounts,
        finished_at: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        use import_batches::Column;
        let done = import_batches::Entity::update_many()
            .col_expr(Column::State, Expr::value(BatchState::Committed.as_str()))
            .col_expr(Column::FinishedAt, Expr::value(stored_at(finished_at)))
            .col_expr(Column::NNew, Expr::value(counts.new))
            .col_expr(Column::NChanged, Expr::value(counts.changed))
            .col_expr(Column::NUnchanged, Expr::value(counts.unchanged))
            .col_expr(Column::NRefused, Expr::value(counts.refused))
            .filter(Column::Id.eq(id))
            .filter(Column::State.eq(BatchState::Running.as_str()))
            .exec(&self.inner)
            .await?;
        changed_one(done.rows_affected, "the batch is not running")
    }

    /// Marks a batch as rolled back; also one that was killed while running.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] if there is no such batch or it is rolled back already.
    pub async fn mark_rolled_back(
        &self,
        id: Uuid,
        at: DateTime<Utc>,
        by: &str,
        reason: &str,
    ) -> Result<(), StoreError> {
        use import_batches::Column;
        let done = import_batches::Entity::update_many()
            .col_expr(Column::State, Expr::value(BatchState::RolledBack.as_str()))
            .col_expr(Column::RolledBackAt, Expr::value(stored_at(at)))
            .col_expr(Column::RolledBackBy, Expr::value(by))
            .col_expr(Column::RolledBackReason, Expr::value(reason))
            .filter(Column::Id.eq(id))
            .filter(Column::State.ne(BatchState::RolledBack.as_str()))
            .exec(&self.inner)
            .await?;
        changed_one(done.rows_affected, "there is no such batch, or it is rolled back already")
    }
}

/// Turns "no row matched" into a conflict.
pub(super) fn changed_one(rows: u64, otherwise: &str) -> Result<(), StoreError> {
    if rows == 1 { Ok(()) } else { Err(StoreError::conflict(otherwise)) }
}

impl Store {
    /// The batch with this identity.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`], [`StoreError::Inconsistent`].
    pub async fn find_batch(&self, id: Uuid) -> Result<Option<Batch>, StoreError> {
        let row = import_batches::Entity::find_by_id(id).one(&self.read).await.in_table("import_batches")?;
        row.map(Batch::try_from).transpose()
    }

    /// The newest `limit` batches, newest first.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`], [`StoreError::Inconsistent`].
    pub async fn batches(&self, limit: u64) -> Result<Vec<Batch>, StoreError> {
        use import_batches::Column;
        let newest = import_batches::Entity::find()
            .order_by_desc(Column::StartedAt)
            .order_by_desc(Column::Id)
            .limit(limit);
        let rows = newest.all(&self.read).await.in_table("import_batches")?;
        rows.into_iter().map(Batch::try_from).collect()
    }
}
