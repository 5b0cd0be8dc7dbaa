//! The answer to "did last night's run work?" in words, and what needs a person. Pure; words first, colour by class.

use chrono::{DateTime, Utc};
use chrono_tz::Tz;

use crate::app::{
    night::{Night, is_missed},
    status::{RegistryStatus, RunSummary},
};

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

/// Puts the judgement on the last night into words.
pub(super) fn judge(status: &RegistryStatus, zone: Tz) -> Verdict {
    let Some(run) = &status.last_run else { return never_ran(status, zone) };
    let started = in_words(run.started_at, zone);
    match status.night() {
        Night::NeverRan => never_ran(status, zone),
        Night::NotStarted => not_started(status, &started, zone),
        Night::BrokeOff => Verdict {
            class: "bad",
            answer: "No, it broke off",
            sentence: format!(
                "The run that started on {started} failed or was stopped before its end. It is tried again within a few minutes; if this stays, the log names the cause."
            ),
        },
        Night::UnderWay => Verdict {
            class: "calm",
            answer: "It is under way",
            sentence: format!("It started on {started}."),
        },
        Night::CutOff => Verdict {
            class: "bad",
            answer: "No, it did not finish",
            sentence: format!(
                "The run that started on {started} has no end on record. The next attempt makes up for it; if there is none, the service is stuck: start it anew."
            ),
        },
        Night::Unaccounted | Night::Incomplete | Night::Worked => finished(status, run, zone),
    }
}

fn never_ran(status: &RegistryStatus, zone: Tz) -> Verdict {
    let missed = is_missed(status.last_due_at, status.now) && status.patients > 0;
    let sentence = match status.last_due_at {
        Some(due_at) if missed => format!(
            "No run is on record, although one was planned for {}. A service that was started after that makes up for it at once.",
            in_words(due_at, zone)
        ),
        _ => "No run is on record. Nobody has been checked for a due CT so far.".to_owned(),
    };
    Verdict { class: "warn", answer: "It has not run yet", sentence }
}

fn not_started(status: &RegistryStatus, started: &str, zone: Tz) -> Verdict {
    let due = status.last_due_at.map_or_else(String::new, |at| format!(" for {}", in_words(at, zone)));
    Verdict {
        class: "bad",
        answer: "No, it did not start",
        sentence: format!(
            "A run was planned{due}; the last one started on {started}. A service that works makes up for it within a minute: if this stays, the log names the cause."
        ),
    }
}

/// A run that went through all patients. It worked only if every one was handled and nobody is lost.
fn finished(status: &RegistryStatus, run: &RunSummary, zone: Tz) -> Verdict {
    let at = run.finished_at.map_or_else(String::new, |at| format!(" on {}", in_words(at, zone)));
    let as_of = run.as_of.format("%-d %B %Y");
    let n_patients = patients(run.n_patients);
    let not_assessed = format!("{} of {n_patients} could not be assessed", run.n_failed);
    let (class, answer, sentence) = match status.night() {
        Night::Worked => (
            "good",
            "Yes, it worked",
            format!("It finished{at}: {n_patients} assessed as of {as_of}, none left out."),
        ),
        Night::Unaccounted => {
            let also = if run.n_failed > 0 { format!(", and {not_assessed}") } else { String::new() };
            let lost = patients(status.unaccounted);
            let sentence = format!(
                "It finished{at} as of {as_of}, but for {lost} under surveillance nothing is planned and nobody is asked{also}. `lobewatch doctor` names them: look at them today."
            );
            ("bad", "No, somebody is unaccounted for", sentence)
        }
        _ if run.n_failed == 0 => (
            "warn",
            "Not for everybody",
            format!(
                "It finished{at} as of {as_of}, but found patients for whom nothing was planned. That has been put right since; the log names them by study id."
            ),
        ),
        _ => (
            "warn",
            "Not for everybody",
            format!(
                "It finished{at} as of {as_of}, but {not_assessed}: the plan they had before stands. The log names them by study id; correct what it says about them."
            ),
        ),
    };
    Verdict { class, answer, sentence }
}

/// What a person should look at, the gravest first. Empty if there is nothing.
pub(super) fn attention(status: &RegistryStatus, zone: Tz) -> Vec<Attention> {
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
    for stop in &status.mail_stops {
        let scope = stop
            .clinic
            .as_ref()
            .map_or_else(|| "all clinics".to_owned(), |clinic| format!("clinic {clinic}"));
        let sentence = format!(
            "no mail leaves for {scope} since {}, by order of {}. `lobewatch mail status` shows why.",
            in_words(stop.since, zone),
            stop.by
        );
        items.push(Attention { class: "bad", word: "Mail stopped", sentence });
    }
    if let Some(since) = status.mail_held_since {
        let sentence = format!(
            "the mail server does not work; mails are held back since {} and leave by themselves when it does.",
            in_words(since, zone)
        );
        items.push(Attention { class: "bad", word: "Mail held back", sentence });
    }
    if status.mail_tasks > 0 {
        let tasks = if status.mail_tasks == 1 { "task" } else { "tasks" };
        let sentence = format!(
            "{} {tasks} about mail: `lobewatch mail status` says who was not told.",
            status.mail_tasks
        );
        items.push(Attention { class: "bad", word: "Not told", sentence });
    }
    if status.mails_failed > 0 {
        let mails = if status.mails_failed == 1 { "mail was" } else { "mails were" };
        let sentence =
            format!("{} {mails} given up on and will not be sent without help.", status.mails_failed);
        items.push(Attention { class: "bad", word: "Mails failed", sentence });
    }
    for clinic in status.clinics.iter().filter(|clinic| !clinic.has_recipient) {
        let sentence = format!(
            "clinic {} receives no reminders for its {}: set clinics.{}.coordinator_email.",
            clinic.slug,
            patients(clinic.followed),
            clinic.slug
        );
        items.push(Attention { class: "bad", word: "Nobody to send to", sentence });
    }
    items
}

fn patients(n: u64) -> String {
    if n == 1 { "1 patient".to_owned() } else { format!("{n} patients") }
}
