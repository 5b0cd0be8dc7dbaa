//! The outbox: what a mail is, and how it gets there. Taking one up is in `claims`, the end of an attempt in `settling`.

use chrono::{DateTime, NaiveDate, Utc};
use entities::mails;
use sea_orm::{ActiveValue::Set, EntityTrait, TryInsertResult};
use uuid::Uuid;

use super::{
    Store, WriteTransaction,
    error::{InTable, StoreError},
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
    /// Attempts that failed on the mail server as a whole and say nothing about this mail.
    pub relay_failures: i64,
    /// Fingerprint of what an attempt said that may have arrived; `None` if none may have.
    pub content_hash: Option<String>,
    /// Instant the newest report of its failed delivery was read.
    pub bounced_at: Option<DateTime<Utc>>,
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
            relay_failures: row.relay_failures,
            content_hash: row.content_hash,
            bounced_at: row.bounced_at,
        })
    }
}

/// What kind of failure an attempt met.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FailureKind {
    /// This mail was refused for now.
    Refused,
    /// The mail server as a whole did not work: it says nothing about this mail.
    Relay,
    /// The mail may have arrived.
    Unknown {
        /// Fingerprint of what it said.
        content_hash: String,
    },
}

impl FailureKind {
    /// The stored word.
    #[must_use]
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Refused => "refused",
            Self::Relay => "relay",
            Self::Unknown { .. } => "unknown",
        }
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
        /// What kind of failure that was.
        kind: FailureKind,
    },
    /// It will not be tried again; a person gets a task in the same commit.
    Failed {
        /// What went wrong.
        error: String,
        /// Whether the address itself is in doubt: then nothing is sent to it until a person has looked.
        suspect: bool,
    },
    /// It is not wanted after all.
    Cancelled {
        /// Why not.
        because: String,
    },
    /// What it said is no longer so: it goes out anew under another Message-ID.
    Renewed {
        /// The Message-ID from now on.
        message_id: String,
        /// What changed.
        because: String,
    },
    /// A stop came between taking it up and sending it: it waits until the stop is lifted.
    Withheld,
}

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
            failure_kind: Set(None),
            relay_failures: Set(0),
            content_hash: Set(None),
            bounced_at: Set(None),
            bounce_status: Set(None),
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
    /// The mail with this identity.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`], [`StoreError::Inconsistent`].
    pub async fn find_mail(&self, id: Uuid) -> Result<Option<Mail>, StoreError> {
        mails::Entity::find_by_id(id).one(&self.read).await.in_table("mails")?.map(Mail::try_from).transpose()
    }
}
