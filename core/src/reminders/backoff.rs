//! When a failed delivery is tried again, and what becomes of it otherwise.
//!
//! Delays grow from five minutes to two hours and then stay there until the reminder's own deadline; after that
//! the reminder is handed to a person. Nothing is ever dropped: each verdict that ends the attempts names what
//! the caller has to open.

use chrono::{DateTime, TimeDelta, Utc};

use super::reply::FailureClass;

/// Minutes before attempt 2, 3, 4 and 5; every later one waits [`LAST_MINUTES`].
const FIRST_MINUTES: [u32; 4] = [5, 15, 30, 60];
/// Minutes between all later attempts.
const LAST_MINUTES: u32 = 120;
/// How far a delay is moved either way, so that many reminders do not come back at once.
const JITTER: f64 = 0.2;

/// The wait after the failed attempt number `attempt` (the first is 1; 0 is read as 1).
///
/// `fraction` is an injected chance in `0.0..1.0`: 0 shortens the delay by 20 %, 0.5 leaves it, 1 lengthens it by
/// 20 %. Anything else, also not-a-number, leaves it.
#[must_use]
pub fn retry_delay(attempt: u32, fraction: f64) -> TimeDelta {
    let index = usize::try_from(attempt.saturating_sub(1)).unwrap_or(usize::MAX);
    let minutes = FIRST_MINUTES.get(index).copied().unwrap_or(LAST_MINUTES);
    let fraction = if (0.0..=1.0).contains(&fraction) { fraction } else { 0.5 };
    let seconds = f64::from(minutes * 60) * (1.0 - JITTER + 2.0 * JITTER * fraction);
    // At most 120 min x 1.2: far inside the range of an i64.
    TimeDelta::seconds(seconds.round() as i64)
}

/// What becomes of a reminder after a failed attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeliveryVerdict {
    /// Certainly not delivered: try again then.
    RetryAt(DateTime<Utc>),
    /// May have been delivered: try again then, under the same Message-ID, and count it as unknown.
    UnknownRetryAt(DateTime<Utc>),
    /// Not delivered because of our settings: try again then, and alarm the operator now.
    AlarmAndRetryAt(DateTime<Utc>),
    /// Refused for good: open a task for a person in the same transaction.
    Failed,
    /// The reminder's own deadline came first: open a task for a person in the same transaction.
    OutOfTime {
        /// Whether the last attempt may have been delivered.
        maybe_delivered: bool,
    },
}

/// Decides after failed attempt number `attempt` (the first is 1). `give_up_at` is the reminder's own deadline:
/// no attempt is planned at or after it.
#[must_use]
pub fn decide(
    class: FailureClass,
    attempt: u32,
    fraction: f64,
    now: DateTime<Utc>,
    give_up_at: DateTime<Utc>,
) -> DeliveryVerdict {
    if class == FailureClass::Permanent {
        return DeliveryVerdict::Failed;
    }
    let maybe_delivered = class == FailureClass::Unknown;
    match now.checked_add_signed(retry_delay(attempt, fraction)).filter(|next| *next < give_up_at) {
        None => DeliveryVerdict::OutOfTime { maybe_delivered },
        Some(next) => match class {
            FailureClass::Unknown => DeliveryVerdict::UnknownRetryAt(next),
            FailureClass::Misconfigured => DeliveryVerdict::AlarmAndRetryAt(next),
            FailureClass::Retry | FailureClass::Permanent => DeliveryVerdict::RetryAt(next),
        },
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    #[test]
    fn delays_follow_the_table() {
        for (attempt, minutes) in
            [(0, 5), (1, 5), (2, 15), (3, 30), (4, 60), (5, 120), (6, 120), (u32::MAX, 120)]
        {
            assert_eq!(retry_delay(attempt, 0.5), TimeDelta::minutes(minutes), "{attempt}");
        }
        assert_eq!(retry_delay(1, 0.0), TimeDelta::minutes(4));
        assert_eq!(retry_delay(1, 1.0), TimeDelta::minutes(6));
        assert_eq!(retry_delay(1, f64::NAN), TimeDelta::minutes(5));
        assert_eq!(retry_delay(1, -3.0), TimeDelta::minutes(5));
    }

    #[test]
    fn each_class_has_its_verdict() {
        let (now, end) = (at("2026-03-01T02:00:00Z"), at("2026-03-02T00:00:00Z"));
        let next = at("2026-03-01T02:05:00Z");
        let table = [
            (FailureClass::Retry, DeliveryVerdict::RetryAt(next)),
            (FailureClass::Unknown, DeliveryVerdict::UnknownRetryAt(next)),
            (FailureClass::Misconfigured, DeliveryVerdict::AlarmAndRetryAt(next)),
            (FailureClass::Permanent, DeliveryVerdict::Failed),
        ];
        for (class, verdict) in table {
            assert_eq!(decide(class, 1, 0.5, now, end), verdict, "{class:?}");
        }
    }

    #[test]
    fn after_its_deadline_a_reminder_goes_to_a_person_and_not_back_to_the_queue() {
        let (now, end) = (at("2026-03-01T23:56:00Z"), at("2026-03-02T00:00:00Z"));
        let out = |maybe_delivered| DeliveryVerdict::OutOfTime { maybe_delivered };
        assert_eq!(decide(FailureClass::Retry, 1, 0.5, now, end), out(false));
        assert_eq!(decide(FailureClass::Unknown, 1, 0.5, now, end), out(true));
        assert_eq!(
            decide(FailureClass::Retry, 9, 0.5, DateTime::<Utc>::MAX_UTC, DateTime::<Utc>::MAX_UTC),
            out(false)
        );
    }

    proptest! {
        #[test]
        fn jitter_stays_within_a_fifth(attempt in 1_u32..50, fraction in 0.0_f64..1.0) {
            let (base, moved) = (retry_delay(attempt, 0.5), retry_delay(attempt, fraction));
            prop_assert!((moved - base).abs() * 5 <= base + TimeDelta::seconds(5));
        }
    }
}
