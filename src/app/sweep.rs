//! The nightly run: every patient is read, assessed, planned and saved; then the day's digests are written down.
//!
//! What is due comes from the facts, not from a chain of jobs: a missed night changes nothing, and a second run on
//! one day adds nothing. A patient that cannot be assessed does not stop the others; it is counted and named.

use chrono::{DateTime, NaiveDate, Utc};
use serde::Serialize;
use uuid::Uuid;

use super::{
    context::Context,
    enqueue_digests::{DigestTime, enqueue_digests},
    save_assessment::Decisions,
    stored_history::{StoredHistoryError, history_of},
};
use crate::{
    assessment::assess,
    store::{Fact, FactSet, NewRun, PatientHead, RunEnd, RunOutcome, StoreError},
};

/// Patients read at once: enough to make one query worth it, few enough to keep memory flat.
const PAGE: u64 = 200;
/// How often a patient that was changed meanwhile is read again.
const ATTEMPTS: usize = 3;
/// The kind of run in the journal.
pub const RUN_KIND: &str = "sweep";

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

/// Runs the sweep for a civil day, and says how it went.
///
/// `as_of` is the day for all clinics where given; otherwise each clinic's own today.
///
/// # Errors
/// When the registry cannot be reached at all; the run is then recorded as failed, where that is still possible.
pub async fn sweep(
    ctx: &Context,
    as_of: Option<NaiveDate>,
    digests: DigestTime,
) -> Result<SweepReport, StoreError> {
    let run_id = ctx.ids.next_id();
    let day = as_of.unwrap_or_else(|| ctx.today());
    ctx.store
        .start_run(&NewRun { id: run_id, kind: RUN_KIND.to_owned(), as_of: day, started_at: ctx.now() })
        .await?;
    let outcome = run(ctx, as_of, day, digests, run_id).await;
    let end = run_end(ctx.now(), outcome.as_ref().ok());
    ctx.store.finish_run(run_id, &end).await?;
    outcome
}

fn run_end(finished_at: DateTime<Utc>, report: Option<&SweepReport>) -> RunEnd {
    let Some(report) = report else {
        let summary = "{}".to_owned();
        return RunEnd { finished_at, outcome: RunOutcome::Failed, n_patients: 0, n_failed: 0, summary };
    };
    let outcome = if report.is_sound() { RunOutcome::Complete } else { RunOutcome::Incomplete };
    RunEnd {
        finished_at,
        outcome,
        n_patients: i64::try_from(report.patients).unwrap_or(i64::MAX),
        n_failed: i64::try_from(report.failed).unwrap_or(i64::MAX),
        summary: serde_json::to_string(report).unwrap_or_else(|_| "{}".to_owned()),
    }
}

async fn run(
    ctx: &Context,
    as_of: Option<NaiveDate>,
    day: NaiveDate,
    digests: DigestTime,
    run_id: Uuid,
) -> Result<SweepReport, StoreError> {
    let mut report = SweepReport::default();
    let mut after = None;
    loop {
        let page = ctx.store.patients_page(after, PAGE, None).await?;
        let Some(last) = page.last() else { break };
        after = Some(last.id);
        let heads: Vec<_> = page.into_iter().filter(|head| !head.withdrawn).collect();
        sweep_page(ctx, as_of, run_id, &heads, &mut report).await?;
    }
    let queued = enqueue_digests(ctx, as_of, digests).await?;
    report.digests = queued.queued;
    report.clinics_without_recipient = queued.without_recipient;
    report.unaccounted = ctx.store.unaccounted(day).await?;
    for study_id in &report.unaccounted {
        tracing::error!(patient.study_id = %study_id, "nobody is responsible for a followed patient: look at the patient today");
    }
    Ok(report)
}

async fn sweep_page(
    ctx: &Context,
    as_of: Option<NaiveDate>,
    run_id: Uuid,
    heads: &[PatientHead],
    report: &mut SweepReport,
) -> Result<(), StoreError> {
    let ids: Vec<_> = heads.iter().map(|head| head.id).collect();
    let known = ctx.store.assessment_heads(&ids).await?;
    let mut facts = ctx.store.facts_of_many(heads).await?;
    for head in heads {
        report.patients += 1;
        let own = facts.remove(&head.id).unwrap_or_default();
        let stored_hash = known.get(&head.id).map(|assessed| assessed.substance_hash.as_str());
        match sweep_patient(ctx, as_of, run_id, head, own, stored_hash).await {
            Ok(outcome) => {
                report.followed += u64::from(outcome.followed);
                report.changed += u64::from(outcome.changed);
            }
            Err(PatientError::Store(error @ StoreError::Unavailable { .. })) => return Err(error),
            Err(error) => {
                report.failed += 1;
                tracing::error!(patient.study_id = %head.study_id, error = %error, "a patient could not be assessed: the earlier plan stands");
            }
        }
    }
    Ok(())
}

/// What became of one patient.
struct Outcome {
    followed: bool,
    changed: bool,
}

/// Why one patient could not be handled. The texts carry no facts, only where to look.
#[derive(Debug, thiserror::Error)]
enum PatientError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Facts(#[from] StoredHistoryError),
    #[error("the assessment could not be written as JSON; report this as a defect")]
    Assessment(#[from] serde_json::Error),
    #[error("the patient was changed by others again and again; the next run tries anew")]
    Busy,
}

async fn sweep_patient(
    ctx: &Context,
    as_of: Option<NaiveDate>,
    run_id: Uuid,
    head: &PatientHead,
    facts: FactSet,
    stored_hash: Option<&str>,
) -> Result<Outcome, PatientError> {
    let mut head = head.clone();
    let mut facts = facts.facts;
    for _ in 0..ATTEMPTS {
        let (decisions, followed) = decide(ctx, as_of, run_id, &head, &facts)?;
        if stored_hash.is_some_and(|hash| decisions.same_as(hash)) {
            return Ok(Outcome { followed, changed: false });
        }
        let tx = ctx.store.writer().await?;
        let Some(newest) = tx.lock_patient(head.id).await? else { return Err(PatientError::Busy) };
        if newest.head_seq == head.head_seq {
            decisions.save(&tx, ctx.now()).await?;
            tx.commit().await?;
            return Ok(Outcome { followed, changed: true });
        }
        facts = tx.facts(head.id, crate::store::AsOf::Latest).await?.unwrap_or_default().facts;
        head = newest;
        tx.rollback().await?;
    }
    Err(PatientError::Busy)
}

fn decide(
    ctx: &Context,
    as_of: Option<NaiveDate>,
    run_id: Uuid,
    head: &PatientHead,
    facts: &[Fact],
) -> Result<(Decisions, bool), PatientError> {
    let history = history_of(facts)?;
    let day = as_of.unwrap_or_else(|| ctx.today_at(&head.clinic));
    let assessment = assess(&history, &ctx.protocol, day);
    let followed = assessment.plan.standing.is_followed();
    Ok((Decisions::of(ctx, head, &assessment, Some(run_id))?, followed))
}
