//! Numbers for a monitoring system, in the text format of Prometheus. Labels are fixed words only: no clinic, no
//! patient, so that nothing personal can slip in and the number of series stays small.

use std::{fmt, sync::atomic::AtomicU64, time::Duration};

use prometheus_client::{
    encoding::{EncodeLabelSet, text::encode},
    metrics::{counter::Counter, family::Family, gauge::Gauge, histogram::Histogram},
    registry::Registry,
};

use super::status::RegistryStatus;

/// How one attempt to send a mail ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MailOutcome {
    /// The server took it.
    Sent,
    /// The server refused it, or could not be reached.
    Failed,
    /// The connection broke before the server's answer.
    Unknown,
}

/// How one nightly run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SweepOutcome {
    /// Every patient was handled, and nobody was unaccounted for.
    Complete,
    /// Some patients could not be handled, or were unaccounted for.
    Incomplete,
    /// It broke off.
    Failed,
    /// It was stopped with the service.
    Stopped,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct MailLabels {
    outcome: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct SweepLabels {
    outcome: &'static str,
}

impl From<MailOutcome> for MailLabels {
    fn from(outcome: MailOutcome) -> Self {
        let outcome = match outcome {
            MailOutcome::Sent => "sent",
            MailOutcome::Failed => "failed",
            MailOutcome::Unknown => "unknown",
        };
        Self { outcome }
    }
}

impl From<SweepOutcome> for SweepLabels {
    fn from(outcome: SweepOutcome) -> Self {
        let outcome = match outcome {
            SweepOutcome::Complete => "complete",
            SweepOutcome::Incomplete => "incomplete",
            SweepOutcome::Failed => "failed",
            SweepOutcome::Stopped => "stopped",
        };
        Self { outcome }
    }
}

type Count = Counter<u64, AtomicU64>;

/// All numbers of one process. Counters start at 0 with the process; gauges are set at each scrape.
#[derive(Debug)]
pub struct Metrics {
    registry: Registry,
    sweeps: Family<SweepLabels, Count>,
    sweep_duration: Histogram,
    mails: Family<MailLabels, Count>,
    gauges: Gauges,
}

#[derive(Debug, Clone, Default)]
struct Gauges {
    readable: Gauge,
    patients: Gauge,
    followed: Gauge,
    due: Gauge,
    overdue: Gauge,
    severely_overdue: Gauge,
    unaccounted: Gauge,
    open_data_tasks: Gauge,
    mails_waiting: Gauge,
    mails_failed: Gauge,
    mail_tasks: Gauge,
    mail_held: Gauge,
    mail_stops: Gauge,
    reminders_planned: Gauge,
    night_needs_person: Gauge,
    last_run_finished: Gauge,
}

impl Default for Metrics {
    fn default() -> Self {
        Self::new()
    }
}

impl Metrics {
    /// All numbers at 0.
    #[must_use]
    pub fn new() -> Self {
        let mut registry = Registry::with_prefix("lobewatch");
        let sweeps = Family::<SweepLabels, Count>::default();
        for outcome in
            [SweepOutcome::Complete, SweepOutcome::Incomplete, SweepOutcome::Failed, SweepOutcome::Stopped]
        {
            drop(sweeps.get_or_create(&outcome.into()));
        }
        registry.register("sweeps", "Nightly runs of this process, by how they ended", sweeps.clone());
        // From a hundred patients on a laptop to a large registry on a slow disk.
        let sweep_duration = Histogram::new([0.1, 0.5, 1.0, 5.0, 15.0, 60.0, 300.0, 1800.0]);
        registry.register("sweep_duration_seconds", "How long nightly runs took", sweep_duration.clone());
        let mails = Family::<MailLabels, Count>::default();
        for outcome in [MailOutcome::Sent, MailOutcome::Failed, MailOutcome::Unknown] {
            drop(mails.get_or_create(&outcome.into()));
        }
        registry.register("mail_attempts", "Attempts to send a mail, by how they ended", mails.clone());
        let gauges = Gauges::registered(&mut registry);
        Self { registry, sweeps, sweep_duration, mails, gauges }
    }

    /// Counts a nightly run that ended after `duration`.
    pub fn sweep_ended(&self, duration: Duration, outcome: SweepOutcome) {
        self.sweeps.get_or_create(&outcome.into()).inc();
        self.sweep_duration.observe(duration.as_secs_f64());
    }

    /// Counts one attempt to send a mail.
    pub fn mail_attempted(&self, outcome: MailOutcome) {
        self.mails.get_or_create(&outcome.into()).inc();
    }

    /// Takes the gauges from the registry; `None` marks them as out of date (`lobewatch_registry_readable 0`).
    pub fn observe(&self, status: Option<&RegistryStatus>) {
        let gauges = &self.gauges;
        let Some(status) = status else {
            gauges.readable.set(0);
            return;
        };
        gauges.readable.set(1);
        let set = |gauge: &Gauge, n: u64| gauge.set(i64::try_from(n).unwrap_or(i64::MAX));
        set(&gauges.patients, status.patients);
        set(&gauges.followed, status.followed);
        set(&gauges.due, status.due);
        set(&gauges.overdue, status.overdue);
        set(&gauges.severely_overdue, status.severely_overdue);
        set(&gauges.unaccounted, status.unaccounted);
        set(&gauges.open_data_tasks, status.open_data_tasks);
        set(&gauges.mails_waiting, status.mails_waiting);
        set(&gauges.mails_failed, status.mails_failed);
        set(&gauges.mail_tasks, status.mail_tasks);
        set(&gauges.mail_stops, status.mail_stops.len() as u64);
        gauges.mail_held.set(i64::from(status.mail_held_since.is_some()));
        set(&gauges.reminders_planned, status.reminders_planned);
        gauges.night_needs_person.set(i64::from(status.night().needs_person()));
        gauges.last_run_finished.set(status.last_finished_at.map_or(0, |at| at.timestamp()));
    }

    /// The text of a scrape.
    ///
    /// # Errors
    /// Only if formatting itself fails.
    pub fn render(&self) -> Result<String, fmt::Error> {
        let mut text = String::new();
        encode(&mut text, &self.registry)?;
        Ok(text)
    }
}

impl Gauges {
    fn registered(registry: &mut Registry) -> Self {
        let gauges = Self::default();
        let all = [
            (
                "registry_readable",
                "1 if the other gauges are current, 0 if the database did not answer",
                &gauges.readable,
            ),
            ("patients", "Patients on record", &gauges.patients),
            ("followed", "Patients under surveillance", &gauges.followed),
            ("due", "Patients whose next CT is due", &gauges.due),
            ("overdue", "Patients whose next CT is overdue", &gauges.overdue),
            ("severely_overdue", "Patients whose next CT is severely overdue", &gauges.severely_overdue),
            ("unaccounted", "Patients with neither a next CT nor a reason; must be 0", &gauges.unaccounted),
            ("open_data_tasks", "Open questions about data", &gauges.open_data_tasks),
            ("mails_waiting", "Mails not yet sent", &gauges.mails_waiting),
            ("mails_failed", "Mails given up on", &gauges.mails_failed),
            ("mail_tasks", "Open tasks about mail", &gauges.mail_tasks),
            ("mail_held", "1 while no mail leaves because the mail server does not work", &gauges.mail_held),
            ("mail_stops", "Stops of mail that people ordered and that hold", &gauges.mail_stops),
            ("reminders_planned", "Reminders planned for later", &gauges.reminders_planned),
            (
                "night_needs_person",
                "1 if last night's run did not start, broke off, left somebody out or found somebody lost",
                &gauges.night_needs_person,
            ),
            (
                "last_run_finished_timestamp_seconds",
                "When the last nightly run ended that went through all patients, 0 before the first",
                &gauges.last_run_finished,
            ),
        ];
        for (name, help, gauge) in all {
            registry.register(name, help, gauge.clone());
        }
        gauges
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    const DOCUMENT: &str = include_str!("../../docs/operating.md");

    #[test]
    fn the_operating_document_names_every_number_and_no_other() {
        let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
        let documented: BTreeSet<_> =
            DOCUMENT.split(|c| !is_name(c)).filter(|word| word.starts_with("lobewatch_")).collect();
        let text = Metrics::new().render().unwrap();
        let real: BTreeSet<_> = text
            .lines()
            .filter_map(|line| line.strip_prefix("# TYPE ")?.split_once(' '))
            .map(|(name, kind)| if kind == "counter" { format!("{name}_total") } else { name.to_owned() })
            .collect();
        assert!(real.len() > 10, "{text}");
        assert_eq!(documented, real.iter().map(String::as_str).collect());
    }
}
