//! `lobewatch sweep`: the nightly job once, by hand.

use std::sync::Arc;

use chrono::NaiveDate;
use clap::Args;

use super::{Exit, terminal::Terminal, wiring};
use crate::{
    app::{
        deliver::deliver_waiting,
        enqueue_digests::DigestTime,
        metrics::Metrics,
        sweep::{SweepReport, is_other_day, sweep},
    },
    config::LoadOptions,
};

#[derive(Debug, Args)]
pub(super) struct SweepArguments {
    /// Civil day to plan for, YYYY-MM-DD; without it each clinic's own today.
    #[arg(long, value_name = "DATE")]
    as_of: Option<NaiveDate>,
    /// Write the mails down and leave the sending to the service.
    #[arg(long)]
    no_send: bool,
}

pub(super) async fn run(
    arguments: &SweepArguments,
    load: LoadOptions,
    terminal: &mut Terminal,
) -> anyhow::Result<Exit> {
    let settings = wiring::settings(load)?;
    let ctx = wiring::context(&settings, terminal).await?;
    let time = if arguments.no_send { DigestTime::ClinicHour } else { DigestTime::Now };
    if let Some(day) = arguments.as_of
        && is_other_day(&ctx, Some(day)).await?
    {
        terminal.remark(format!(
            "{day} is not today at every clinic: this run plans for that day and does not count as last night's; the \
             next nightly run plans for today again"
        ))?;
    }
    let report = sweep(&ctx, arguments.as_of, time, || false).await?;
    print(&report, terminal)?;
    let mut sound = report.is_sound();
    if !arguments.no_send {
        let delivery = wiring::delivery(&settings, Arc::new(Metrics::new()))?;
        let sent = deliver_waiting(&ctx, &delivery, || false).await?;
        terminal.line(format!(
            "mails: {} sent, {} to be tried again, {} failed, {} not wanted any more",
            sent.sent, sent.retried, sent.failed, sent.cancelled
        ))?;
        sound = sound && sent.failed == 0;
        let waiting = ctx.store.counts(ctx.today()).await?.mails_waiting;
        if waiting > 0 {
            terminal.remark(format!(
                "mails still waiting: {waiting}, for their hour, the pace of sending, a stop or the mail server; the \
                 service sends them when they may leave"
            ))?;
        }
    }
    Ok(if sound { Exit::Done } else { Exit::Failed })
}

pub(super) fn print(report: &SweepReport, terminal: &mut Terminal) -> std::io::Result<()> {
    terminal.line(format!(
        "patients: {} looked at, {} followed, {} with changes, {} failed",
        report.patients, report.followed, report.changed, report.failed
    ))?;
    terminal.line(format!("digests written down: {}", report.digests))?;
    for clinic in &report.clinics_without_recipient {
        terminal.remark(format!(
            "clinic `{clinic}` has nobody to send to: set clinics.{clinic}.coordinator_email"
        ))?;
    }
    if report.unaccounted.is_empty() {
        return terminal.line("every followed patient has a next CT, an open task or a recorded end");
    }
    for study_id in &report.unaccounted {
        terminal.remark(format!(
            "INCIDENT: nobody is responsible for patient {study_id}: look at the patient today"
        ))?;
    }
    Ok(())
}
