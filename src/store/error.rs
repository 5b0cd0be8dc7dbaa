//! What can go wrong in the store, sorted by what the caller can do about it.
//!
//! Problem texts come from the database's own one-line message, never from its detail text, which
//! can carry stored values. No variant holds a statement or its parameters.

use sea_orm::{DbErr, RuntimeErr, SqlErr, SqlxError};

/// A failed use of the store.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// The database cannot be reached or written now. Nothing was written; the same call may
    /// succeed later, by itself or after the remedy.
    #[error("the database is not available ({problem}); {}", .obstacle.remedy())]
    Unavailable {
        /// What is in the way.
        obstacle: Obstacle,
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

/// What keeps the database from doing its work; each with its own remedy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Obstacle {
    /// Another writer was in the way: a lock that did not come in time, or a transaction given up so
    /// that another could go on.
    OtherWriter,
    /// It does not answer, or has no connection free.
    NoAnswer,
    /// No space is left.
    Full,
    /// It may be read and not written.
    ReadOnly,
    /// Its file cannot be opened.
    CannotOpen,
}

impl Obstacle {
    /// What to do about it.
    const fn remedy(self) -> &'static str {
        match self {
            Self::OtherWriter => {
                "another writer held it; repeat shortly, and look for a long import or backup if this goes on"
            }
            Self::NoAnswer => "repeat shortly, and check that it runs if this goes on",
            Self::Full => "free space on the disk that holds it, then repeat",
            Self::ReadOnly => {
                "let the user under whom lobewatch runs write to the database file and to its folder, and look \
                 whether the disk is mounted read-only, or the server a copy that only reads"
            }
            Self::CannotOpen => {
                "check that the file and its folder exist, and that the user under whom lobewatch runs may \
                 read and write both"
            }
        }
    }
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

    /// True where the whole transaction can be repeated at once: another writer came first or was in
    /// the way, and nothing is wrong with the database.
    #[must_use]
    pub fn is_passing(&self) -> bool {
        matches!(self, Self::Conflict { .. } | Self::Unavailable { obstacle: Obstacle::OtherWriter, .. })
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
            DbErr::ConnectionAcquire(_) => {
                Self::Unavailable { obstacle: Obstacle::NoAnswer, problem: error.to_string() }
            }
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
        | SqlxError::WorkerCrashed => StoreError::Unavailable { obstacle: Obstacle::NoAnswer, problem },
        SqlxError::Database(refusal) => {
            let code = refusal.code().unwrap_or_default();
            let problem = refusal.message().to_owned();
            match obstacle(&code) {
                Some(obstacle) => StoreError::Unavailable { obstacle, problem },
                None => StoreError::Other { problem },
            }
        }
        SqlxError::ColumnDecode { index, source } => undecodable(index, &source.to_string()),
        SqlxError::Decode(source) => undecodable("?", &source.to_string()),
        _ => StoreError::Other { problem },
    }
}

/// The obstacle a database code names; `None` where the statement itself is refused.
///
/// SQLite codes are decimal with the primary code in the low byte; PostgreSQL's have five places.
fn obstacle(code: &str) -> Option<Obstacle> {
    if code.len() == 5 {
        return match code {
            // Serialisation, deadlock, lock timeout.
            "40001" | "40P01" | "55P03" => Some(Obstacle::OtherWriter),
            "53100" => Some(Obstacle::Full),
            "25006" => Some(Obstacle::ReadOnly),
            // Connection lost, out of resources, shut down, system error.
            _ => {
                let is_away = ["08", "53", "57P", "58"].iter().any(|class| code.starts_with(class));
                is_away.then_some(Obstacle::NoAnswer)
            }
        };
    }
    match code.parse::<u32>().ok()? & 0xff {
        // SQLITE_BUSY, SQLITE_LOCKED
        5 | 6 => Some(Obstacle::OtherWriter),
        // SQLITE_READONLY
        8 => Some(Obstacle::ReadOnly),
        // SQLITE_IOERR
        10 => Some(Obstacle::NoAnswer),
        // SQLITE_FULL
        13 => Some(Obstacle::Full),
        // SQLITE_CANTOPEN
        14 => Some(Obstacle::CannotOpen),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_names_its_obstacle_and_a_constraint_none() {
        for (expected, codes) in [
            (Some(Obstacle::OtherWriter), &["5", "261", "517", "6", "40001", "40P01", "55P03"][..]),
            (Some(Obstacle::ReadOnly), &["8", "264", "1032", "25006"]),
            (Some(Obstacle::Full), &["13", "53100"]),
            (Some(Obstacle::CannotOpen), &["14", "270"]),
            (Some(Obstacle::NoAnswer), &["10", "266", "08006", "57P01", "53300"]),
            (None, &["1", "19", "1811", "23505", "42P01", "22021", ""]),
        ] {
            for code in codes {
                assert_eq!(obstacle(code), expected, "{code}");
            }
        }
    }

    #[test]
    fn each_obstacle_says_what_to_do_and_only_another_writer_passes() {
        let said = |obstacle| StoreError::Unavailable { obstacle, problem: "told so".to_owned() };
        for (obstacle, remedy) in [
            (Obstacle::OtherWriter, "repeat shortly"),
            (Obstacle::NoAnswer, "check that it runs"),
            (Obstacle::Full, "free space"),
            (Obstacle::ReadOnly, "write to the database file"),
            (Obstacle::CannotOpen, "may read and write both"),
        ] {
            let error = said(obstacle);
            assert!(error.to_string().contains(remedy), "{error}");
            assert!(error.is_unavailable());
            assert_eq!(error.is_passing(), obstacle == Obstacle::OtherWriter);
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
