//! Logs: readable text or JSON, to standard error. Decides nothing about what is logged elsewhere.
//!
//! How lines are written in this project:
//! - The message is a constant sentence; everything that varies is a field. Field names are dotted, the unit is the
//!   ending: `patient.study_id`, `clinic.slug`, `reminder.key`, `mail.attempt`, `sweep.n_patients`, `http.status`,
//!   `incident.id`, `task.name`, `duration_ms`. An error goes into `error`, with its sources.
//! - Never in a line, at any level: a name, a birth date, a diagnosis, a lobe, a result, a mail address, a secret, a
//!   URL as the client sent it. `patient.study_id` is a pseudonym and allowed.
//! - `error` means that a person has to act, `warn` that one might have to, `info` is the normal course of a day.

use std::{error::Error, io};

use thiserror::Error;
use tracing::{Dispatch, dispatcher};
use tracing_subscriber::{EnvFilter, fmt::MakeWriter};

use crate::config::{LogFormat, LogSettings};

/// Why logs could not be set up.
#[derive(Debug, Error)]
pub enum TelemetryError {
    /// The filter is no filter.
    #[error("`log.filter` is no log filter; give a level such as info, or levels by module")]
    Filter(#[source] tracing_subscriber::filter::ParseError),
    /// Something else has already set up logs in this process.
    #[error("logs are set up already; set them up once, at the start of the process")]
    AlreadySet(#[source] dispatcher::SetGlobalDefaultError),
}

/// Sends the logs of the whole process to standard error.
///
/// # Errors
/// A filter that cannot be read, or a second call in one process.
pub fn init(settings: &LogSettings) -> Result<(), TelemetryError> {
    let dispatch = dispatch(settings, io::stderr)?;
    dispatcher::set_global_default(dispatch).map_err(TelemetryError::AlreadySet)
}

/// A log of the same kind into any writer: for tests that read back what was logged.
///
/// # Errors
/// A filter that cannot be read.
pub fn dispatch<W>(settings: &LogSettings, writer: W) -> Result<Dispatch, TelemetryError>
where
    W: for<'a> MakeWriter<'a> + Send + Sync + 'static,
{
    // The PostgreSQL driver's spans carry the connection URL with its password, whatever the level: it stays silent.
    // What goes wrong there comes back as an error and is logged by whoever asked.
    let filter = format!("{},sqlx_postgres=off", settings.filter);
    let filter = EnvFilter::try_new(filter).map_err(TelemetryError::Filter)?;
    let lines = tracing_subscriber::fmt().with_env_filter(filter).with_writer(writer);
    Ok(match settings.format {
        // Colour codes would end up in files and journals.
        LogFormat::Text => Dispatch::new(lines.with_ansi(false).finish()),
        LogFormat::Json => Dispatch::new(lines.json().flatten_event(true).finish()),
    })
}

/// An error with all its sources on one line, for the field `error`.
#[must_use]
pub fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        source = cause.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::*;

    #[derive(Clone, Default)]
    struct Page(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Page {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn logged(format: LogFormat, filter: &str) -> String {
        let page = Page::default();
        let settings = LogSettings { format, filter: filter.to_owned() };
        let writer = page.clone();
        let dispatch = dispatch(&settings, move || writer.clone()).unwrap();
        dispatcher::with_default(&dispatch, || {
            tracing::info!(sweep.n_patients = 3, "nightly run finished");
            tracing::debug!("detail");
        });
        let bytes = page.0.lock().unwrap().clone();
        String::from_utf8(bytes).unwrap()
    }

    #[test]
    fn text_is_one_line_without_colour_codes_and_obeys_the_filter() {
        let text = logged(LogFormat::Text, "info");
        assert!(text.contains("nightly run finished") && text.contains("sweep.n_patients=3"), "{text}");
        assert_eq!(text.lines().count(), 1, "{text}");
        assert!(!text.contains('\u{1b}'), "{text}");
    }

    #[test]
    fn json_is_one_object_a_line_with_the_fields_at_the_top() {
        let text = logged(LogFormat::Json, "lobewatch=debug");
        let lines: Vec<serde_json::Value> =
            text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!(lines.len(), 2);
        assert_eq!(lines[0]["sweep.n_patients"], 3);
        assert_eq!(lines[0]["message"], "nightly run finished");
    }

    #[test]
    fn a_chain_names_every_cause() {
        let error = TelemetryError::Filter(EnvFilter::try_new("a=b=c").unwrap_err());
        let text = chain(&error);
        assert!(text.starts_with("`log.filter` is no log filter") && text.contains(": "), "{text}");
    }
}
