//! The one module that may read the real time; everything else is handed a [`Clock`].

use std::sync::{Arc, Mutex, PoisonError};

use chrono::{DateTime, TimeDelta, Utc};

/// Where the shell gets the present instant from. The pure core never sees it:
/// the shell turns the instant and a time zone into a civil date first.
pub trait Clock: Send + Sync + 'static {
    /// The present instant.
    fn now(&self) -> DateTime<Utc>;
}

/// The clock every use case shares.
pub type SharedClock = Arc<dyn Clock>;

/// The machine's clock.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "the one place that reads the machine's clock")]
    fn now(&self) -> DateTime<Utc> {
        Utc::now()
    }
}

/// A clock that stands still until it is moved: for tests, the demo and replays.
#[derive(Debug, Clone)]
pub struct ManualClock {
    instant: Arc<Mutex<DateTime<Utc>>>,
}

impl ManualClock {
    /// A clock standing at `instant`.
    #[must_use]
    pub fn at(instant: DateTime<Utc>) -> Self {
        Self { instant: Arc::new(Mutex::new(instant)) }
    }

    /// Moves the clock to `instant`, forwards or backwards.
    pub fn set(&self, instant: DateTime<Utc>) {
        *self.instant.lock().unwrap_or_else(PoisonError::into_inner) = instant;
    }

    /// Moves the clock by `step`.
    pub fn advance(&self, step: TimeDelta) {
        let mut instant = self.instant.lock().unwrap_or_else(PoisonError::into_inner);
        *instant += step;
    }
}

impl Clock for ManualClock {
    fn now(&self) -> DateTime<Utc> {
        *self.instant.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
