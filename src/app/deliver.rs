//! Delivery: claim, commit, look again, send, settle.
//!
//! Before anything leaves, the claim with its counted attempt is committed. What the mail says is read at that
//! moment, not at the moment it was planned: rows of its own clinic only, still planned, still due. It is read once
//! more when the server has taken the recipient, directly before the text leaves. A crash at any point leaves a row
//! that the next pass finds, under the same Message-ID.

mod attempt;

use std::{ops::AddAssign, sync::Arc};

use chrono::TimeDelta;
use tokio::task::JoinSet;

use self::attempt::attempt;
use super::{
    context::Context,
    metrics::{MailOutcome as Counted, Metrics},
};
use crate::{
    mail::{settings::Sender, transport::MailTransport},
    store::{FailureKind, MailOutcome, Pace, StoreError},
};

/// How mails leave, and under which rules.
#[derive(Debug, Clone)]
pub struct Delivery {
    /// The way out.
    pub transport: Arc<MailTransport>,
    /// Who the mails come from.
    pub sender: Sender,
    /// How long one worker owns a mail.
    pub lease: TimeDelta,
    /// How often one mail is tried, failures of the mail server as a whole not counted.
    pub max_attempts: i64,
    /// How fast mails may leave.
    pub pace: Pace,
    /// How many mails this process sends at once.
    pub senders: usize,
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
    /// Texts that were no longer so at the last moment; each mail goes out anew.
    pub renewed: u64,
}

impl AddAssign for DeliveryReport {
    fn add_assign(&mut self, other: Self) {
        self.sent += other.sent;
        self.retried += other.retried;
        self.failed += other.failed;
        self.cancelled += other.cancelled;
        self.renewed += other.renewed;
    }
}

/// Sends everything that may leave now, with all senders of this process at once.
///
/// # Errors
/// As [`deliver_waiting`]; the other senders finish first.
pub async fn deliver_with_all_senders(
    ctx: &Context,
    delivery: &Delivery,
    stopping: impl Fn() -> bool + Clone + Send + Sync + 'static,
) -> Result<DeliveryReport, StoreError> {
    let mut senders = JoinSet::new();
    for _ in 0..delivery.senders {
        let (ctx, delivery, stopping) = (ctx.clone(), delivery.clone(), stopping.clone());
        senders.spawn(async move { deliver_waiting(&ctx, &delivery, stopping).await });
    }
    let mut report = DeliveryReport::default();
    let mut first_error = None;
    while let Some(ended) = senders.join_next().await {
        match ended {
            Ok(Ok(own)) => report += own,
            Ok(Err(error)) => first_error = first_error.or(Some(error)),
            Err(_) => {
                let problem = "a sender panicked; its mail is taken up again when its lease ends".to_owned();
                first_error = first_error.or(Some(StoreError::Other { problem }));
            }
        }
    }
    first_error.map_or(Ok(report), Err)
}

/// Sends everything that may leave now, one mail after the other, until nothing may or `stopping` says so.
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
        let claim = ctx.store.claim_mail(&worker, delivery.lease, delivery.pace, ctx.now()).await?;
        let Some(claim) = claim else { break };
        let Some(outcome) = attempt(ctx, delivery, &claim).await? else {
            tracing::warn!(mail.id = %claim.id, "the claim on a mail had passed to another worker: nothing was sent");
            continue;
        };
        match ctx.store.settle_mail(&claim, &outcome, ctx.now()).await {
            // Another worker took the mail over after the lease: it settles it, under the same Message-ID.
            Err(StoreError::Conflict { .. }) => {
                tracing::warn!(mail.id = %claim.id, "the claim on a mail had passed to another worker");
            }
            settled => settled?,
        }
        count(&outcome, delivery, &mut report);
        if outcome == MailOutcome::Withheld {
            break;
        }
    }
    Ok(report)
}

fn count(outcome: &MailOutcome, delivery: &Delivery, report: &mut DeliveryReport) {
    let (field, counted) = match outcome {
        MailOutcome::Sent { .. } => (&mut report.sent, Some(Counted::Sent)),
        MailOutcome::RetryAt { kind: FailureKind::Unknown { .. }, .. } => {
            (&mut report.retried, Some(Counted::Unknown))
        }
        MailOutcome::RetryAt { .. } => (&mut report.retried, Some(Counted::Failed)),
        MailOutcome::Failed { .. } => (&mut report.failed, Some(Counted::Failed)),
        MailOutcome::Cancelled { .. } => (&mut report.cancelled, None),
        MailOutcome::Renewed { .. } => (&mut report.renewed, None),
        MailOutcome::Withheld => return,
    };
    *field += 1;
    if let Some(counted) = counted {
        delivery.metrics.mail_attempted(counted);
    }
}
