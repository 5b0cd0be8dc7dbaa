//! `lobewatch serve`: the service: nightly job, delivery, pages, until a stop signal.

use std::sync::Arc;

use anyhow::Context as _;
use chrono::TimeDelta;
use tokio::net::TcpListener;

use super::{Exit, terminal::Terminal, wiring};
use crate::{
    app::{
        context::Context, fresh_status::FreshStatus, metrics::Metrics, read_status::StatusReader,
        status::Heartbeats,
    },
    config::{LoadOptions, Settings},
    jobs::{bounces, delivery, nightly},
    lifecycle::{Shutdown, TaskSet},
    web::{ServerLimits, WebState, router, serve},
};

pub(super) async fn run(load: LoadOptions, terminal: &mut Terminal) -> anyhow::Result<Exit> {
    let settings = wiring::settings(load)?;
    let ctx = wiring::context(&settings, terminal).await?;
    let listener = listen(&settings).await?;
    terminal.line(format!("serving on http://{}/", listener.local_addr()?))?;
    terminal.flush()?;
    until_stopped(&settings, ctx, listener).await
}

/// Takes the port first, so that a second start fails before it does anything.
pub(super) async fn listen(settings: &Settings) -> anyhow::Result<TcpListener> {
    let address = settings.service.listen;
    TcpListener::bind(address).await.with_context(|| {
        format!("cannot listen on {address}; choose another service.listen or stop what is there")
    })
}

/// Runs all loops until a stop signal, then lets them finish.
pub(super) async fn until_stopped(
    settings: &Settings,
    ctx: Context,
    listener: TcpListener,
) -> anyhow::Result<Exit> {
    let metrics = Arc::new(Metrics::new());
    let delivery = wiring::delivery(settings, Arc::clone(&metrics))?;
    let heartbeats = Heartbeats::new(Arc::clone(&ctx.clock));
    // A sweep of a large registry and a slow mail server are normal: silence is suspicious only after these times.
    heartbeats.register(nightly::NAME, TimeDelta::minutes(30));
    heartbeats.register(delivery::NAME, TimeDelta::minutes(15));
    if settings.mail.bounces.is_some() {
        heartbeats.register(bounces::NAME, TimeDelta::minutes(15));
    }
    let shutdown = Shutdown::new();
    shutdown.listen_for_signals()?;
    let reader =
        StatusReader::new(ctx.clone(), settings.schedule.nightly.clone(), settings.schedule.time_zone);
    let status = Arc::new(FreshStatus::new(reader, Arc::clone(&ctx.clock)));
    let state = WebState {
        status: Arc::clone(&status) as Arc<_>,
        readiness: status,
        heartbeats: heartbeats.clone(),
        metrics: Arc::clone(&metrics),
        ids: Arc::clone(&ctx.ids),
        time_zone: settings.schedule.time_zone,
        is_https: settings.service.is_https(),
        request_timeout: settings.service.request_timeout,
    };
    let limits = ServerLimits {
        max_connections: settings.service.max_connections,
        header_timeout: settings.service.header_timeout,
        request_timeout: settings.service.request_timeout,
    };
    let mut tasks = TaskSet::new(shutdown.clone());
    tasks.spawn("web", serve(listener, router(state), limits, shutdown.clone()));
    tasks.spawn(
        nightly::NAME,
        nightly::run(
            ctx.clone(),
            settings.schedule.nightly.clone(),
            settings.schedule.time_zone,
            metrics,
            heartbeats.clone(),
            shutdown.clone(),
        ),
    );
    if let Some(mailbox) = settings.mail.bounces.clone() {
        let reading = bounces::run(ctx.clone(), mailbox, heartbeats.clone(), shutdown.clone());
        tasks.spawn(bounces::NAME, reading);
    }
    tasks.spawn(
        delivery::NAME,
        delivery::run(ctx, delivery, settings.schedule.deliver_every, heartbeats, shutdown),
    );
    let report = tasks.run(settings.service.shutdown_grace).await;
    Ok(if report.exit_code() == 0 { Exit::Done } else { Exit::Failed })
}
