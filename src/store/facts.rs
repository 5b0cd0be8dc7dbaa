//! Reading facts: as of now, of an instant or of a revision; one patient or many.
//!
//! The newest statement per (kind, key) at or below the bound counts; a fact taken back is absent.
//! Because facts are append-only, a bound read first and facts read later always fit together.

use std::collections::HashMap;

use chrono::{DateTime, NaiveDate, Utc};
use entities::{facts, revisions};
use futures_util::TryStreamExt as _;
use sea_orm::{ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, Select};
use uuid::Uuid;

use super::{
    PatientHead, Store, WriteTransaction,
    error::{InTable, StoreError},
    patients::head_by_id,
    transaction::stored_at,
};

/// Patients per statement when many are read: one parameter each.
const PATIENTS_PER_READ: usize = 1_000;

/// One fragment of a patient's history document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fact {
    /// Part of the document, for example `nodule`.
    pub kind: String,
    /// Identity within the kind and patient.
    pub key: String,
    /// Place among the facts of its kind, from 0.
    pub position: i64,
    /// Lobe code, where the fact belongs to one lobe.
    pub lobe: Option<String>,
    /// Side, where the fact belongs to one side.
    pub side: Option<String>,
    /// First civil day it can lie on; `None` if unbounded or undated.
    pub earliest_on: Option<NaiveDate>,
    /// Last civil day it can lie on; `None` if unbounded or undated.
    pub latest_on: Option<NaiveDate>,
    /// JSON fragment, kept to the byte.
    pub content: String,
}

impl Fact {
    /// What a withdrawal states: nothing but which fact it takes back.
    pub(super) fn empty(kind: &str, key: &str) -> Self {
        Self {
            kind: kind.to_owned(),
            key: key.to_owned(),
            position: 0,
            lobe: None,
            side: None,
            earliest_on: None,
            latest_on: None,
            content: "null".to_owned(),
        }
    }
}

impl From<facts::Model> for Fact {
    fn from(row: facts::Model) -> Self {
        Self {
            kind: row.kind,
            key: row.fact_key,
            position: row.position,
            lobe: row.lobe,
            side: row.side,
            earliest_on: row.earliest_on,
            latest_on: row.latest_on,
            content: row.content,
        }
    }
}

/// Up to when facts are wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AsOf {
    /// Everything recorded so far.
    Latest,
    /// What was recorded at or before an instant. The newest such revision sets the bound, and all
    /// revisions below it belong to it, even if the clock had been put back in between.
    Instant(DateTime<Utc>),
    /// What was recorded up to a revision, that one included; a number above the newest means the
    /// newest.
    Seq(i64),
}

/// A patient's facts at a bound, ordered by kind, position and key.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FactSet {
    /// Newest revision included; 0 where the patient has none yet.
    pub seq: i64,
    /// The facts in force.
    pub facts: Vec<Fact>,
}

/// Column values in the order of [`columns`]: read by place, which is quicker than by name.
type Row = (
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

fn columns(select: Select<facts::Entity>) -> Select<facts::Entity> {
    use facts::Column;
    select.select_only().columns([
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
}

/// A statement about a fact, before it is known whether a newer one replaces it.
struct Statement {
    seq: i64,
    withdrawn: bool,
    fact: Fact,
}

fn statement(row: Row) -> (Uuid, Statement) {
    let (patient_id, seq, kind, key, position, lobe, side, earliest_on, latest_on, withdrawn, content) = row;
    let fact = Fact { kind, key, position, lobe, side, earliest_on, latest_on, content };
    (patient_id, Statement { seq, withdrawn, fact })
}

/// Keeps the newest statement of every fact and puts the facts in document order.
fn in_force(mut statements: Vec<Statement>) -> Vec<Fact> {
    statements
        .sort_unstable_by(|a, b| (&a.fact.kind, &a.fact.key, b.seq).cmp(&(&b.fact.kind, &b.fact.key, a.seq)));
    statements.dedup_by(|later, kept| later.fact.kind == kept.fact.kind && later.fact.key == kept.fact.key);
    let mut facts: Vec<Fact> = statements
        .into_iter()
        .filter(|statement| !statement.withdrawn)
        .map(|statement| statement.fact)
        .collect();
    facts.sort_by(|a, b| (&a.kind, a.position, &a.key).cmp(&(&b.kind, b.position, &b.key)));
    facts
}

async fn facts_at(
    connection: &impl ConnectionTrait,
    patient_id: Uuid,
    as_of: AsOf,
) -> Result<Option<FactSet>, StoreError> {
    let Some(seq) = bound(connection, patient_id, as_of).await? else { return Ok(None) };
    let select = facts::Entity::find()
        .filter(facts::COLUMN.patient_id.eq(patient_id))
        .filter(facts::COLUMN.seq.lte(seq));
    let rows: Vec<Row> = columns(select).into_tuple().all(connection).await.in_table("facts")?;
    let statements = rows.into_iter().map(|row| statement(row).1).collect();
    Ok(Some(FactSet { seq, facts: in_force(statements) }))
}

/// The newest revision within the bound, or `None` where the patient was not known then.
async fn bound(
    connection: &impl ConnectionTrait,
    patient_id: Uuid,
    as_of: AsOf,
) -> Result<Option<i64>, StoreError> {
    if as_of == AsOf::Latest {
        return Ok(head_by_id(connection, patient_id).await?.map(|head| head.head_seq));
    }
    let within = revisions::Entity::find().filter(revisions::COLUMN.patient_id.eq(patient_id));
    let within = match as_of {
        AsOf::Instant(at) => within.filter(revisions::COLUMN.recorded_at.lte(stored_at(at))),
        AsOf::Seq(seq) => within.filter(revisions::COLUMN.seq.lte(seq)),
        AsOf::Latest => within,
    };
    within
        .order_by_desc(revisions::Column::Seq)
        .select_only()
        .column(revisions::Column::Seq)
        .limit(1)
        .into_tuple()
        .one(connection)
        .await
        .in_table("revisions")
}

impl Store {
    /// A patient's facts at a bound; `None` where the patient was not known then.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`], [`StoreError::Inconsistent`].
    pub async fn facts(&self, patient_id: Uuid, as_of: AsOf) -> Result<Option<FactSet>, StoreError> {
        facts_at(&self.read, patient_id, as_of).await
    }

    /// The facts of many patients as of the given heads, in one statement per thousand patients.
    /// Facts recorded after a head was read are left out. Every head given has an entry.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`], [`StoreError::Inconsistent`].
    pub async fn facts_of_many(&self, heads: &[PatientHead]) -> Result<HashMap<Uuid, FactSet>, StoreError> {
        let mut found = HashMap::with_capacity(heads.len());
        for chunk in heads.chunks(PATIENTS_PER_READ) {
            let mut statements: HashMap<Uuid, (i64, Vec<Statement>)> =
                chunk.iter().map(|head| (head.id, (head.head_seq, Vec::new()))).collect();
            let select = facts::Entity::find()
                .filter(facts::COLUMN.patient_id.is_in(chunk.iter().map(|head| head.id)));
            // One row at a time: the driver's form of a row is many times larger than what is kept of it.
            let mut rows = columns(select).into_tuple::<Row>().stream(&self.read).await.in_table("facts")?;
            while let Some(row) = rows.try_next().await.in_table("facts")? {
                let (patient_id, statement) = statement(row);
                if let Some((seq, of_patient)) = statements.get_mut(&patient_id)
                    && statement.seq <= *seq
                {
                    of_patient.push(statement);
                }
            }
            found.extend(
                statements
                    .into_iter()
                    .map(|(id, (seq, statements))| (id, FactSet { seq, facts: in_force(statements) })),
            );
        }
        Ok(found)
    }
}

impl WriteTransaction {
    /// A patient's facts at a bound, including what this transaction has written.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`], [`StoreError::Inconsistent`].
    pub async fn facts(&self, patient_id: Uuid, as_of: AsOf) -> Result<Option<FactSet>, StoreError> {
        facts_at(&self.inner, patient_id, as_of).await
    }
}
