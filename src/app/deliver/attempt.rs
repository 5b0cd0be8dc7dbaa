//! One attempt with one mail, and what follows from it. Writes nothing but the sign of life of the lease.

use std::{
    sync::{Mutex, PoisonError},
    time::Duration,
};

use chrono::{DateTime, TimeDelta, Utc};
use uuid::Uuid;

use super::Delivery;
use crate::{
    app::{
        compose_digest::{Composed, compose_digest},
        context::Context,
        enqueue_digests::new_message_id,
    },
    mail::{message::OutgoingMail, transport::SendError},
    reminders::{
        backoff::{DeliveryVerdict, decide},
        message_id::MessageId,
    },
    store::{FailureKind, Mail, MailOutcome, StoreError},
};

/// After this time a digest is handed to a person instead of being tried again.
const GIVE_UP_AFTER: TimeDelta = TimeDelta::hours(24);
/// Why a text is not sent any more.
const NO_LONGER_SO: &str = "what it said was no longer so";

/// What the last look found against sending.
enum Objection {
    /// The claim has ended: another worker may be sending this very mail.
    ClaimEnded,
    /// Somebody stopped mail.
    Stopped,
    /// The text is no longer what the registry says.
    Changed,
    /// It is not wanted at all any more.
    NotWanted(String),
    /// The registry did not answer.
    Unreadable(StoreError),
}

/// Does one attempt; `None` if the claim had ended before anything left.
pub(super) async fn attempt(
    ctx: &Context,
    delivery: &Delivery,
    claim: &Mail,
) -> Result<Option<MailOutcome>, StoreError> {
    // An attempt that never came to its end ended the process: one too many, and a person has to look.
    if tries(claim) > delivery.max_attempts {
        let error = format!("given up: {} attempts did not come to an end", delivery.max_attempts);
        return Ok(Some(MailOutcome::Failed { error, suspect: false }));
    }
    let (rendered, recipient, reminders, content_hash) = match compose_digest(ctx, &delivery.base_url, claim)
        .await?
    {
        Composed::Ready { rendered, recipient, reminders, content_hash } => {
            (rendered, recipient, reminders, content_hash)
        }
        Composed::NotWanted(because) => return Ok(Some(MailOutcome::Cancelled { because })),
        Composed::Broken(error) => {
            tracing::error!(mail.id = %claim.id, clinic.slug = %claim.clinic, error = %error, "a mail could not be put together");
            return Ok(Some(MailOutcome::Failed { error, suspect: false }));
        }
    };
    // Another text under the Message-ID of one that may have arrived would be folded into it by mail programs.
    if claim.content_hash.as_ref().is_some_and(|said| *said != content_hash) {
        return renewed(ctx, delivery, claim).map(Some);
    }
    let message = MessageId::parse(&claim.message_id).map_err(|error| error.to_string()).and_then(|id| {
        OutgoingMail::new(id, &delivery.sender, &recipient, claim.created_at, &rendered)
            .map_err(|error| error.to_string())
    });
    let message = match message {
        Ok(message) => message,
        Err(error) => return Ok(Some(MailOutcome::Failed { error, suspect: false })),
    };
    let objection = Mutex::new(None);
    let last_look = async {
        let found = look_again(ctx, delivery, claim, &content_hash).await;
        let go = found.is_none();
        *objection.lock().unwrap_or_else(PoisonError::into_inner) = found;
        go
    };
    let sent = send_under_lease(ctx, delivery, claim, &message, last_look).await;
    let objection = objection.into_inner().unwrap_or_else(PoisonError::into_inner);
    match (sent, objection) {
        (Ok(Some(reply)), _) => Ok(Some(sent_as(ctx, claim, reply, reminders))),
        (Ok(None), Some(objection)) => objected(ctx, delivery, claim, objection),
        // The way out said no by itself; it never does without having asked.
        (Ok(None), None) => Ok(None),
        (Err(error), _) => Ok(Some(failed(ctx, delivery, claim, &error, content_hash))),
    }
}

/// Attempts that were about this mail.
const fn tries(claim: &Mail) -> i64 {
    claim.attempts - claim.relay_failures
}

/// The last look before the text leaves.
async fn look_again(
    ctx: &Context,
    delivery: &Delivery,
    claim: &Mail,
    content_hash: &str,
) -> Option<Objection> {
    let look = async {
        if !ctx.store.holds_claim(claim).await? {
            return Ok(Some(Objection::ClaimEnded));
        }
        let stops = ctx.store.mail_stops().await?;
        if stops.iter().any(|stop| stop.clinic.as_ref().is_none_or(|clinic| *clinic == claim.clinic)) {
            return Ok(Some(Objection::Stopped));
        }
        Ok(match compose_digest(ctx, &delivery.base_url, claim).await? {
            Composed::Ready { content_hash: now, .. } if now == content_hash => None,
            Composed::Ready { .. } | Composed::Broken(_) => Some(Objection::Changed),
            Composed::NotWanted(because) => Some(Objection::NotWanted(because)),
        })
    };
    look.await.unwrap_or_else(|error| Some(Objection::Unreadable(error)))
}

fn objected(
    ctx: &Context,
    delivery: &Delivery,
    claim: &Mail,
    objection: Objection,
) -> Result<Option<MailOutcome>, StoreError> {
    match objection {
        Objection::ClaimEnded => Ok(None),
        Objection::Stopped => Ok(Some(MailOutcome::Withheld)),
        Objection::Changed => renewed(ctx, delivery, claim).map(Some),
        Objection::NotWanted(because) => Ok(Some(MailOutcome::Cancelled { because })),
        Objection::Unreadable(error) => Err(error),
    }
}

/// The text is withdrawn with its Message-ID, and the mail goes out anew with what is so now.
fn renewed(ctx: &Context, delivery: &Delivery, claim: &Mail) -> Result<MailOutcome, StoreError> {
    if tries(claim) >= delivery.max_attempts {
        let error = format!("given up after {} attempts: {NO_LONGER_SO} each time", claim.attempts);
        return Ok(MailOutcome::Failed { error, suspect: false });
    }
    tracing::info!(mail.id = %claim.id, clinic.slug = %claim.clinic, "a digest changed before it left: it is written anew");
    let message_id = new_message_id(ctx, claim.id)?.as_str().to_owned();
    Ok(MailOutcome::Renewed { message_id, because: NO_LONGER_SO.to_owned() })
}

/// Sends while keeping the lease alive, so that a slow server does not make a second worker send the same mail.
async fn send_under_lease(
    ctx: &Context,
    delivery: &Delivery,
    claim: &Mail,
    message: &OutgoingMail,
    last_look: impl Future<Output = bool> + Send,
) -> Result<Option<String>, SendError> {
    let beat = delivery.lease.to_std().unwrap_or(Duration::from_secs(60)) / 3;
    let sending = delivery.transport.send_if(message, last_look);
    tokio::pin!(sending);
    loop {
        tokio::select! {
            sent = &mut sending => return sent.map(|accepted| accepted.map(|accepted| accepted.reply)),
            () = tokio::time::sleep(beat) => {
                if let Err(error) = ctx.store.renew_claim(claim, delivery.lease, ctx.now()).await {
                    tracing::warn!(mail.id = %claim.id, error = %error, "the lease on a mail could not be renewed");
                }
            }
        }
    }
}

fn sent_as(ctx: &Context, claim: &Mail, reply: String, reminders: Vec<Uuid>) -> MailOutcome {
    tracing::info!(mail.id = %claim.id, clinic.slug = %claim.clinic, mail.reminders = reminders.len(), "digest sent");
    MailOutcome::Sent { reply, at: ctx.now(), reminders }
}

fn failed(
    ctx: &Context,
    delivery: &Delivery,
    claim: &Mail,
    error: &SendError,
    content_hash: String,
) -> MailOutcome {
    let text = error.to_string();
    tracing::warn!(mail.id = %claim.id, clinic.slug = %claim.clinic, error.class = error.class.code(), error = %text, "a digest did not leave");
    let is_relay = error.is_relay_failure();
    if !is_relay && tries(claim) >= delivery.max_attempts {
        let error = format!("given up after {} attempts: {text}", tries(claim));
        return MailOutcome::Failed { error, suspect: false };
    }
    // A mail server that is away is a task of its own; the mail waits for it as long as it takes, or for a later one.
    let give_up_at = if is_relay { DateTime::<Utc>::MAX_UTC } else { claim.created_at + GIVE_UP_AFTER };
    let attempt = u32::try_from(claim.attempts).unwrap_or(u32::MAX);
    let at_fault = if is_relay { FailureKind::Relay } else { FailureKind::Refused };
    match decide(error.class, attempt, ctx.ids.fraction(), ctx.now(), give_up_at) {
        DeliveryVerdict::RetryAt(at) => MailOutcome::RetryAt { at, error: text, kind: at_fault },
        DeliveryVerdict::UnknownRetryAt(at) => {
            MailOutcome::RetryAt { at, error: text, kind: FailureKind::Unknown { content_hash } }
        }
        DeliveryVerdict::AlarmAndRetryAt(at) => {
            tracing::error!(mail.id = %claim.id, error = %text, "mail settings are wrong: correct them, the mail is kept and tried again");
            MailOutcome::RetryAt { at, error: text, kind: at_fault }
        }
        DeliveryVerdict::Failed => MailOutcome::Failed { error: text, suspect: error.suspect_address },
        DeliveryVerdict::OutOfTime { .. } => {
            MailOutcome::Failed { error: format!("no success in time: {text}"), suspect: false }
        }
    }
}
