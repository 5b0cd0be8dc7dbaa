//! Facts: one fragment of a history document per row. Append-only.
//!
//! A correction is a new row under a higher `seq`; triggers refuse every update and delete.

use sea_orm::entity::prelude::*;

/// One row of `facts`.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "facts")]
pub struct Model {
    /// Row number; carries no meaning.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// Patient the fact is about.
    pub patient_id: Uuid,
    /// Revision that stated it.
    pub seq: i64,
    /// Part of the history document, for example `nodule` or `imaging`.
    pub kind: String,
    /// Identity of the fact within its kind and patient.
    pub fact_key: String,
    /// Place among the facts of its kind in the document, from 0.
    pub position: i64,
    /// Lobe code if the fact belongs to one lobe.
    pub lobe: Option<String>,
    /// Side if the fact belongs to one side.
    pub side: Option<String>,
    /// First civil day the fact can lie on; null if unbounded or undated.
    pub earliest_on: Option<Date>,
    /// Last civil day the fact can lie on; null if unbounded or undated.
    pub latest_on: Option<Date>,
    /// True where this revision takes the fact back.
    pub withdrawn: bool,
    /// JSON fragment of the history document.
    pub content: String,
}

impl ActiveModelBehavior for ActiveModel {}
