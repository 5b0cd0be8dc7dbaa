//! What machines ask: alive, ready, and the numbers. Plain text, for probes and monitoring.

use axum::{
    Extension,
    extract::State,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};

use super::{
    WebState,
    answer::{Cause, KeepBody, WebError},
};
use crate::telemetry::chain;

/// The process runs and answers; says nothing about the database, so that a restart is not tried in vain.
pub(super) async fn alive() -> &'static str {
    "ok\n"
}

/// Whether the service can do its work: the database, its migrations, and every loop's sign of life.
pub(super) async fn ready(State(state): State<WebState>) -> Response {
    let mut problems = state.readiness.problems().await;
    problems.extend(state.heartbeats.problems());
    if problems.is_empty() {
        return "ready\n".into_response();
    }
    let body = format!("not ready\n- {}\n", problems.join("\n- "));
    (StatusCode::SERVICE_UNAVAILABLE, Extension(KeepBody), Extension(Cause(problems.join("; "))), body)
        .into_response()
}

/// Counters of this process and gauges of the registry. A registry that does not answer makes the gauges stale, not the
/// scrape fail: that is when the counters are needed most.
pub(super) async fn metrics(State(state): State<WebState>) -> Result<Response, WebError> {
    match state.status.status().await {
        Ok(status) => state.metrics.observe(Some(&status)),
        Err(error) => {
            tracing::warn!(error = chain(&error), "gauges could not be read");
            state.metrics.observe(None);
        }
    }
    let text = state
        .metrics
        .render()
        .map_err(|error| WebError { status: StatusCode::INTERNAL_SERVER_ERROR, cause: chain(&error) })?;
    let content_type = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    Ok(([(header::CONTENT_TYPE, content_type)], text).into_response())
}
