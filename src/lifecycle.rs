//! The life of the process: named tasks, and stopping in two stages. Knows nothing of what the tasks do.
//!
//! The first SIGTERM or SIGINT asks every task to finish what it holds and take up nothing new. A second one, or the
//! end of the grace time, ends the process at once; nothing is lost by that, because everything a task promises is
//! in the database first. A task that ends by itself while the service runs stops the whole service, so that a
//! supervisor starts it anew: a service whose nightly loop has died would look healthy and forget everybody.

use std::{collections::HashMap, error::Error, future::Future, io, sync::Arc, time::Duration};

use tokio::{
    sync::watch,
    task::{Id, JoinError, JoinSet},
};

use crate::telemetry::chain;

/// How far stopping has come. The order matters: it only ever grows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Stage {
    Running,
    Stopping,
    Forced,
}

/// The one switch every task watches. Clones share it.
#[derive(Debug, Clone)]
pub struct Shutdown {
    stage: Arc<watch::Sender<Stage>>,
}

impl Default for Shutdown {
    fn default() -> Self {
        Self::new()
    }
}

impl Shutdown {
    /// A switch in the running position.
    #[must_use]
    pub fn new() -> Self {
        Self { stage: Arc::new(watch::Sender::new(Stage::Running)) }
    }

    /// First stage: take up nothing new, finish what is held.
    pub fn begin(&self) {
        self.raise(Stage::Stopping);
    }

    /// Second stage: end at once.
    pub fn force(&self) {
        self.raise(Stage::Forced);
    }

    /// What a signal does: the first begins, any further one forces.
    pub fn signal(&self) {
        if self.is_stopping() { self.force() } else { self.begin() }
    }

    /// Whether the first stage has begun. Loops ask before each new piece of work.
    #[must_use]
    pub fn is_stopping(&self) -> bool {
        *self.stage.borrow() >= Stage::Stopping
    }

    /// Waits until the first stage begins; returns at once if it has. Safe to drop and call again.
    pub async fn begun(&self) {
        self.reached(Stage::Stopping).await;
    }

    /// Waits until the second stage begins.
    pub async fn forced(&self) {
        self.reached(Stage::Forced).await;
    }

    /// Waits for `pause`, or shorter if stopping begins; returns whether to go on.
    pub async fn pause(&self, pause: Duration) -> bool {
        tokio::select! {
            () = self.begun() => false,
            () = tokio::time::sleep(pause) => true,
        }
    }

    /// Turns SIGTERM and SIGINT into stages, for as long as the process lives.
    ///
    /// # Errors
    /// The signals cannot be listened to.
    pub fn listen_for_signals(&self) -> io::Result<()> {
        let mut signals = Signals::new()?;
        let shutdown = self.clone();
        tokio::spawn(async move {
            loop {
                let name = signals.next().await;
                if shutdown.is_stopping() {
                    tracing::warn!(signal.name = name, "second stop signal: ending at once");
                } else {
                    tracing::info!(signal.name = name, "stop signal: finishing what is under way");
                }
                shutdown.signal();
            }
        });
        Ok(())
    }

    fn raise(&self, to: Stage) {
        self.stage.send_if_modified(|stage| {
            let grows = *stage < to;
            if grows {
                *stage = to;
            }
            grows
        });
    }

    async fn reached(&self, at_least: Stage) {
        let mut stage = self.stage.subscribe();
        // The sender lives in `self`, so this waits and cannot fail.
        let _ = stage.wait_for(|stage| *stage >= at_least).await;
    }
}

/// The signals that mean "stop".
struct Signals {
    #[cfg(unix)]
    terminate: tokio::signal::unix::Signal,
    #[cfg(unix)]
    interrupt: tokio::signal::unix::Signal,
}

impl Signals {
    #[cfg(unix)]
    fn new() -> io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Self { terminate: signal(SignalKind::terminate())?, interrupt: signal(SignalKind::interrupt())? })
    }

    #[cfg(unix)]
    async fn next(&mut self) -> &'static str {
        tokio::select! {
            _ = self.terminate.recv() => "SIGTERM",
            _ = self.interrupt.recv() => "SIGINT",
        }
    }

    #[cfg(not(unix))]
    fn new() -> io::Result<Self> {
        Ok(Self {})
    }

    #[cfg(not(unix))]
    async fn next(&mut self) -> &'static str {
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
        "Ctrl-C"
    }
}

/// Tasks with names, watched until the process ends.
#[derive(Debug)]
pub struct TaskSet {
    shutdown: Shutdown,
    tasks: JoinSet<Result<(), String>>,
    names: HashMap<Id, &'static str>,
}

/// How the tasks ended.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct StopReport {
    /// Tasks that failed, panicked or ended although the service was running, with the reason.
    pub failed: Vec<(&'static str, String)>,
    /// Tasks that were still at work when the process had to end, by name.
    pub unfinished: Vec<&'static str>,
}

impl StopReport {
    /// 0 after an orderly stop, 1 if a task failed or did not stop in time.
    #[must_use]
    pub fn exit_code(&self) -> u8 {
        u8::from(!self.failed.is_empty() || !self.unfinished.is_empty())
    }
}

impl TaskSet {
    /// No tasks yet, stopped by `shutdown`.
    #[must_use]
    pub fn new(shutdown: Shutdown) -> Self {
        Self { shutdown, tasks: JoinSet::new(), names: HashMap::new() }
    }

    /// Starts a task. It should end with `Ok` soon after [`Shutdown::begun`], and never before.
    pub fn spawn<F, E>(&mut self, name: &'static str, task: F)
    where
        F: Future<Output = Result<(), E>> + Send + 'static,
        E: Error + Send + 'static,
    {
        let handle = self.tasks.spawn(async move { task.await.map_err(|error| chain(&error)) });
        self.names.insert(handle.id(), name);
    }

    /// Watches the tasks until all have ended, the grace time after the first stage is over, or the second stage
    /// begins. What has not ended by then is aborted and named in the report.
    pub async fn run(mut self, grace: Duration) -> StopReport {
        let mut report = StopReport::default();
        let shutdown = self.shutdown.clone();
        let deadline = async {
            shutdown.begun().await;
            tokio::select! {
                () = shutdown.forced() => "second stop signal",
                () = tokio::time::sleep(grace) => "grace time over",
            }
        };
        tokio::pin!(deadline);
        loop {
            tokio::select! {
                ended = self.tasks.join_next_with_id() => match ended {
                    Some(ended) => self.note(ended, &mut report),
                    None => break,
                },
                reason = &mut deadline => {
                    report.unfinished = self.names.values().copied().collect();
                    report.unfinished.sort_unstable();
                    tracing::error!(
                        task.unfinished = report.unfinished.join(", "),
                        reason,
                        "tasks did not stop in time: ending without them"
                    );
                    break;
                }
            }
        }
        report
    }

    fn note(&mut self, ended: Result<(Id, Result<(), String>), JoinError>, report: &mut StopReport) {
        let (id, outcome) = match ended {
            Ok((id, outcome)) => (id, outcome),
            // The panic's own text may hold data; the panic hook has already said where.
            Err(error) => (error.id(), Err("the task panicked".to_owned())),
        };
        let name = self.names.remove(&id).unwrap_or("unnamed");
        let reason = match outcome {
            Ok(()) if self.shutdown.is_stopping() => {
                tracing::info!(task.name = name, "task stopped");
                return;
            }
            Ok(()) => "the task ended although the service was running".to_owned(),
            Err(reason) => reason,
        };
        tracing::error!(task.name = name, error = reason, "task failed: stopping the service");
        report.failed.push((name, reason));
        self.shutdown.begin();
    }
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use super::*;

    const LONG: Duration = Duration::from_secs(3600);
    const SHORT: Duration = Duration::from_millis(20);

    fn obedient(shutdown: &Shutdown) -> impl Future<Output = Result<(), Infallible>> + Send + 'static {
        let shutdown = shutdown.clone();
        async move {
            shutdown.begun().await;
            Ok(())
        }
    }

    async fn deaf() -> Result<(), Infallible> {
        tokio::time::sleep(LONG).await;
        Ok(())
    }

    #[tokio::test]
    async fn tasks_that_stop_when_asked_make_an_orderly_end() {
        let shutdown = Shutdown::new();
        let mut tasks = TaskSet::new(shutdown.clone());
        tasks.spawn("web", obedient(&shutdown));
        tasks.spawn("delivery", obedient(&shutdown));
        let running = tokio::spawn(tasks.run(LONG));
        shutdown.signal();
        let report = running.await.unwrap();
        assert_eq!(report, StopReport::default());
        assert_eq!(report.exit_code(), 0);
    }

    #[tokio::test]
    async fn a_task_that_does_not_stop_in_time_is_named() {
        let shutdown = Shutdown::new();
        let mut tasks = TaskSet::new(shutdown.clone());
        tasks.spawn("web", obedient(&shutdown));
        tasks.spawn("nightly", deaf());
        shutdown.begin();
        let report = tasks.run(SHORT).await;
        assert_eq!(report.unfinished, ["nightly"]);
        assert_eq!(report.exit_code(), 1);
    }

    #[tokio::test]
    async fn a_second_signal_does_not_wait_for_the_grace_time() {
        let shutdown = Shutdown::new();
        let mut tasks = TaskSet::new(shutdown.clone());
        tasks.spawn("nightly", deaf());
        let running = tokio::spawn(tasks.run(LONG));
        shutdown.signal();
        assert!(shutdown.is_stopping());
        shutdown.signal();
        assert_eq!(running.await.unwrap().unfinished, ["nightly"]);
    }

    #[tokio::test]
    async fn a_task_that_fails_or_ends_early_or_panics_stops_the_service() {
        for kind in 0..3 {
            let shutdown = Shutdown::new();
            let mut tasks = TaskSet::new(shutdown.clone());
            tasks.spawn("web", obedient(&shutdown));
            tasks.spawn("nightly", async move {
                match kind {
                    0 => Err(io::Error::other("the database is gone")),
                    1 => Ok(()),
                    _ => panic!("on purpose"),
                }
            });
            let report = tasks.run(LONG).await;
            assert_eq!(report.failed.len(), 1, "{report:?}");
            assert_eq!(report.failed[0].0, "nightly");
            assert!(report.unfinished.is_empty());
            assert_eq!(report.exit_code(), 1);
        }
    }

    #[tokio::test]
    async fn a_pause_ends_early_when_stopping_begins() {
        let shutdown = Shutdown::new();
        assert!(shutdown.pause(SHORT).await);
        shutdown.begin();
        assert!(!shutdown.pause(LONG).await);
    }
}
