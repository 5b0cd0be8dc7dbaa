//! `[database]`: where the registry is kept. Opens nothing.

use std::time::Duration;

use super::{Secret, reader::Reader};

/// Where the registry is kept and how its connections behave.
#[derive(Debug, Clone)]
pub struct DatabaseSettings {
    /// `sqlite://…` or `postgres://…`; a secret because it may carry a password.
    pub url: Secret,
    /// The most open connections.
    pub max_connections: u32,
    /// How long a writer waits for another one.
    pub busy_timeout: Duration,
}

impl DatabaseSettings {
    pub(super) fn read(reader: &mut Reader) -> Option<Self> {
        let before = reader.problem_count();
        let url = reader.secret_url("database.url", "database.url_file");
        match &url {
            Some(url) => check_url(url.expose(), reader),
            None if reader.problem_count() == before => {
                reader.problem(
                    "database.url",
                    "is needed and not set",
                    "give a URL that starts with sqlite:// or postgres://",
                );
            }
            None => {}
        }
        let max_connections = reader.number("database.max_connections", 1..=100);
        let busy_timeout_seconds = reader.number("database.busy_timeout_seconds", 1..=60);
        Some(Self {
            url: url?,
            max_connections: u32::try_from(max_connections?).ok()?,
            busy_timeout: Duration::from_secs(busy_timeout_seconds?),
        })
    }
}

fn check_url(url: &str, reader: &mut Reader) {
    let key = "database.url";
    if url.starts_with("sqlite:") && url.contains(":memory:") || url.contains("mode=memory") {
        reader.problem(
            key,
            "is a database in memory, which is lost on exit and differs for each connection",
            "name a file, as in sqlite://data/lobewatch.db?mode=rwc",
        );
    } else if !["sqlite://", "postgres://", "postgresql://"].iter().any(|scheme| url.starts_with(scheme)) {
        reader.problem(
            key,
            "is neither an SQLite nor a PostgreSQL URL",
            "start it with sqlite:// or postgres://",
        );
    }
}
