//! Writes down one digest a day per clinic, also when nothing is due: silence must mean failure.

use chrono::{DateTime, NaiveDate, TimeZone, Utc};

use super::context::Context;
use crate::{
    config::ClinicSettings,
    reminders::message_id::MessageId,
    store::{NewMail, StoreError},
};

/// The kind of mail.
pub const DIGEST: &str = "digest";

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
    /// New rows; a clinic that has today's already counts as none.
    pub queued: u64,
    /// Clinics with patients but nobody to send to.
    pub without_recipient: Vec<String>,
}

/// Writes a digest row for each clinic that is configured or has patients, once per clinic, local day and recipient.
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
        let recipient =
            ctx.clinics.get(&slug).and_then(|clinic| Some((clinic, clinic.coordinator_email.as_ref()?)));
        let Some((clinic, recipient)) = recipient else {
            tracing::error!(clinic.slug = %slug, "a clinic has patients but nobody to send to: set its coordinator_email");
            result.without_recipient.push(slug);
            continue;
        };
        let local_date = as_of.unwrap_or_else(|| ctx.today_at(&slug));
        if queue(ctx, &slug, clinic, recipient.as_ref(), local_date, time).await? {
            result.queued += 1;
        }
    }
    Ok(result)
}

async fn queue(
    ctx: &Context,
    slug: &str,
    clinic: &ClinicSettings,
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
        kind: DIGEST.to_owned(),
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
