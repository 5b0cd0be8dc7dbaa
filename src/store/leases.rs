//! Work that one instance at a time does. Who holds a lease is judged by the database's clock; each new holder gets a
//! higher term, so that one who stood still and wakes up is told apart from its successor.

use chrono::TimeDelta;
use sea_orm::{ConnectionTrait, Statement, Value};

use super::{Store, batches::changed_one, claims::seconds, error::StoreError};

/// A lease that was taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lease {
    /// The work.
    pub name: String,
    /// Who holds it.
    pub holder: String,
    /// Which holder in a row this is.
    pub term: i64,
}

const TAKE: &str = "
    INSERT INTO leases (name, holder, term, lease_until) VALUES ($1, $2, 1, {lease_end})
    ON CONFLICT (name) DO UPDATE
        SET holder = excluded.holder, term = leases.term + 1, lease_until = excluded.lease_until
        WHERE leases.lease_until <= {clock}
    RETURNING term";

const KEEP: &str = "
    UPDATE leases SET lease_until = {lease_end}
    WHERE name = $1 AND holder = $2 AND term = $4 AND lease_until > {clock}";

impl Store {
    /// Takes the lease if nobody holds it; `None` otherwise.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub async fn take_lease(
        &self,
        name: &str,
        holder: &str,
        length: TimeDelta,
    ) -> Result<Option<Lease>, StoreError> {
        let values: [Value; 3] = [name.into(), holder.into(), seconds(length).into()];
        let statement =
            Statement::from_sql_and_values(self.sql_dialect(), self.by_its_clock(TAKE, "$3"), values);
        let tx = self.writer().await?;
        let Some(row) = tx.inner.query_one_raw(statement).await? else {
            tx.rollback().await?;
            return Ok(None);
        };
        let term = row.try_get("", "term")?;
        tx.commit().await?;
        Ok(Some(Lease { name: name.to_owned(), holder: holder.to_owned(), term }))
    }

    /// Moves the end of a lease that is still held; a length of zero gives it back.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] if it has ended or passed to another holder.
    pub async fn keep_lease(&self, lease: &Lease, length: TimeDelta) -> Result<(), StoreError> {
        let values: [Value; 4] = [
            lease.name.as_str().into(),
            lease.holder.as_str().into(),
            seconds(length).into(),
            lease.term.into(),
        ];
        let statement =
            Statement::from_sql_and_values(self.sql_dialect(), self.by_its_clock(KEEP, "$3"), values);
        let tx = self.writer().await?;
        let kept = tx.inner.execute_raw(statement).await?;
        changed_one(kept.rows_affected(), "the lease has ended or passed to another instance")?;
        tx.commit().await
    }
}
