//! Puts a claimed digest together from what is true at the moment of sending.

use std::collections::HashMap;

use uuid::Uuid;

use super::context::Context;
use crate::{
    mail::{
        address::MailAddress,
        templates::{Rendered, render_digest},
    },
    reminders::{
        digest::{Digest, DigestRow},
        step::Step,
    },
    store::{DueReminder, Mail, StoreError},
};

/// A digest at the moment of sending.
pub enum Composed {
    /// Ready to leave.
    Ready {
        /// The words.
        rendered: Rendered,
        /// The one recipient.
        recipient: MailAddress,
        /// The reminders it carries.
        reminders: Vec<Uuid>,
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
    let Some(clinic) = ctx.clinics.get(&claim.clinic) else {
        return Ok(Composed::NotWanted("the clinic is no longer in the configuration".to_owned()));
    };
    let current = clinic.coordinator_email.as_ref().map(AsRef::<str>::as_ref);
    if current != Some(claim.recipient.as_str()) {
        return Ok(Composed::NotWanted("the recipient is no longer the clinic's coordinator".to_owned()));
    }
    if ctx.store.has_later_mail(claim).await? {
        return Ok(Composed::NotWanted("a later digest of the same clinic takes its place".to_owned()));
    }
    // The day the list was made for, not the day of this attempt: a retry after midnight is the same list, less what
    // was settled meanwhile, and a run for another day tells of that day.
    let today = claim.local_date;
    let due: Vec<_> = ctx
        .store
        .reminders_due(&claim.clinic, today)
        .await?
        .into_iter()
        .filter(|row| row.slot_open == Some(true))
        .collect();
    let reminders = due.iter().map(|row| row.id).collect();
    let rows = match rows(&claim.clinic, due, today) {
        Ok(rows) => rows,
        Err(problem) => return Ok(Composed::Broken(problem)),
    };
    let composed =
        MailAddress::parse(&claim.recipient).map_err(|error| error.to_string()).and_then(|recipient| {
            let digest =
                Digest::new(&claim.clinic, &clinic.name, today, ctx.now(), &format!("{base_url}/"), rows)
                    .map_err(|error| error.to_string())?;
            let rendered = render_digest(&digest).map_err(|error| error.to_string())?;
            Ok(Composed::Ready { rendered, recipient, reminders })
        });
    Ok(composed.unwrap_or_else(Composed::Broken))
}

/// One row per slot: of several steps that have come, the highest stands for all.
fn rows(clinic: &str, due: Vec<DueReminder>, today: chrono::NaiveDate) -> Result<Vec<DigestRow>, String> {
    let mut highest: HashMap<(Uuid, String), DigestRow> = HashMap::new();
    for reminder in due {
        let step: Step = reminder.step.parse().map_err(|error| format!("{error}"))?;
        let row = DigestRow {
            clinic_slug: clinic.to_owned(),
            study_id: reminder.study_id,
            step,
            due_on: reminder.slot_due_on.unwrap_or(reminder.due_on),
            days_late: reminder
                .slot_window_to
                .and_then(|to| u32::try_from(today.signed_duration_since(to).num_days()).ok())
                .unwrap_or(0),
        };
        highest
            .entry((reminder.patient_id, reminder.slot_key))
            .and_modify(|known| {
                if row.step > known.step {
                    *known = row.clone();
                }
            })
            .or_insert(row);
    }
    Ok(highest.into_values().collect())
}
