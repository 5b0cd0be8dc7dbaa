//! `lobewatch patterns list|explain`: the catalogue of recurrence patterns, as the code has it.

use std::fmt::Write as _;

use clap::{Args, Subcommand};

use super::{Exit, evidence, terminal::Terminal, wiring};
use crate::{
    literature::HEADING,
    rules::{PatternInfo, patterns::ALL},
};

#[derive(Debug, Args)]
pub(super) struct PatternsArguments {
    #[command(subcommand)]
    command: PatternsCommand,
}

#[derive(Debug, Subcommand)]
enum PatternsCommand {
    /// Id, name and what is flagged.
    List,
    /// One pattern: what it flags, why it matters, what it reads, when it cannot be decided, where it comes from.
    Explain {
        /// Id, such as P07.
        id: String,
    },
    /// The whole catalogue as the page of the documentation.
    Document,
}

pub(super) fn run(arguments: &PatternsArguments, terminal: &mut Terminal) -> anyhow::Result<Exit> {
    match &arguments.command {
        PatternsCommand::List => {
            for pattern in ALL {
                terminal
                    .line(format!("{}  {:34}  {}", pattern.info.id, pattern.info.name, pattern.info.flags))?;
            }
        }
        PatternsCommand::Explain { id } => {
            let known = ALL.iter().find(|pattern| pattern.info.id.eq_ignore_ascii_case(id));
            let Some(pattern) = known else {
                let problem = format!("there is no pattern `{id}`; `lobewatch patterns list` shows all");
                return Err(wiring::InputError(problem).into());
            };
            terminal.raw(&explained(pattern.info))?;
            terminal.raw(&evidence::beside(&evidence::register()?, pattern.info.figures))?;
        }
        PatternsCommand::Document => terminal.raw(&catalogue())?,
    }
    Ok(Exit::Done)
}

fn explained(info: &PatternInfo) -> String {
    format!(
        "{} {}\n\nflags          {}\nwhy            {}\nreads          {}\nnot evaluable  {}\nsource         {}\n",
        info.id, info.name, info.flags, info.why, info.inputs, info.not_evaluable, info.source
    )
}

/// The catalogue as a page of the documentation.
fn catalogue() -> String {
    let mut text = String::from(
        "# Recurrence patterns\n\nWritten from the code; `LOBEWATCH_UPDATE=1 cargo test catalogue` writes it anew. A pattern is true, false, unknown \
         or not\napplicable. Unknown is never read as false. No pattern closes, cancels or delays anything, and a missing flag does not\nmean \
         that there is no recurrence. Published figures beside a pattern are for orientation and enter no rule:\n[Published figures](evidence.md).\n",
    );
    for pattern in ALL {
        let info = pattern.info;
        // Writing to a String cannot fail.
        let _ = write!(
            text,
            "\n## {} {}\n\n- **Flags:** {}\n- **Why it matters:** {}\n- **Reads:** {}\n- **Cannot be decided when:** {}\n- **Source:** {}\n",
            info.id, info.name, info.flags, info.why, info.inputs, info.not_evaluable, info.source
        );
        if !info.figures.is_empty() {
            let links = info.figures.iter().map(|id| format!("[{id}](evidence.md#{})", id.to_lowercase()));
            let _ = writeln!(text, "- **{HEADING}:** {}", links.collect::<Vec<_>>().join(", "));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_published_catalogue_is_that_of_the_code() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/patterns.md");
        if std::env::var_os("LOBEWATCH_UPDATE").is_some() {
            std::fs::write(path, catalogue()).unwrap();
        }
        let published = std::fs::read_to_string(path).unwrap_or_default();
        assert_eq!(
            published,
            catalogue(),
            "docs/patterns.md is stale; run LOBEWATCH_UPDATE=1 cargo test catalogue"
        );
    }

    #[test]
    fn the_catalogue_holds_all_twenty_in_order() {
        let ids: Vec<_> = ALL.iter().map(|pattern| pattern.info.id.to_owned()).collect();
        assert_eq!(ids, (1..=20).map(|number| format!("P{number:02}")).collect::<Vec<_>>());
    }
}
