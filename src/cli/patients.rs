//! `lobewatch patients list|tasks|show`: who is followed, what data is missing, and one patient's history per lobe.

use chrono::NaiveDate;
use clap::{Args, Subcommand};
use serde::Serialize;

use super::{Exit, evidence, export::instant, patient_view, terminal::Terminal, wiring};
use crate::{
    app::{context::Context, export_histories::read_history},
    assessment::assess,
    config::LoadOptions,
    document::{assessment::AssessmentDocument, write},
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
    let settings = wiring::settings(load)?;
    let ctx = wiring::context(&settings, terminal).await?;
    match &arguments.command {
        PatientsCommand::List { clinic, json } => list(&ctx, clinic.as_deref(), *json, terminal).await,
        PatientsCommand::Tasks { clinic, json } => tasks(&ctx, clinic.as_deref(), *json, terminal).await,
        PatientsCommand::Show { study_id, as_of, json } => {
            show(&ctx, study_id, as_of.as_deref(), *json, terminal).await
        }
    }
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
