//! Pages, health, metrics: reads only, nothing personal, no script.
//!
//! The pages take their numbers from [`StatusSource`]; nothing here knows the database. Reading next: `answer.rs` for
//! what every answer has in common, `server.rs` for the limits of a connection.

mod answer;
mod health;
mod server;
mod status_page;
#[cfg(test)]
mod tests;
mod verdict;

use std::{sync::Arc, time::Duration};

use axum::{Router, http::header, middleware, response::IntoResponse, routing::get};
use chrono_tz::Tz;
use tower_http::{catch_panic::CatchPanicLayer, limit::RequestBodyLimitLayer, timeout::TimeoutLayer};

pub use self::server::{ServerLimits, serve};
use crate::{
    app::{
        metrics::Metrics,
        status::{Heartbeats, ReadinessProbe, StatusSource},
    },
    ids::SharedIds,
};

/// No page takes a body; what a client sends beyond this is refused.
const MAX_BODY_BYTES: usize = 16 * 1024;

const STYLE: &str = include_str!("../../templates/web/style.css");

/// What the pages need.
#[derive(Clone)]
pub struct WebState {
    /// The counts.
    pub status: Arc<dyn StatusSource>,
    /// Whether the database is there and up to date.
    pub readiness: Arc<dyn ReadinessProbe>,
    /// The signs of life of the loops.
    pub heartbeats: Heartbeats,
    /// The numbers for a monitoring system.
    pub metrics: Arc<Metrics>,
    /// Makes the id of each request, which is also its incident id.
    pub ids: SharedIds,
    /// The zone in which times are shown.
    pub time_zone: Tz,
    /// Whether people reach the pages through TLS, so that browsers may be told to insist on it.
    pub is_https: bool,
    /// How long one request may take.
    pub request_timeout: Duration,
}

/// All routes, with everything an answer needs around them.
pub fn router(state: WebState) -> Router {
    let timeout =
        TimeoutLayer::with_status_code(axum::http::StatusCode::SERVICE_UNAVAILABLE, state.request_timeout);
    Router::new()
        .route("/", get(status_page::show))
        .route("/assets/style.css", get(style))
        .route("/healthz", get(health::alive))
        .route("/readyz", get(health::ready))
        .route("/metrics", get(health::metrics))
        .fallback(answer::not_found)
        .with_state(state.clone())
        .layer(RequestBodyLimitLayer::new(MAX_BODY_BYTES))
        .layer(timeout)
        .layer(CatchPanicLayer::custom(answer::after_panic))
        .layer(middleware::from_fn_with_state(state, answer::finish))
}

async fn style() -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "text/css; charset=utf-8")], STYLE)
}
