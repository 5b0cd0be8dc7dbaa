//! Writes down the mails of a day: one digest per clinic, also when nothing is due, because silence must mean failure;
//! and an escalation for each role that a step has newly reached.

use chrono::{DateTime, NaiveDate, TimeZone, Utc};

use super::{context::Context, recipient::Recipient};
use crate::{
    config::ClinicSettings,
    reminders::message_id::MessageId,
    store::{NewMail, StoreError},
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
    for slug in ctx.store.clinics().await? {
        let clinic = ctx.clinics.get(&slug);
        let Some(clinic) = clinic.filter(|clinic| clinic.coordinator_email.is_some()) else {
            tracing::error!(clinic.slug = %slug, "a clinic has patients but nobody to send to: set its coordinator_email");
            result.without_recipient.push(slug);
            continue;
        };
        let local_date = as_of.unwrap_or_else(|| ctx.today_at(&slug));
        let due = ctx.store.reminders_due(&slug, local_date).await?;
        for role in Recipient::ALL {
            let Some(address) = role.address(clinic) else { continue };
            let reached = due.iter().any(|row| row.slot_open == Some(true) && row.recipient == role.code());
            if (role == Recipient::Coordinator || reached)
                && queue(ctx, &slug, clinic, role, address.as_ref(), local_date, time).await?
            {
                result.queued += 1;
            }
        }
    }
    Ok(result)
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
    // The id is hashed with a key nobody keeps, so that the Message-ID says nothing; it is stored, hence stable.
    let key = [ctx.ids.next_id().into_bytes(), ctx.ids.next_id().into_bytes()].concat();
    let domain = ctx.message_id_domain.as_ref();
    let message_id = MessageId::derive(&key, id, domain)
        .map_err(|error| StoreError::Other { problem: error.to_string() })?;
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

/// The instant of the clinic's digest hour on a civil day; in a gap of the clock the next hour that exists.
fn opens_at(clinic: &ClinicSettings, local_date: NaiveDate) -> Option<DateTime<Utc>> {
    (clinic.digest_hour..24)
        .filter_map(|hour| local_date.and_hms_opt(hour, 0, 0))
        .find_map(|local| clinic.time_zone.from_local_datetime(&local).earliest())
        .map(|instant| instant.with_timezone(&Utc))
}
