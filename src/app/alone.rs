//! Work that one instance at a time does: it takes a lease, keeps it alive, and stops when it has lost it.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use chrono::TimeDelta;

use super::context::Context;
use crate::store::{Lease, StoreError};

/// How long a lease lasts without a sign of life. A dead instance's work is taken over after this time.
const LENGTH: TimeDelta = TimeDelta::seconds(120);
/// How often a sign of life is given.
const BEAT: Duration = Duration::from_secs(30);

/// Whether the lease has been lost. To be asked before each step of the work.
#[derive(Debug, Clone, Default)]
pub struct Lost(Arc<AtomicBool>);

impl Lost {
    /// Whether another instance may be doing the work by now.
    #[must_use]
    pub fn is_lost(&self) -> bool {
        self.0.load(Ordering::SeqCst)
    }
}

/// Does `work` if no other instance does; `None` if one does.
///
/// # Errors
/// When the registry does not say who does it.
pub async fn alone<T>(
    ctx: &Context,
    name: &str,
    holder: &str,
    work: impl AsyncFnOnce(Lost) -> T,
) -> Result<Option<T>, StoreError> {
    let Some(lease) = ctx.store.take_lease(name, holder, LENGTH).await? else { return Ok(None) };
    let lost = Lost::default();
    let done = {
        let keeping = keep(ctx, &lease, &lost);
        tokio::select! {
            done = work(lost.clone()) => done,
            never = keeping => match never {},
        }
    };
    if !lost.is_lost()
        && let Err(error) = ctx.store.keep_lease(&lease, TimeDelta::zero()).await
    {
        tracing::warn!(lease.name = name, error = %error, "a lease could not be given back: it ends by itself");
    }
    Ok(Some(done))
}

/// Keeps the lease until it is lost or dropped. A registry that does not answer for a whole length has lost it too.
async fn keep(ctx: &Context, lease: &Lease, lost: &Lost) -> std::convert::Infallible {
    let mut silent = Duration::ZERO;
    loop {
        tokio::time::sleep(BEAT).await;
        match ctx.store.keep_lease(lease, LENGTH).await {
            Ok(()) => silent = Duration::ZERO,
            Err(error) => {
                silent += BEAT;
                let is_passed = matches!(error, StoreError::Conflict { .. });
                tracing::warn!(lease.name = %lease.name, error = %error, "a lease could not be kept");
                if is_passed || TimeDelta::from_std(silent + BEAT).is_ok_and(|silent| silent >= LENGTH) {
                    lost.0.store(true, Ordering::SeqCst);
                    std::future::pending::<()>().await;
                }
            }
        }
    }
}
