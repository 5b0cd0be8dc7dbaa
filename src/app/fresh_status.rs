//! Keeps the status for a moment, so that scrapers and impatient reloads cost the registry one reading and not many.
//!
//! Failures are kept as well: a registry in trouble is asked least. One caller reads while the others wait for it; a
//! caller that goes away meanwhile leaves the reading to the next.

use std::{fmt, future::Future};

use chrono::{DateTime, TimeDelta, Utc};
use tokio::sync::Mutex;

use super::status::{BoxFuture, ReadinessProbe, RegistryStatus, StatusError, StatusSource};
use crate::clock::SharedClock;

/// How long a reading counts as current.
pub const FRESH_FOR: TimeDelta = TimeDelta::seconds(2);

/// A source of status and readiness that asks the one inside at most once every [`FRESH_FOR`] for each of the two.
pub struct FreshStatus<S> {
    inner: S,
    clock: SharedClock,
    status: Mutex<Option<Reading<Result<RegistryStatus, StatusError>>>>,
    problems: Mutex<Option<Reading<Vec<String>>>>,
}

struct Reading<T> {
    at: DateTime<Utc>,
    value: T,
}

impl<S: fmt::Debug> fmt::Debug for FreshStatus<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FreshStatus").field("inner", &self.inner).finish_non_exhaustive()
    }
}

impl<S> FreshStatus<S> {
    /// Nothing read yet.
    #[must_use]
    pub fn new(inner: S, clock: SharedClock) -> Self {
        Self { inner, clock, status: Mutex::new(None), problems: Mutex::new(None) }
    }

    async fn fresh<T: Clone, F>(&self, kept: &Mutex<Option<Reading<T>>>, read: impl FnOnce() -> F + Send) -> T
    where
        F: Future<Output = T>,
    {
        let mut kept = kept.lock().await;
        // After waiting for the lock: somebody else may have read meanwhile.
        let now = self.clock.now();
        // A clock that was put back makes no reading last for longer.
        if let Some(reading) = kept.as_ref()
            && (reading.at..reading.at + FRESH_FOR).contains(&now)
        {
            return reading.value.clone();
        }
        let value = read().await;
        // From the end of a slow reading on: otherwise those who waited for it would each start another.
        *kept = Some(Reading { at: self.clock.now(), value: value.clone() });
        value
    }
}

impl<S: StatusSource> StatusSource for FreshStatus<S> {
    fn status(&self) -> BoxFuture<'_, Result<RegistryStatus, StatusError>> {
        Box::pin(self.fresh(&self.status, || self.inner.status()))
    }
}

impl<S: ReadinessProbe> ReadinessProbe for FreshStatus<S> {
    fn problems(&self) -> BoxFuture<'_, Vec<String>> {
        Box::pin(self.fresh(&self.problems, || self.inner.problems()))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    };

    use super::*;
    use crate::clock::ManualClock;

    /// Fails each time, and counts how often it was asked.
    #[derive(Default)]
    struct Counting {
        status: AtomicUsize,
        problems: AtomicUsize,
    }

    impl StatusSource for Arc<Counting> {
        fn status(&self) -> BoxFuture<'_, Result<RegistryStatus, StatusError>> {
            Box::pin(async {
                let asked = self.status.fetch_add(1, Ordering::SeqCst) + 1;
                tokio::task::yield_now().await;
                Err(StatusError::new(format!("failure {asked}")))
            })
        }
    }

    impl ReadinessProbe for Arc<Counting> {
        fn problems(&self) -> BoxFuture<'_, Vec<String>> {
            Box::pin(async {
                let asked = self.problems.fetch_add(1, Ordering::SeqCst) + 1;
                vec![format!("problem {asked}")]
            })
        }
    }

    fn counting() -> (Arc<Counting>, FreshStatus<Arc<Counting>>, ManualClock) {
        let clock = ManualClock::at(DateTime::from_timestamp(1_772_328_600, 0).unwrap());
        let inner = Arc::new(Counting::default());
        (inner.clone(), FreshStatus::new(inner, Arc::new(clock.clone())), clock)
    }

    #[tokio::test]
    async fn many_callers_cost_one_reading_until_two_seconds_are_over() {
        let (inner, fresh, clock) = counting();
        let storm = || async {
            tokio::join!(fresh.status(), fresh.status(), fresh.status(), fresh.problems(), fresh.problems())
        };
        let (first, .., problems) = storm().await;
        assert!(format!("{:?}", first.unwrap_err()).contains("failure 1"), "a failure is kept too");
        assert_eq!(problems, ["problem 1"]);
        clock.advance(TimeDelta::milliseconds(1999));
        let _ = storm().await;
        assert_eq!((inner.status.load(Ordering::SeqCst), inner.problems.load(Ordering::SeqCst)), (1, 1));
        clock.advance(TimeDelta::milliseconds(1));
        let (.., problems) = storm().await;
        assert_eq!(problems, ["problem 2"]);
        assert_eq!((inner.status.load(Ordering::SeqCst), inner.problems.load(Ordering::SeqCst)), (2, 2));
        clock.advance(TimeDelta::hours(-1));
        let _ = storm().await;
        assert_eq!((inner.status.load(Ordering::SeqCst), inner.problems.load(Ordering::SeqCst)), (3, 3));
    }

    #[tokio::test]
    async fn a_caller_that_goes_away_while_reading_holds_up_nobody() {
        let (inner, fresh, _clock) = counting();
        {
            let mut gone = fresh.status();
            assert!(is_under_way(&mut gone).await, "it is under way");
        }
        assert!(fresh.status().await.is_err());
        assert_eq!(inner.status.load(Ordering::SeqCst), 2);
    }

    /// Polls once; whether the future is still under way.
    async fn is_under_way<T>(future: &mut BoxFuture<'_, T>) -> bool {
        std::future::poll_fn(|cx| std::task::Poll::Ready(future.as_mut().poll(cx).is_pending())).await
    }
}
