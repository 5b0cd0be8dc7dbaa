//! Writes down the mails of a day: one digest per clinic, also when nothing is due, because silence must mean failure;
//! and an escalation for each role that a step has newly reached.

use std::collections::HashSet;

use chrono::{DateTime, NaiveDate, TimeZone, Utc};
use uuid::Uuid;

use super::{context::Context, recipient::Recipient};
use crate::{
    config::ClinicSettings,
    reminders::message_id::MessageId,
    store::{MailTaskRecord, NewMail, StoreError},
};

/// When a digest may leave.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DigestTime {
    /// At once: a run started by hand.
    Now,
    /// From the clinic's own hour on: the nightly run.
    ClinicHour,
}

/// What was written down.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct QueuedDigests {
    /// New rows; what was written down for the day before counts as none.
    pub queued: u64,
    /// Clinics with patients but nobody to send to.
    pub without_recipient: Vec<String>,
}

/// Writes the mail rows of each clinic that has patients, once per clinic, local day, kind and recipient.
///
/// # Errors
/// As the store's.
pub async fn enqueue_digests(
    ctx: &Context,
    as_of: Option<NaiveDate>,
    time: DigestTime,
) -> Result<QueuedDigests, StoreError> {
    let mut result = QueuedDigests::default();
    let asked: HashSet<_> = ctx.store.mail_tasks().await?.into_iter().map(|task| task.record.key).collect();
    for slug in ctx.store.clinics().await? {
        let clinic = ctx.clinics.get(&slug);
        if clinic.is_none_or(|clinic| clinic.coordinator_email.is_none()) {
            tracing::error!(clinic.slug = %slug, "a clinic has patients but nobody to send to: set its coordinator_email");
            result.without_recipient.push(slug.clone());
        }
        let local_date = as_of.unwrap_or_else(|| ctx.today_at(&slug));
        let due = ctx.store.reminders_due(&slug, local_date).await?;
        for role in Recipient::ALL {
            let reached = role == Recipient::Coordinator
                || due.iter().any(|row| row.slot_open == Some(true) && row.recipient == role.code());
            let address = clinic.and_then(|clinic| Some((clinic, role.address(clinic)?)));
            let key = format!("nobody-to-send-to {slug} {}", role.code());
            if address.is_none() && reached && !asked.contains(&key) {
                ask_for_recipient(ctx, &slug, role, key).await?;
            } else if address.is_some() && asked.contains(&key) {
                let tx = ctx.store.writer().await?;
                tx.close_mail_task(&key, None, "an address is set", ctx.now()).await?;
                tx.commit().await?;
            }
            if let Some((clinic, address)) = address.filter(|_| reached)
                && queue(ctx, &slug, clinic, role, address.as_ref(), local_date, time).await?
            {
                result.queued += 1;
            }
        }
    }
    Ok(result)
}

/// Asks a person where a mail is wanted and nobody is named to receive it.
async fn ask_for_recipient(
    ctx: &Context,
    slug: &str,
    role: Recipient,
    key: String,
) -> Result<(), StoreError> {
    let task = MailTaskRecord {
        key,
        clinic: Some(slug.to_owned()),
        mail_id: None,
        reason: format!(
            "Clinic `{slug}` has nobody to receive the {}: set clinics.{slug}.{}. Until then tell the clinic what is due \
             by another way.",
            role.mail_kind(),
            role.setting()
        ),
    };
    let tx = ctx.store.writer().await?;
    tx.open_mail_task(&task, ctx.now()).await?;
    tx.commit().await
}

async fn queue(
    ctx: &Context,
    slug: &str,
    clinic: &ClinicSettings,
    role: Recipient,
    recipient: &str,
    local_date: NaiveDate,
    time: DigestTime,
) -> Result<bool, StoreError> {
    let id = ctx.ids.next_id();
    let message_id = new_message_id(ctx, id)?;
    let now = ctx.now();
    let next_attempt_at = match time {
        DigestTime::Now => now,
        DigestTime::ClinicHour => opens_at(clinic, local_date).unwrap_or(now),
    };
    let mail = NewMail {
        id,
        kind: role.mail_kind().to_owned(),
        clinic: slug.to_owned(),
        local_date,
        recipient: recipient.to_owned(),
        message_id: message_id.as_str().to_owned(),
        next_attempt_at,
        created_at: now,
    };
    let tx = ctx.store.writer().await?;
    let queued = tx.enqueue_mail(&mail).await?;
    tx.commit().await?;
    Ok(queued)
}

/// A Message-ID that says nothing: the id is hashed with a key nobody keeps. It is stored, hence stable.
pub(super) fn new_message_id(ctx: &Context, id: Uuid) -> Result<MessageId, StoreError> {
    let key = [ctx.ids.next_id().into_bytes(), ctx.ids.next_id().into_bytes()].concat();
    MessageId::derive(&key, id, &ctx.message_id_domain)
        .map_err(|error| StoreError::Other { problem: error.to_string() })
}

/// The instant of the clinic's digest hour on a civil day; in a gap of the clock the next hour that exists.
fn opens_at(clinic: &ClinicSettings, local_date: NaiveDate) -> Option<DateTime<Utc>> {
    (clinic.digest_hour..24)
        .filter_map(|hour| local_date.and_hms_opt(hour, 0, 0))
        .find_map(|local| clinic.time_zone.from_local_datetime(&local).earliest())
        .map(|instant| instant.with_timezone(&Utc))
}
