//! The command line: arguments, and one file per subcommand.
//!
//! Exit codes: 0 done; 1 something failed that is not the input's fault; 2 bad input, arguments or settings, of
//! which nothing was kept.

pub mod terminal;

mod act;
mod assess;
mod batches;
mod check_config;
mod demo;
mod doctor;
mod evidence;
mod export;
mod import;
mod mail;
mod migrate;
mod normalise;
mod patient_view;
mod patients;
mod patterns;
mod schema;
mod send_test_mail;
mod serve;
mod slot;
mod sweep;
mod wiring;

use std::path::PathBuf;

use clap::{Parser, Subcommand};

use self::terminal::Terminal;
use crate::config::LoadOptions;

/// How a command ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// Done.
    Done,
    /// Failed.
    Failed,
    /// Bad input, arguments or settings.
    BadInput,
}

impl Exit {
    /// The process's exit code.
    #[must_use]
    pub const fn code(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::Failed => 1,
            Self::BadInput => 2,
        }
    }
}

/// Follows sarcoma patients after lung metastasectomy: nodules per lobe, recurrence flags, CT surveillance reminders.
#[derive(Debug, Parser)]
#[command(name = "lobewatch", version, max_term_width = 100)]
pub struct Arguments {
    /// Configuration file; without it the built-in defaults and the environment count.
    #[arg(long, global = true, env = "LOBEWATCH_CONFIG", value_name = "FILE")]
    config: Option<PathBuf>,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    #[command(flatten)]
    WithRegistry(RegistryCommand),
    #[command(flatten)]
    Alone(LoneCommand),
}

/// Commands that wait for a database, a mail server or a network.
#[derive(Debug, Subcommand)]
enum RegistryCommand {
    /// Read history documents into the registry: check, preview, commit.
    Import(import::ImportArguments),
    /// Write history documents out of the registry, now or as of a past instant.
    Export(export::ExportArguments),
    /// List imports, or take one back as a whole.
    Batches(batches::BatchesArguments),
    /// List patients, or show one patient's history per lobe.
    Patients(patients::PatientsArguments),
    /// Record what became of a planned scan: booked, made, postponed, not needed, reviewed; or take that back.
    Slot(slot::SlotArguments),
    /// Run the nightly job once: assess, plan, write reminders down, send.
    Sweep(sweep::SweepArguments),
    /// Run the service: nightly job, delivery, pages.
    Serve,
    /// Bring the database schema up to date.
    Migrate,
    /// Look for what keeps the service from working: settings, database, schema, protocol, mail.
    Doctor,
    /// Show how mail stands, stop and start it, see to addresses in doubt and to mails that came back.
    Mail(mail::MailArguments),
    /// Send one mail to see that mails arrive.
    SendTestMail(send_test_mail::SendTestMailArguments),
    /// Show everything at work on published case histories.
    Demo(demo::DemoArguments),
}

/// Commands that need nothing but their input.
#[derive(Debug, Subcommand)]
enum LoneCommand {
    /// Assess history documents without a database: one assessment a line.
    Assess(assess::AssessArguments),
    /// Write history documents in their canonical form.
    Normalise(normalise::NormaliseArguments),
    /// List the recurrence patterns, or explain one.
    Patterns(patterns::PatternsArguments),
    /// List the published figures behind the flags, or show one with its source.
    Evidence(evidence::EvidenceArguments),
    /// Print every setting with its source, and all problems with their remedies.
    CheckConfig,
    /// Print the JSON Schema of a document format.
    Schema(schema::SchemaArguments),
}

/// Runs a command to its end.
#[must_use]
pub fn run(arguments: Arguments) -> Exit {
    let mut terminal = Terminal::standard();
    let outcome = dispatch(arguments, &mut terminal);
    let exit = match outcome {
        Ok(exit) => exit,
        // A reader that has seen enough, as in `lobewatch export | head`, is no failure.
        Err(error) if is_closed_pipe(&error) => Exit::Done,
        Err(error) => {
            let _ = terminal.remark(format!("error: {error:#}"));
            exit_of(&error)
        }
    };
    match terminal.flush() {
        Ok(()) => exit,
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => exit,
        Err(_) => Exit::Failed,
    }
}

fn dispatch(arguments: Arguments, terminal: &mut Terminal) -> anyhow::Result<Exit> {
    let load = LoadOptions { file: arguments.config, ..LoadOptions::default() }.with_process_environment();
    match arguments.command {
        Command::Alone(LoneCommand::Assess(arguments)) => assess::run(&arguments, load, terminal),
        Command::Alone(LoneCommand::Normalise(arguments)) => normalise::run(&arguments, load, terminal),
        Command::Alone(LoneCommand::CheckConfig) => check_config::run(load, terminal),
        Command::Alone(LoneCommand::Patterns(arguments)) => patterns::run(&arguments, terminal),
        Command::Alone(LoneCommand::Evidence(arguments)) => evidence::run(&arguments, terminal),
        Command::Alone(LoneCommand::Schema(arguments)) => schema::run(&arguments, terminal),
        Command::WithRegistry(command) => {
            let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
            runtime.block_on(dispatch_with_registry(command, load, terminal))
        }
    }
}

async fn dispatch_with_registry(
    command: RegistryCommand,
    load: LoadOptions,
    terminal: &mut Terminal,
) -> anyhow::Result<Exit> {
    match command {
        RegistryCommand::Import(arguments) => import::run(&arguments, load, terminal).await,
        RegistryCommand::Export(arguments) => export::run(&arguments, load, terminal).await,
        RegistryCommand::Batches(arguments) => batches::run(&arguments, load, terminal).await,
        RegistryCommand::Patients(arguments) => patients::run(&arguments, load, terminal).await,
        RegistryCommand::Slot(arguments) => slot::run(&arguments, load, terminal).await,
        RegistryCommand::Sweep(arguments) => sweep::run(&arguments, load, terminal).await,
        RegistryCommand::Serve => serve::run(load, terminal).await,
        RegistryCommand::Migrate => migrate::run(load, terminal).await,
        RegistryCommand::Doctor => doctor::run(load, terminal).await,
        RegistryCommand::Mail(arguments) => mail::run(&arguments, load, terminal).await,
        RegistryCommand::SendTestMail(arguments) => send_test_mail::run(&arguments, load, terminal).await,
        RegistryCommand::Demo(arguments) => demo::run(&arguments, load, terminal).await,
    }
}

fn is_closed_pipe(error: &anyhow::Error) -> bool {
    error.chain().any(|cause| {
        let io = cause.downcast_ref::<std::io::Error>().map(std::io::Error::kind);
        let json = cause.downcast_ref::<serde_json::Error>().and_then(serde_json::Error::io_error_kind);
        io.or(json) == Some(std::io::ErrorKind::BrokenPipe)
    })
}

/// Settings, arguments and inputs are the caller's to mend; everything else is a failure.
fn exit_of(error: &anyhow::Error) -> Exit {
    let is_input = error.chain().any(|cause| {
        cause.is::<crate::config::ConfigProblemsError>()
            || cause.is::<wiring::InputError>()
            || matches!(
                cause.downcast_ref(),
                Some(
                    crate::app::export_histories::ExportError::NotFound(_)
                        | crate::app::export_histories::ExportError::NotKnownThen(_)
                )
            )
    });
    if is_input { Exit::BadInput } else { Exit::Failed }
}
