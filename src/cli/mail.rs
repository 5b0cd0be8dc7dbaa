//! `lobewatch mail`: how mail stands, stopping and starting it, addresses in doubt, mails that came back.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::{Exit, terminal::Terminal, wiring};
use crate::{
    app::{context::Context, read_bounces::read_bounces},
    config::LoadOptions,
    store::MailStop,
};

#[derive(Debug, Args)]
pub(super) struct MailArguments {
    #[command(subcommand)]
    command: MailCommand,
}

#[derive(Debug, Subcommand)]
enum MailCommand {
    /// Show stops, the state of the mail server, addresses in doubt and open tasks about mail.
    Status,
    /// Stop all mail, or the mail of one clinic. What comes due waits and leaves as one list later.
    Stop(StopArguments),
    /// Lift the stop of all mail, or of one clinic.
    Start(StopArguments),
    /// Send to an address in doubt again, after the clinic has been asked.
    Trust {
        /// The address, as `mail status` shows it.
        address: String,
        #[command(flatten)]
        who: Who,
    },
    /// Close a task about mail that has been seen to.
    Done {
        /// The task's key, as `mail status` shows it.
        key: String,
        #[command(flatten)]
        who: Who,
    },
    /// Read a mailbox of failed deliveries: a file (mbox or one message), a Maildir, or a folder of .eml files.
    Bounces {
        /// The mailbox; it is never changed.
        mailbox: PathBuf,
    },
}

#[derive(Debug, Args)]
struct StopArguments {
    /// The clinic's key; without it all clinics.
    #[arg(long, value_name = "CLINIC")]
    clinic: Option<String>,
    #[command(flatten)]
    who: Who,
}

/// Who does it and why: recorded, because it decides who is told of a due CT.
#[derive(Debug, Args)]
struct Who {
    /// Who decides this.
    #[arg(long, value_name = "NAME", value_parser = one_line)]
    by: String,
    /// Why.
    #[arg(long, value_name = "REASON", value_parser = one_line)]
    reason: String,
}

fn one_line(text: &str) -> Result<String, String> {
    let text = text.trim();
    if text.is_empty() || text.chars().any(char::is_control) {
        return Err("write it on one line, and do not leave it empty".to_owned());
    }
    Ok(text.to_owned())
}

pub(super) async fn run(
    arguments: &MailArguments,
    load: LoadOptions,
    terminal: &mut Terminal,
) -> anyhow::Result<Exit> {
    let settings = wiring::settings(load)?;
    let ctx = wiring::context(&settings, terminal).await?;
    match &arguments.command {
        MailCommand::Status => status(&ctx, terminal).await,
        MailCommand::Stop(stop) => {
            let scope = scope_of(&ctx, stop.clinic.as_deref())?;
            let order = MailStop {
                clinic: stop.clinic.clone(),
                stopped_at: ctx.now(),
                stopped_by: stop.who.by.clone(),
                because: stop.who.reason.clone(),
            };
            if ctx.store.stop_mail(&order).await? {
                terminal.line(format!("mail of {scope} is stopped"))?;
            } else {
                terminal.remark(format!("mail of {scope} was stopped before; that stop holds on"))?;
            }
            Ok(Exit::Done)
        }
        MailCommand::Start(start) => {
            let clinic = start.clinic.as_deref();
            let scope =
                clinic.map_or_else(|| "all clinics".to_owned(), |clinic| format!("clinic `{clinic}`"));
            let lifted = ctx.store.start_mail(clinic, &start.who.by, &start.who.reason, ctx.now()).await?;
            said(
                terminal,
                lifted,
                &format!("the stop of {scope} is lifted"),
                &format!("there is no stop of {scope}"),
            )
        }
        MailCommand::Trust { address, who } => {
            let tx = ctx.store.writer().await?;
            let trusted = tx.trust_address(address, &who.by, &who.reason, ctx.now()).await?;
            tx.commit().await?;
            said(terminal, trusted, "mail goes to that address again", "that address is not in doubt")
        }
        MailCommand::Done { key, who } => {
            let tx = ctx.store.writer().await?;
            let closed = tx.close_mail_task(key, Some(&who.by), &who.reason, ctx.now()).await?;
            tx.commit().await?;
            said(
                terminal,
                closed,
                "the task is closed",
                "no open task has that key; `lobewatch mail status` lists them",
            )
        }
        MailCommand::Bounces { mailbox } => {
            let counts = read_bounces(&ctx, mailbox).await?;
            terminal.line(format!(
                "{} messages: {} mails newly known to have come back, {} known before, {} late or delivered, {} not of \
                 this registry",
                counts.messages, counts.new, counts.known, counts.passing, counts.foreign
            ))?;
            Ok(Exit::Done)
        }
    }
}

fn said(terminal: &mut Terminal, done: bool, yes: &str, no: &str) -> anyhow::Result<Exit> {
    if done {
        terminal.line(yes)?;
        return Ok(Exit::Done);
    }
    terminal.remark(no)?;
    Ok(Exit::BadInput)
}

/// The words for what a stop covers. A mistyped clinic must not look stopped.
fn scope_of(ctx: &Context, clinic: Option<&str>) -> Result<String, wiring::InputError> {
    match clinic {
        None => Ok("all clinics".to_owned()),
        Some(clinic) if ctx.clinics.get(clinic).is_some() => Ok(format!("clinic `{clinic}`")),
        Some(clinic) => Err(wiring::InputError(format!(
            "the configuration names no clinic `{clinic}`; `lobewatch check-config` lists them"
        ))),
    }
}

async fn status(ctx: &Context, terminal: &mut Terminal) -> anyhow::Result<Exit> {
    let minute = "%Y-%m-%d %H:%M UTC";
    for stop in ctx.store.mail_stops().await? {
        let scope =
            stop.clinic.map_or_else(|| "all clinics".to_owned(), |clinic| format!("clinic `{clinic}`"));
        let since = stop.stopped_at.format(minute);
        terminal
            .line(format!("stopped  {scope}  since {since}  by {}  {}", stop.stopped_by, stop.because))?;
    }
    let relay = ctx.store.mail_relay().await?;
    match (relay.open_since, relay.failing_since) {
        (Some(since), _) => {
            terminal.line(format!("mail server  away; mails held back since {}", since.format(minute)))?
        }
        (None, Some(since)) => {
            terminal.line(format!("mail server  failing since {}", since.format(minute)))?
        }
        (None, None) => terminal.line("mail server  no failure since the last mail it took")?,
    }
    for suspect in ctx.store.suspect_addresses().await? {
        let since = suspect.since.format(minute);
        terminal.line(format!("in doubt  {}  since {since}  {}", suspect.address, suspect.because))?;
    }
    let tasks = ctx.store.mail_tasks().await?;
    for task in &tasks {
        let since = task.opened_at.format(minute);
        terminal
            .line(format!("task  \"{}\"  since {since}\n      {}", task.record.key, task.record.reason))?;
    }
    if tasks.is_empty() {
        terminal.line("no open task about mail")?;
    }
    Ok(Exit::Done)
}
