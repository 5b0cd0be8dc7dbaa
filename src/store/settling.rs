//! The end of an attempt, with all that follows from it, in one commit.
//!
//! What was told, what a person has to look at and what the mail server's failures add up to is written together with
//! the mail's own state: a crash leaves all of it or nothing, and then the attempt is repeated.

use chrono::{DateTime, Utc};
use entities::{mails, reminders, withdrawn_mails};
use sea_orm::{ActiveValue::Set, ColumnTrait, EntityTrait, ExprTrait, QueryFilter, sea_query::Expr};
use uuid::Uuid;

use super::{
    Store, WriteTransaction,
    batches::changed_one,
    error::StoreError,
    mail_tasks::{MailTaskRecord, not_delivered_key},
    mails::{FailureKind, Mail, MailOutcome, MailState},
    reminders::ReminderState,
    transaction::stored_at,
};

/// Why an older mail that was given up on needs nobody any more.
const LATER_ARRIVED: &str = "a later mail of the same kind was accepted";

impl Store {
    /// Records how the attempt ended, with the reminders it carried and the tasks it gives rise to, in one commit.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] if the claim has passed to another worker or attempt; nothing is
    /// written then.
    pub async fn settle_mail(
        &self,
        claim: &Mail,
        outcome: &MailOutcome,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let now = stored_at(now);
        let tx = self.writer().await?;
        tx.settle_mail(claim, outcome, now).await?;
        tx.settle_consequences(claim, outcome, now).await?;
        tx.commit().await
    }
}

impl WriteTransaction {
    async fn settle_mail(
        &self,
        claim: &Mail,
        outcome: &MailOutcome,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        use mails::Column;
        let settled = mails::Entity::update_many().col_expr(Column::ChangedAt, Expr::value(now));
        let state = |state: MailState| Expr::value(state.as_str());
        let none_follows = || Expr::value(None::<DateTime<Utc>>);
        let settled = match outcome {
            MailOutcome::Sent { reply, at, .. } => settled
                .col_expr(Column::State, state(MailState::Sent))
                .col_expr(Column::SentAt, Expr::value(stored_at(*at)))
                .col_expr(Column::ServerReply, Expr::value(reply.as_str()))
                .col_expr(Column::NextAttemptAt, none_follows()),
            MailOutcome::RetryAt { at, error, kind } => {
                let settled = settled
                    .col_expr(Column::NextAttemptAt, Expr::value(stored_at(*at)))
                    .col_expr(Column::LastError, Expr::value(error.as_str()))
                    .col_expr(Column::FailureKind, Expr::value(kind.as_str()));
                match kind {
                    FailureKind::Refused => settled.col_expr(Column::State, state(MailState::Failed)),
                    FailureKind::Relay => settled
                        .col_expr(Column::State, state(MailState::Failed))
                        .col_expr(Column::RelayFailures, Expr::col(Column::RelayFailures).add(1)),
                    FailureKind::Unknown { content_hash } => settled
                        .col_expr(Column::State, state(MailState::Unknown))
                        .col_expr(Column::ContentHash, Expr::value(content_hash.as_str())),
                }
            }
            MailOutcome::Failed { error, .. } => settled
                .col_expr(Column::State, state(MailState::Failed))
                .col_expr(Column::NextAttemptAt, none_follows())
                .col_expr(Column::LastError, Expr::value(error.as_str())),
            MailOutcome::Cancelled { because } => settled
                .col_expr(Column::State, state(MailState::Cancelled))
                .col_expr(Column::NextAttemptAt, none_follows())
                .col_expr(Column::CancelledBecause, Expr::value(because.as_str())),
            MailOutcome::Renewed { message_id, .. } => settled
                .col_expr(Column::State, state(MailState::Planned))
                .col_expr(Column::NextAttemptAt, Expr::value(now))
                .col_expr(Column::MessageId, Expr::value(message_id.as_str()))
                .col_expr(Column::ContentHash, Expr::value(None::<String>)),
            MailOutcome::Withheld => settled
                .col_expr(Column::State, state(MailState::Planned))
                .col_expr(Column::NextAttemptAt, Expr::value(now)),
        };
        let done = settled
            .col_expr(Column::LeaseUntil, none_follows())
            .filter(Column::Id.eq(claim.id))
            .filter(Column::State.eq(MailState::Claimed.as_str()))
            .filter(Column::ClaimedBy.eq(claim.claimed_by.clone()))
            .filter(Column::Attempts.eq(claim.attempts))
            .exec(&self.inner)
            .await?;
        changed_one(done.rows_affected, "the claim on this mail has passed to another attempt")
    }

    async fn settle_consequences(
        &self,
        claim: &Mail,
        outcome: &MailOutcome,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        match outcome {
            MailOutcome::Sent { reminders, .. } => {
                self.mark_sent(reminders, claim.id, now).await?;
                self.close_given_up(claim, now).await?;
                self.relay_works(now).await
            }
            MailOutcome::RetryAt {
                kind: FailureKind::Relay | FailureKind::Unknown { .. }, error, ..
            } => self.relay_failed(error, now).await,
            MailOutcome::Failed { error, suspect } => {
                if *suspect {
                    self.suspect_address(claim, error, now).await?;
                }
                self.open_mail_task(&given_up(claim, error), now).await
            }
            MailOutcome::Renewed { because, .. } => {
                let withdrawn = withdrawn_mails::ActiveModel {
                    message_id: Set(claim.message_id.clone()),
                    mail_id: Set(claim.id),
                    withdrawn_at: Set(now),
                    because: Set(because.clone()),
                };
                withdrawn_mails::Entity::insert(withdrawn).exec_without_returning(&self.inner).await?;
                Ok(())
            }
            MailOutcome::RetryAt { kind: FailureKind::Refused, .. }
            | MailOutcome::Cancelled { .. }
            | MailOutcome::Withheld => Ok(()),
        }
    }

    async fn mark_sent(&self, ids: &[Uuid], mail_id: Uuid, now: DateTime<Utc>) -> Result<(), StoreError> {
        use reminders::Column;
        if ids.is_empty() {
            return Ok(());
        }
        reminders::Entity::update_many()
            .col_expr(Column::State, Expr::value(ReminderState::Sent.as_str()))
            .col_expr(Column::MailId, Expr::value(mail_id))
            .col_expr(Column::ChangedAt, Expr::value(now))
            .filter(Column::Id.is_in(ids.iter().copied()))
            .filter(Column::State.ne(ReminderState::Sent.as_str()))
            .exec(&self.inner)
            .await?;
        Ok(())
    }

    /// A mail that was accepted says all that an older one of its kind would have said: the older one needs nobody.
    async fn close_given_up(&self, sent: &Mail, now: DateTime<Utc>) -> Result<(), StoreError> {
        use mails::Column;
        let closed = self.close_mail_task(&not_delivered_key(sent), None, LATER_ARRIVED, now).await?;
        if !closed {
            return Ok(());
        }
        mails::Entity::update_many()
            .col_expr(Column::State, Expr::value(MailState::Cancelled.as_str()))
            .col_expr(Column::CancelledBecause, Expr::value(LATER_ARRIVED))
            .col_expr(Column::ChangedAt, Expr::value(now))
            .filter(Column::Clinic.eq(sent.clinic.as_str()))
            .filter(Column::Kind.eq(sent.kind.as_str()))
            .filter(Column::State.eq(MailState::Failed.as_str()))
            .filter(Column::NextAttemptAt.is_null())
            .filter(Column::LocalDate.lte(sent.local_date))
            .exec(&self.inner)
            .await?;
        Ok(())
    }
}

fn given_up(mail: &Mail, error: &str) -> MailTaskRecord {
    MailTaskRecord {
        key: not_delivered_key(mail),
        clinic: Some(mail.clinic.clone()),
        mail_id: Some(mail.id),
        reason: format!(
            "The {} of {} for clinic `{}` was not delivered: {error}. Tell the clinic what is due by another way, and \
             put right what kept the mail from leaving.",
            mail.kind, mail.local_date, mail.clinic
        ),
    }
}
