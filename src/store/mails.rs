//! The outbox: claim, commit, send, settle.
//!
//! An attempt is counted and committed before it begins, so a mail that kills its worker cannot do
//! so for ever. A claim is a lease: if the worker is gone the mail becomes claimable again, and the
//! old worker can no longer settle it. Nothing here sends anything or decides when to retry.

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use entities::{mails, reminders};
use sea_orm::{
    ActiveModelTrait, ActiveValue::Set, ColumnTrait, EntityTrait, FromQueryResult, QueryFilter, Statement,
    TryInsertResult, sea_query::Expr,
};
use uuid::Uuid;

use super::{
    Backend, Store, WriteTransaction,
    batches::changed_one,
    error::{InTable, StoreError},
    reminders::ReminderState,
    transaction::stored_at,
};

/// Where a mail stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MailState {
    /// Waits for its first attempt.
    Planned,
    /// A worker is sending it.
    Claimed,
    /// The server took it.
    Sent,
    /// The newest attempt failed; whether another follows says `next_attempt_at`.
    Failed,
    /// The connection broke after the text was handed over: sent or not, nobody knows.
    Unknown,
    /// Not wanted after all.
    Cancelled,
}

impl MailState {
    const ALL: [Self; 6] =
        [Self::Planned, Self::Claimed, Self::Sent, Self::Failed, Self::Unknown, Self::Cancelled];

    /// The stored word.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Planned => "planned",
            Self::Claimed => "claimed",
            Self::Sent => "sent",
            Self::Failed => "failed",
            Self::Unknown => "unknown",
            Self::Cancelled => "cancelled",
        }
    }
}

/// A mail to queue. At most one exists per kind, clinic, local date and recipient.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewMail {
    /// Identity.
    pub id: Uuid,
    /// Kind of mail.
    pub kind: String,
    /// Clinic whose rows it carries.
    pub clinic: String,
    /// Civil day of the clinic.
    pub local_date: NaiveDate,
    /// Address.
    pub recipient: String,
    /// Message-ID header for every attempt; unique.
    pub message_id: String,
    /// Instant of queueing.
    pub created_at: DateTime<Utc>,
    /// Earliest instant of the first attempt.
    pub next_attempt_at: DateTime<Utc>,
}

/// A stored mail. One returned by [`Store::claim_mail`] is also the proof of the claim.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mail {
    /// Identity.
    pub id: Uuid,
    /// Kind of mail.
    pub kind: String,
    /// Clinic whose rows it carries.
    pub clinic: String,
    /// Civil day of the clinic.
    pub local_date: NaiveDate,
    /// Address.
    pub recipient: String,
    /// Message-ID header for every attempt.
    pub message_id: String,
    /// Instant it was written down; the same in the header of every attempt.
    pub created_at: DateTime<Utc>,
    /// Where it stands.
    pub state: MailState,
    /// Attempts begun.
    pub attempts: i64,
    /// Earliest instant of the next attempt; `None` if there will be none.
    pub next_attempt_at: Option<DateTime<Utc>>,
    /// Instant the claim lapses.
    pub lease_until: Option<DateTime<Utc>>,
    /// Worker that holds or last held it.
    pub claimed_by: Option<String>,
    /// Instant the server took it.
    pub sent_at: Option<DateTime<Utc>>,
    /// What the server answered.
    pub server_reply: Option<String>,
    /// Problem of the newest failed attempt.
    pub last_error: Option<String>,
    /// Why it was cancelled.
    pub cancelled_because: Option<String>,
}

impl TryFrom<mails::Model> for Mail {
    type Error = StoreError;

    fn try_from(row: mails::Model) -> Result<Self, StoreError> {
        let state =
            MailState::ALL.into_iter().find(|state| state.as_str() == row.state).ok_or_else(|| {
                StoreError::inconsistent("mails", row.id, "state", format!("`{}` is no state", row.state))
            })?;
        Ok(Self {
            id: row.id,
            kind: row.kind,
            clinic: row.clinic,
            local_date: row.local_date,
            recipient: row.recipient,
            message_id: row.message_id,
            created_at: row.created_at,
            state,
            attempts: row.attempts,
            next_attempt_at: row.next_attempt_at,
            lease_until: row.lease_until,
            claimed_by: row.claimed_by,
            sent_at: row.sent_at,
            server_reply: row.server_reply,
            last_error: row.last_error,
            cancelled_because: row.cancelled_because,
        })
    }
}

/// How an attempt ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MailOutcome {
    /// The server took it.
    Sent {
        /// What it answered.
        reply: String,
        /// Instant of the answer.
        at: DateTime<Utc>,
        /// Reminders the mail carried; they become sent in the same commit, even where a new plan
        /// cancelled one while the mail was under way.
        reminders: Vec<Uuid>,
    },
    /// It has to be tried again.
    RetryAt {
        /// Earliest instant of the next attempt.
        at: DateTime<Utc>,
        /// What went wrong.
        error: String,
        /// True if the server may have taken it.
        unknown: bool,
    },
    /// It will not be tried again.
    Failed {
        /// What went wrong.
        error: String,
    },
    /// It is not wanted after all.
    Cancelled {
        /// Why not.
        because: String,
    },
}

// Both databases number parameters with `$`. The oldest due attempt comes first.
const CLAIMABLE: &str = "
    SELECT * FROM mails
    WHERE (state IN ('planned', 'failed', 'unknown') AND next_attempt_at <= $1)
        OR (state = 'claimed' AND lease_until <= $1)
    ORDER BY next_attempt_at, id LIMIT 1";

impl WriteTransaction {
    /// Queues a mail; false if the same kind, clinic, day and recipient has one already.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] if identity or Message-ID belong to another mail.
    pub async fn enqueue_mail(&self, mail: &NewMail) -> Result<bool, StoreError> {
        use mails::Column;
        let created_at = stored_at(mail.created_at);
        let row = mails::ActiveModel {
            id: Set(mail.id),
            kind: Set(mail.kind.clone()),
            clinic: Set(mail.clinic.clone()),
            local_date: Set(mail.local_date),
            recipient: Set(mail.recipient.clone()),
            message_id: Set(mail.message_id.clone()),
            state: Set(MailState::Planned.as_str().to_owned()),
            attempts: Set(0),
            next_attempt_at: Set(Some(stored_at(mail.next_attempt_at))),
            lease_until: Set(None),
            claimed_by: Set(None),
            sent_at: Set(None),
            server_reply: Set(None),
            last_error: Set(None),
            cancelled_because: Set(None),
            created_at: Set(created_at),
            changed_at: Set(created_at),
        };
        let same_mail = [Column::Kind, Column::Clinic, Column::LocalDate, Column::Recipient];
        let inserted = mails::Entity::insert(row)
            .on_conflict_do_nothing_on(same_mail)
            .exec_without_returning(&self.inner)
            .await?;
        Ok(matches!(inserted, TryInsertResult::Inserted(1)))
    }
}

impl Store {
    /// Claims the mail whose attempt is due longest, or none. The attempt is counted and committed
    /// when this returns. `worker` should name one claim loop of one process.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`], [`StoreError::Inconsistent`].
    pub async fn claim_mail(
        &self,
        worker: &str,
        lease: TimeDelta,
        now: DateTime<Utc>,
    ) -> Result<Option<Mail>, StoreError> {
        let now = stored_at(now);
        let tx = self.writer().await?;
        // SQLite is locked by the transaction as a whole; PostgreSQL passes over rows being claimed.
        let lock = if self.backend() == Backend::Postgres { " FOR UPDATE SKIP LOCKED" } else { "" };
        let statement =
            Statement::from_sql_and_values(self.sql_dialect(), format!("{CLAIMABLE}{lock}"), [now.into()]);
        let found = mails::Model::find_by_statement(statement).one(&tx.inner).await.in_table("mails")?;
        let Some(row) = found else {
            tx.rollback().await?;
            return Ok(None);
        };
        let claimed = mails::ActiveModel {
            id: Set(row.id),
            state: Set(MailState::Claimed.as_str().to_owned()),
            attempts: Set(row.attempts + 1),
            lease_until: Set(Some(now + lease)),
            claimed_by: Set(Some(worker.to_owned())),
            changed_at: Set(now),
            ..Default::default()
        };
        let mail = Mail::try_from(claimed.update(&tx.inner).await.in_table("mails")?)?;
        tx.commit().await?;
        Ok(Some(mail))
    }

    /// Records how the attempt ended, with the reminders it carried, in one commit.
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
        let tx = self.writer().await?;
        tx.settle_mail(claim, outcome, now).await?;
        tx.commit().await
    }

    /// The mail with this identity.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`], [`StoreError::Inconsistent`].
    pub async fn find_mail(&self, id: Uuid) -> Result<Option<Mail>, StoreError> {
        mails::Entity::find_by_id(id).one(&self.read).await.in_table("mails")?.map(Mail::try_from).transpose()
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
        let now = stored_at(now);
        let settled = mails::Entity::update_many().col_expr(Column::ChangedAt, Expr::value(now));
        let state = |state: MailState| Expr::value(state.as_str());
        let none_follows = || Expr::value(None::<DateTime<Utc>>);
        let settled = match outcome {
            MailOutcome::Sent { reply, at, .. } => settled
                .col_expr(Column::State, state(MailState::Sent))
                .col_expr(Column::SentAt, Expr::value(stored_at(*at)))
                .col_expr(Column::ServerReply, Expr::value(reply.as_str()))
                .col_expr(Column::NextAttemptAt, none_follows()),
            MailOutcome::RetryAt { at, error, unknown } => settled
                .col_expr(Column::State, state(if *unknown { MailState::Unknown } else { MailState::Failed }))
                .col_expr(Column::NextAttemptAt, Expr::value(stored_at(*at)))
                .col_expr(Column::LastError, Expr::value(error.as_str())),
            MailOutcome::Failed { error } => settled
                .col_expr(Column::State, state(MailState::Failed))
                .col_expr(Column::NextAttemptAt, none_follows())
                .col_expr(Column::LastError, Expr::value(error.as_str())),
            MailOutcome::Cancelled { because } => settled
                .col_expr(Column::State, state(MailState::Cancelled))
                .col_expr(Column::NextAttemptAt, none_follows())
                .col_expr(Column::CancelledBecause, Expr::value(because.as_str())),
        };
        let done = settled
            .col_expr(Column::LeaseUntil, none_follows())
            .filter(Column::Id.eq(claim.id))
            .filter(Column::State.eq(MailState::Claimed.as_str()))
            .filter(Column::ClaimedBy.eq(claim.claimed_by.clone()))
            .filter(Column::Attempts.eq(claim.attempts))
            .exec(&self.inner)
            .await?;
        changed_one(done.rows_affected, "the claim on this mail has passed to another attempt")?;
        match outcome {
            MailOutcome::Sent { reminders, .. } => self.mark_sent(reminders, claim.id, now).await,
            _ => Ok(()),
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
}
