//! What `slot` and `patients` have in common where somebody records something: who, why, and what follows.

use clap::Args;

use super::{Exit, terminal::Terminal, wiring};
use crate::{
    app::act_on_patient::{ActOnPatientError, Actor, act_on_patient},
    assessment::{act::ClinicAction, assess},
    config::LoadOptions,
    domain::{dates::PartialDate, text::Text},
};

/// Who records it, and why.
#[derive(Debug, Args)]
pub(super) struct Acting {
    /// Who decided or did it.
    #[arg(long, value_name = "NAME")]
    by: String,
    /// Why.
    #[arg(long)]
    reason: String,
}

impl Acting {
    /// Records the action and says how the patient stands now.
    pub(super) async fn run(
        &self,
        study_id: &str,
        action: &ClinicAction,
        load: LoadOptions,
        terminal: &mut Terminal,
    ) -> anyhow::Result<Exit> {
        let actor = Actor { by: text(&self.by)?, reason: text(&self.reason)? };
        let settings = wiring::settings(load)?;
        let ctx = wiring::context(&settings, terminal).await?;
        let (head, history) = match act_on_patient(&ctx, study_id, action, &actor).await {
            Ok(done) => done,
            Err(error @ (ActOnPatientError::NotFound(_) | ActOnPatientError::Refused(_))) => {
                return Err(wiring::InputError(error.to_string()).into());
            }
            Err(error) => return Err(error.into()),
        };
        let assessment = assess(&history, &ctx.protocol, ctx.today_at(&head.clinic));
        let next = assessment.plan.next().map_or_else(
            || "nothing is planned".to_owned(),
            |slot| {
                format!("next: {}, due on {}, {} ({})", slot.label, slot.due_on, slot.state.code(), slot.key)
            },
        );
        let state = assessment.plan.standing.plan_state().replace('_', " ");
        terminal.line(format!("recorded for {study_id}; follow-up {state}; {next}"))?;
        for task in &assessment.plan.tasks {
            terminal.line(format!("to decide: {}", task.reason))?;
        }
        Ok(Exit::Done)
    }
}

/// A day or a part of one, as in a history document.
pub(super) fn day(day: &str) -> anyhow::Result<PartialDate> {
    day.parse().map_err(|error| wiring::InputError(format!("`{day}`: {error}")).into())
}

/// A text of one person: not empty, printable.
pub(super) fn text(text: &str) -> anyhow::Result<Text> {
    Text::parse(text).map_err(|error| wiring::InputError(format!("`{text}`: {error}")).into())
}
