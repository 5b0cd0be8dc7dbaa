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
    document::{assessment::AssessmentDocument, json},
    domain::history::History,
    import::check::Checker,
    protocol::Protocol,
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
    /// Only read and check the documents: say what is refused and count the rest, assess nothing.
    #[arg(long, conflicts_with_all = ["as_of", "protocol", "pretty"])]
    check_only: bool,
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
    let mut writer =
        AssessmentWriter { protocol: &protocol, as_of, pretty: arguments.pretty, text: Vec::new() };
    let mut exit = Exit::Done;
    let mut sound = 0_u64;
    let mut checker = Checker::new(limits(&settings));
    for path in &arguments.files {
        let input = Input::open(path)?;
        documents(&input, &mut checker, |checked| {
            match checked {
                Ok(document) => {
                    sound += 1;
                    if !arguments.check_only {
                        writer.write(&document.history, terminal)?;
                    }
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
    if arguments.check_only {
        terminal.line(format!("documents in order: {sound}"))?;
    }
    Ok(exit)
}

/// Assesses one history after the other; keeps the memory of the text from one to the next.
struct AssessmentWriter<'a> {
    protocol: &'a Protocol,
    as_of: NaiveDate,
    pretty: bool,
    text: Vec<u8>,
}

impl AssessmentWriter<'_> {
    /// Writes in one piece, because every bracket and quotation mark is handed over by itself.
    fn write(&mut self, history: &History, terminal: &mut Terminal) -> anyhow::Result<()> {
        let assessment = assess(history, self.protocol, self.as_of);
        let document = AssessmentDocument::from(&assessment);
        self.text.clear();
        if self.pretty {
            serde_json::to_writer_pretty(&mut self.text, &document)?;
        } else {
            json::write(&mut self.text, &document)?;
        }
        self.text.push(b'\n');
        terminal.out().write_all(&self.text)?;
        Ok(())
    }
}
