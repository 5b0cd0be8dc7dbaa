//! The yardstick of the sweep: the same tables, columns and pages read through the same driver, and nothing else.
//!
//! Its statements are its own, so that a change of the store does not move the yardstick.

use std::{str::FromStr, time::Duration};

use chrono::NaiveDate;
use entities::{assessments, facts, patients};
use futures_util::TryStreamExt as _;
use lobewatch::store::AssessmentHead;
use sea_orm::{
    ColumnTrait, ConnectOptions, Database, DatabaseConnection, DbErr, EntityTrait, QueryFilter, QueryOrder,
    QuerySelect,
    sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous},
};
use uuid::Uuid;

/// Patients per page, as in the sweep.
const PAGE: u64 = 50;

/// The columns of a fact that the sweep reads.
type FactRow = (
    Uuid,
    i64,
    String,
    String,
    i64,
    Option<String>,
    Option<String>,
    Option<NaiveDate>,
    Option<NaiveDate>,
    bool,
    String,
);

/// What a scan read.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Scanned {
    pub patients: u64,
    pub assessments: u64,
    pub facts: u64,
    /// Bytes of the facts' contents.
    pub content_bytes: u64,
}

/// A reading connection set up as the program's own.
pub struct Scan {
    connection: DatabaseConnection,
}

impl Scan {
    pub async fn open(url: &str) -> Result<Self, DbErr> {
        SqliteConnectOptions::from_str(url).map_err(|error| DbErr::Custom(error.to_string()))?;
        let mut options = ConnectOptions::new(url.to_owned());
        options.max_connections(1).sqlx_logging(false).map_sqlx_sqlite_opts(|sqlite| {
            sqlite
                .journal_mode(SqliteJournalMode::Wal)
                .synchronous(SqliteSynchronous::Full)
                .foreign_keys(true)
                .busy_timeout(Duration::from_secs(5))
                .pragma("query_only", "ON")
        });
        Ok(Self { connection: Database::connect(options).await? })
    }

    pub async fn run(&self) -> Result<Scanned, DbErr> {
        let mut scanned = Scanned::default();
        let mut after = None;
        loop {
            let page = self.page(after).await?;
            let Some(last) = page.last() else { return Ok(scanned) };
            after = Some(last.id);
            let ids: Vec<Uuid> = page.iter().map(|patient| patient.id).collect();
            scanned.patients += page.len() as u64;
            scanned.assessments += self.assessments(&ids).await?.len() as u64;
            self.facts(&ids, &mut scanned).await?;
        }
    }

    async fn page(&self, after: Option<Uuid>) -> Result<Vec<patients::Model>, DbErr> {
        let mut page = patients::Entity::find().order_by_asc(patients::Column::Id).limit(PAGE);
        if let Some(after) = after {
            page = page.filter(patients::COLUMN.id.gt(after));
        }
        page.all(&self.connection).await
    }

    async fn assessments(&self, ids: &[Uuid]) -> Result<Vec<AssessmentHead>, DbErr> {
        use assessments::Column;
        assessments::Entity::find()
            .filter(Column::PatientId.is_in(ids.iter().copied()))
            .filter(Column::SupersededAt.is_null())
            .select_only()
            .columns([
                Column::Id,
                Column::PatientId,
                Column::AsOf,
                Column::FactsSeq,
                Column::ProtocolId,
                Column::ProtocolVersion,
                Column::RulesVersion,
                Column::Tier,
                Column::PlanState,
                Column::Followed,
                Column::NextDueOn,
                Column::SubstanceHash,
            ])
            .into_model::<AssessmentHead>()
            .all(&self.connection)
            .await
    }

    async fn facts(&self, ids: &[Uuid], scanned: &mut Scanned) -> Result<(), DbErr> {
        use facts::Column;
        let mut rows = facts::Entity::find()
            .filter(facts::COLUMN.patient_id.is_in(ids.iter().copied()))
            .select_only()
            .columns([
                Column::PatientId,
                Column::Seq,
                Column::Kind,
                Column::FactKey,
                Column::Position,
                Column::Lobe,
                Column::Side,
                Column::EarliestOn,
                Column::LatestOn,
                Column::Withdrawn,
                Column::Content,
            ])
            .into_tuple::<FactRow>()
            .stream(&self.connection)
            .await?;
        while let Some(fact) = rows.try_next().await? {
            scanned.facts += 1;
            scanned.content_bytes += fact.10.len() as u64;
        }
        Ok(())
    }
}
