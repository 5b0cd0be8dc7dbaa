//! Reminders: one step of the ladder for one slot and one recipient.
//!
//! In the table before it is sent; cancelled, never deleted.

use sea_orm::entity::prelude::*;

/// One row of `reminders`.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "reminders")]
pub struct Model {
    /// Identity of the reminder.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// Patient, slot, step and recipient in one; unique, so a step happens once.
    pub reminder_key: String,
    /// Patient it is about.
    pub patient_id: Uuid,
    /// Clinic it goes to.
    pub clinic: String,
    /// Slot it is about.
    pub slot_key: String,
    /// Step of the ladder.
    pub step: String,
    /// Role or address it goes to.
    pub recipient: String,
    /// First civil day it may be sent.
    pub due_on: Date,
    /// `planned`, `sent`, `cancelled` or `superseded`.
    pub state: String,
    /// Mail that carried it.
    pub mail_id: Option<Uuid>,
    /// Instant it was first planned.
    pub created_at: DateTimeUtc,
    /// Instant of its newest change.
    pub changed_at: DateTimeUtc,
    /// Why it was cancelled or superseded.
    pub cancelled_because: Option<String>,
}

impl ActiveModelBehavior for ActiveModel {}
