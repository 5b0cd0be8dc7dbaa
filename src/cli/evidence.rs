//! `lobewatch evidence list|show`: published figures with their population, design and doubts, and where they stand.

use std::fmt::Write as _;

use clap::{Args, Subcommand};

use super::{Exit, terminal::Terminal, wiring};
use crate::{
    literature::{CAUTION, Figure, HEADING, Register, SHIPPED},
    rules::{
        patterns::ALL,
        tier_figures::{OF_TIER_LOW, OF_TRIGGERS},
    },
};

#[derive(Debug, Args)]
pub(super) struct EvidenceArguments {
    #[command(subcommand)]
    command: EvidenceCommand,
}

#[derive(Debug, Subcommand)]
enum EvidenceCommand {
    /// Every figure on one line, with its label.
    List,
    /// One figure: what was found, in whom, how, where, what contradicts it, which flags name it.
    Show {
        /// Id, such as E61.
        id: String,
    },
    /// The whole register as the page of the documentation.
    Document,
}

pub(super) fn run(arguments: &EvidenceArguments, terminal: &mut Terminal) -> anyhow::Result<Exit> {
    let register = register()?;
    match &arguments.command {
        EvidenceCommand::List => {
            terminal.line(format!("{HEADING}. {CAUTION}"))?;
            for figure in register.all() {
                terminal.line(listed(figure))?;
            }
        }
        EvidenceCommand::Show { id } => {
            let known = register.all().iter().find(|figure| figure.id.eq_ignore_ascii_case(id));
            let Some(figure) = known else {
                let problem = format!("there is no figure `{id}`; `lobewatch evidence list` shows all");
                return Err(wiring::InputError(problem).into());
            };
            terminal.raw(&shown(figure))?;
        }
        EvidenceCommand::Document => terminal.raw(&page(&register))?,
    }
    Ok(Exit::Done)
}

/// The register that ships with the program.
pub(super) fn register() -> anyhow::Result<Register> {
    Register::parse(SHIPPED).map_err(|problems| {
        let lines: Vec<_> = problems.iter().map(|problem| format!("\n  {problem}")).collect();
        anyhow::anyhow!("the built-in evidence register has problems:{}", lines.concat())
    })
}

/// The figures of these ids as lines under a heading; nothing where there are none.
pub(super) fn beside(register: &Register, ids: &[&str]) -> String {
    let lines: Vec<String> =
        register.named(ids.iter().copied()).map(|figure| format!("  {}\n", figure.line())).collect();
    if lines.is_empty() { String::new() } else { format!("\n{HEADING}\n{}{CAUTION}\n", lines.concat()) }
}

/// The patterns and tier triggers that name a figure.
fn named_by(id: &str) -> Vec<String> {
    let patterns = ALL.iter().filter(|pattern| pattern.info.figures.contains(&id));
    let patterns = patterns.map(|pattern| format!("{} {}", pattern.info.id, pattern.info.name));
    let triggers = OF_TRIGGERS.iter().filter(|(_, figures)| figures.contains(&id));
    let triggers = triggers.map(|(trigger, _)| format!("tier trigger {trigger}"));
    let low = OF_TIER_LOW.contains(&id).then(|| "proposal of tier L".to_owned());
    patterns.chain(triggers).chain(low).collect()
}

fn listed(figure: &Figure) -> String {
    match &figure.withheld {
        Some(reason) => format!("{} {}: not shown, {reason}", figure.id, figure.statement),
        None => figure.line(),
    }
}

/// What is said of a figure, key by key; of one that is withheld only why.
fn parts(figure: &Figure) -> Vec<(&'static str, String)> {
    let mut parts = match &figure.withheld {
        Some(reason) => vec![("Not shown", reason.clone())],
        None => vec![("Figure", figure.figure.clone()), ("In whom", figure.label())],
    };
    parts.push(("Source", figure.source.clone()));
    let named_by = named_by(&figure.id);
    if !named_by.is_empty() {
        parts.push(("Named by", named_by.join(", ")));
    }
    parts
}

fn shown(figure: &Figure) -> String {
    let mut text = format!("{} {}\n{HEADING}. {CAUTION}\n\n", figure.id, figure.statement);
    for (key, value) in parts(figure) {
        // Writing to a String cannot fail.
        let _ = writeln!(text, "{key:10} {value}");
    }
    text
}

/// Where the page comes from, and the citation that most sources are short for.
const ABOUT: &str = "\
Written from `config/evidence.toml`; `LOBEWATCH_UPDATE=1 cargo test evidence` writes it anew. Gherzi 2022 is the review in
AME Surg J 2022;2:38, doi 10.21037/asj-21-68. Most other sources were read as abstracts. The ids E47 to E59 were never given.
";

/// The register as a page of the documentation.
fn page(register: &Register) -> String {
    let mut text =
        format!("# Published figures\n\n{HEADING}.\n{CAUTION}\nThey enter no rule and no mail.\n\n{ABOUT}");
    for figure in register.all() {
        let _ = write!(text, "\n## {}\n\n{}.\n\n", figure.id, figure.statement);
        for (key, value) in parts(figure) {
            let _ = writeln!(text, "- **{key}:** {value}");
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn figure(id: &str) -> Figure {
        register().unwrap().all().iter().find(|figure| figure.id == id).unwrap().clone()
    }

    #[test]
    fn the_published_page_is_that_of_the_register() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/evidence.md");
        let page = page(&register().unwrap());
        if std::env::var_os("LOBEWATCH_UPDATE").is_some() {
            std::fs::write(path, &page).unwrap();
        }
        let published = std::fs::read_to_string(path).unwrap_or_default();
        assert_eq!(published, page, "docs/evidence.md is stale; run LOBEWATCH_UPDATE=1 cargo test evidence");
    }

    #[test]
    fn a_figure_is_shown_with_what_contradicts_it_and_the_flags_that_name_it() {
        insta::assert_snapshot!(shown(&figure("E64")));
        assert!(
            shown(&figure("E80"))
                .contains("P08 bilateral-now, P10 observed-nodule-without-follow-up, tier trigger")
        );
    }

    #[test]
    fn a_withheld_figure_says_why_and_shows_no_number() {
        insta::assert_snapshot!(shown(&figure("E65")));
        for id in ["E02", "E65"] {
            let figure = figure(id);
            for text in [shown(&figure), listed(&figure), page(&register().unwrap())] {
                assert!(text.contains(figure.withheld.as_deref().unwrap()), "{text}");
                assert!(!text.contains(&figure.figure), "{text}");
            }
        }
    }

    #[test]
    fn every_figure_on_a_view_has_its_label() {
        let register = register().unwrap();
        for figure in register.shown() {
            for text in [shown(figure), listed(figure), page(&register), beside(&register, &[&figure.id])] {
                assert!(text.contains(&figure.label()), "{text}");
            }
        }
        assert_eq!(beside(&register, &["E65"]), "");
    }
}
