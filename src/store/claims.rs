//! What a worker asks about a mail it holds: a longer lease, and whether a later mail has taken its place.

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use entities::mails;
use sea_orm::{ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter, sea_query::Expr};

use super::{
    Store,
    batches::changed_one,
    error::{InTable, StoreError},
    mails::{Mail, MailState},
    transaction::stored_at,
};

impl Store {
    /// Moves the end of a lease, as a sign of life during a long attempt.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] if the claim has passed to another worker or attempt.
    pub async fn renew_claim(
        &self,
        claim: &Mail,
        lease: TimeDelta,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        use mails::Column;
        let now = stored_at(now);
        let tx = self.writer().await?;
        let renewed = mails::Entity::update_many()
            .col_expr(Column::LeaseUntil, Expr::value(now + lease))
            .col_expr(Column::ChangedAt, Expr::value(now))
            .filter(Column::Id.eq(claim.id))
            .filter(Column::State.eq(MailState::Claimed.as_str()))
            .filter(Column::ClaimedBy.eq(claim.claimed_by.clone()))
            .filter(Column::Attempts.eq(claim.attempts))
            .exec(&tx.inner)
            .await?;
        changed_one(renewed.rows_affected, "the claim on this mail has passed to another attempt")?;
        tx.commit().await
    }

    /// Whether the same clinic and recipient have a mail of the same kind for a later day up to `today`: then an older
    /// one that could not leave in time would only repeat it. A mail for a day still to come replaces nothing.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub async fn has_later_mail(&self, mail: &Mail, today: NaiveDate) -> Result<bool, StoreError> {
        use mails::Column;
        let later = mails::Entity::find()
            .filter(Column::Kind.eq(mail.kind.as_str()))
            .filter(Column::Clinic.eq(mail.clinic.as_str()))
            .filter(Column::Recipient.eq(mail.recipient.as_str()))
            .filter(Column::LocalDate.gt(mail.local_date))
            .filter(Column::LocalDate.lte(today))
            .filter(Column::State.ne(MailState::Cancelled.as_str()))
            .count(&self.read)
            .await
            .in_table("mails")?;
        Ok(later > 0)
    }
}
