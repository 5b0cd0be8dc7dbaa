//! One transaction per use case.
//!
//! On SQLite every write transaction is `BEGIN IMMEDIATE` on the only writing connection, so
//! writers queue instead of failing half-way. On PostgreSQL writers of one patient queue on that
//! patient's row. Writing methods live beside their aggregate, in the other files of this folder.

use chrono::{DateTime, SubsecRound, Utc};
use sea_orm::{
    ActiveModelTrait, DatabaseConnection, DatabaseTransaction, EntityTrait, SqliteTransactionMode,
    TransactionOptions, TransactionTrait, sea_query::OnConflict,
};

use super::error::StoreError;

/// Rows per insert, at most 16 values each: far below what either database takes. Always the same for a full statement,
/// so that it is prepared once.
const ROWS_PER_INSERT: usize = 100;

/// An open write transaction. Dropping it without [`commit`](Self::commit) rolls it back.
#[derive(Debug)]
#[must_use = "a write transaction that is dropped is rolled back"]
pub struct WriteTransaction {
    pub(super) inner: DatabaseTransaction,
}

impl WriteTransaction {
    pub(super) async fn begin(pool: &DatabaseConnection) -> Result<Self, StoreError> {
        let options = TransactionOptions {
            sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate),
            ..TransactionOptions::default()
        };
        Ok(Self { inner: pool.begin_with_options(options).await? })
    }

    /// Inserts any number of rows and returns how many. A database takes so many parameters in one
    /// statement and no more, and how many rows a patient has depends on the data.
    pub(super) async fn insert_all<A: ActiveModelTrait>(&self, rows: Vec<A>) -> Result<u64, StoreError> {
        self.insert_chunks(rows, None).await
    }

    /// Like [`insert_all`](Self::insert_all), with a rule for rows that are there already.
    pub(super) async fn insert_or_update<A: ActiveModelTrait>(
        &self,
        rows: Vec<A>,
        known: &OnConflict,
    ) -> Result<u64, StoreError> {
        self.insert_chunks(rows, Some(known)).await
    }

    async fn insert_chunks<A: ActiveModelTrait>(
        &self,
        rows: Vec<A>,
        known: Option<&OnConflict>,
    ) -> Result<u64, StoreError> {
        let mut rows = rows.into_iter();
        let mut inserted = 0;
        loop {
            let chunk: Vec<A> = rows.by_ref().take(ROWS_PER_INSERT).collect();
            if chunk.is_empty() {
                return Ok(inserted);
            }
            let mut insert = A::Entity::insert_many(chunk);
            if let Some(known) = known {
                insert = insert.on_conflict(known.clone());
            }
            inserted += insert.exec_without_returning(&self.inner).await?;
        }
    }

    /// Makes everything written so far permanent.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] if the database was lost: then it is not known whether the
    /// change was kept, and the caller has to read again.
    pub async fn commit(self) -> Result<(), StoreError> {
        Ok(self.inner.commit().await?)
    }

    /// Undoes everything written so far.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] if the database was lost; the change is undone all the same.
    pub async fn rollback(self) -> Result<(), StoreError> {
        Ok(self.inner.rollback().await?)
    }
}

/// An instant as both databases keep it: PostgreSQL holds microseconds, so SQLite is given no more.
pub(super) fn stored_at(at: DateTime<Utc>) -> DateTime<Utc> {
    at.trunc_subsecs(6)
}
