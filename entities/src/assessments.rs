//! Assessments: what was computed about a patient, on which facts, under which protocol.
//!
//! A new one supersedes the old one, which stays.

use sea_orm::entity::prelude::*;

/// One row of `assessments`.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "assessments")]
pub struct Model {
    /// Identity of the assessment.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// Patient assessed.
    pub patient_id: Uuid,
    /// Nightly run that computed it, if one did.
    pub run_id: Option<Uuid>,
    /// Civil day it holds for.
    pub as_of: Date,
    /// Newest revision it saw.
    pub facts_seq: i64,
    /// Protocol followed.
    pub protocol_id: String,
    /// Version of that protocol.
    pub protocol_version: String,
    /// Version of the rules compiled in.
    pub rules_version: String,
    /// Surveillance tier.
    pub tier: String,
    /// State of the surveillance plan.
    pub plan_state: String,
    /// True while the patient is owed a next CT or a stated reason.
    pub followed: bool,
    /// Civil day of the next CT, if one is planned.
    pub next_due_on: Option<Date>,
    /// The assessment document as JSON.
    pub content: String,
    /// Hash of what matters in `content`; equal means nothing changed.
    pub substance_hash: String,
    /// Instant it was saved.
    pub created_at: DateTimeUtc,
    /// Instant a newer one took its place; null on the current one.
    pub superseded_at: Option<DateTimeUtc>,
}

impl ActiveModelBehavior for ActiveModel {}
