//! The nightly run: every patient is read, assessed, planned and saved; then the day's digests are written down.
//!
//! What is due comes from the facts, not from a chain of jobs: a missed night changes nothing, and a second run on
//! one day adds nothing. A patient that cannot be assessed or is held by another writer does not stop the others; it
//! is counted and named. The run gives up only when the registry itself seems to be away.

mod page;
mod patients;

use std::{future::Future, time::Duration};

use chrono::{DateTime, NaiveDate, Utc};
use serde::Serialize;
use thiserror::Error;
use uuid::Uuid;

use super::{
    context::Context,
    enqueue_digests::{DigestTime, enqueue_digests},
};
use crate::store::{NewRun, RunEnd, RunOutcome, StoreError};

/// The waits before a step is tried again that the registry had no time for.
const PAUSES: [Duration; 3] =
    [Duration::from_millis(200), Duration::from_millis(400), Duration::from_millis(800)];
/// The kind of the nightly run in the journal.
pub const RUN_KIND: &str = "sweep";
/// The kind of a run for another day than today: it neither counts as the night's run nor gets in its way.
pub const OTHER_DAY_RUN_KIND: &str = "sweep-as-of";
/// Why a run ended early, in the journal: the service was stopped.
pub(super) const STOPPED: &str = "stopped";

/// What a run did.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct SweepReport {
    /// Patients looked at.
    pub patients: u64,
    /// Of them, followed.
    pub followed: u64,
    /// Of them, whose decisions changed and were written.
    pub changed: u64,
    /// Patients that could not be assessed; their earlier plan stands.
    pub failed: u64,
    /// Digests written down for sending.
    pub digests: u64,
    /// Clinics with patients but without anybody to send to.
    pub clinics_without_recipient: Vec<String>,
    /// Study ids of followed patients without next CT, open task or recorded end. Anything here is an incident.
    pub unaccounted: Vec<String>,
}

impl SweepReport {
    /// Whether every patient was handled and nobody is lost.
    #[must_use]
    pub const fn is_sound(&self) -> bool {
        self.failed == 0 && self.unaccounted.is_empty()
    }
}

/// Why a run did not get to its end.
#[derive(Debug, Error)]
pub enum SweepError {
    /// The registry did not answer any more, or refused a statement.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// It was asked to stop.
    #[error("the run was stopped before its end; it is repeated at the next start")]
    Stopped,
}

/// The end of a run as the journal keeps it, as JSON.
#[derive(Serialize)]
struct Summary<'a> {
    #[serde(flatten)]
    report: &'a SweepReport,
    /// A fixed word where the run did not get to its end.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'static str>,
}

/// Whether `as_of` is another day than today at one of the clinics, or in the service's own zone.
///
/// # Errors
/// As the store's.
pub async fn is_other_day(ctx: &Context, as_of: Option<NaiveDate>) -> Result<bool, StoreError> {
    let Some(day) = as_of else { return Ok(false) };
    let clinics = ctx.store.clinics().await?;
    Ok(day != ctx.today() || clinics.iter().any(|clinic| day != ctx.today_at(clinic)))
}

/// Runs the sweep for a civil day, and says how it went.
///
/// `as_of` is the day for all clinics where given; otherwise each clinic's own today. `stopping` is asked before each
/// page and each patient; what is done by then stays done.
///
/// # Errors
/// When the registry cannot be reached any more, or the run was stopped. It is then recorded as failed, where that is
/// still possible, and otherwise stays `running` in the journal, where the next run finds it.
pub async fn sweep(
    ctx: &Context,
    as_of: Option<NaiveDate>,
    digests: DigestTime,
    stopping: impl Fn() -> bool + Sync,
) -> Result<SweepReport, SweepError> {
    let kind = if is_other_day(ctx, as_of).await? { OTHER_DAY_RUN_KIND } else { RUN_KIND };
    let run_id = ctx.ids.next_id();
    let day = as_of.unwrap_or_else(|| ctx.today());
    ctx.store
        .start_run(&NewRun { id: run_id, kind: kind.to_owned(), as_of: day, started_at: ctx.now() })
        .await?;
    let mut report = SweepReport::default();
    let run = Run { ctx, as_of, day, run_id, stopping: &stopping };
    let outcome = run.all(digests, &mut report).await;
    let end = run_end(ctx.now(), &report, outcome.as_ref().err());
    // What was done is done and must be told, whether or not the journal can be written.
    if let Err(error) = ctx.store.finish_run(run_id, &end).await {
        tracing::error!(run.id = %run_id, error = %error, "the end of a run could not be recorded: the run will be repeated");
    }
    outcome.map(|()| report)
}

fn run_end(finished_at: DateTime<Utc>, report: &SweepReport, error: Option<&SweepError>) -> RunEnd {
    let (outcome, reason) = match error {
        None if report.is_sound() => (RunOutcome::Complete, None),
        None => (RunOutcome::Incomplete, None),
        Some(SweepError::Stopped) => (RunOutcome::Failed, Some(STOPPED)),
        Some(SweepError::Store(_)) => (RunOutcome::Failed, Some("registry")),
    };
    RunEnd {
        finished_at,
        outcome,
        n_patients: i64::try_from(report.patients).unwrap_or(i64::MAX),
        n_failed: i64::try_from(report.failed).unwrap_or(i64::MAX),
        summary: serde_json::to_string(&Summary { report, reason }).unwrap_or_else(|_| "{}".to_owned()),
    }
}

/// Does a step, and again after short waits while the registry has no time for it.
async fn patiently<T, E, F>(
    stopping: &(dyn Fn() -> bool + Sync),
    is_unavailable: impl Fn(&E) -> bool,
    mut step: impl FnMut() -> F,
) -> Result<T, E>
where
    F: Future<Output = Result<T, E>>,
{
    for pause in PAUSES {
        match step().await {
            Err(error) if is_unavailable(&error) && !stopping() => tokio::time::sleep(pause).await,
            settled => return settled,
        }
    }
    step().await
}

/// One run under way.
struct Run<'a> {
    ctx: &'a Context,
    as_of: Option<NaiveDate>,
    day: NaiveDate,
    run_id: Uuid,
    stopping: &'a (dyn Fn() -> bool + Sync),
}

impl Run<'_> {
    async fn all(&self, digests: DigestTime, report: &mut SweepReport) -> Result<(), SweepError> {
        let swept = self.patients(report).await;
        if matches!(swept, Err(SweepError::Stopped)) {
            return swept;
        }
        // Also after a run that gave up: a clinic that hears nothing would take that for "nothing is due".
        let queued = self.patiently(|| enqueue_digests(self.ctx, self.as_of, digests)).await;
        swept?;
        let queued = queued?;
        report.digests = queued.queued;
        report.clinics_without_recipient = queued.without_recipient;
        report.unaccounted = self.patiently(|| self.ctx.store.unaccounted(self.day)).await?;
        for study_id in &report.unaccounted {
            tracing::error!(patient.study_id = %study_id, "nobody is responsible for a followed patient: look at the patient today");
        }
        Ok(())
    }

    async fn patiently<T, F>(&self, step: impl FnMut() -> F) -> Result<T, StoreError>
    where
        F: Future<Output = Result<T, StoreError>>,
    {
        patiently(self.stopping, StoreError::is_unavailable, step).await
    }

    fn go_on(&self) -> Result<(), SweepError> {
        if (self.stopping)() { Err(SweepError::Stopped) } else { Ok(()) }
    }
}
