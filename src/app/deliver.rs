//! Delivery: claim, commit, look again, send, settle.
//!
//! Before anything leaves, the claim with its counted attempt is committed. What the mail says is read at that
//! moment, not at the moment it was planned: rows of its own clinic only, still planned, still due. A crash at any
//! point leaves a row that the next pass finds, under the same Message-ID.

use std::{sync::Arc, time::Duration};

use chrono::{DateTime, TimeDelta, Utc};
use uuid::Uuid;

use super::{
    compose_digest::{Composed, compose_digest},
    context::Context,
    metrics::{MailOutcome as Counted, Metrics},
};
use crate::{
    mail::{
        message::OutgoingMail,
        settings::Sender,
        transport::{MailTransport, SendError},
    },
    reminders::{
        backoff::{DeliveryVerdict, decide},
        message_id::MessageId,
        reply::FailureClass,
    },
    store::{Mail, MailOutcome, StoreError},
};

/// After this time a digest is handed to a person instead of being tried again.
const GIVE_UP_AFTER: TimeDelta = TimeDelta::hours(24);

/// How mails leave, and under which rules.
#[derive(Debug, Clone)]
pub struct Delivery {
    /// The way out.
    pub transport: Arc<MailTransport>,
    /// Who the mails come from.
    pub sender: Sender,
    /// How long one worker owns a mail.
    pub lease: TimeDelta,
    /// How often one mail is tried.
    pub max_attempts: i64,
    /// Base address of the links.
    pub base_url: String,
    /// Counters.
    pub metrics: Arc<Metrics>,
}

/// What one pass did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct DeliveryReport {
    /// Mails the server took.
    pub sent: u64,
    /// Mails that will be tried again.
    pub retried: u64,
    /// Mails given up; each waits for a person.
    pub failed: u64,
    /// Mails that were not wanted any more.
    pub cancelled: u64,
}

/// Sends everything that is waiting now, one mail after the other, until nothing is or `stopping` says so.
///
/// # Errors
/// As the store's. A mail whose outcome could not be written down is found again when its lease ends.
pub async fn deliver_waiting(
    ctx: &Context,
    delivery: &Delivery,
    stopping: impl Fn() -> bool,
) -> Result<DeliveryReport, StoreError> {
    let worker = ctx.ids.next_id().to_string();
    let mut report = DeliveryReport::default();
    while !stopping() {
        let Some(claim) = ctx.store.claim_mail(&worker, delivery.lease, ctx.now()).await? else { break };
        let outcome = deliver_one(ctx, delivery, &claim).await?;
        count(&outcome, delivery, &mut report);
        match ctx.store.settle_mail(&claim, &outcome, ctx.now()).await {
            // Another worker took the mail over after the lease: it settles it, under the same Message-ID.
            Err(StoreError::Conflict { .. }) => {
                tracing::warn!(mail.id = %claim.id, "the claim on a mail had passed to another worker");
            }
            settled => settled?,
        }
    }
    Ok(report)
}

fn count(outcome: &MailOutcome, delivery: &Delivery, report: &mut DeliveryReport) {
    let (field, counted) = match outcome {
        MailOutcome::Sent { .. } => (&mut report.sent, Some(Counted::Sent)),
        MailOutcome::RetryAt { unknown: true, .. } => (&mut report.retried, Some(Counted::Unknown)),
        MailOutcome::RetryAt { .. } => (&mut report.retried, Some(Counted::Failed)),
        MailOutcome::Failed { .. } => (&mut report.failed, Some(Counted::Failed)),
        MailOutcome::Cancelled { .. } => (&mut report.cancelled, None),
    };
    *field += 1;
    if let Some(counted) = counted {
        delivery.metrics.mail_attempted(counted);
    }
}

async fn deliver_one(ctx: &Context, delivery: &Delivery, claim: &Mail) -> Result<MailOutcome, StoreError> {
    let (rendered, recipient, reminders) = match compose_digest(ctx, &delivery.base_url, claim).await? {
        Composed::Ready { rendered, recipient, reminders } => (rendered, recipient, reminders),
        Composed::NotWanted(because) => return Ok(MailOutcome::Cancelled { because }),
        Composed::Broken(error) => {
            tracing::error!(mail.id = %claim.id, clinic.slug = %claim.clinic, error = %error, "a mail could not be put together");
            return Ok(MailOutcome::Failed { error });
        }
    };
    let message = MessageId::parse(&claim.message_id).map_err(|error| error.to_string()).and_then(|id| {
        OutgoingMail::new(id, &delivery.sender, &recipient, claim.created_at, &rendered)
            .map_err(|error| error.to_string())
    });
    let message = match message {
        Ok(message) => message,
        Err(error) => return Ok(MailOutcome::Failed { error }),
    };
    let sent = send_under_lease(ctx, delivery, claim, &message).await;
    Ok(settle_as(ctx, delivery, claim, sent, reminders))
}

/// Sends while keeping the lease alive, so that a slow server does not make a second worker send the same mail.
async fn send_under_lease(
    ctx: &Context,
    delivery: &Delivery,
    claim: &Mail,
    message: &OutgoingMail,
) -> Result<String, SendError> {
    let beat = delivery.lease.to_std().unwrap_or(Duration::from_secs(60)) / 3;
    let sending = delivery.transport.send(message);
    tokio::pin!(sending);
    loop {
        tokio::select! {
            sent = &mut sending => return sent.map(|accepted| accepted.reply),
            () = tokio::time::sleep(beat) => {
                if let Err(error) = ctx.store.renew_claim(claim, delivery.lease, ctx.now()).await {
                    tracing::warn!(mail.id = %claim.id, error = %error, "the lease on a mail could not be renewed");
                }
            }
        }
    }
}

fn settle_as(
    ctx: &Context,
    delivery: &Delivery,
    claim: &Mail,
    sent: Result<String, SendError>,
    reminders: Vec<Uuid>,
) -> MailOutcome {
    let now = ctx.now();
    let error = match sent {
        Ok(reply) => {
            tracing::info!(mail.id = %claim.id, clinic.slug = %claim.clinic, mail.reminders = reminders.len(), "digest sent");
            return MailOutcome::Sent { reply, at: now, reminders };
        }
        Err(error) => error,
    };
    let text = error.to_string();
    tracing::warn!(mail.id = %claim.id, clinic.slug = %claim.clinic, error.class = error.class.code(), error = %text, "a digest did not leave");
    if claim.attempts >= delivery.max_attempts {
        return MailOutcome::Failed { error: format!("given up after {} attempts: {text}", claim.attempts) };
    }
    verdict_outcome(error.class, claim, ctx.ids.fraction(), now, text)
}

fn verdict_outcome(
    class: FailureClass,
    claim: &Mail,
    fraction: f64,
    now: DateTime<Utc>,
    error: String,
) -> MailOutcome {
    let attempt = u32::try_from(claim.attempts).unwrap_or(u32::MAX);
    match decide(class, attempt, fraction, now, claim.created_at + GIVE_UP_AFTER) {
        DeliveryVerdict::RetryAt(at) => MailOutcome::RetryAt { at, error, unknown: false },
        DeliveryVerdict::UnknownRetryAt(at) => MailOutcome::RetryAt { at, error, unknown: true },
        DeliveryVerdict::AlarmAndRetryAt(at) => {
            tracing::error!(mail.id = %claim.id, error = %error, "mail settings are wrong: correct them, the mail is kept and tried again");
            MailOutcome::RetryAt { at, error, unknown: false }
        }
        DeliveryVerdict::Failed => MailOutcome::Failed { error },
        DeliveryVerdict::OutOfTime { .. } => {
            MailOutcome::Failed { error: format!("no success in time: {error}") }
        }
    }
}
