//! `lobewatch normalise`: history documents in their canonical form, as an export would write them.

use std::path::PathBuf;

use clap::Args;

use super::{
    Exit,
    import::{Input, documents, limits, refusal_lines},
    terminal::Terminal,
    wiring,
};
use crate::{config::LoadOptions, document::write, import::check::Checker};

#[derive(Debug, Args)]
pub(super) struct NormaliseArguments {
    /// Files with one document, an array of them, or one a line; `-` is standard input.
    #[arg(required = true)]
    files: Vec<PathBuf>,
    /// One document a line instead of indented text.
    #[arg(long)]
    ndjson: bool,
}

pub(super) fn run(
    arguments: &NormaliseArguments,
    load: LoadOptions,
    terminal: &mut Terminal,
) -> anyhow::Result<Exit> {
    let settings = wiring::settings(load)?;
    let mut exit = Exit::Done;
    let mut checker = Checker::new(limits(&settings));
    for path in &arguments.files {
        let input = Input::open(path)?;
        documents(&input, &mut checker, |checked| {
            match checked {
                Ok(document) if arguments.ndjson => {
                    terminal.raw(&write::compact(&document.history))?;
                    terminal.raw("\n")?;
                }
                Ok(document) => terminal.raw(&write::pretty(&document.history))?,
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
