//! Opens the connection pools; nothing else in the program knows how a database is reached.
//!
//! SQLite gets a pool of one for writing and a pool for reading whose connections refuse writes.
//! PostgreSQL gets one pool for both. Passwords never leave this file in readable form.

use std::{
    fmt,
    path::{Path, PathBuf},
    str::FromStr,
    time::Duration,
};

use sea_orm::{
    ConnectOptions, Database, DatabaseConnection,
    sqlx::{
        postgres::PgConnectOptions,
        sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous},
    },
};

use super::error::StoreError;

/// SQLite's page cache, negative because that is its way to say kibibytes instead of pages: enough for a transaction of
/// an import, so that no page is written twice.
const WRITER_CACHE_KIBIBYTES: &str = "-8192";
/// The same for each of several readers, who mostly read what is not in it.
const READER_CACHE_KIBIBYTES: &str = "-2048";

/// Which database holds the registry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Backend {
    /// The embedded default: one file.
    Sqlite,
    /// A PostgreSQL server.
    Postgres,
}

impl fmt::Display for Backend {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Sqlite => "sqlite",
            Self::Postgres => "postgres",
        })
    }
}

/// How to reach the database. `Debug` masks the password.
#[derive(Clone, PartialEq, Eq)]
pub struct DatabaseSettings {
    /// `sqlite://PATH?mode=rwc` or `postgres://USER:PASSWORD@HOST:PORT/NAME`.
    pub url: String,
    /// Connections for reading on SQLite (one more writes), in all on PostgreSQL. At least 1.
    pub max_connections: u32,
    /// How long a call waits for a connection or a lock before the database counts as unavailable.
    pub busy_timeout: Duration,
}

impl fmt::Debug for DatabaseSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DatabaseSettings")
            .field("url", &redacted_url(&self.url))
            .field("max_connections", &self.max_connections)
            .field("busy_timeout", &self.busy_timeout)
            .finish()
    }
}

/// The URL with every password in it masked, fit for logs and terminals.
#[must_use]
pub fn redacted_url(url: &str) -> String {
    let (address, query) = url.split_once('?').map_or((url, None), |(address, query)| (address, Some(query)));
    let mut shown = match (address.find("://"), address.rfind('@')) {
        (Some(scheme_end), Some(at)) if scheme_end + 3 <= at => {
            let (scheme, rest) = address.split_at(scheme_end + 3);
            let (login, host) = rest.split_at(at - scheme_end - 3);
            let user = login.split(':').next().unwrap_or_default();
            let mask = if login.contains(':') { ":***" } else { "" };
            format!("{scheme}{user}{mask}{host}")
        }
        _ => address.to_owned(),
    };
    if let Some(query) = query {
        let masked: Vec<String> = query
            .split('&')
            .map(|pair| match pair.split_once('=') {
                Some((key, _)) if key.to_ascii_lowercase().contains("password") => format!("{key}=***"),
                _ => pair.to_owned(),
            })
            .collect();
        shown.push('?');
        shown.push_str(&masked.join("&"));
    }
    shown
}

/// Pools as opened: where to write, where to read, and on what.
#[derive(Debug)]
pub(super) struct Pools {
    pub(super) backend: Backend,
    pub(super) write: DatabaseConnection,
    pub(super) read: DatabaseConnection,
}

pub(super) async fn open(settings: &DatabaseSettings) -> Result<Pools, StoreError> {
    if settings.max_connections == 0 {
        return Err(unusable("max_connections", "0 connections cannot read anything; set at least 1"));
    }
    match backend_of(&settings.url)? {
        Backend::Sqlite => open_sqlite(settings).await,
        Backend::Postgres => open_postgres(settings).await,
    }
}

fn backend_of(url: &str) -> Result<Backend, StoreError> {
    match url.split_once(':').map(|(scheme, _)| scheme) {
        Some("sqlite") => Ok(Backend::Sqlite),
        Some("postgres" | "postgresql") => Ok(Backend::Postgres),
        _ => Err(unusable("url", "it must begin with `sqlite://` or `postgres://`")),
    }
}

fn unusable(setting: &'static str, problem: impl ToString) -> StoreError {
    StoreError::Settings { setting, problem: problem.to_string() }
}

async fn open_sqlite(settings: &DatabaseSettings) -> Result<Pools, StoreError> {
    let options = SqliteConnectOptions::from_str(&settings.url)
        .map_err(|_| unusable("url", "write it as `sqlite://PATH?mode=rwc`"))?;
    if settings.url.contains(":memory:") || settings.url.contains("mode=memory") {
        return Err(unusable("url", "a database in memory forgets patients; name a file"));
    }
    let path = options.get_filename().to_path_buf();
    if !path.exists() {
        if !settings.url.contains("mode=rwc") {
            return Err(unusable(
                "url",
                format!(
                    "there is no file `{}`; correct the path, or add `?mode=rwc` to make it",
                    path.display()
                ),
            ));
        }
        create_private(&path).map_err(|(place, error)| {
            unusable("url", format!("cannot make `{}` ({error}); make its folder and let the user under whom lobewatch runs write there, or name another place", place.display()))
        })?;
    }
    // The writer comes first: it turns the file to WAL, which the readers then find.
    let write = Database::connect(sqlite_options(settings, 1, false)).await?;
    let read = Database::connect(sqlite_options(settings, settings.max_connections, true)).await?;
    Ok(Pools { backend: Backend::Sqlite, write, read })
}

/// Makes the file, and its folder where missing, readable by its owner alone. SQLite gives its
/// `-wal` and `-shm` companions the same mode.
fn create_private(path: &Path) -> Result<(), (PathBuf, std::io::Error)> {
    #[cfg(unix)]
    use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};

    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        let mut builder = std::fs::DirBuilder::new();
        builder.recursive(true);
        #[cfg(unix)]
        builder.mode(0o700);
        builder.create(folder).map_err(|error| (folder.to_path_buf(), error))?;
    }
    let mut options = std::fs::OpenOptions::new();
    options.append(true).create(true);
    #[cfg(unix)]
    options.mode(0o600);
    options.open(path).map(drop).map_err(|error| (path.to_path_buf(), error))
}

fn sqlite_options(settings: &DatabaseSettings, connections: u32, reads_only: bool) -> ConnectOptions {
    let busy_timeout = settings.busy_timeout;
    let mut options = pool_options(settings, connections);
    // A file does not hang up: asking each time whether it is still there only costs time.
    options.test_before_acquire(false);
    options.map_sqlx_sqlite_opts(move |sqlite| {
        sqlite
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .foreign_keys(true)
            .busy_timeout(busy_timeout)
            .pragma("cache_size", if reads_only { READER_CACHE_KIBIBYTES } else { WRITER_CACHE_KIBIBYTES })
            // What undoes a single statement need not go through a file; the transaction log does.
            .pragma("temp_store", "MEMORY")
            // Makes a replaced row fire the triggers that refuse deletion.
            .pragma("recursive_triggers", "ON")
            .pragma("query_only", if reads_only { "ON" } else { "OFF" })
    });
    options
}

async fn open_postgres(settings: &DatabaseSettings) -> Result<Pools, StoreError> {
    PgConnectOptions::from_str(&settings.url)
        .map_err(|_| unusable("url", "write it as `postgres://USER:PASSWORD@HOST:PORT/NAME`"))?;
    let lock_timeout = format!("{}ms", settings.busy_timeout.as_millis().max(1));
    let mut options = pool_options(settings, settings.max_connections);
    options.map_sqlx_postgres_opts(move |postgres| {
        postgres.application_name("lobewatch").options([("lock_timeout", lock_timeout.as_str())])
    });
    let pool = Database::connect(options).await?;
    Ok(Pools { backend: Backend::Postgres, write: pool.clone(), read: pool })
}

fn pool_options(settings: &DatabaseSettings, connections: u32) -> ConnectOptions {
    let mut options = ConnectOptions::new(settings.url.clone());
    options
        .max_connections(connections)
        .connect_timeout(settings.busy_timeout)
        .acquire_timeout(settings.busy_timeout)
        // Statements stay out of the log altogether; the callers log use cases.
        .sqlx_logging(false);
    options
}

#[cfg(test)]
mod tests {
    use sea_orm::{ConnectionTrait, DbBackend, Statement, TransactionTrait};

    use super::*;

    #[test]
    fn no_form_of_the_url_shows_a_password() {
        for (url, shown) in [
            ("postgres://lobewatch:s3cret@db:5432/registry", "postgres://lobewatch:***@db:5432/registry"),
            ("postgres://u:p@ss:w@db/r?sslmode=require", "postgres://u:***@db/r?sslmode=require"),
            ("postgres://u@db/r?password=s3cret&a=b", "postgres://u@db/r?password=***&a=b"),
            ("postgres://u:a/b@db/r", "postgres://u:***@db/r"),
            (
                "sqlite:///var/lib/lobewatch/registry.db?mode=rwc",
                "sqlite:///var/lib/lobewatch/registry.db?mode=rwc",
            ),
        ] {
            assert_eq!(redacted_url(url), shown);
        }
        let settings = DatabaseSettings {
            url: "postgres://u:s3cret@db/r".to_owned(),
            max_connections: 1,
            busy_timeout: Duration::from_secs(1),
        };
        assert!(!format!("{settings:?}").contains("s3cret"));
    }

    #[test]
    fn an_unknown_scheme_is_refused_without_repeating_the_url() {
        let error = backend_of("mysql://u:s3cret@db/r").unwrap_err();
        assert!(error.to_string().contains("sqlite://"), "{error}");
        assert!(!error.to_string().contains("s3cret"), "{error}");
    }

    /// Holds every connection of a pool at once and asks each for its settings.
    async fn pragmas(pool: &DatabaseConnection, connections: usize) -> Vec<Vec<String>> {
        let mut held = Vec::new();
        for _ in 0..connections {
            held.push(pool.begin().await.unwrap());
        }
        let mut seen = Vec::new();
        for connection in &held {
            let mut values = Vec::new();
            for name in ["journal_mode", "synchronous", "foreign_keys", "recursive_triggers", "query_only"] {
                let ask = Statement::from_string(DbBackend::Sqlite, format!("PRAGMA {name}"));
                let row = connection.query_one_raw(ask).await.unwrap().unwrap();
                let number = row.try_get_by_index::<i64>(0).map(|number| number.to_string());
                values.push(number.or_else(|_| row.try_get_by_index::<String>(0)).unwrap());
            }
            seen.push(values);
        }
        seen
    }

    #[tokio::test]
    async fn every_sqlite_connection_is_durable_and_readers_cannot_write() {
        let folder = tempfile::tempdir().unwrap();
        let settings = DatabaseSettings {
            url: format!("sqlite://{}?mode=rwc", folder.path().join("registry.db").display()),
            max_connections: 4,
            busy_timeout: Duration::from_millis(300),
        };
        let pools = open(&settings).await.unwrap();
        assert_eq!(pragmas(&pools.write, 1).await, [["wal", "2", "1", "1", "0"]]);
        assert_eq!(pragmas(&pools.read, 4).await, [["wal", "2", "1", "1", "1"]; 4]);
        let refused = pools.read.execute_unprepared("CREATE TABLE t (x)").await.unwrap_err();
        assert!(refused.to_string().contains("readonly"), "{refused}");
        let held = pools.write.begin().await.unwrap();
        let second = StoreError::from(pools.write.begin().await.map(drop).unwrap_err());
        assert!(second.is_unavailable(), "there is one writer: {second}");
        held.rollback().await.unwrap();
    }
}
