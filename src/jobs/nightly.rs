//! The nightly loop: wakes often, and runs the sweep when the schedule has wanted it since the last finished run.
//!
//! The schedule is asked "when did you last want a run?", not "do you want one now?", so a service that was off at
//! night runs the sweep when it comes back, and a run that failed or was killed is repeated the same night. The cron
//! crate has no answer for a local time that a clock change leaves out; therefore a run is wanted `LONGEST_GAP`
//! after the last, whatever the schedule says. Of several instances one at a time asks and runs.

use std::{convert::Infallible, sync::Arc, time::Duration};

use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::Tz;
use cron::Schedule;

use crate::{
    app::{
        alone::{Lost, alone},
        context::Context,
        enqueue_digests::DigestTime,
        journal::{Journal, JournalError},
        metrics::{Metrics, SweepOutcome},
        status::Heartbeats,
        sweep::{SweepError, sweep},
    },
    lifecycle::Shutdown,
};

/// How often the loop looks at the clock.
pub const TICK: Duration = Duration::from_secs(30);
/// The name of the loop in logs and health answers.
pub const NAME: &str = "nightly";
/// A night that the schedule leaves out (a clock change) is made up for after this time.
const LONGEST_GAP: TimeDelta = TimeDelta::hours(25);

/// Whether a run is wanted now, given the runs so far. One that did not get to its end does not count as one, but
/// holds the next attempt back for a while.
#[must_use]
pub fn is_wanted(schedule: &Schedule, zone: Tz, journal: &Journal, now: DateTime<Utc>) -> bool {
    if journal.not_before.is_some_and(|not_before| now < not_before) {
        return false;
    }
    let Some(last) = journal.last_finished else { return true };
    if now.signed_duration_since(last) >= LONGEST_GAP {
        return true;
    }
    schedule.after(&last.with_timezone(&zone)).next().is_some_and(|next| next <= now)
}

/// Runs until stopping begins; a sweep under way ends after the patient it is at.
///
/// # Errors
/// None: a run that fails is logged, counted and tried again when the journal allows it.
pub async fn run(
    ctx: Context,
    schedule: Schedule,
    zone: Tz,
    metrics: Arc<Metrics>,
    heartbeats: Heartbeats,
    shutdown: Shutdown,
) -> Result<(), Infallible> {
    let instance = ctx.ids.next_id().to_string();
    while !shutdown.is_stopping() {
        heartbeats.beat(NAME);
        let night = async {
            let wanted = async || -> Result<bool, JournalError> {
                Ok(is_wanted(&schedule, zone, &Journal::read(&ctx).await?, ctx.now()))
            };
            if !wanted().await? {
                return Ok(());
            }
            let under_lease = alone(&ctx, NAME, &instance, async |lost| {
                // Asked again under the lease: another instance may just have finished the night.
                if wanted().await? {
                    sweep_once(&ctx, &metrics, &shutdown, &lost).await;
                }
                Ok(())
            });
            under_lease.await?.unwrap_or(Ok(()))
        };
        if let Err(error) = night.await {
            let error: JournalError = error;
            tracing::error!(error = %error, "the journal of runs cannot be read: trying again");
        }
        shutdown.pause(TICK).await;
    }
    Ok(())
}

async fn sweep_once(ctx: &Context, metrics: &Metrics, shutdown: &Shutdown, lost: &Lost) {
    let started_at = ctx.now();
    let stopping = || shutdown.is_stopping() || lost.is_lost();
    let outcome = sweep(ctx, None, DigestTime::ClinicHour, stopping).await;
    let took = ctx.now().signed_duration_since(started_at).to_std().unwrap_or_default();
    match outcome {
        Ok(report) => {
            let ended = if report.is_sound() { SweepOutcome::Complete } else { SweepOutcome::Incomplete };
            metrics.sweep_ended(took, ended);
            tracing::info!(
                sweep.patients = report.patients,
                sweep.changed = report.changed,
                sweep.failed = report.failed,
                sweep.unaccounted = report.unaccounted.len(),
                "nightly run ended"
            );
        }
        Err(SweepError::Stopped) => {
            metrics.sweep_ended(took, SweepOutcome::Stopped);
            tracing::info!(
                "nightly run stopped with the service or lost to another instance: it is repeated"
            );
        }
        Err(error) => {
            metrics.sweep_ended(took, SweepOutcome::Failed);
            tracing::error!(error = %error, "nightly run broke off: it is tried again in a few minutes");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    fn wanted(last: Option<&str>, now: &str) -> bool {
        wanted_after(last, None, now)
    }

    fn wanted_after(last: Option<&str>, not_before: Option<&str>, now: &str) -> bool {
        let schedule: Schedule = "0 30 2 * * *".parse().unwrap();
        let journal = Journal { last_finished: last.map(at), not_before: not_before.map(at) };
        is_wanted(&schedule, chrono_tz::Europe::Rome, &journal, at(now))
    }

    #[test]
    fn a_run_that_broke_off_is_repeated_the_same_night_but_not_at_once() {
        let (last, again) = (Some("2026-03-01T01:30:05Z"), Some("2026-03-02T01:35:00Z"));
        assert!(!wanted_after(last, again, "2026-03-02T01:34:59Z"));
        assert!(wanted_after(last, again, "2026-03-02T01:35:00Z"));
        assert!(!wanted_after(None, again, "2026-03-02T01:34:59Z"), "the first run of all as well");
        assert!(!wanted_after(Some("2026-03-02T01:30:05Z"), again, "2026-03-02T01:36:00Z"), "done meanwhile");
    }

    #[test]
    fn a_run_is_wanted_once_a_night_and_made_up_for() {
        assert!(wanted(None, "2026-03-01T12:00:00Z"), "the first start");
        assert!(!wanted(Some("2026-03-01T01:30:05Z"), "2026-03-02T01:29:59Z"));
        assert!(wanted(Some("2026-03-01T01:30:05Z"), "2026-03-02T01:30:00Z"));
        assert!(wanted(Some("2026-03-01T01:30:05Z"), "2026-03-09T10:00:00Z"), "eight nights off");
    }

    #[test]
    fn the_night_without_half_past_two_is_made_up_for() {
        // Rome has no 02:30 on 29 March 2026; the night before ran at 01:30 UTC.
        assert!(!wanted(Some("2026-03-28T01:30:05Z"), "2026-03-29T02:00:00Z"));
        assert!(wanted(Some("2026-03-28T01:30:05Z"), "2026-03-29T02:31:00Z"));
    }
}
