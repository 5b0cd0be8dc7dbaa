//! What the journal of runs says about the night: when it was last done, and from when it may be tried again.
//!
//! Reads only. Whether the schedule wants a run is the nightly loop's question.

use chrono::{DateTime, TimeDelta, Utc};

use super::{
    context::Context,
    sweep::{RUN_KIND, STOPPED},
};
use crate::store::{Backend, Run, RunOutcome, StoreError};

/// A run that did not get to its end is tried again after this time, so that a fault is not hammered on.
pub const BACKOFF: TimeDelta = TimeDelta::minutes(5);
/// On PostgreSQL another instance may be at work on a run without an end for this time.
const LIVE_FOR: TimeDelta = TimeDelta::minutes(30);

/// The nightly runs so far.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Journal {
    /// When the last run began that went through all patients. A run for another day than today is none.
    pub last_finished: Option<DateTime<Utc>>,
    /// The earliest instant for another attempt, where the newest run did not get to its end.
    pub not_before: Option<DateTime<Utc>>,
}

impl Journal {
    /// Reads the journal as of now. For a caller that has no run under way itself.
    ///
    /// # Errors
    /// As the store's.
    pub async fn read(ctx: &Context) -> Result<Self, StoreError> {
        let now = ctx.now();
        let last_finished = ctx.store.last_finished_run(RUN_KIND, now).await?.map(|run| run.started_at);
        let newest = ctx.store.last_run(RUN_KIND).await?;
        let not_before = newest.and_then(|run| not_before(&run, ctx.store.backend(), now));
        Ok(Self { last_finished, not_before })
    }
}

fn not_before(run: &Run, backend: Backend, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
    // Begun in the future: the clock was wrong then, and waiting for that day would lose the nights until it comes.
    if run.started_at > now {
        return None;
    }
    match (run.outcome, backend) {
        (RunOutcome::Complete | RunOutcome::Incomplete, _) => None,
        // A person stopped it and nothing failed: the next start goes on at once.
        (RunOutcome::Failed, _) if was_stopped(run) => None,
        // On SQLite there is one service, the caller, and it has no run under way: its killed predecessor had.
        (RunOutcome::Failed, _) | (RunOutcome::Running, Backend::Sqlite) => Some(run.started_at + BACKOFF),
        (RunOutcome::Running, Backend::Postgres) => Some(run.started_at + LIVE_FOR),
    }
}

fn was_stopped(run: &Run) -> bool {
    let summary = serde_json::from_str::<serde_json::Value>(&run.summary).ok();
    summary.and_then(|summary| Some(summary.get("reason")?.as_str()? == STOPPED)).unwrap_or(false)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(outcome: RunOutcome, summary: &str) -> Run {
        Run {
            id: uuid::Uuid::nil(),
            kind: RUN_KIND.to_owned(),
            as_of: "2026-03-01".parse().unwrap(),
            started_at: at(0),
            finished_at: None,
            outcome,
            n_patients: 0,
            n_failed: 0,
            summary: summary.to_owned(),
        }
    }

    fn at(minutes: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_772_328_600 + 60 * minutes, 0).unwrap()
    }

    #[test]
    fn a_run_without_an_end_is_tried_again_soon_and_a_stopped_one_at_once() {
        for backend in [Backend::Sqlite, Backend::Postgres] {
            let again = |outcome, summary| not_before(&run(outcome, summary), backend, at(1));
            assert_eq!(again(RunOutcome::Complete, "{}"), None);
            assert_eq!(again(RunOutcome::Incomplete, "{}"), None);
            assert_eq!(again(RunOutcome::Failed, r#"{"reason":"stopped"}"#), None);
            for summary in [r#"{"reason":"registry"}"#, r#"{"reason":7}"#, "{}", "not JSON"] {
                assert_eq!(again(RunOutcome::Failed, summary), Some(at(5)), "{summary}");
            }
        }
    }

    #[test]
    fn a_run_under_way_is_dead_on_sqlite_and_may_be_anothers_on_postgresql() {
        let killed = run(RunOutcome::Running, "{}");
        assert_eq!(not_before(&killed, Backend::Sqlite, at(1)), Some(at(5)));
        assert_eq!(not_before(&killed, Backend::Postgres, at(1)), Some(at(30)));
    }

    #[test]
    fn a_run_that_a_wrong_clock_put_into_the_future_holds_up_nobody() {
        assert_eq!(not_before(&run(RunOutcome::Failed, "{}"), Backend::Sqlite, at(-1)), None);
    }
}
