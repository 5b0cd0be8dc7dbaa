//! `lobewatch import`: check and preview everything first, then commit what is sound.
//!
//! The input is read twice as a stream: once to look, once to record. One bad document never blocks the others; with
//! `--all-or-nothing` it blocks all.

mod input;
mod preview;

use std::{io::Read, path::PathBuf};

use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};

use self::preview::Preview;
pub(super) use self::{input::Input, preview::refusal_lines};
use super::{Exit, terminal::Terminal, wiring};
use crate::{
    app::{
        context::Context,
        import_histories::{Import, ImportNote, preview},
    },
    config::{LoadOptions, Settings},
    domain::history::History,
    import::{check::Checker, limits::Limits},
};

/// Inputs from this size on show how far they are, when a person watches.
const LONG_INPUT_BYTES: u64 = 1_000_000;

#[derive(Debug, Args)]
pub(super) struct ImportArguments {
    /// Files with one document, an array of them, or one a line (NDJSON); `-` is standard input.
    #[arg(required = true)]
    files: Vec<PathBuf>,
    /// Check and preview only.
    #[arg(long)]
    dry_run: bool,
    /// Record nothing if any document is refused.
    #[arg(long)]
    all_or_nothing: bool,
    /// Who imports; the name of the signed-in user where left out.
    #[arg(long)]
    by: Option<String>,
    /// Why; recorded with every revision.
    #[arg(long)]
    reason: Option<String>,
    /// List every document and difference instead of the first ones.
    #[arg(long)]
    list_all: bool,
}

pub(super) async fn run(
    arguments: &ImportArguments,
    load: LoadOptions,
    terminal: &mut Terminal,
) -> anyhow::Result<Exit> {
    let environment = load.env.clone();
    let settings = wiring::settings(load)?;
    let by = recorder(arguments.by.as_deref(), &environment)?;
    let inputs = arguments.files.iter().map(|path| Input::open(path)).collect::<anyhow::Result<Vec<_>>>()?;
    let source = inputs.iter().map(Input::name).collect::<Vec<_>>().join(", ");
    let reason = arguments.reason.clone().unwrap_or_else(|| format!("import of {source}"));
    let ctx = wiring::context(&settings, terminal).await?;
    let found = look(&ctx, &settings, &inputs, arguments.list_all, terminal).await?;
    found.print_summary(terminal)?;
    let exit = if found.refused > 0 { Exit::BadInput } else { Exit::Done };
    if arguments.dry_run {
        terminal.line("dry run: nothing was recorded")?;
        return Ok(exit);
    }
    if found.refused > 0 && arguments.all_or_nothing {
        terminal
            .line("nothing was recorded, because documents were refused and --all-or-nothing was given")?;
        return Ok(exit);
    }
    if found.new + found.changed == 0 {
        terminal.line("nothing to record")?;
        return Ok(exit);
    }
    let note = ImportNote { by, reason, source };
    let recorded = record(&ctx, &settings, &inputs, note, terminal).await?;
    if recorded.sound != found.sound() {
        terminal.remark(changed_between(found.sound(), recorded.sound))?;
        return Ok(Exit::Failed);
    }
    Ok(if recorded.refused_late > 0 { Exit::BadInput } else { exit })
}

/// The preview was of another input than what was recorded: a person has to look.
fn changed_between(checked: u64, read_again: u64) -> String {
    format!(
        "error: the input changed between its two readings: {checked} sound documents when it was checked, \
         {read_again} when it was recorded; import again from a file that nobody writes to"
    )
}

/// What the second reading found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Recorded {
    /// Documents in order.
    sound: u64,
    /// Of them, refused by the registry.
    refused_late: u64,
}

/// First reading: what is new, what changes, what is refused and why.
async fn look(
    ctx: &Context,
    settings: &Settings,
    inputs: &[Input],
    list_all: bool,
    terminal: &mut Terminal,
) -> anyhow::Result<Preview> {
    let mut checker = Checker::new(limits(settings));
    let mut found = Preview::new(list_all);
    for input in inputs {
        let bar = progress(input, "checking", terminal);
        for checked in checker.documents(bar.wrap_read(input.reader()?)) {
            match checked {
                Ok(document) => {
                    let effect = preview(ctx, &document.history).await?;
                    let place = format!("{}:{}", input.name(), document.line);
                    let lines = found.effect(ctx, &place, &document.history, &effect);
                    bar.suspend(|| lines.iter().try_for_each(|line| terminal.line(line)))?;
                }
                Err(refused) => {
                    let lines = found.refusal(input.name(), &refused);
                    bar.suspend(|| lines.iter().try_for_each(|line| terminal.remark(line)))?;
                }
            }
        }
        bar.finish_and_clear();
    }
    Ok(found)
}

/// Second reading: records what is sound, some documents a transaction.
async fn record(
    ctx: &Context,
    settings: &Settings,
    inputs: &[Input],
    note: ImportNote,
    terminal: &mut Terminal,
) -> anyhow::Result<Recorded> {
    let mut checker = Checker::new(limits(settings));
    let mut import = Import::begin(ctx, note).await?;
    let (mut sound, mut refused_late) = (0, 0);
    let mut waiting = Vec::with_capacity(settings.import.documents_per_transaction);
    for input in inputs {
        let bar = progress(input, "recording", terminal);
        for checked in checker.documents(bar.wrap_read(input.reader()?)) {
            match checked {
                Ok(document) => {
                    sound += 1;
                    waiting.push(document.history);
                }
                Err(_) => import.refuse(),
            }
            if waiting.len() >= settings.import.documents_per_transaction {
                refused_late += record_waiting(&mut import, &mut waiting, terminal).await?;
            }
        }
        bar.finish_and_clear();
    }
    refused_late += record_waiting(&mut import, &mut waiting, terminal).await?;
    let (batch_id, counts) = import.finish().await?;
    terminal.line(format!(
        "recorded: {} new, {} changed, {} unchanged, {} refused",
        counts.new, counts.changed, counts.unchanged, counts.refused
    ))?;
    terminal.line(format!(
        "batch {batch_id}; to take it back: lobewatch batches rollback {batch_id} --reason WHY"
    ))?;
    Ok(Recorded { sound, refused_late })
}

/// Records some documents together. If the registry refuses one of them, each is tried by itself, so that one bad
/// document blocks no other.
async fn record_waiting(
    import: &mut Import<'_>,
    waiting: &mut Vec<History>,
    terminal: &mut Terminal,
) -> anyhow::Result<u64> {
    let histories = std::mem::take(waiting);
    let Err(error) = import.record(&histories).await else { return Ok(0) };
    if error.ends_import() {
        return Err(error.into());
    }
    let mut refused = 0;
    for history in &histories {
        if let Err(error) = import.record(std::slice::from_ref(history)).await {
            if error.ends_import() {
                return Err(error.into());
            }
            refused += 1;
            import.refuse();
            terminal.remark(format!("refused by the registry: {}: {error}", history.patient.study_id))?;
        }
    }
    Ok(refused)
}

/// A bar for long inputs when a person watches; hidden otherwise.
fn progress(input: &Input, verb: &'static str, terminal: &Terminal) -> ProgressBar {
    let bytes = input.bytes();
    if !terminal.is_watched || bytes < LONG_INPUT_BYTES {
        return ProgressBar::hidden();
    }
    let bar = ProgressBar::new(bytes).with_message(verb);
    if let Ok(style) = ProgressStyle::with_template("{msg} {bar:40} {bytes}/{total_bytes} {eta}") {
        bar.set_style(style);
    }
    bar
}

/// Limits of one document, from the settings.
pub(super) fn limits(settings: &Settings) -> Limits {
    Limits {
        max_document_bytes: usize::try_from(settings.import.max_document_bytes).unwrap_or(usize::MAX),
        max_nodules: settings.import.max_nodules_per_document,
        ..Limits::default()
    }
}

/// The person behind a change: named, or the signed-in user; never nobody.
pub(super) fn recorder(by: Option<&str>, environment: &[(String, String)]) -> anyhow::Result<String> {
    let from_environment =
        |key: &str| environment.iter().find(|(own, _)| own == key).map(|(_, value)| value.as_str());
    let name =
        by.or_else(|| from_environment("USER")).or_else(|| from_environment("LOGNAME")).unwrap_or("").trim();
    if name.is_empty() || name.chars().any(char::is_control) {
        return Err(wiring::InputError("every change needs a person: add --by NAME".to_owned()).into());
    }
    Ok(name.to_owned())
}

/// Documents of an input that is read once, for commands without a registry.
pub(super) fn documents(
    input: &Input,
    checker: &mut Checker,
    mut each: impl FnMut(
        Result<crate::import::check::CheckedDocument, crate::import::check::RefusedDocument>,
    ) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    let reader: Box<dyn Read> = Box::new(input.reader()?);
    checker.documents(reader).try_for_each(&mut each)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn document(study_id: &str) -> String {
        format!("{{\"format\":\"lobewatch.history/1\",\"patient\":{{\"study_id\":\"{study_id}\"}}}}\n")
    }

    #[tokio::test]
    async fn a_file_that_changes_between_the_readings_is_noticed() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("histories.ndjson");
        let url = format!("sqlite://{}?mode=rwc", folder.path().join("registry.db").display());
        let env = vec![("LOBEWATCH__DATABASE__URL".to_owned(), url)];
        let settings = Settings::load(LoadOptions { env, ..LoadOptions::default() }).unwrap();
        let mut terminal = Terminal::standard();
        let ctx = wiring::context(&settings, &mut terminal).await.unwrap();
        std::fs::write(&file, document("P-1") + &document("P-2")).unwrap();
        let inputs = [Input::open(&file).unwrap()];
        let note =
            || ImportNote { by: "Dr Test".to_owned(), reason: "test".to_owned(), source: "test".to_owned() };
        let found = look(&ctx, &settings, &inputs, false, &mut terminal).await.unwrap();
        let again = record(&ctx, &settings, &inputs, note(), &mut terminal).await.unwrap();
        assert_eq!((found.sound(), again.sound), (2, 2));
        std::fs::write(&file, document("P-1")).unwrap();
        let again = record(&ctx, &settings, &inputs, note(), &mut terminal).await.unwrap();
        assert_eq!(again, Recorded { sound: 1, refused_late: 0 });
        assert!(changed_between(found.sound(), again.sound).contains("2 sound documents"));
    }
}
