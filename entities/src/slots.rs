//! Slots: every CT appointment of a plan, and what became of it. Never deleted.

use sea_orm::entity::prelude::*;

/// One row of `slots`.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "slots")]
pub struct Model {
    /// Row number; carries no meaning.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// Patient the slot belongs to.
    pub patient_id: Uuid,
    /// Identity of the slot within the patient.
    pub slot_key: String,
    /// What is awaited; `decision` where a person has to decide.
    pub kind: String,
    /// Nominal civil day.
    pub due_on: Option<Date>,
    /// First day that counts as on time.
    pub window_from: Option<Date>,
    /// Last day that counts as on time.
    pub window_to: Option<Date>,
    /// First day it is overdue.
    pub overdue_from: Option<Date>,
    /// First day it is severely overdue.
    pub severe_from: Option<Date>,
    /// State in the planner's words.
    pub state: String,
    /// True while an outcome is awaited.
    pub open: bool,
    /// Why it stands there.
    pub why: String,
    /// Instant it was first planned.
    pub first_planned_at: DateTimeUtc,
    /// Instant of its newest change.
    pub changed_at: DateTimeUtc,
    /// Instant a newer plan dropped it.
    pub superseded_at: Option<DateTimeUtc>,
    /// Why it was dropped.
    pub superseded_because: Option<String>,
}

impl ActiveModelBehavior for ActiveModel {}
