//! The loop that reads the mailbox of failed deliveries, where one is configured.

use std::{convert::Infallible, path::PathBuf, time::Duration};

use crate::{
    app::{context::Context, read_bounces::read_bounces, status::Heartbeats},
    lifecycle::Shutdown,
};

/// The name of the loop in logs and health answers.
pub const NAME: &str = "bounces";
/// How often the mailbox is read.
pub const EVERY: Duration = Duration::from_secs(300);

/// Runs until stopping begins.
///
/// # Errors
/// None: a mailbox or a registry that cannot be read is logged and tried again.
pub async fn run(
    ctx: Context,
    mailbox: PathBuf,
    heartbeats: Heartbeats,
    shutdown: Shutdown,
) -> Result<(), Infallible> {
    loop {
        heartbeats.beat(NAME);
        if let Err(error) = read_bounces(&ctx, &mailbox).await {
            tracing::error!(error = %error, "the mailbox of failed deliveries was not read: trying again");
        }
        if !shutdown.pause(EVERY).await {
            return Ok(());
        }
    }
}
