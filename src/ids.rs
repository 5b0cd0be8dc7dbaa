//! The one module that may make identifiers and chance; everything else is handed an [`IdSource`].

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use uuid::Uuid;

/// Where identifiers and jitter come from.
pub trait IdSource: Send + Sync + 'static {
    /// A new identifier, never handed out before.
    fn next_id(&self) -> Uuid;

    /// An evenly distributed number in `0.0..1.0`, for retry jitter only.
    fn fraction(&self) -> f64;
}

/// The id source every use case shares.
pub type SharedIds = Arc<dyn IdSource>;

/// Time-ordered identifiers (UUID version 7) and real chance.
#[derive(Debug, Clone, Copy, Default)]
pub struct RandomIds;

impl IdSource for RandomIds {
    #[expect(clippy::disallowed_methods, reason = "the one place that makes random identifiers")]
    fn next_id(&self) -> Uuid {
        Uuid::now_v7()
    }

    #[expect(clippy::disallowed_methods, reason = "the one place that draws chance")]
    fn fraction(&self) -> f64 {
        rand::random::<f64>()
    }
}

/// Identifiers that count up from a seed, for tests and snapshots.
#[derive(Debug)]
pub struct CountingIds {
    next: AtomicU64,
}

impl CountingIds {
    /// Starts counting at `seed`.
    #[must_use]
    pub fn from(seed: u64) -> Self {
        Self { next: AtomicU64::new(seed) }
    }
}

impl IdSource for CountingIds {
    fn next_id(&self) -> Uuid {
        Uuid::from_u64_pair(0, self.next.fetch_add(1, Ordering::Relaxed))
    }

    fn fraction(&self) -> f64 {
        0.5
    }
}
