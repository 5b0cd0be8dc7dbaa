//! What a benchmark is told by the environment.

use std::str::FromStr;

use anyhow::Context as _;

/// A number from a variable, or the default where it is not set.
pub fn number<T: FromStr>(variable: &str, default: T) -> anyhow::Result<T>
where
    T::Err: std::error::Error + Send + Sync + 'static,
{
    match std::env::var(variable) {
        Ok(text) => text.parse().with_context(|| format!("{variable} must be a number")),
        Err(_) => Ok(default),
    }
}
