//! What an import would do, in words: new, changed, unchanged, refused.

use std::io;

use crate::{
    app::{context::Context, import_histories::Effect},
    assessment::assess,
    cli::terminal::Terminal,
    document::compare::FactChange,
    domain::history::History,
    import::check::RefusedDocument,
};

/// Documents of one kind that are listed without `--list-all`.
const LISTED: u64 = 30;
/// Refused ones are listed further: each needs a person. A file of rubbish must not fill the terminal all the same.
const LISTED_REFUSED: u64 = 500;

/// Counts of a preview, and how much of it was listed.
#[derive(Debug)]
pub(super) struct Preview {
    pub new: u64,
    pub changed: u64,
    pub unchanged: u64,
    pub refused: u64,
    warnings: u64,
    list_all: bool,
}

impl Preview {
    pub(super) const fn new(list_all: bool) -> Self {
        Self { new: 0, changed: 0, unchanged: 0, refused: 0, warnings: 0, list_all }
    }

    /// Documents that can be recorded or are recorded already.
    pub(super) const fn sound(&self) -> u64 {
        self.new + self.changed + self.unchanged
    }

    /// Counts what a document does and says it, with the data tasks it would open.
    pub(super) fn effect(
        &mut self,
        ctx: &Context,
        place: &str,
        history: &History,
        effect: &Effect,
    ) -> Vec<String> {
        let study_id = &history.patient.study_id;
        let mut lines = Vec::new();
        let listed = match effect {
            Effect::New { facts } => {
                self.new += 1;
                lines.push(format!("new        {study_id}  {facts} facts  ({place})"));
                self.new
            }
            Effect::Changed(differences) => {
                self.changed += 1;
                lines.push(format!("changed    {study_id}  {} facts  ({place})", differences.len()));
                lines.extend(differences.iter().map(|difference| {
                    let what = match &difference.change {
                        FactChange::Added => "added".to_owned(),
                        FactChange::Withdrawn => "withdrawn".to_owned(),
                        FactChange::Changed { paths } => format!("changed at {}", paths.join(", ")),
                    };
                    format!("             {} {}: {what}", difference.kind.code(), difference.key)
                }));
                self.changed
            }
            Effect::Unchanged => {
                self.unchanged += 1;
                return Vec::new();
            }
        };
        let clinic = history.patient.clinic.as_ref().map_or("default", |clinic| clinic.as_str());
        let assessment = assess(history, &ctx.protocol, ctx.today_at(clinic));
        for task in &assessment.evaluation.data_tasks {
            self.warnings += 1;
            lines.push(format!("             warning: {}", task.reason));
        }
        if self.list_all || listed <= LISTED { lines } else { Vec::new() }
    }

    /// Counts a refused document and says where and why.
    pub(super) fn refusal(&mut self, input: &str, refused: &RefusedDocument) -> Vec<String> {
        self.refused += 1;
        if self.list_all || self.refused <= LISTED_REFUSED {
            refusal_lines(input, refused)
        } else {
            Vec::new()
        }
    }

    pub(super) fn print_summary(&self, terminal: &mut Terminal) -> io::Result<()> {
        if !self.list_all && (self.new > LISTED || self.changed > LISTED) {
            terminal
                .line(format!("… only the first {LISTED} of each kind are listed; --list-all lists all"))?;
        }
        terminal.line(format!(
            "checked: {} new, {} changed, {} unchanged, {} refused; {} warnings that open data tasks",
            self.new, self.changed, self.unchanged, self.refused, self.warnings
        ))
    }
}

/// A refused document in words: file, line, JSON path, what is wrong and what to do.
pub(in crate::cli) fn refusal_lines(input: &str, refused: &RefusedDocument) -> Vec<String> {
    let whose = refused.study_id.as_ref().map_or_else(String::new, |study_id| format!("  {study_id}"));
    let mut lines = vec![format!("refused    {input}:{}{whose}", refused.line)];
    lines.extend(
        refused.problems.iter().map(|problem| {
            format!("             line {}, {}: {}", problem.line, problem.path, problem.problem)
        }),
    );
    if refused.stopped {
        lines.push("             nothing after this place could be read".to_owned());
    }
    lines
}
