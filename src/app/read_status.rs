//! The status page's numbers and the readiness of the service, read from the registry.

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use cron::Schedule;

use super::{
    context::Context,
    night::Night,
    status::{
        BoxFuture, ClinicStatus, MailStopped, ReadinessProbe, RegistryStatus, RunOutcome, RunSummary,
        StatusError, StatusSource,
    },
    sweep::RUN_KIND,
};
use crate::store::{self, Store, StoreError};

/// Reads the registry for the pages.
#[derive(Debug, Clone)]
pub struct StatusReader {
    ctx: Context,
    nightly: Schedule,
    zone: Tz,
}

impl StatusReader {
    /// Takes the schedule of the nightly run and its zone.
    #[must_use]
    pub const fn new(ctx: Context, nightly: Schedule, zone: Tz) -> Self {
        Self { ctx, nightly, zone }
    }

    async fn read(&self) -> Result<RegistryStatus, StoreError> {
        let now = self.ctx.now();
        let today = self.ctx.today();
        let counts = self.ctx.store.counts(today).await?;
        let unaccounted = self.ctx.store.unaccounted(today).await?.len();
        let LastRuns { newest, finished_at } = last_runs(&self.ctx.store, now).await?;
        let local = now.with_timezone(&self.zone);
        let mut clinics = Vec::new();
        for clinic in self.ctx.store.counts_by_clinic(today).await? {
            let own = self.ctx.clinics.get(&clinic.clinic);
            let name = own.map_or_else(|| clinic.clinic.clone(), |own| own.name.clone());
            clinics.push(ClinicStatus {
                slug: clinic.clinic,
                name,
                followed: number(clinic.followed),
                due: number(clinic.due),
                overdue: number(clinic.overdue),
                has_recipient: own.is_some_and(|own| own.coordinator_email.is_some()),
            });
        }
        Ok(RegistryStatus {
            now,
            patients: number(counts.patients),
            followed: number(counts.followed),
            due: number(counts.due),
            overdue: number(counts.overdue + counts.severely_overdue),
            severely_overdue: number(counts.severely_overdue),
            unaccounted: u64::try_from(unaccounted).unwrap_or(u64::MAX),
            open_data_tasks: number(counts.open_tasks),
            mails_waiting: number(counts.mails_waiting),
            mails_failed: number(counts.mails_failed),
            reminders_planned: number(counts.reminders_planned),
            mail_tasks: self.ctx.store.mail_tasks().await?.len() as u64,
            mail_held_since: self.ctx.store.mail_relay().await?.open_since,
            mail_stops: self.ctx.store.mail_stops().await?.into_iter().map(stopped).collect(),
            last_run: newest,
            last_finished_at: finished_at,
            last_due_at: last_due(&self.nightly, local),
            next_run_at: self.nightly.after(&local).next().map(|next| next.with_timezone(&Utc)),
            protocol: self.protocol_words(),
            clinics,
        })
    }

    fn protocol_words(&self) -> String {
        let protocol = &self.ctx.protocol;
        let approval = match &protocol.approval {
            Some(approval) => format!("approved by {} on {}", approval.by, approval.on),
            None => "not approved by anybody".to_owned(),
        };
        format!("{} version {}, {approval}", protocol.id, protocol.version)
    }
}

struct LastRuns {
    newest: Option<RunSummary>,
    finished_at: Option<DateTime<Utc>>,
}

/// The newest runs by now. One that a wrong clock put into the future says nothing about last night.
async fn last_runs(store: &Store, now: DateTime<Utc>) -> Result<LastRuns, StoreError> {
    let finished = store.last_finished_run(RUN_KIND, now).await?;
    let newest =
        store.last_run(RUN_KIND).await?.filter(|run| run.started_at <= now).or_else(|| finished.clone());
    Ok(LastRuns { newest: newest.map(run_summary), finished_at: finished.and_then(|run| run.finished_at) })
}

/// Last night's run for a caller that shows nothing else.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NightReport {
    /// How it went.
    pub night: Night,
    /// The run it rests on; `None` before the first.
    pub run: Option<RunSummary>,
    /// Study ids of followed patients for whom nothing is planned.
    pub unaccounted: Vec<String>,
}

/// How last night's run went, by the same judgement as the status page.
///
/// # Errors
/// As the store's.
pub async fn read_night(
    store: &Store,
    nightly: &Schedule,
    zone: Tz,
    now: DateTime<Utc>,
) -> Result<NightReport, StoreError> {
    let local = now.with_timezone(&zone);
    let unaccounted = store.unaccounted(local.date_naive()).await?;
    let run = last_runs(store, now).await?.newest;
    let lost = u64::try_from(unaccounted.len()).unwrap_or(u64::MAX);
    let night = Night::judge(run.as_ref(), last_due(nightly, local), lost, now);
    Ok(NightReport { night, run, unaccounted })
}

/// The last instant at or before now at which the schedule wanted a run.
fn last_due(nightly: &Schedule, local: DateTime<Tz>) -> Option<DateTime<Utc>> {
    let just_after = local + chrono::TimeDelta::seconds(1);
    nightly.after(&just_after).next_back().map(|at| at.with_timezone(&Utc))
}

fn stopped(stop: store::MailStop) -> MailStopped {
    MailStopped { clinic: stop.clinic, since: stop.stopped_at, by: stop.stopped_by }
}

fn number(count: i64) -> u64 {
    u64::try_from(count).unwrap_or(0)
}

fn run_summary(run: store::Run) -> RunSummary {
    RunSummary {
        started_at: run.started_at,
        finished_at: run.finished_at,
        as_of: run.as_of,
        outcome: match run.outcome {
            store::RunOutcome::Running => RunOutcome::Running,
            store::RunOutcome::Complete => RunOutcome::Completed,
            store::RunOutcome::Incomplete => RunOutcome::Incomplete,
            store::RunOutcome::Failed => RunOutcome::Failed,
        },
        n_patients: number(run.n_patients),
        n_failed: number(run.n_failed),
    }
}

impl StatusSource for StatusReader {
    fn status(&self) -> BoxFuture<'_, Result<RegistryStatus, StatusError>> {
        Box::pin(async { self.read().await.map_err(StatusError::new) })
    }
}

impl ReadinessProbe for StatusReader {
    fn problems(&self) -> BoxFuture<'_, Vec<String>> {
        Box::pin(async {
            match self.ctx.store.pending_migrations().await {
                Ok(pending) if pending.is_empty() => Vec::new(),
                Ok(pending) => {
                    vec![format!("{} migrations are missing; run `lobewatch migrate`", pending.len())]
                }
                Err(_) => vec!["the database does not answer; check that it is reachable".to_owned()],
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_wanted_run_is_found_however_long_ago() {
        let due = |schedule: &str, now: &str| {
            let local = now.parse::<DateTime<Utc>>().unwrap().with_timezone(&chrono_tz::Europe::Rome);
            last_due(&schedule.parse().unwrap(), local).map(|at| at.to_rfc3339())
        };
        let nightly = "0 30 1 * * *";
        assert_eq!(due(nightly, "2026-11-24T10:00:00Z").as_deref(), Some("2026-11-24T00:30:00+00:00"));
        assert_eq!(due(nightly, "2026-11-24T00:30:00Z").as_deref(), Some("2026-11-24T00:30:00+00:00"));
        assert_eq!(due(nightly, "2026-11-24T00:29:59Z").as_deref(), Some("2026-11-23T00:30:00+00:00"));
        assert_eq!(due("0 0 3 1 1 *", "2026-11-24T10:00:00Z").as_deref(), Some("2026-01-01T02:00:00+00:00"));
    }
}
