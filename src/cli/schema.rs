//! `lobewatch schema`: the JSON Schema of a document format, as published in `docs/schema`.

use clap::{Args, ValueEnum};

use super::{Exit, terminal::Terminal};
use crate::document::schema;

#[derive(Debug, Args)]
pub(super) struct SchemaArguments {
    /// Which format.
    #[arg(value_enum)]
    format: Format,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Format {
    /// What lobewatch imports and exports.
    History,
    /// What lobewatch says about a patient.
    Assessment,
}

pub(super) fn run(arguments: &SchemaArguments, terminal: &mut Terminal) -> anyhow::Result<Exit> {
    let schema = match arguments.format {
        Format::History => schema::history(),
        Format::Assessment => schema::assessment(),
    };
    terminal.raw(&serde_json::to_string_pretty(&schema)?)?;
    terminal.raw("\n")?;
    Ok(Exit::Done)
}
