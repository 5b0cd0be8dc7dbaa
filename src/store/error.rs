//! What can go wrong in the store, sorted by what the caller can do about it.
//!
//! Problem texts come from the database's own one-line message, never from its detail text, which
//! can carry stored values. No variant holds a statement or its parameters.

use sea_orm::{DbErr, RuntimeErr, SqlErr, SqlxError};

/// A failed use of the store.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// The database cannot be reached, is locked, full or out of connections. Nothing was written;
    /// the same call may succeed later.
    #[error(
        "the database is not available ({problem}); repeat shortly, and check that it runs if this goes on"
    )]
    Unavailable {
        /// What the database or the pool said.
        problem: String,
    },
    /// Somebody else wrote first, or the row exists already. On PostgreSQL the transaction has to
    /// be rolled back.
    #[error("the change collides with another one ({problem}); read again and repeat")]
    Conflict {
        /// What collided.
        problem: String,
    },
    /// A stored row cannot be what this program wrote.
    #[error(
        "stored data is inconsistent in {table}.{column}, row {row}: {problem}; mend that row or restore a backup"
    )]
    Inconsistent {
        /// Table of the row.
        table: &'static str,
        /// Identity of the row, as far as known.
        row: String,
        /// Column that does not fit, as far as known.
        column: String,
        /// What is wrong with it.
        problem: String,
    },
    /// The schema could not be brought up to date, or is newer than this program.
    #[error(
        "the database schema cannot be brought up to date ({problem}); run the version of lobewatch that last used it, or restore a backup"
    )]
    Migration {
        /// What the migration said.
        problem: String,
    },
    /// The database settings cannot be used.
    #[error("the setting `database.{setting}` cannot be used: {problem}")]
    Settings {
        /// Key below `database`.
        setting: &'static str,
        /// What is wrong and what to do.
        problem: String,
    },
    /// Anything else: a refused statement, which means a defect in this program or a changed schema.
    #[error(
        "the database refused the statement ({problem}); check that the schema is up to date and report this as a defect"
    )]
    Other {
        /// What the database said.
        problem: String,
    },
}

impl StoreError {
    /// A stored value that does not fit; also for callers that interpret stored content.
    #[must_use]
    pub fn inconsistent(
        table: &'static str,
        row: impl ToString,
        column: &str,
        problem: impl ToString,
    ) -> Self {
        Self::Inconsistent {
            table,
            row: row.to_string(),
            column: column.to_owned(),
            problem: problem.to_string(),
        }
    }

    /// True where repeating the same call later can help.
    #[must_use]
    pub fn is_unavailable(&self) -> bool {
        matches!(self, Self::Unavailable { .. })
    }

    /// True where the caller should read again and repeat.
    #[must_use]
    pub fn is_conflict(&self) -> bool {
        matches!(self, Self::Conflict { .. })
    }

    pub(super) fn conflict(problem: impl ToString) -> Self {
        Self::Conflict { problem: problem.to_string() }
    }

    /// Names the table that was read where a column could not be decoded.
    fn naming(self, name: &'static str) -> Self {
        match self {
            Self::Inconsistent { table: "", row, column, problem } => {
                Self::Inconsistent { table: name, row, column, problem }
            }
            other => other,
        }
    }
}

/// Adds the table's name to whatever went wrong while reading it.
pub(super) trait InTable<T> {
    /// The same result, with decoding problems placed in `table`.
    fn in_table(self, table: &'static str) -> Result<T, StoreError>;
}

impl<T> InTable<T> for Result<T, DbErr> {
    fn in_table(self, table: &'static str) -> Result<T, StoreError> {
        self.map_err(|error| StoreError::from(error).naming(table))
    }
}

impl From<DbErr> for StoreError {
    fn from(error: DbErr) -> Self {
        if let Some(SqlErr::UniqueConstraintViolation(problem)) = error.sql_err() {
            return Self::Conflict { problem };
        }
        match &error {
            DbErr::ConnectionAcquire(_) => Self::Unavailable { problem: error.to_string() },
            DbErr::Conn(RuntimeErr::SqlxError(cause))
            | DbErr::Exec(RuntimeErr::SqlxError(cause))
            | DbErr::Query(RuntimeErr::SqlxError(cause)) => from_driver(cause),
            DbErr::Type(problem) | DbErr::Json(problem) => undecodable("?", problem),
            DbErr::TryIntoErr { source, .. } => undecodable("?", &source.to_string()),
            _ => Self::Other { problem: error.to_string() },
        }
    }
}

fn undecodable(column: &str, problem: &str) -> StoreError {
    StoreError::Inconsistent {
        table: "",
        row: "?".to_owned(),
        column: column.trim_matches('"').to_owned(),
        problem: problem.to_owned(),
    }
}

fn from_driver(cause: &SqlxError) -> StoreError {
    let problem = cause.to_string();
    match cause {
        SqlxError::Io(_)
        | SqlxError::Tls(_)
        | SqlxError::PoolTimedOut
        | SqlxError::PoolClosed
        | SqlxError::WorkerCrashed => StoreError::Unavailable { problem },
        SqlxError::Database(refusal) => {
            let code = refusal.code().unwrap_or_default();
            let problem = refusal.message().to_owned();
            if passes_by_itself(&code) {
                StoreError::Unavailable { problem }
            } else {
                StoreError::Other { problem }
            }
        }
        SqlxError::ColumnDecode { index, source } => undecodable(index, &source.to_string()),
        SqlxError::Decode(source) => undecodable("?", &source.to_string()),
        _ => StoreError::Other { problem },
    }
}

/// Whether a database code names a state that ends without a change to the statement.
///
/// SQLite codes are decimal with the primary code in the low byte; PostgreSQL's have five places.
fn passes_by_itself(code: &str) -> bool {
    const SQLITE_BUSY: u32 = 5;
    const SQLITE_LOCKED: u32 = 6;
    const SQLITE_IOERR: u32 = 10;
    const SQLITE_FULL: u32 = 13;
    const SQLITE_CANTOPEN: u32 = 14;
    if code.len() == 5 {
        // Connection lost, out of resources, shut down, serialisation, deadlock, lock timeout.
        return code.starts_with("08")
            || code.starts_with("53")
            || code.starts_with("57P")
            || code.starts_with("58")
            || matches!(code, "40001" | "40P01" | "55P03");
    }
    code.parse::<u32>().is_ok_and(|code| {
        matches!(code & 0xff, SQLITE_BUSY | SQLITE_LOCKED | SQLITE_IOERR | SQLITE_FULL | SQLITE_CANTOPEN)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn busy_and_full_pass_by_themselves_and_a_constraint_does_not() {
        for code in ["5", "261", "517", "6", "13", "14", "08006", "57P01", "40001", "40P01", "55P03"] {
            assert!(passes_by_itself(code), "{code}");
        }
        for code in ["1", "19", "1811", "23505", "42P01", "22021", ""] {
            assert!(!passes_by_itself(code), "{code}");
        }
    }

    #[test]
    fn an_undecodable_column_is_placed_in_its_table() {
        let cause =
            SqlxError::ColumnDecode { index: "\"due_on\"".to_owned(), source: "bad date".to_owned().into() };
        let read: Result<(), DbErr> = Err(DbErr::Query(RuntimeErr::SqlxError(cause.into())));
        assert_eq!(
            read.in_table("slots").unwrap_err(),
            StoreError::inconsistent("slots", "?", "due_on", "bad date")
        );
    }

    #[test]
    fn a_refused_connection_is_unavailable() {
        let refused = std::io::Error::from(std::io::ErrorKind::ConnectionRefused);
        let error = DbErr::Conn(RuntimeErr::SqlxError(SqlxError::Io(refused).into()));
        assert!(StoreError::from(error).is_unavailable());
    }
}
