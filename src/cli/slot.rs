//! `lobewatch slot book|done|postpone|...`: what became of a planned scan or decision.

use clap::{Args, Subcommand};

use super::{
    Exit,
    act::{Acting, day, text},
    terminal::Terminal,
};
use crate::{assessment::act::ClinicAction, config::LoadOptions, domain::vocabulary::SlotActionKind};

#[derive(Debug, Args)]
pub(super) struct SlotArguments {
    #[command(subcommand)]
    command: SlotCommand,
}

#[derive(Debug, Subcommand)]
enum SlotCommand {
    /// An appointment was made.
    Book {
        #[command(flatten)]
        which: Which,
        /// Day of the appointment.
        #[arg(long = "for", value_name = "DATE")]
        day: String,
    },
    /// The scan was made: here, or elsewhere with --at, which closes the slot and asks for the report.
    Done {
        #[command(flatten)]
        which: Which,
        /// Day of the scan.
        #[arg(long, value_name = "DATE")]
        on: String,
        /// Where, if not at the clinic.
        #[arg(long, value_name = "PLACE")]
        at: Option<String>,
    },
    /// The scan is put off; past the protocol's limit nothing moves and a person is asked.
    Postpone {
        #[command(flatten)]
        which: Which,
        /// The new day.
        #[arg(long, value_name = "DATE")]
        until: String,
    },
    /// The scan is not needed, for the reason given.
    NotNeeded {
        #[command(flatten)]
        which: Which,
    },
    /// A person has reviewed a refusal, a palliative decision or a vital status, or decided to go on.
    Reviewed {
        #[command(flatten)]
        which: Which,
    },
    /// A clinician has confirmed the modality, because of age or pregnancy.
    ConfirmModality {
        #[command(flatten)]
        which: Which,
    },
    /// Take the last record about a slot back; it stays readable as of any instant before.
    Undo {
        /// Study id.
        study_id: String,
        /// Key, label or due day of the slot.
        #[arg(long)]
        slot: String,
        #[command(flatten)]
        acting: Acting,
    },
}

/// Which slot of which patient.
#[derive(Debug, Args)]
struct Which {
    /// Study id.
    study_id: String,
    /// Key, label or due day of the slot, as `patients show` prints them; the next open one where left out.
    #[arg(long)]
    slot: Option<String>,
    #[command(flatten)]
    acting: Acting,
}

pub(super) async fn run(
    arguments: &SlotArguments,
    load: LoadOptions,
    terminal: &mut Terminal,
) -> anyhow::Result<Exit> {
    use SlotActionKind::{Booked, Done, DoneElsewhere, ModalityConfirmed, NotNeeded, Postponed, Reviewed};
    let (which, kind, on, at) = match &arguments.command {
        SlotCommand::Undo { study_id, slot, acting } => {
            let action = ClinicAction::UndoOnSlot { slot: slot.clone() };
            return acting.run(study_id, &action, load, terminal).await;
        }
        SlotCommand::Book { which, day } => (which, Booked, Some(day), None),
        SlotCommand::Done { which, on, at: None } => (which, Done, Some(on), None),
        SlotCommand::Done { which, on, at } => (which, DoneElsewhere, Some(on), at.as_deref()),
        SlotCommand::Postpone { which, until } => (which, Postponed, Some(until), None),
        SlotCommand::NotNeeded { which } => (which, NotNeeded, None, None),
        SlotCommand::Reviewed { which } => (which, Reviewed, None, None),
        SlotCommand::ConfirmModality { which } => (which, ModalityConfirmed, None, None),
    };
    let action = ClinicAction::OnSlot {
        slot: which.slot.clone(),
        action: kind,
        day: on.map(|on| day(on)).transpose()?,
        place: at.map(text).transpose()?,
    };
    which.acting.run(&which.study_id, &action, load, terminal).await
}
