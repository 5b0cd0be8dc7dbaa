//! Reads a mailbox of failed deliveries: each mail that came back puts its address in doubt and asks a person, once.

use std::{io, path::Path};

use thiserror::Error;

use super::context::Context;
use crate::{
    mail::bounces::{Report, for_each_message, read_report},
    store::StoreError,
};

/// What a mailbox held.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct BounceCounts {
    /// Messages of any kind.
    pub messages: u64,
    /// Mails of ours that came back and were not known to.
    pub new: u64,
    /// Mails of ours that were known to have come back.
    pub known: u64,
    /// Reports of a delivery that is late or was done: nothing follows.
    pub passing: u64,
    /// Reports about messages that are not in this registry.
    pub foreign: u64,
}

/// Why a mailbox could not be read to its end. What was read is recorded.
#[derive(Debug, Error)]
pub enum ReadBouncesError {
    /// The mailbox itself.
    #[error("the mailbox cannot be read ({0}); check its path and its permissions")]
    Mailbox(#[from] io::Error),
    /// The registry.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Reads a mailbox and records what came back, each mail in a commit of its own. Reading it again changes nothing.
///
/// # Errors
/// See [`ReadBouncesError`].
pub async fn read_bounces(ctx: &Context, mailbox: &Path) -> Result<BounceCounts, ReadBouncesError> {
    let path = mailbox.to_owned();
    let (messages, reports, end) = tokio::task::spawn_blocking(move || {
        let (mut messages, mut reports) = (0, Vec::new());
        let end = for_each_message(&path, |bytes| {
            messages += 1;
            reports.extend(read_report(bytes));
        });
        (messages, reports, end)
    })
    .await
    .map_err(io::Error::other)?;
    let mut counts = BounceCounts { messages, ..BounceCounts::default() };
    for report in reports {
        *record(ctx, &report, &mut counts).await? += 1;
    }
    end?;
    Ok(counts)
}

async fn record<'a>(
    ctx: &Context,
    report: &Report,
    counts: &'a mut BounceCounts,
) -> Result<&'a mut u64, StoreError> {
    if !report.is_final {
        return Ok(&mut counts.passing);
    }
    let Some(mail) = ctx.store.mail_of_message_id(&report.message_id).await? else {
        return Ok(&mut counts.foreign);
    };
    let tx = ctx.store.writer().await?;
    let is_new = tx.mail_bounced(&mail, &report.status.to_string(), ctx.now()).await?;
    tx.commit().await?;
    if is_new {
        tracing::error!(mail.id = %mail.id, clinic.slug = %mail.clinic, mail.status = %report.status, "a mail came back: its address is in doubt and a person is asked");
    }
    Ok(if is_new { &mut counts.new } else { &mut counts.known })
}
