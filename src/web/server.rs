//! Connections: how many, how slow they may be, and how they end. Knows no pages.
//!
//! The server that comes with the web framework waits forever for request headers, so that a few hundred silent clients
//! shut everybody else out. Here every connection has a header time, a length of life and a place among a fixed number.

use std::{convert::Infallible, sync::Arc, time::Duration};

use axum::Router;
use hyper::server::conn::http1;
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    service::TowerToHyperService,
};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::Semaphore,
    task::JoinSet,
    time::{sleep, timeout},
};

use crate::lifecycle::Shutdown;

/// The longest request head, in bytes.
const MAX_HEAD_BYTES: usize = 16 * 1024;

/// How long to wait after a failed accept: the usual cause, too many open files, does not go away at once.
const AFTER_FAILED_ACCEPT: Duration = Duration::from_millis(100);

/// What one client may take.
#[derive(Debug, Clone, Copy)]
pub struct ServerLimits {
    /// The most connections served at once; further ones wait in the operating system's queue.
    pub max_connections: usize,
    /// How long request headers may take, and how long a connection may stay idle.
    pub header_timeout: Duration,
    /// How long an answer may take.
    pub request_timeout: Duration,
}

impl ServerLimits {
    /// After this long a connection is asked to end, and after as long again it is cut: a client that reads or sends a
    /// byte at a time cannot hold its place.
    fn lifetime(self) -> Duration {
        self.header_timeout + self.request_timeout
    }
}

/// Serves until stopping begins, then lets requests under way finish. Ends when the last connection has.
///
/// # Errors
/// None: a failed accept is logged and tried again.
pub async fn serve(
    listener: TcpListener,
    router: Router,
    limits: ServerLimits,
    shutdown: Shutdown,
) -> Result<(), Infallible> {
    let places = Arc::new(Semaphore::new(limits.max_connections));
    let mut connections = JoinSet::new();
    loop {
        let place = tokio::select! {
            () = shutdown.begun() => break,
            place = Arc::clone(&places).acquire_owned() => place,
        };
        let accepted = tokio::select! {
            () = shutdown.begun() => break,
            accepted = listener.accept() => accepted,
        };
        match accepted {
            Ok((stream, _)) => {
                let (router, shutdown) = (router.clone(), shutdown.clone());
                connections.spawn(async move {
                    serve_one(stream, router, limits, shutdown).await;
                    drop(place);
                });
            }
            Err(error) => {
                tracing::warn!(error = %error, "a connection could not be accepted");
                sleep(AFTER_FAILED_ACCEPT).await;
            }
        }
        while connections.try_join_next().is_some() {}
    }
    // New clients are turned away at once instead of waiting for an answer that will not come.
    drop(listener);
    while connections.join_next().await.is_some() {}
    Ok(())
}

/// Serves one connection. How it ends is the client's affair: resets and slow clients are no faults of ours.
async fn serve_one(stream: TcpStream, router: Router, limits: ServerLimits, shutdown: Shutdown) {
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(limits.header_timeout)
        .max_buf_size(MAX_HEAD_BYTES)
        .serve_connection(TokioIo::new(stream), TowerToHyperService::new(router));
    tokio::pin!(connection);
    tokio::select! {
        ended = connection.as_mut() => {
            if let Err(error) = ended {
                tracing::debug!(error = %error, "connection ended early");
            }
            return;
        }
        () = shutdown.begun() => {}
        () = sleep(limits.lifetime()) => {}
    }
    connection.as_mut().graceful_shutdown();
    if timeout(limits.lifetime(), connection).await.is_err() {
        tracing::debug!("connection cut: the client was too slow");
    }
}
