//! `lobewatch export`: history documents out of the registry.

use chrono::{DateTime, NaiveDate, Utc};
use clap::{Args, ValueEnum};

use super::{Exit, terminal::Terminal, wiring};
use crate::{
    app::{
        context::Context,
        export_histories::{ExportError, history_as_of, read_history},
    },
    config::LoadOptions,
    document::write,
    domain::history::History,
    store::AsOf,
};

/// Patients read at once.
const PAGE: u64 = 200;

#[derive(Debug, Args)]
pub(super) struct ExportArguments {
    /// Study ids; all patients where none is given.
    study_ids: Vec<String>,
    /// What was known then: an instant (2026-03-01T12:00:00Z) or the end of a civil day (2026-03-01).
    #[arg(long, value_name = "INSTANT")]
    as_of: Option<String>,
    /// One document on several lines, or one document a line.
    #[arg(long, value_enum, default_value_t = Layout::Ndjson)]
    layout: Layout,
    /// Leave out what identifies a person (name, contacts, other identifiers).
    #[arg(long)]
    without_identity: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Layout {
    Ndjson,
    Pretty,
}

pub(super) async fn run(
    arguments: &ExportArguments,
    load: LoadOptions,
    terminal: &mut Terminal,
) -> anyhow::Result<Exit> {
    let settings = wiring::settings(load)?;
    let ctx = wiring::context(&settings, terminal).await?;
    let as_of =
        arguments.as_of.as_deref().map(|text| instant(text, &ctx)).transpose()?.unwrap_or(AsOf::Latest);
    if arguments.study_ids.is_empty() {
        return export_all(&ctx, arguments, as_of, terminal).await;
    }
    for study_id in &arguments.study_ids {
        let (_, history) = read_history(&ctx, study_id, as_of).await?;
        write_one(history, arguments, terminal)?;
    }
    Ok(Exit::Done)
}

async fn export_all(
    ctx: &Context,
    arguments: &ExportArguments,
    as_of: AsOf,
    terminal: &mut Terminal,
) -> anyhow::Result<Exit> {
    let mut exit = Exit::Done;
    let mut after = None;
    loop {
        let page = ctx.store.patients_page(after, PAGE, None).await?;
        let Some(last) = page.last() else { return Ok(exit) };
        after = Some(last.id);
        for head in page {
            if head.withdrawn && as_of == AsOf::Latest {
                continue;
            }
            match history_as_of(ctx, &head, as_of).await {
                Ok(history) => write_one(history, arguments, terminal)?,
                Err(ExportError::NotKnownThen(_)) => {}
                Err(error @ ExportError::Facts { .. }) => {
                    terminal.remark(error.to_string())?;
                    exit = Exit::Failed;
                }
                Err(error) => return Err(error.into()),
            }
        }
    }
}

fn write_one(history: History, arguments: &ExportArguments, terminal: &mut Terminal) -> anyhow::Result<()> {
    let history = if arguments.without_identity { anonymous(history)? } else { history };
    match arguments.layout {
        Layout::Pretty => terminal.raw(&write::pretty(&history))?,
        Layout::Ndjson => {
            terminal.raw(&write::compact(&history))?;
            terminal.raw("\n")?;
        }
    }
    Ok(())
}

fn anonymous(history: History) -> anyhow::Result<History> {
    let mut parts = history.into_parts();
    parts.identity = None;
    History::new(parts)
        .map_err(|_| anyhow::anyhow!("a history without identity is no history; report this as a defect"))
}

/// An instant, or the last instant of a civil day of the service's zone.
pub(super) fn instant(text: &str, ctx: &Context) -> anyhow::Result<AsOf> {
    if let Ok(instant) = text.parse::<DateTime<Utc>>() {
        return Ok(AsOf::Instant(instant));
    }
    let remedy = || {
        wiring::InputError(format!(
            "`{text}` is neither an instant (2026-03-01T12:00:00Z) nor a day (2026-03-01)"
        ))
    };
    let day: NaiveDate = text.parse().map_err(|_| remedy())?;
    let end = ctx.clinics.end_of_day(day).ok_or_else(remedy)?;
    Ok(AsOf::Instant(end))
}
