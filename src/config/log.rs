//! `[log]`: what is logged and in which form. Installs nothing.

use tracing_subscriber::EnvFilter;

use super::reader::Reader;

/// The form of a log line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line, for collectors.
    Json,
}

/// What is logged and in which form.
#[derive(Debug, Clone)]
pub struct LogSettings {
    /// The form of a line.
    pub format: LogFormat,
    /// Levels by module, in the syntax of `tracing_subscriber::EnvFilter`.
    pub filter: String,
}

impl LogSettings {
    pub(super) fn read(reader: &mut Reader) -> Option<Self> {
        let format = reader.choice("log.format", &[("text", LogFormat::Text), ("json", LogFormat::Json)]);
        let remedy =
            "give a level (error, warn, info, debug, trace) or levels by module, as in info,lobewatch=debug";
        let filter = reader.text("log.filter", remedy);
        if let Some(filter) = &filter
            && EnvFilter::try_new(filter).is_err()
        {
            reader.problem("log.filter", "is no log filter", remedy);
            return None;
        }
        Some(Self { format: format?, filter: filter? })
    }
}
