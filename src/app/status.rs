//! What the service says about itself: counts for the status page, and whether it is ready. Plain values and two
//! traits, so that pages need no database; no names, no diagnoses, no results.

use std::{
    collections::BTreeMap,
    future::Future,
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
};

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use thiserror::Error;

use super::night::Night;
use crate::clock::SharedClock;

/// A future that a trait object can return.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// The registry cannot be read just now. The cause is for the log; outside only "unavailable" is said.
#[derive(Debug, Clone, Error)]
#[error("the registry cannot be read; check that the database is reachable")]
pub struct StatusError(#[source] Arc<dyn std::error::Error + Send + Sync>);

impl StatusError {
    /// With what went wrong.
    #[must_use]
    pub fn new(cause: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self(Arc::from(cause.into()))
    }
}

/// Where the status page gets its counts from.
pub trait StatusSource: Send + Sync + 'static {
    /// The counts as of now.
    fn status(&self) -> BoxFuture<'_, Result<RegistryStatus, StatusError>>;
}

/// Whether what the service stands on is there.
pub trait ReadinessProbe: Send + Sync + 'static {
    /// Reasons why work is not possible (database unreachable, migrations missing), each a sentence without data;
    /// empty if it is.
    fn problems(&self) -> BoxFuture<'_, Vec<String>>;
}

/// The registry in numbers at one instant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RegistryStatus {
    /// The instant the counts were taken.
    pub now: DateTime<Utc>,
    /// All patients on record.
    pub patients: u64,
    /// Patients under surveillance.
    pub followed: u64,
    /// Patients whose next CT is inside its window and not yet on record.
    pub due: u64,
    /// Patients whose window has passed without a CT on record.
    pub overdue: u64,
    /// Those of `overdue` beyond the protocol's limit for severe.
    pub severely_overdue: u64,
    /// Patients with neither a next CT nor a stated reason why not; anything but 0 is a fault.
    pub unaccounted: u64,
    /// Questions to people about data that do not fit.
    pub open_data_tasks: u64,
    /// Mails written down and not yet sent.
    pub mails_waiting: u64,
    /// Mails given up on, waiting for a person.
    pub mails_failed: u64,
    /// Reminders planned for later.
    pub reminders_planned: u64,
    /// Open tasks about mail: who was not told, and why.
    pub mail_tasks: u64,
    /// Instant since which no mail leaves because the mail server does not work; `None` while it does.
    pub mail_held_since: Option<DateTime<Utc>>,
    /// Stops of mail that people ordered and that hold.
    pub mail_stops: Vec<MailStopped>,
    /// The nightly run that started last; `None` before the first. A run for another day than today is none.
    pub last_run: Option<RunSummary>,
    /// When the last nightly run ended that went through all patients; `None` before the first.
    pub last_finished_at: Option<DateTime<Utc>>,
    /// The last instant at or before `now` at which the schedule wanted a run; `None` if that is not known. With
    /// `last_run` it tells whether a night was missed.
    pub last_due_at: Option<DateTime<Utc>>,
    /// When the schedule wants the next run; `None` if that is not known.
    pub next_run_at: Option<DateTime<Utc>>,
    /// The protocol in force: id, version and who approved it.
    pub protocol: String,
    /// The same by clinic, in the order to show.
    pub clinics: Vec<ClinicStatus>,
}

/// A stop of mail that holds. Its reason is free text and is shown on the command line only.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MailStopped {
    /// The clinic; `None` for all.
    pub clinic: Option<String>,
    /// Since when.
    pub since: DateTime<Utc>,
    /// Who ordered it.
    pub by: String,
}

/// One nightly run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunSummary {
    /// When it started.
    pub started_at: DateTime<Utc>,
    /// When it ended; `None` while it runs or after a crash.
    pub finished_at: Option<DateTime<Utc>>,
    /// The civil date it judged by.
    pub as_of: NaiveDate,
    /// How it ended.
    pub outcome: RunOutcome,
    /// Patients looked at.
    pub n_patients: u64,
    /// Patients that could not be assessed; the others were.
    pub n_failed: u64,
}

/// How a nightly run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RunOutcome {
    /// It has not ended.
    Running,
    /// It handled every patient, and nobody was unaccounted for.
    Completed,
    /// It went through all patients, but could not handle some (`n_failed`) or found some unaccounted for.
    Incomplete,
    /// It broke off.
    Failed,
}

/// One clinic in numbers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClinicStatus {
    /// The clinic's key.
    pub slug: String,
    /// The clinic's name.
    pub name: String,
    /// Patients under surveillance.
    pub followed: u64,
    /// See [`RegistryStatus::due`].
    pub due: u64,
    /// See [`RegistryStatus::overdue`].
    pub overdue: u64,
    /// Whether the configuration names somebody who receives its reminders.
    pub has_recipient: bool,
}

impl RegistryStatus {
    /// How the last night went.
    #[must_use]
    pub fn night(&self) -> Night {
        Night::judge(self.last_run.as_ref(), self.last_due_at, self.unaccounted, self.now)
    }
}

/// The signs of life of the loops. Clones share them. A loop that has been silent for two intervals is not ready.
#[derive(Clone)]
pub struct Heartbeats {
    clock: SharedClock,
    loops: Arc<Mutex<BTreeMap<&'static str, Pulse>>>,
}

#[derive(Clone, Copy)]
struct Pulse {
    last_at: DateTime<Utc>,
    interval: TimeDelta,
}

impl Heartbeats {
    /// No loops yet.
    #[must_use]
    pub fn new(clock: SharedClock) -> Self {
        Self { clock, loops: Arc::default() }
    }

    /// Announces a loop that will beat at least every `interval`; announcing counts as the first beat.
    pub fn register(&self, name: &'static str, interval: TimeDelta) {
        let pulse = Pulse { last_at: self.clock.now(), interval };
        self.loops.lock().unwrap_or_else(PoisonError::into_inner).insert(name, pulse);
    }

    /// A sign of life of a registered loop; of any other it is ignored.
    pub fn beat(&self, name: &'static str) {
        let now = self.clock.now();
        if let Some(pulse) = self.loops.lock().unwrap_or_else(PoisonError::into_inner).get_mut(name) {
            pulse.last_at = now;
        }
    }

    /// One sentence for each loop that has been silent for more than two intervals.
    #[must_use]
    pub fn problems(&self) -> Vec<String> {
        let now = self.clock.now();
        let loops = self.loops.lock().unwrap_or_else(PoisonError::into_inner);
        loops
            .iter()
            .filter(|(_, pulse)| now - pulse.last_at > pulse.interval * 2)
            .map(|(name, pulse)| {
                let silent = (now - pulse.last_at).num_seconds();
                let expected = pulse.interval.num_seconds();
                format!(
                    "the loop {name} has given no sign of life for {silent} s (expected every {expected} s)"
                )
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use chrono::TimeZone;

    use super::*;
    use crate::clock::ManualClock;

    #[test]
    fn a_loop_silent_for_more_than_two_intervals_is_named_until_it_beats_again() {
        let clock = ManualClock::at(Utc.with_ymd_and_hms(2026, 3, 1, 2, 0, 0).unwrap());
        let heartbeats = Heartbeats::new(Arc::new(clock.clone()));
        heartbeats.register("delivery", TimeDelta::seconds(30));
        heartbeats.register("nightly", TimeDelta::seconds(60));
        clock.advance(TimeDelta::seconds(60));
        assert!(heartbeats.problems().is_empty());
        clock.advance(TimeDelta::seconds(1));
        assert_eq!(
            heartbeats.problems(),
            ["the loop delivery has given no sign of life for 61 s (expected every 30 s)"]
        );
        heartbeats.beat("delivery");
        assert!(heartbeats.problems().is_empty());
    }
}
