//! The delivery loop: sends what waits, then rests.

use std::{convert::Infallible, time::Duration};

use crate::{
    app::{
        context::Context,
        deliver::{Delivery, deliver_with_all_senders},
        status::Heartbeats,
    },
    lifecycle::Shutdown,
};

/// The name of the loop in logs and health answers.
pub const NAME: &str = "delivery";

/// Runs until stopping begins; a mail that is being sent is finished first.
///
/// # Errors
/// None: a registry that does not answer is logged and tried again.
pub async fn run(
    ctx: Context,
    delivery: Delivery,
    every: Duration,
    heartbeats: Heartbeats,
    shutdown: Shutdown,
) -> Result<(), Infallible> {
    loop {
        heartbeats.beat(NAME);
        let stopping = {
            let shutdown = shutdown.clone();
            move || shutdown.is_stopping()
        };
        if let Err(error) = deliver_with_all_senders(&ctx, &delivery, stopping).await {
            tracing::error!(error = %error, "waiting mails cannot be read or settled: trying again");
        }
        if !shutdown.pause(every).await {
            return Ok(());
        }
    }
}
