//! `lobewatch patients list|tasks|show`: who is followed, what data is missing, and one patient's history per lobe.

use chrono::NaiveDate;
use clap::{Args, Subcommand};
use serde::Serialize;

use super::{
    Exit,
    act::{Acting, day, text},
    evidence,
    export::instant,
    patient_view,
    terminal::Terminal,
    wiring,
};
use crate::{
    app::{context::Context, export_histories::read_history},
    assessment::{act::ClinicAction, assess},
    config::LoadOptions,
    document::{assessment::AssessmentDocument, write},
    domain::vocabulary::EndReason,
    store::{AsOf, AssessmentHead, PatientHead},
};

/// Patients read at once.
const PAGE: u64 = 500;

#[derive(Debug, Args)]
pub(super) struct PatientsArguments {
    #[command(subcommand)]
    command: PatientsCommand,
}

#[derive(Debug, Subcommand)]
enum PatientsCommand {
    /// All patients with tier, plan and next CT, as the last run left them.
    List {
        /// Only this clinic.
        #[arg(long)]
        clinic: Option<String>,
        /// One JSON object a line.
        #[arg(long)]
        json: bool,
    },
    /// Everything that people have to complete or correct, by patient.
    Tasks {
        /// Only this clinic.
        #[arg(long)]
        clinic: Option<String>,
        /// One JSON object a line.
        #[arg(long)]
        json: bool,
    },
    /// End or pause follow-up: died, refused, palliative, unreachable, emigrated, other. Refusals, palliative decisions and
    /// unreachable patients are reviewed again.
    Close {
        /// Study id.
        study_id: String,
        /// Which of them.
        #[arg(long = "as", value_name = "CODE", value_parser = ["died", "refused", "palliative", "unreachable", "emigrated", "other"])]
        outcome: String,
        /// Day of death or of the decision; today where left out.
        #[arg(long, value_name = "DATE")]
        on: Option<String>,
        #[command(flatten)]
        acting: Acting,
    },
    /// Hand a patient over; followed here until the other clinic has acknowledged it.
    Transfer {
        /// Study id.
        study_id: String,
        /// The receiving clinic.
        #[arg(long, value_name = "CLINIC")]
        to: String,
        #[command(flatten)]
        acting: Acting,
    },
    /// The receiving clinic has acknowledged a transfer.
    Acknowledge {
        /// Study id.
        study_id: String,
        /// Who acknowledged it there.
        #[arg(long, value_name = "NAME")]
        receiver: String,
        /// When; today where left out.
        #[arg(long, value_name = "DATE")]
        on: Option<String>,
        #[command(flatten)]
        acting: Acting,
    },
    /// Somebody tried to reach the patient.
    Contact {
        /// Study id.
        study_id: String,
        /// How: telephone, letter, general practitioner.
        #[arg(long)]
        how: Option<String>,
        /// The patient was reached.
        #[arg(long)]
        reached: bool,
        /// When; today where left out.
        #[arg(long, value_name = "DATE")]
        on: Option<String>,
        #[command(flatten)]
        acting: Acting,
    },
    /// Take a recorded end back. A death needs a second person.
    Reopen {
        /// Study id.
        study_id: String,
        /// The second person, for a death.
        #[arg(long, value_name = "NAME")]
        confirmed_by: Option<String>,
        #[command(flatten)]
        acting: Acting,
    },
    /// One patient: every nodule under its lobe across all studies and operations, flags, tier, plan.
    Show {
        /// Study id.
        study_id: String,
        /// What was known then: an instant or the end of a civil day.
        #[arg(long, value_name = "INSTANT")]
        as_of: Option<String>,
        /// History and assessment as one JSON object.
        #[arg(long)]
        json: bool,
    },
}

pub(super) async fn run(
    arguments: &PatientsArguments,
    load: LoadOptions,
    terminal: &mut Terminal,
) -> anyhow::Result<Exit> {
    if let Some((study_id, action, acting)) = recorded(&arguments.command)? {
        return acting.run(study_id, &action, load, terminal).await;
    }
    let settings = wiring::settings(load)?;
    let ctx = wiring::context(&settings, terminal).await?;
    match &arguments.command {
        PatientsCommand::List { clinic, json } => list(&ctx, clinic.as_deref(), *json, terminal).await,
        PatientsCommand::Tasks { clinic, json } => tasks(&ctx, clinic.as_deref(), *json, terminal).await,
        PatientsCommand::Show { study_id, as_of, json } => {
            show(&ctx, study_id, as_of.as_deref(), *json, terminal).await
        }
        // Recorded above.
        PatientsCommand::Close { .. }
        | PatientsCommand::Transfer { .. }
        | PatientsCommand::Acknowledge { .. }
        | PatientsCommand::Contact { .. }
        | PatientsCommand::Reopen { .. } => Ok(Exit::Done),
    }
}

/// What a command records, about whom and by whom; `None` for those that only read.
fn recorded(command: &PatientsCommand) -> anyhow::Result<Option<(&str, ClinicAction, &Acting)>> {
    let day_of = |on: &Option<String>| on.as_deref().map(day).transpose();
    Ok(match command {
        PatientsCommand::Close { study_id, outcome, on, acting } => {
            let reason = match outcome.as_str() {
                "died" => EndReason::Death,
                "refused" => EndReason::Refusal,
                "palliative" => EndReason::Palliative,
                "unreachable" => EndReason::Unreachable,
                "emigrated" => EndReason::Emigrated,
                _ => EndReason::Other,
            };
            Some((study_id, ClinicAction::End { reason, day: day_of(on)?, to: None }, acting))
        }
        PatientsCommand::Transfer { study_id, to, acting } => {
            let action = ClinicAction::End { reason: EndReason::Transfer, day: None, to: Some(text(to)?) };
            Some((study_id, action, acting))
        }
        PatientsCommand::Acknowledge { study_id, receiver, on, acting } => {
            let action = ClinicAction::Acknowledge { by_receiver: text(receiver)?, day: day_of(on)? };
            Some((study_id, action, acting))
        }
        PatientsCommand::Contact { study_id, how, reached, on, acting } => {
            let how = how.as_deref().map(text).transpose()?;
            Some((study_id, ClinicAction::Attempt { day: day_of(on)?, how, reached: *reached }, acting))
        }
        PatientsCommand::Reopen { study_id, confirmed_by, acting } => {
            let confirmed_by = confirmed_by.as_deref().map(text).transpose()?;
            Some((study_id, ClinicAction::Reopen { confirmed_by }, acting))
        }
        PatientsCommand::List { .. } | PatientsCommand::Tasks { .. } | PatientsCommand::Show { .. } => None,
    })
}

#[derive(Debug, Serialize)]
struct Row<'a> {
    study_id: &'a str,
    clinic: &'a str,
    tier: Option<&'a str>,
    plan: Option<&'a str>,
    next_due_on: Option<NaiveDate>,
    assessed_for: Option<NaiveDate>,
}

impl<'a> Row<'a> {
    fn of(head: &'a PatientHead, assessed: Option<&'a AssessmentHead>) -> Self {
        Self {
            study_id: &head.study_id,
            clinic: &head.clinic,
            tier: assessed.map(|assessed| assessed.tier.as_str()),
            plan: assessed.map(|assessed| assessed.plan_state.as_str()),
            next_due_on: assessed.and_then(|assessed| assessed.next_due_on),
            assessed_for: assessed.map(|assessed| assessed.as_of),
        }
    }

    fn text(&self) -> String {
        let next = self.next_due_on.map_or_else(|| "no date".to_owned(), |day| day.to_string());
        format!(
            "{:4}  {:10}  {:18}  {}  ({})",
            self.tier.unwrap_or("-"),
            next,
            self.plan.unwrap_or("not assessed yet"),
            self.study_id,
            self.clinic
        )
    }
}

async fn list(
    ctx: &Context,
    clinic: Option<&str>,
    json: bool,
    terminal: &mut Terminal,
) -> anyhow::Result<Exit> {
    if !json {
        terminal.line("tier  next CT     plan                study id  (clinic)")?;
    }
    let mut after = None;
    loop {
        let page = ctx.store.patients_page(after, PAGE, clinic).await?;
        let Some(last) = page.last() else { return Ok(Exit::Done) };
        after = Some(last.id);
        let ids: Vec<_> = page.iter().map(|head| head.id).collect();
        let assessed = ctx.store.assessment_heads(&ids).await?;
        for head in page.iter().filter(|head| !head.withdrawn) {
            let row = Row::of(head, assessed.get(&head.id));
            let text = if json { serde_json::to_string(&row)? } else { row.text() };
            terminal.line(text)?;
        }
    }
}

async fn tasks(
    ctx: &Context,
    clinic: Option<&str>,
    json: bool,
    terminal: &mut Terminal,
) -> anyhow::Result<Exit> {
    for task in ctx.store.open_tasks(clinic, None).await? {
        if json {
            let row = serde_json::json!({
                "study_id": task.study_id, "clinic": task.clinic, "task": task.task_key, "reason": task.reason,
            });
            terminal.line(row.to_string())?;
        } else {
            terminal.line(format!("{}  {}: {}", task.study_id, task.task_key, task.reason))?;
        }
    }
    Ok(Exit::Done)
}

async fn show(
    ctx: &Context,
    study_id: &str,
    as_of: Option<&str>,
    json: bool,
    terminal: &mut Terminal,
) -> anyhow::Result<Exit> {
    let bound = as_of.map(|text| instant(text, ctx)).transpose()?.unwrap_or(AsOf::Latest);
    let (head, history) = read_history(ctx, study_id, bound).await?;
    let day = match bound {
        AsOf::Instant(instant) => instant.with_timezone(&ctx.clinics.time_zone_of(&head.clinic)).date_naive(),
        AsOf::Latest | AsOf::Seq(_) => ctx.today_at(&head.clinic),
    };
    let assessment = assess(&history, &ctx.protocol, day);
    let document = AssessmentDocument::from(&assessment);
    if json {
        let history: serde_json::Value = serde_json::from_str(&write::compact(&history))?;
        let whole = serde_json::json!({"clinic": head.clinic, "history": history, "assessment": document});
        terminal.raw(&serde_json::to_string_pretty(&whole)?)?;
        terminal.raw("\n")?;
    } else {
        let register = evidence::register()?;
        terminal.raw(&patient_view::render(&head.clinic, &history, &document, &register))?;
    }
    Ok(Exit::Done)
}
