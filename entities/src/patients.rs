//! Patient heads: who is registered and how far their facts go.
//!
//! The head is a pointer that moves (`head_seq`, `clinic`, `withdrawn`); the facts themselves live in `facts` and never change.

use sea_orm::entity::prelude::*;

/// One row of `patients`.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "patients")]
pub struct Model {
    /// Identity inside this registry; never shown to clinics.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// Pseudonym under which clinics know the patient; unique.
    pub study_id: String,
    /// Clinic that looks after the patient now.
    pub clinic: String,
    /// Number of the newest revision; 0 before the first one.
    pub head_seq: i64,
    /// True after the import that made the patient was rolled back.
    pub withdrawn: bool,
    /// Instant of registration.
    pub created_at: DateTimeUtc,
}

impl ActiveModelBehavior for ActiveModel {}
