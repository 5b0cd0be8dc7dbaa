//! The answer to "did last night's run work?", and what needs a person. Pure; words first, colour by class.

use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::Tz;

use crate::app::status::{RegistryStatus, RunOutcome, RunSummary};

/// How long after its time a run may start before the night counts as missed.
const GRACE: TimeDelta = TimeDelta::minutes(30);

/// A run without an end after this time has been cut off.
const LONGEST_RUN: TimeDelta = TimeDelta::hours(6);

/// The answer at the top of the page.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Verdict {
    /// `good`, `warn`, `bad` or `calm`.
    pub(super) class: &'static str,
    /// The answer in a few words.
    pub(super) answer: &'static str,
    /// What it rests on.
    pub(super) sentence: String,
}

/// One thing that waits for a person.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Attention {
    pub(super) class: &'static str,
    pub(super) word: &'static str,
    pub(super) sentence: String,
}

/// An instant in words, in the zone of the service and with its name.
pub(super) fn in_words(at: DateTime<Utc>, zone: Tz) -> String {
    at.with_timezone(&zone).format("%-d %B %Y, %H:%M %Z").to_string()
}

/// Judges the last run against the schedule.
pub(super) fn judge(status: &RegistryStatus, zone: Tz) -> Verdict {
    let Some(run) = &status.last_run else { return never_ran(status, zone) };
    if let Some(due_at) = status.last_due_at
        && run.started_at < due_at
        && status.now > due_at + GRACE
    {
        let due = in_words(due_at, zone);
        let last = in_words(run.started_at, zone);
        return Verdict {
            class: "bad",
            answer: "No, it did not start",
            sentence: format!(
                "A run was planned for {due}; the last one started on {last}. The next run makes up for it."
            ),
        };
    }
    match (run.outcome, run.finished_at) {
        (RunOutcome::Failed, _) => Verdict {
            class: "bad",
            answer: "No, it broke off",
            sentence: format!(
                "The run that started on {} ended with an error. The log names the cause.",
                in_words(run.started_at, zone)
            ),
        },
        (RunOutcome::Completed, Some(finished_at)) => completed(run, finished_at, zone),
        (RunOutcome::Running, _) | (RunOutcome::Completed, None) => unfinished(run, status.now, zone),
    }
}

fn never_ran(status: &RegistryStatus, zone: Tz) -> Verdict {
    let missed = status.last_due_at.is_some_and(|due_at| status.now > due_at + GRACE) && status.patients > 0;
    let sentence = match status.last_due_at {
        Some(due_at) if missed => format!(
            "No run is on record, although one was planned for {}. If the service was started after that, the next run puts it right.",
            in_words(due_at, zone)
        ),
        _ => "No run is on record. Nobody has been checked for a due CT so far.".to_owned(),
    };
    Verdict { class: "warn", answer: "It has not run yet", sentence }
}

fn completed(run: &RunSummary, finished_at: DateTime<Utc>, zone: Tz) -> Verdict {
    let finished = in_words(finished_at, zone);
    let as_of = run.as_of.format("%-d %B %Y");
    let n_patients = patients(run.n_patients);
    if run.n_failed == 0 {
        return Verdict {
            class: "good",
            answer: "Yes, it worked",
            sentence: format!(
                "It finished on {finished}: {n_patients} assessed as of {as_of}, none left out."
            ),
        };
    }
    Verdict {
        class: "warn",
        answer: "Not for everybody",
        sentence: format!(
            "It finished on {finished} as of {as_of}, but {} of {n_patients} could not be assessed. The log names them by study id.",
            run.n_failed
        ),
    }
}

fn unfinished(run: &RunSummary, now: DateTime<Utc>, zone: Tz) -> Verdict {
    let started = in_words(run.started_at, zone);
    if now - run.started_at <= LONGEST_RUN {
        return Verdict {
            class: "calm",
            answer: "It is under way",
            sentence: format!("It started on {started}."),
        };
    }
    Verdict {
        class: "bad",
        answer: "No, it did not finish",
        sentence: format!(
            "The run that started on {started} has no end on record. The next run makes up for it."
        ),
    }
}

/// What a person should look at, the gravest first. Empty if there is nothing.
pub(super) fn attention(status: &RegistryStatus) -> Vec<Attention> {
    let mut items = Vec::new();
    let mut add = |n: u64, class, word, sentence: &str| {
        if n > 0 {
            items.push(Attention { class, word, sentence: format!("{} {sentence}", patients(n)) });
        }
    };
    add(
        status.unaccounted,
        "bad",
        "Fault",
        "under surveillance with neither a next CT nor a reason why not.",
    );
    add(
        status.severely_overdue,
        "bad",
        "Severely overdue",
        "waiting for a CT far beyond the end of its window.",
    );
    if status.mails_failed > 0 {
        let mails = if status.mails_failed == 1 { "mail was" } else { "mails were" };
        let sentence =
            format!("{} {mails} given up on and will not be sent without help.", status.mails_failed);
        items.push(Attention { class: "bad", word: "Mails failed", sentence });
    }
    items
}

fn patients(n: u64) -> String {
    if n == 1 { "1 patient".to_owned() } else { format!("{n} patients") }
}
