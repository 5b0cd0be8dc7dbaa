//! A PostgreSQL database per test, cloned from a migrated template and dropped afterwards.
//!
//! `LOBEWATCH_TEST_POSTGRES_URL` names a server and a login that may create databases. Where it is
//! missing the tests fail and say so, because a suite that skips half of itself looks green;
//! `LOBEWATCH_TEST_SQLITE_ONLY=1` states that this is meant.

use std::{
    future::Future,
    hash::{DefaultHasher, Hash, Hasher},
    sync::atomic::{AtomicU64, Ordering},
};

use sea_orm::{ConnectOptions, ConnectionTrait, Database, DatabaseConnection, Statement};

use super::TestDatabase;

const URL: &str = "LOBEWATCH_TEST_POSTGRES_URL";
const SQLITE_ONLY: &str = "LOBEWATCH_TEST_SQLITE_ONLY";

/// Serialises the making of the template among test processes.
const TEMPLATE_LOCK: i64 = 0x74_65_6d_70;

/// Where the tests' PostgreSQL server is; `None` where only SQLite is wanted.
pub fn admin_url() -> Option<String> {
    if let Ok(url) = std::env::var(URL) {
        return Some(url);
    }
    assert!(
        std::env::var(SQLITE_ONLY).is_ok_and(|value| value == "1"),
        "{URL} is not set: run the tests with `tests/run`, which starts a server, or set it to the URL of a \
         login that may create databases, or set {SQLITE_ONLY}=1 to leave PostgreSQL out"
    );
    None
}

/// Runs a case on a migrated database of its own and drops the database, also if the case fails.
pub async fn with_database<C, F>(case: C)
where
    C: FnOnce(TestDatabase) -> F,
    F: Future<Output = ()> + Send + 'static,
{
    let Some(admin_url) = admin_url() else { return };
    let admin = connect(&admin_url).await;
    let template = migrated_template(&admin, &admin_url).await;
    run_on(&admin, &admin_url, &format!("TEMPLATE {template}"), case).await;
}

/// Runs a case on a database without any schema.
pub async fn with_empty_database<C, F>(case: C)
where
    C: FnOnce(TestDatabase) -> F,
    F: Future<Output = ()> + Send + 'static,
{
    let Some(admin_url) = admin_url() else { return };
    let admin = connect(&admin_url).await;
    run_on(&admin, &admin_url, "", case).await;
}

async fn run_on<C, F>(admin: &DatabaseConnection, admin_url: &str, made_from: &str, case: C)
where
    C: FnOnce(TestDatabase) -> F,
    F: Future<Output = ()> + Send + 'static,
{
    let name = next_name();
    admin.execute_unprepared(&drop_statement(&name)).await.unwrap();
    admin.execute_unprepared(&format!("CREATE DATABASE {name} {made_from}")).await.unwrap();
    let database = TestDatabase::open(url_of(admin_url, &name)).await;
    let outcome = tokio::spawn(case(database)).await;
    admin.execute_unprepared(&drop_statement(&name)).await.unwrap();
    if let Err(failure) = outcome {
        std::panic::resume_unwind(failure.into_panic());
    }
}

fn drop_statement(name: &str) -> String {
    format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)")
}

fn next_name() -> String {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    format!("lobewatch_test_{}_{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed))
}

async fn connect(url: &str) -> DatabaseConnection {
    // One connection, so that the session lock below is taken and released in the same session.
    let mut options = ConnectOptions::new(url);
    options.max_connections(1).sqlx_logging(false);
    Database::connect(options).await.unwrap_or_else(|error| panic!("{URL} leads to no server: {error}"))
}

/// The URL with another database name in place of its path.
fn url_of(admin_url: &str, name: &str) -> String {
    let (address, query) =
        admin_url.split_once('?').map_or((admin_url, ""), |(address, query)| (address, query));
    let host_start = address.find("://").map_or(0, |scheme_end| scheme_end + 3);
    let path_start = address[host_start..].find('/').map_or(address.len(), |slash| host_start + slash);
    let question = if query.is_empty() { "" } else { "?" };
    format!("{}/{name}{question}{query}", &address[..path_start])
}

/// Makes the template if no other test process has; its name follows the migrations' source.
async fn migrated_template(admin: &DatabaseConnection, admin_url: &str) -> String {
    let name = format!("lobewatch_template_{:016x}", schema_hash());
    admin.execute_unprepared(&format!("SELECT pg_advisory_lock({TEMPLATE_LOCK})")).await.unwrap();
    if !is_template(admin, &name).await {
        admin.execute_unprepared(&drop_statement(&name)).await.unwrap();
        admin.execute_unprepared(&format!("CREATE DATABASE {name}")).await.unwrap();
        let database = TestDatabase::open(url_of(admin_url, &name)).await;
        database.store.migrate().await.unwrap();
        database.store.close().await.unwrap();
        // A template without connections can be cloned by many at once.
        let seal = format!("ALTER DATABASE {name} WITH IS_TEMPLATE true ALLOW_CONNECTIONS false");
        admin.execute_unprepared(&seal).await.unwrap();
    }
    admin.execute_unprepared(&format!("SELECT pg_advisory_unlock({TEMPLATE_LOCK})")).await.unwrap();
    name
}

async fn is_template(admin: &DatabaseConnection, name: &str) -> bool {
    let sql = "SELECT 1 FROM pg_database WHERE datistemplate AND datname = $1";
    let statement = Statement::from_sql_and_values(admin.get_database_backend(), sql, [name.into()]);
    admin.query_one_raw(statement).await.unwrap().is_some()
}

fn schema_hash() -> u64 {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/migrations/src");
    let mut files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    let mut hasher = DefaultHasher::new();
    for file in files {
        std::fs::read(file).unwrap().hash(&mut hasher);
    }
    hasher.finish()
}
