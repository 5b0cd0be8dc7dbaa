//! `lobewatch doctor`: looks for what keeps the service from working, one line a check.

use std::sync::Arc;

use super::{Exit, terminal::Terminal, wiring};
use crate::{
    app::{metrics::Metrics, sweep::RUN_KIND},
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
    check_last_run(&store, report).await
}

async fn check_last_run(store: &Store, report: &mut Report<'_>) -> anyhow::Result<()> {
    match store.last_run(RUN_KIND).await {
        Err(error) => report.bad("nightly run", &error.to_string())?,
        Ok(None) => report.note("nightly run", "there was none yet")?,
        Ok(Some(run)) => {
            let text = format!(
                "{} for {}, {} patients, {} failed",
                run.outcome.as_str(),
                run.as_of,
                run.n_patients,
                run.n_failed
            );
            if run.outcome.as_str() == "complete" {
                report.good("nightly run", &text)?;
            } else {
                report.bad("nightly run", &text)?;
            }
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
