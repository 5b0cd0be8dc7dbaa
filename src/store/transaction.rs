//! One transaction per use case.
//!
//! On SQLite every write transaction is `BEGIN IMMEDIATE` on the only writing connection, so
//! writers queue instead of failing half-way. On PostgreSQL writers of one patient queue on that
//! patient's row. Writing methods live beside their aggregate, in the other files of this folder.

use chrono::{DateTime, SubsecRound, Utc};
use sea_orm::{
    DatabaseConnection, DatabaseTransaction, SqliteTransactionMode, TransactionOptions, TransactionTrait,
};

use super::error::StoreError;

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
