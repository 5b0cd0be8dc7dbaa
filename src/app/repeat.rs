//! Patience with other writers: how often and after what pauses a transaction is tried again. What is worth repeating
//! is the caller's to say; nothing is written here.

use std::time::Duration;

/// Pauses before the second try, the third and so on. Two that met once are apart again after a few.
const PAUSES: [Duration; 5] = [
    Duration::from_millis(20),
    Duration::from_millis(60),
    Duration::from_millis(150),
    Duration::from_millis(300),
    Duration::from_millis(600),
];

/// What is left of the tries of one transaction.
#[derive(Debug, Default)]
pub(super) struct Patience {
    used: usize,
}

impl Patience {
    /// Waits for the next try; `false` at once where there is none left.
    pub(super) async fn pause(&mut self) -> bool {
        let Some(pause) = PAUSES.get(self.used) else { return false };
        self.used += 1;
        tokio::time::sleep(*pause).await;
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn patience_ends_after_five_pauses() {
        let mut patience = Patience::default();
        for _ in 0..5 {
            assert!(patience.pause().await);
        }
        assert!(!patience.pause().await);
    }
}
