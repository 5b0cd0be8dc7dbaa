//! `lobewatch migrate`: brings the database schema up to date, all steps or none.

use super::{Exit, terminal::Terminal, wiring};
use crate::config::LoadOptions;

pub(super) async fn run(load: LoadOptions, terminal: &mut Terminal) -> anyhow::Result<Exit> {
    let settings = wiring::settings(load)?;
    let store = wiring::open_store(&settings).await?;
    let pending = store.pending_migrations().await?;
    if pending.is_empty() {
        terminal.line("the schema is up to date")?;
        return Ok(Exit::Done);
    }
    store.migrate().await?;
    for step in pending {
        terminal.line(format!("applied {step}"))?;
    }
    Ok(Exit::Done)
}
