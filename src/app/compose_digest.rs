//! Puts a claimed mail together from what is true at the moment of sending.
//!
//! The coordinator's digest is the whole list of the day: every due and overdue slot, new steps marked, notices of
//! scans to come, and followed patients without a date. An escalation holds only what has newly reached its recipient.

use std::collections::{HashMap, HashSet};

use chrono::NaiveDate;
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use super::{context::Context, recipient::Recipient};
use crate::{
    assessment::NO_NEXT_DATE_TASK,
    mail::{
        address::MailAddress,
        templates::{Rendered, render_digest},
    },
    reminders::{
        digest::{Digest, DigestHead, DigestRow},
        step::{SlotDates, Step, current_step},
    },
    store::{DueReminder, Mail, OpenSlot, SUSPECT_ADDRESS, StoreError},
};

/// A mail at the moment of sending.
#[derive(Debug)]
pub enum Composed {
    /// Ready to leave.
    Ready {
        /// The words.
        rendered: Rendered,
        /// The one recipient.
        recipient: MailAddress,
        /// The reminders it carries.
        reminders: Vec<Uuid>,
        /// Fingerprint of what it says, the instant of reading left out.
        content_hash: String,
    },
    /// Not wanted any more, with the reason.
    NotWanted(String),
    /// Cannot be put together: a person has to look. The text carries no facts.
    Broken(String),
}

/// Checks clinic and recipient again and reads the rows that are due now.
///
/// # Errors
/// As the store's.
pub async fn compose_digest(ctx: &Context, base_url: &str, claim: &Mail) -> Result<Composed, StoreError> {
    let not_wanted = |because: &str| Ok(Composed::NotWanted(because.to_owned()));
    let Some(clinic) = ctx.clinics.get(&claim.clinic) else {
        return not_wanted("the clinic is no longer in the configuration");
    };
    let Some(role) = Recipient::of_mail_kind(&claim.kind) else {
        return not_wanted("this version does not know this kind of mail");
    };
    if role.address(clinic).map(AsRef::<str>::as_ref) != Some(claim.recipient.as_str()) {
        return not_wanted("the recipient no longer has this part at the clinic");
    }
    if ctx.store.is_suspect(&claim.recipient).await? {
        return not_wanted(SUSPECT_ADDRESS);
    }
    if ctx.store.has_later_mail(claim, ctx.today_at(&claim.clinic)).await? {
        return not_wanted("a later mail of the same kind takes its place");
    }
    // The day the list was made for, not the day of this attempt: a retry after midnight is the same list, less what
    // was settled meanwhile, and a run for another day tells of that day.
    let today = claim.local_date;
    let told: Vec<_> = ctx
        .store
        .reminders_due(&claim.clinic, today)
        .await?
        .into_iter()
        .filter(|row| row.slot_open == Some(true) && row.recipient == role.code())
        .collect();
    if told.is_empty() && role != Recipient::Coordinator {
        return not_wanted("nothing of this escalation is open any more");
    }
    let reminders = told.iter().map(|row| row.id).collect();
    let mut rows = new_rows(&claim.clinic, &told, today);
    let mut undated = Vec::new();
    if role == Recipient::Coordinator {
        let known: HashSet<_> = rows.keys().cloned().collect();
        for slot in ctx.store.open_slots(&claim.clinic, today).await? {
            if !known.contains(&(slot.patient_id, slot.slot_key.clone()))
                && let Some(row) = open_row(ctx, &claim.clinic, &slot, today)
            {
                rows.insert((slot.patient_id, slot.slot_key), row);
            }
        }
        let tasks = ctx.store.open_tasks(Some(&claim.clinic), Some(NO_NEXT_DATE_TASK)).await?;
        undated = tasks.into_iter().map(|task| task.study_id).collect();
    }
    let head = DigestHead {
        clinic_slug: claim.clinic.clone(),
        clinic_name: clinic.name.clone(),
        local_date: today,
        data_at: ctx.now(),
        link: format!("{base_url}/"),
        audience: role.audience(),
    };
    Ok(render(claim, head, rows.into_values().collect(), undated, reminders))
}

fn render(
    claim: &Mail,
    head: DigestHead,
    rows: Vec<DigestRow>,
    undated: Vec<String>,
    reminders: Vec<Uuid>,
) -> Composed {
    let composed =
        MailAddress::parse(&claim.recipient).map_err(|error| error.to_string()).and_then(|recipient| {
            // Read at the same instant, two lists differ only in what they say.
            let at_one_instant = DigestHead { data_at: claim.created_at, ..head.clone() };
            let said = words(at_one_instant, rows.clone(), undated.clone())?;
            let rendered = words(head, rows, undated)?;
            Ok(Composed::Ready { rendered, recipient, reminders, content_hash: fingerprint(&said) })
        });
    composed.unwrap_or_else(Composed::Broken)
}

fn words(head: DigestHead, rows: Vec<DigestRow>, undated: Vec<String>) -> Result<Rendered, String> {
    let digest = Digest::new(head, rows, undated).map_err(|error| error.to_string())?;
    render_digest(&digest).map_err(|error| error.to_string())
}

fn fingerprint(said: &Rendered) -> String {
    let mut hash = Sha256::new();
    hash.update(said.subject.as_str());
    hash.update(&said.text);
    hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// One row per slot that reached a step since the last mail: of several steps, the highest stands for all.
fn new_rows(clinic: &str, told: &[DueReminder], today: NaiveDate) -> HashMap<(Uuid, String), DigestRow> {
    let mut rows: HashMap<(Uuid, String), DigestRow> = HashMap::new();
    for reminder in told {
        // A step that this version does not know is left to the list of open slots below.
        let Ok(step) = reminder.step.parse::<Step>() else { continue };
        let late = reminder.slot_window_to.map_or(0, |to| days_late(to, today));
        let row = DigestRow {
            clinic_slug: clinic.to_owned(),
            study_id: reminder.study_id.clone(),
            step,
            due_on: reminder.slot_due_on.unwrap_or(reminder.due_on),
            days_late: late,
            is_new: true,
        };
        let known =
            rows.entry((reminder.patient_id, reminder.slot_key.clone())).or_insert_with(|| row.clone());
        if row.step > known.step {
            *known = row;
        }
    }
    rows
}

/// A slot that was told of before and is still open.
fn open_row(ctx: &Context, clinic: &str, slot: &OpenSlot, today: NaiveDate) -> Option<DigestRow> {
    let dates = SlotDates::new(slot.due_on, slot.window_to, slot.severe_from).ok()?;
    let step = current_step(&dates, &ctx.ladder(), today)?.step;
    Some(DigestRow {
        clinic_slug: clinic.to_owned(),
        study_id: slot.study_id.clone(),
        step,
        due_on: slot.due_on,
        days_late: days_late(slot.window_to, today),
        is_new: false,
    })
}

fn days_late(window_to: NaiveDate, today: NaiveDate) -> u32 {
    u32::try_from(today.signed_duration_since(window_to).num_days()).unwrap_or(0)
}
