//! The status page: counts only, no names. Turns [`RegistryStatus`] into what the template shows.

use askama::Template;
use axum::{
    extract::State,
    http::StatusCode,
    response::{Html, IntoResponse, Response},
};
use chrono::{DateTime, SecondsFormat, Utc};
use chrono_tz::Tz;

use super::{
    WebState,
    answer::WebError,
    verdict::{Attention, Verdict, attention, in_words, judge},
};
use crate::{
    app::status::{ClinicStatus, RegistryStatus},
    telemetry::chain,
};

#[derive(Template)]
#[template(path = "web/status.html")]
struct StatusPage {
    now: Moment,
    verdict: Verdict,
    next_run: Option<Moment>,
    attention: Vec<Attention>,
    patients: [Number; 4],
    mails: [Number; 4],
    clinics: Vec<ClinicStatus>,
    protocol: String,
    version: &'static str,
}

/// An instant for people and for machines.
struct Moment {
    human: String,
    machine: String,
}

struct Number {
    label: &'static str,
    count: u64,
}

impl Moment {
    fn new(at: DateTime<Utc>, zone: Tz) -> Self {
        Self { human: in_words(at, zone), machine: at.to_rfc3339_opts(SecondsFormat::Secs, true) }
    }
}

impl StatusPage {
    fn new(status: RegistryStatus, zone: Tz) -> Self {
        let number = |label, count| Number { label, count };
        Self {
            now: Moment::new(status.now, zone),
            verdict: judge(&status, zone),
            next_run: status.next_run_at.map(|at| Moment::new(at, zone)),
            attention: attention(&status, zone),
            patients: [
                number("followed", status.followed),
                number("CT due", status.due),
                number("CT overdue", status.overdue),
                number("on record", status.patients),
            ],
            mails: [
                number("mails waiting", status.mails_waiting),
                number("mails failed", status.mails_failed),
                number("reminders planned", status.reminders_planned),
                number("open data tasks", status.open_data_tasks),
            ],
            clinics: status.clinics,
            protocol: status.protocol,
            version: env!("CARGO_PKG_VERSION"),
        }
    }
}

/// The page, or 503 if the registry does not answer.
pub(super) async fn show(State(state): State<WebState>) -> Result<Response, WebError> {
    let status = state
        .status
        .status()
        .await
        .map_err(|error| WebError { status: StatusCode::SERVICE_UNAVAILABLE, cause: chain(&error) })?;
    let page = StatusPage::new(status, state.time_zone);
    let html = page
        .render()
        .map_err(|error| WebError { status: StatusCode::INTERNAL_SERVER_ERROR, cause: chain(&error) })?;
    Ok(Html(html).into_response())
}
