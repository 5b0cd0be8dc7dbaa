//! Connections: how many, how slow they may be, and how they end. Knows no pages.
//!
//! The server that comes with the web framework waits forever for request headers, so that a few hundred silent clients
//! shut everybody else out. Here every connection has a header time, a length of life and a place among a fixed number.

use std::{
    collections::VecDeque,
    convert::Infallible,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use axum::Router;
use hyper::{Request, body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::Notify,
    task::{Id, JoinError, JoinSet},
    time::sleep,
};
use tower::ServiceExt;

use crate::lifecycle::Shutdown;

/// The longest request head, in bytes.
const MAX_HEAD_BYTES: usize = 16 * 1024;

/// How long to wait after a failed accept: the usual cause, too many open files, does not go away at once.
const AFTER_FAILED_ACCEPT: Duration = Duration::from_millis(100);

/// What one client may take.
#[derive(Debug, Clone, Copy)]
pub struct ServerLimits {
    /// The most connections served at once. A further one takes the place of the one idle longest, or waits if all
    /// are at work.
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

/// What the accepting loop knows of an open connection.
#[derive(Debug, Default)]
struct Place {
    /// Requests being answered: 0 or 1.
    n_busy: AtomicUsize,
    /// Tells the connection to leave at once.
    leave: Notify,
}

/// The open connections, the oldest first.
#[derive(Default)]
struct Connections {
    tasks: JoinSet<()>,
    places: VecDeque<(Id, Arc<Place>)>,
}

impl Connections {
    /// Makes sure there is room for one more. When all places are taken, the connection that has idled longest leaves:
    /// honest clients ask at once, so it is a client that holds its place for nothing.
    async fn make_room(&mut self, max_connections: usize) {
        while let Some(ended) = self.tasks.try_join_next_with_id() {
            self.forget(ended);
        }
        while self.tasks.len() >= max_connections {
            let idle = self.places.iter().find(|(_, place)| place.n_busy.load(Ordering::Relaxed) == 0);
            if let Some((_, place)) = idle {
                place.leave.notify_one();
            }
            match self.tasks.join_next_with_id().await {
                Some(ended) => self.forget(ended),
                None => return,
            }
        }
    }

    fn open(&mut self, stream: TcpStream, router: Router, limits: ServerLimits, shutdown: Shutdown) {
        let place = Arc::new(Place::default());
        let handle = self.tasks.spawn(serve_one(stream, router, limits, shutdown, Arc::clone(&place)));
        self.places.push_back((handle.id(), place));
    }

    fn forget(&mut self, ended: Result<(Id, ()), JoinError>) {
        let id = ended.map_or_else(|error| error.id(), |(id, ())| id);
        self.places.retain(|(open, _)| *open != id);
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
    let mut connections = Connections::default();
    loop {
        let accepted = tokio::select! {
            () = shutdown.begun() => break,
            accepted = listener.accept() => accepted,
        };
        match accepted {
            Ok((stream, _)) => {
                connections.make_room(limits.max_connections).await;
                connections.open(stream, router.clone(), limits, shutdown.clone());
            }
            Err(error) => {
                tracing::warn!(error = %error, "a connection could not be accepted");
                sleep(AFTER_FAILED_ACCEPT).await;
            }
        }
    }
    // New clients are turned away at once instead of waiting for an answer that will not come.
    drop(listener);
    while connections.tasks.join_next().await.is_some() {}
    Ok(())
}

/// Serves one connection. How it ends is the client's affair: resets and slow clients are no faults of ours.
async fn serve_one(
    stream: TcpStream,
    router: Router,
    limits: ServerLimits,
    shutdown: Shutdown,
    place: Arc<Place>,
) {
    let busy = Arc::clone(&place);
    let service = service_fn(move |request: Request<Incoming>| {
        let (router, busy) = (router.clone(), Arc::clone(&busy));
        async move {
            busy.n_busy.fetch_add(1, Ordering::Relaxed);
            let answer = router.oneshot(request).await;
            busy.n_busy.fetch_sub(1, Ordering::Relaxed);
            answer
        }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(limits.header_timeout)
        .max_buf_size(MAX_HEAD_BYTES)
        .serve_connection(TokioIo::new(stream), service);
    tokio::pin!(connection);
    tokio::select! {
        ended = connection.as_mut() => {
            if let Err(error) = ended {
                tracing::debug!(error = %error, "connection ended early");
            }
            return;
        }
        () = place.leave.notified() => return,
        () = shutdown.begun() => {}
        () = sleep(limits.lifetime()) => {}
    }
    connection.as_mut().graceful_shutdown();
    tokio::select! {
        _ = connection => {}
        () = place.leave.notified() => {}
        () = sleep(limits.lifetime()) => tracing::debug!("connection cut: the client was too slow"),
    }
}
