//! `lobewatch doctor`: looks for what keeps the service from working, one line a check.

use std::sync::Arc;

use super::{Exit, terminal::Terminal, wiring};
use crate::{
    app::{
        metrics::Metrics,
        night::Night,
        read_status::{NightReport, read_night},
    },
    clock::{Clock as _, SystemClock},
    config::{LoadOptions, Settings},
    store::Store,
};

pub(super) async fn run(load: LoadOptions, terminal: &mut Terminal) -> anyhow::Result<Exit> {
    let settings = wiring::settings(load)?;
    let mut report = Report { terminal, failed: 0 };
    report.good("settings", "no problems")?;
    check_protocol(&settings, &mut report)?;
    check_registry(&settings, &mut report).await?;
    check_mail(&settings, &mut report).await?;
    let failed = report.failed;
    if failed == 0 { Ok(Exit::Done) } else { Ok(Exit::Failed) }
}

struct Report<'a> {
    terminal: &'a mut Terminal,
    failed: usize,
}

impl Report<'_> {
    fn good(&mut self, what: &str, text: &str) -> std::io::Result<()> {
        self.terminal.line(format!("ok       {what}: {text}"))
    }

    fn note(&mut self, what: &str, text: &str) -> std::io::Result<()> {
        self.terminal.line(format!("note     {what}: {text}"))
    }

    fn bad(&mut self, what: &str, text: &str) -> std::io::Result<()> {
        self.failed += 1;
        self.terminal.line(format!("problem  {what}: {text}"))
    }
}

fn check_protocol(settings: &Settings, report: &mut Report<'_>) -> anyhow::Result<()> {
    match wiring::protocol(settings.protocol.file.as_deref()) {
        Err(error) => report.bad("protocol", &format!("{error:#}"))?,
        Ok(protocol) => {
            let name = format!("{} version {}", protocol.id, protocol.version);
            match protocol.approval {
                Some(approval) => {
                    report.good("protocol", &format!("{name}, approved by {} on {}", approval.by, approval.on))?;
                }
                None => report.note(
                    "protocol",
                    &format!("{name} is not approved by anybody: a responsible clinician reviews it before use with patients"),
                )?,
            }
        }
    }
    Ok(())
}

async fn check_registry(settings: &Settings, report: &mut Report<'_>) -> anyhow::Result<()> {
    let store = match wiring::open_store(settings).await {
        Ok(store) => store,
        Err(error) => return Ok(report.bad("registry", &format!("{error:#}"))?),
    };
    match store.ping().await {
        Ok(()) => report.good("registry", &format!("{:?} answers", store.backend()))?,
        Err(error) => return Ok(report.bad("registry", &error.to_string())?),
    }
    let pending = match store.pending_migrations().await {
        Ok(pending) => pending,
        Err(error) => return Ok(report.bad("schema", &error.to_string())?),
    };
    if !pending.is_empty() {
        let text = format!("{} steps behind; run `lobewatch migrate`", pending.len());
        return Ok(report.bad("schema", &text)?);
    }
    report.good("schema", "up to date")?;
    check_night(&store, settings, report).await?;
    check_recipients(&store, settings, report).await
}

/// The same judgement as on the status page, with the names of those who need a person.
async fn check_night(store: &Store, settings: &Settings, report: &mut Report<'_>) -> anyhow::Result<()> {
    let schedule = &settings.schedule;
    let read = read_night(store, &schedule.nightly, schedule.time_zone, SystemClock.now()).await;
    let NightReport { night, run, unaccounted } = match read {
        Ok(read) => read,
        Err(error) => return Ok(report.bad("nightly run", &error.to_string())?),
    };
    if !unaccounted.is_empty() {
        let text = format!("nothing is planned for {}: look at them today", unaccounted.join(", "));
        report.bad("unaccounted", &text)?;
    }
    let Some(run) = run else { return Ok(report.note("nightly run", "there was none yet")?) };
    let text = format!(
        "{} for {}, {} patients, {} failed",
        night_in_words(night),
        run.as_of,
        run.n_patients,
        run.n_failed
    );
    match night {
        Night::UnderWay => report.note("nightly run", &text)?,
        night if night.needs_person() => report.bad("nightly run", &text)?,
        _ => report.good("nightly run", &text)?,
    }
    Ok(())
}

fn night_in_words(night: Night) -> &'static str {
    match night {
        Night::NeverRan => "none",
        Night::NotStarted => "none since it was last wanted; is the service running? The last one was",
        Night::BrokeOff => "broke off, the log names the cause;",
        Night::CutOff => "has no end on record; is the service running? It was",
        Night::UnderWay => "under way",
        Night::Unaccounted => "left somebody unaccounted for;",
        Night::Incomplete => "incomplete, the log names the patients;",
        Night::Worked => "complete",
    }
}

/// Clinics that look after somebody and have nobody who is told.
async fn check_recipients(store: &Store, settings: &Settings, report: &mut Report<'_>) -> anyhow::Result<()> {
    let clinics = match store.clinics().await {
        Ok(clinics) => clinics,
        Err(error) => return Ok(report.bad("clinic", &error.to_string())?),
    };
    for slug in clinics {
        if settings.clinics.get(&slug).is_none_or(|clinic| clinic.coordinator_email.is_none()) {
            let text = format!(
                "{slug} has patients and nobody receives its digest; set clinics.{slug}.coordinator_email"
            );
            report.bad("clinic", &text)?;
        }
    }
    Ok(())
}

async fn check_mail(settings: &Settings, report: &mut Report<'_>) -> anyhow::Result<()> {
    for (slug, clinic) in &settings.clinics {
        match &clinic.coordinator_email {
            Some(_) => report.good("clinic", &format!("{slug} has a coordinator address"))?,
            None => report
                .note("clinic", &format!("{slug} has no coordinator_email: nobody receives its digest"))?,
        }
    }
    match wiring::delivery(settings, Arc::new(Metrics::new())) {
        Err(error) => report.bad("mail", &format!("{error:#}"))?,
        Ok(delivery) => match delivery.transport.check().await {
            Ok(()) => report.good("mail", &format!("{} transport works", delivery.transport.kind()))?,
            Err(error) => report.bad("mail", &error.to_string())?,
        },
    }
    Ok(())
}
