//! Mails: the outbox. Claimed, sent, settled; never deleted.
//!
//! Holds no text: a mail is rendered from live data when it is sent.

use sea_orm::entity::prelude::*;

/// One row of `mails`.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "mails")]
pub struct Model {
    /// Identity of the mail.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// Kind of mail, for example `digest`.
    pub kind: String,
    /// Clinic whose rows it carries; never more than one.
    pub clinic: String,
    /// Civil day of the clinic it belongs to.
    pub local_date: Date,
    /// Address it goes to.
    pub recipient: String,
    /// Message-ID header, the same on every attempt.
    pub message_id: String,
    /// `planned`, `claimed`, `sent`, `failed`, `unknown` or `cancelled`.
    pub state: String,
    /// Attempts begun, counted before each one.
    pub attempts: i64,
    /// Earliest instant of the next attempt; null if there will be none.
    pub next_attempt_at: Option<DateTimeUtc>,
    /// Instant the claim lapses.
    pub lease_until: Option<DateTimeUtc>,
    /// Worker that holds or last held it.
    pub claimed_by: Option<String>,
    /// Instant the server took it.
    pub sent_at: Option<DateTimeUtc>,
    /// What the server answered.
    pub server_reply: Option<String>,
    /// Problem of the newest attempt.
    pub last_error: Option<String>,
    /// Why it was not sent after all.
    pub cancelled_because: Option<String>,
    /// What kind of failure the newest attempt met: `refused`, `relay` or `unknown`; null if none so far.
    pub failure_kind: Option<String>,
    /// Attempts that failed on the mail server as a whole and say nothing about this mail.
    pub relay_failures: i64,
    /// Fingerprint of what an attempt said that may have arrived; null if none may have.
    pub content_hash: Option<String>,
    /// Instant the newest report of its failed delivery was read.
    pub bounced_at: Option<DateTimeUtc>,
    /// Status code of that report, for example `5.1.1`.
    pub bounce_status: Option<String>,
    /// Instant it was queued.
    pub created_at: DateTimeUtc,
    /// Instant of its newest change.
    pub changed_at: DateTimeUtc,
}

impl ActiveModelBehavior for ActiveModel {}
