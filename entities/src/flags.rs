//! Flags: the pattern verdicts of one assessment.

use sea_orm::entity::prelude::*;

/// One row of `flags`.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "flags")]
pub struct Model {
    /// Row number; carries no meaning.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// Assessment the verdict belongs to.
    pub assessment_id: Uuid,
    /// Patient, repeated here so that lists need no join.
    pub patient_id: Uuid,
    /// Stable id of the pattern.
    pub pattern: String,
    /// `true`, `false`, `unknown` or `not_applicable`.
    pub state: String,
    /// What the pattern does to the plan.
    pub effect: String,
    /// Verdict in words.
    pub reason: String,
    /// JSON list of the facts that caused it.
    pub evidence: String,
}

impl ActiveModelBehavior for ActiveModel {}
