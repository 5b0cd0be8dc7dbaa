//! The nightly run: every patient is read, assessed, planned and saved; then the day's digests are written down.
//!
//! What is due comes from the facts, not from a chain of jobs: a missed night changes nothing, and a second run on
//! one day adds nothing. A patient that cannot be assessed does not stop the others; it is counted and named.

use std::collections::{HashMap, HashSet};

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
    store::{AsOf, Fact, FactSet, NewRun, Obstacle, PatientHead, RunEnd, RunOutcome, Store, StoreError},
};

/// Patients read at once: enough to make one statement worth it, few enough to keep memory flat.
const PAGE: u64 = 50;
/// Changed patients from which on a transaction is written: enough to make disk flushes few, few enough to keep other
/// writers moving. One page more may come on top.
const CHANGED_PER_TRANSACTION: usize = 50;
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
    let mut sweep = Sweep { ctx, as_of, run_id, waiting: Vec::new(), report: SweepReport::default() };
    let mut page = read_page(&ctx.store, None).await?;
    while let Some(last) = page.last {
        // The next page is read while this one is decided. What changes meanwhile is noticed by its head.
        let store = ctx.store.clone();
        let next = tokio::spawn(async move { read_page(&store, Some(last)).await });
        sweep.decide(page.patients);
        if sweep.waiting.len() >= CHANGED_PER_TRANSACTION {
            sweep.save_waiting().await?;
        }
        page = match next.await {
            Ok(read) => read?,
            Err(stopped) => match stopped.try_into_panic() {
                Ok(panic) => std::panic::resume_unwind(panic),
                Err(stopped) => {
                    let obstacle = Obstacle::NoAnswer;
                    return Err(StoreError::Unavailable { obstacle, problem: stopped.to_string() });
                }
            },
        };
    }
    sweep.save_waiting().await?;
    let mut report = sweep.report;
    let queued = enqueue_digests(ctx, as_of, digests).await?;
    report.digests = queued.queued;
    report.clinics_without_recipient = queued.without_recipient;
    report.unaccounted = ctx.store.unaccounted(day).await?;
    for study_id in &report.unaccounted {
        tracing::error!(patient.study_id = %study_id, "nobody is responsible for a followed patient: look at the patient today");
    }
    Ok(report)
}

/// Patients as read together.
struct Page {
    /// The patient with the highest id, withdrawn or not; `None` behind the end.
    last: Option<Uuid>,
    patients: Vec<PatientAsRead>,
}

/// A patient who is not withdrawn.
struct PatientAsRead {
    head: PatientHead,
    facts: Result<FactSet, StoreError>,
    /// Of the current assessment, if there is one.
    substance_hash: Option<String>,
}

async fn read_page(store: &Store, after: Option<Uuid>) -> Result<Page, StoreError> {
    let heads = store.patients_page(after, PAGE, None).await?;
    let last = heads.last().map(|head| head.id);
    let heads: Vec<_> = heads.into_iter().filter(|head| !head.withdrawn).collect();
    let ids: Vec<_> = heads.iter().map(|head| head.id).collect();
    let mut known = store.assessment_heads(&ids).await?;
    let mut facts = read_facts(store, &heads).await?;
    let patients = heads
        .into_iter()
        .map(|head| PatientAsRead {
            facts: facts.remove(&head.id).unwrap_or_else(|| Ok(FactSet::default())),
            substance_hash: known.remove(&head.id).map(|assessed| assessed.substance_hash),
            head,
        })
        .collect();
    Ok(Page { last, patients })
}

/// The facts of each patient, all at once; if a row among them is damaged, one by one, so that it stops nobody else.
async fn read_facts(
    store: &Store,
    heads: &[PatientHead],
) -> Result<HashMap<Uuid, Result<FactSet, StoreError>>, StoreError> {
    match store.facts_of_many(heads).await {
        Ok(facts) => return Ok(facts.into_iter().map(|(id, facts)| (id, Ok(facts))).collect()),
        Err(StoreError::Inconsistent { .. }) => {}
        Err(error) => return Err(error),
    }
    let mut found = HashMap::with_capacity(heads.len());
    for head in heads {
        let own = store.facts_of_many(std::slice::from_ref(head)).await;
        found.insert(head.id, own.map(|mut facts| facts.remove(&head.id).unwrap_or_default()));
    }
    Ok(found)
}

/// A patient whose decisions are not as stored.
struct Waiting {
    head: PatientHead,
    decisions: Decisions,
    followed: bool,
}

/// A run over all patients.
struct Sweep<'a> {
    ctx: &'a Context,
    as_of: Option<NaiveDate>,
    run_id: Uuid,
    waiting: Vec<Waiting>,
    report: SweepReport,
}

impl Sweep<'_> {
    /// Decides for every patient of a page; whose decisions are not as stored waits to be written.
    fn decide(&mut self, patients: Vec<PatientAsRead>) {
        for PatientAsRead { head, facts, substance_hash } in patients {
            self.report.patients += 1;
            let decided = facts.map_err(PatientError::from).and_then(|own| self.decisions(&head, &own.facts));
            match decided {
                Ok((decisions, followed)) if substance_hash.is_some_and(|hash| decisions.same_as(&hash)) => {
                    self.report.followed += u64::from(followed);
                }
                Ok((decisions, followed)) => self.waiting.push(Waiting { head, decisions, followed }),
                Err(error) => self.fail(&head, &error),
            }
        }
    }

    fn decisions(&self, head: &PatientHead, facts: &[Fact]) -> Result<(Decisions, bool), PatientError> {
        let history = history_of(facts)?;
        let day = self.as_of.unwrap_or_else(|| self.ctx.today_at(&head.clinic));
        let assessment = assess(&history, &self.ctx.protocol, day);
        let followed = assessment.plan.standing.is_followed();
        Ok((Decisions::of(self.ctx, head, &assessment, Some(self.run_id))?, followed))
    }

    fn fail(&mut self, head: &PatientHead, error: &PatientError) {
        self.report.failed += 1;
        tracing::error!(patient.study_id = %head.study_id, error = %error, "a patient could not be assessed: the earlier plan stands");
    }

    /// Writes all who wait, together where possible and else each alone.
    async fn save_waiting(&mut self) -> Result<(), StoreError> {
        let waiting = std::mem::take(&mut self.waiting);
        let saved = self.save_together(&waiting).await.unwrap_or_else(|error| {
            tracing::warn!(error = %error, "patients could not be saved together: each is tried alone");
            HashSet::new()
        });
        for Waiting { head, followed, .. } in waiting {
            let outcome =
                if saved.contains(&head.id) { Ok(Some(followed)) } else { self.save_alone(&head).await };
            match outcome {
                Ok(Some(followed)) => {
                    self.report.followed += u64::from(followed);
                    self.report.changed += 1;
                }
                Ok(None) => {}
                Err(PatientError::Store(error @ StoreError::Unavailable { .. })) => return Err(error),
                Err(error) => self.fail(&head, &error),
            }
        }
        Ok(())
    }

    /// Saves decisions in one transaction and says whose. A patient who was changed since the facts were read is left
    /// out. On an error nothing of the transaction is kept.
    async fn save_together(&self, waiting: &[Waiting]) -> Result<HashSet<Uuid>, StoreError> {
        let mut saved = HashSet::with_capacity(waiting.len());
        if waiting.is_empty() {
            return Ok(saved);
        }
        let tx = self.ctx.store.writer().await?;
        let ids: Vec<_> = waiting.iter().map(|patient| patient.head.id).collect();
        let newest: HashMap<_, _> =
            tx.lock_patients(&ids).await?.into_iter().map(|head| (head.id, head.head_seq)).collect();
        let unchanged = waiting.iter().filter(|own| newest.get(&own.head.id) == Some(&own.head.head_seq));
        let unchanged: Vec<_> = unchanged.collect();
        let decisions: Vec<_> = unchanged.iter().map(|own| &own.decisions).collect();
        Decisions::save_all(&decisions, &tx, self.ctx.now()).await?;
        tx.commit().await?;
        saved.extend(unchanged.iter().map(|own| own.head.id));
        Ok(saved)
    }

    /// Reads, decides and saves one patient under lock. Returns whether the patient is followed, `None` for one who
    /// was withdrawn meanwhile.
    async fn save_alone(&self, head: &PatientHead) -> Result<Option<bool>, PatientError> {
        let tx = self.ctx.store.writer().await?;
        let Some(newest) = tx.lock_patient(head.id).await? else { return Err(PatientError::Gone) };
        if newest.withdrawn {
            return Ok(None);
        }
        let facts = tx.facts(newest.id, AsOf::Latest).await?.unwrap_or_default();
        let (decisions, followed) = self.decisions(&newest, &facts.facts)?;
        decisions.save(&tx, self.ctx.now()).await?;
        tx.commit().await?;
        Ok(Some(followed))
    }
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
    #[error("the patient is no longer in the registry; look for a restored backup")]
    Gone,
}
