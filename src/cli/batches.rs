//! `lobewatch batches list|rollback`: what was imported, and taking one import back as a whole.

use clap::{Args, Subcommand};
use uuid::Uuid;

use super::{Exit, import::recorder, terminal::Terminal, wiring};
use crate::{
    app::roll_back_batch::{RollBackError, roll_back_batch},
    config::LoadOptions,
};

#[derive(Debug, Args)]
pub(super) struct BatchesArguments {
    #[command(subcommand)]
    command: BatchesCommand,
}

#[derive(Debug, Subcommand)]
enum BatchesCommand {
    /// The newest imports.
    List {
        /// How many.
        #[arg(long, default_value_t = 20)]
        limit: u64,
    },
    /// Take an import back as a whole: what was known before is in force again, as new revisions.
    Rollback {
        /// Id of the import, as `batches list` shows it.
        id: Uuid,
        /// Why.
        #[arg(long)]
        reason: String,
        /// Who; the name of the signed-in user where left out.
        #[arg(long)]
        by: Option<String>,
        /// Leave patients alone that were changed since; the import is not marked as rolled back then.
        #[arg(long)]
        skip_changed: bool,
    },
}

pub(super) async fn run(
    arguments: &BatchesArguments,
    load: LoadOptions,
    terminal: &mut Terminal,
) -> anyhow::Result<Exit> {
    let environment = load.env.clone();
    let settings = wiring::settings(load)?;
    let ctx = wiring::context(&settings, terminal).await?;
    match &arguments.command {
        BatchesCommand::List { limit } => {
            for batch in ctx.store.batches(*limit).await? {
                let counts = batch.counts;
                terminal.line(format!(
                    "{}  {}  {}  by {}  {} new, {} changed, {} unchanged, {} refused  {}",
                    batch.id,
                    batch.started_at.format("%Y-%m-%d %H:%M UTC"),
                    batch.state.as_str(),
                    batch.imported_by,
                    counts.new,
                    counts.changed,
                    counts.unchanged,
                    counts.refused,
                    batch.source,
                ))?;
            }
            Ok(Exit::Done)
        }
        BatchesCommand::Rollback { id, reason, by, skip_changed } => {
            let by = recorder(by.as_deref(), &environment)?;
            match roll_back_batch(&ctx, *id, &by, reason, *skip_changed).await {
                Ok(report) => {
                    terminal.line(format!(
                        "{} patients restored, {} withdrawn, {} as before already",
                        report.restored, report.withdrawn, report.already_restored
                    ))?;
                    for study_id in &report.changed_since {
                        terminal.remark(format!("left alone, changed since: {study_id}"))?;
                    }
                    if !report.is_whole() {
                        terminal.line(
                            "the import is not marked as rolled back, because patients were left alone; repeat this once they are settled",
                        )?;
                    }
                    Ok(Exit::Done)
                }
                Err(
                    error @ (RollBackError::NotFound
                    | RollBackError::AlreadyRolledBack
                    | RollBackError::ChangedSince(_)),
                ) => Err(wiring::InputError(error.to_string()).into()),
                Err(error) => Err(error.into()),
            }
        }
    }
}
