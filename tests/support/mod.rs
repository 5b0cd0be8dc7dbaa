//! What store tests share: a migrated database of their own, fixed instants, short fact makers.

pub mod postgres;

use std::{path::PathBuf, time::Duration};

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use lobewatch::store::{
    DatabaseSettings, Fact, FactChange, HeadChange, PatientHead, RevisionNote, Store, WriteTransaction,
};
use sea_orm::{ConnectionTrait, Database, DatabaseConnection, DbErr, ExecResult, Statement};
use uuid::Uuid;

/// Emits every named `async fn(TestDatabase)` twice: as `sqlite::name` and as `postgres::name`.
#[macro_export]
macro_rules! both_databases {
    ($($name:ident),+ $(,)?) => {
        mod sqlite {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() {
                let folder = tempfile::tempdir().unwrap();
                super::$name($crate::support::TestDatabase::sqlite(folder.path().join("registry.db")).await).await;
            })+
        }
        mod postgres {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() {
                $crate::support::postgres::with_database(super::$name).await;
            })+
        }
    };
}

/// A migrated, empty database that belongs to one test.
#[derive(Clone)]
pub struct TestDatabase {
    pub store: Store,
    pub settings: DatabaseSettings,
}

impl TestDatabase {
    pub async fn sqlite(path: PathBuf) -> Self {
        let opened = Self::open(format!("sqlite://{}?mode=rwc", path.display())).await;
        opened.store.migrate().await.unwrap();
        opened
    }

    /// Opens without migrating.
    pub async fn open(url: String) -> Self {
        let settings = DatabaseSettings { url, max_connections: 10, busy_timeout: Duration::from_secs(20) };
        Self { store: Store::open(&settings).await.unwrap(), settings }
    }

    /// The same database opened once more, as another instance of the program would.
    pub async fn second_store(&self, busy_timeout: Duration) -> Store {
        Store::open(&DatabaseSettings { busy_timeout, ..self.settings.clone() }).await.unwrap()
    }

    /// A connection behind the store's back.
    pub async fn raw(&self) -> DatabaseConnection {
        Database::connect(self.settings.url.clone()).await.unwrap()
    }

    pub async fn execute(&self, sql: &str) -> Result<ExecResult, DbErr> {
        self.raw().await.execute_unprepared(sql).await
    }

    /// The only value of a statement that selects one number called `n`.
    pub async fn number(&self, sql: &str) -> i64 {
        let raw = self.raw().await;
        let statement = Statement::from_string(raw.get_database_backend(), sql);
        raw.query_one_raw(statement).await.unwrap().unwrap().try_get("", "n").unwrap()
    }
}

/// An instant `minutes` after the one at which all test stories begin.
pub fn minute(minutes: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_700_000_000, 0).unwrap() + TimeDelta::minutes(minutes)
}

pub fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

/// A recognisable identity.
pub fn id(number: u64) -> Uuid {
    Uuid::from_u64_pair(7, number)
}

pub fn note(number: u64, minutes: i64) -> RevisionNote {
    RevisionNote {
        id: id(number),
        recorded_at: minute(minutes),
        recorded_by: "tester".to_owned(),
        reason: "as told".to_owned(),
        batch_id: None,
    }
}

pub fn fact(kind: &str, key: &str, position: i64, content: &str) -> Fact {
    Fact {
        kind: kind.to_owned(),
        key: key.to_owned(),
        position,
        lobe: None,
        side: None,
        earliest_on: None,
        latest_on: None,
        content: content.to_owned(),
    }
}

pub fn put(kind: &str, key: &str, position: i64, content: &str) -> FactChange {
    FactChange::Put(fact(kind, key, position, content))
}

pub fn withdraw(kind: &str, key: &str) -> FactChange {
    FactChange::Withdraw { kind: kind.to_owned(), key: key.to_owned() }
}

/// Registers patient `number` as `P-number` of clinic `north`, without facts.
pub async fn register(store: &Store, number: u64) -> PatientHead {
    let tx = store.writer().await.unwrap();
    let head = tx.create_patient(id(number), &format!("P-{number:04}"), "north", minute(0)).await.unwrap();
    tx.commit().await.unwrap();
    head
}

/// Records one revision in a transaction of its own.
pub async fn record(
    store: &Store,
    head: &PatientHead,
    note: &RevisionNote,
    changes: &[FactChange],
) -> PatientHead {
    let tx = store.writer().await.unwrap();
    let head = append(&tx, head, note, changes).await;
    tx.commit().await.unwrap();
    head
}

pub async fn append(
    tx: &WriteTransaction,
    head: &PatientHead,
    note: &RevisionNote,
    changes: &[FactChange],
) -> PatientHead {
    tx.append_revision(head, note, changes, &HeadChange::default()).await.unwrap()
}
