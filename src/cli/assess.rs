//! `lobewatch assess`: assessments of history documents, without a database.

use std::path::PathBuf;

use chrono::NaiveDate;
use clap::Args;

use super::{
    Exit,
    import::{Input, documents, limits, refusal_lines},
    terminal::Terminal,
    wiring,
};
use crate::{
    assessment::assess,
    clock::{Clock, SystemClock},
    config::LoadOptions,
    document::assessment::AssessmentDocument,
    import::check::Checker,
};

#[derive(Debug, Args)]
pub(super) struct AssessArguments {
    /// Files with one document, an array of them, or one a line; `-` is standard input.
    #[arg(required = true)]
    files: Vec<PathBuf>,
    /// Civil day of the assessment, YYYY-MM-DD; today where left out.
    #[arg(long, value_name = "DATE")]
    as_of: Option<NaiveDate>,
    /// Protocol file; the configured or shipped one where left out.
    #[arg(long, value_name = "FILE")]
    protocol: Option<PathBuf>,
    /// Indented text for people instead of one assessment a line.
    #[arg(long)]
    pretty: bool,
}

pub(super) fn run(
    arguments: &AssessArguments,
    load: LoadOptions,
    terminal: &mut Terminal,
) -> anyhow::Result<Exit> {
    let settings = wiring::settings(load)?;
    let protocol = wiring::protocol(arguments.protocol.as_deref().or(settings.protocol.file.as_deref()))?;
    let zone = settings.schedule.time_zone;
    let as_of = arguments.as_of.unwrap_or_else(|| SystemClock.now().with_timezone(&zone).date_naive());
    let mut exit = Exit::Done;
    let mut checker = Checker::new(limits(&settings));
    for path in &arguments.files {
        let input = Input::open(path)?;
        documents(&input, &mut checker, |checked| {
            match checked {
                Ok(document) => {
                    let assessment = assess(&document.history, &protocol, as_of);
                    let document = AssessmentDocument::from(&assessment);
                    if arguments.pretty {
                        serde_json::to_writer_pretty(terminal.out(), &document)?;
                    } else {
                        serde_json::to_writer(terminal.out(), &document)?;
                    }
                    terminal.raw("\n")?;
                }
                Err(refused) => {
                    exit = Exit::BadInput;
                    refusal_lines(input.name(), &refused)
                        .iter()
                        .try_for_each(|line| terminal.remark(line))?;
                }
            }
            Ok(())
        })?;
    }
    Ok(exit)
}
