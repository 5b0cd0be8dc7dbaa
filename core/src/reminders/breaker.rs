//! Whether mails are held back because the mail server as a whole does not work.
//!
//! Only failures that say nothing about one mail count: no connection, no encryption, no sign-in, no answer. While
//! mails are held back, one at a time is let through as a probe; the first that arrives lets all go.

use chrono::{DateTime, TimeDelta, Utc};

/// So many failures in a row hold all mails back.
const MOST_FAILURES: u32 = 5;
/// Fewer failures do as well, once they have gone on for so long: a service with one clinic fails seldom.
const LONGEST_FAILING: TimeDelta = TimeDelta::minutes(20);
/// Minutes from one probe to the next; every later one waits [`LAST_MINUTES`].
const PROBE_MINUTES: [i64; 4] = [1, 2, 5, 10];
/// Minutes between all later probes. Mails leave again no later than this after the server is back.
const LAST_MINUTES: i64 = 15;

/// The mail server as it was last met.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Breaker {
    /// Failures in a row.
    pub failures: u32,
    /// Instant of the first of them.
    pub failing_since: Option<DateTime<Utc>>,
    /// Instant since which mails are held back.
    pub open_since: Option<DateTime<Utc>>,
    /// Earliest instant of the next probe while mails are held back.
    pub next_probe_at: Option<DateTime<Utc>>,
}

impl Breaker {
    /// The state after one more failure at `now`.
    #[must_use]
    pub fn after_failure(self, now: DateTime<Utc>) -> Self {
        let failures = self.failures.saturating_add(1);
        let failing_since = self.failing_since.unwrap_or(now);
        let opens = failures >= MOST_FAILURES || now - failing_since >= LONGEST_FAILING;
        let open_since = self.open_since.or_else(|| opens.then_some(now));
        let next_probe_at = open_since.map(|_| now + self.probe_delay());
        Self { failures, failing_since: Some(failing_since), open_since, next_probe_at }
    }

    /// The wait from this probe to the next, should it fail or never end.
    #[must_use]
    pub fn probe_delay(self) -> TimeDelta {
        let probes = usize::try_from(self.failures.saturating_sub(MOST_FAILURES - 1)).unwrap_or(usize::MAX);
        TimeDelta::minutes(PROBE_MINUTES.get(probes).copied().unwrap_or(LAST_MINUTES))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn minute(minutes: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_772_328_600 + 60 * minutes, 0).unwrap()
    }

    fn after(failures_at: &[i64]) -> Breaker {
        failures_at.iter().fold(Breaker::default(), |breaker, at| breaker.after_failure(minute(*at)))
    }

    #[test]
    fn five_failures_in_a_row_hold_mails_back_and_four_do_not() {
        assert_eq!(after(&[0, 0, 1, 1]).open_since, None);
        let open = after(&[0, 0, 1, 1, 2]);
        assert_eq!((open.open_since, open.next_probe_at), (Some(minute(2)), Some(minute(3))));
    }

    #[test]
    fn a_service_with_one_clinic_holds_its_mail_back_after_twenty_minutes_of_failing() {
        assert_eq!(after(&[0, 5]).open_since, None);
        assert_eq!(after(&[0, 5, 19]).open_since, None);
        assert_eq!(after(&[0, 5, 20]).open_since, Some(minute(20)));
    }

    #[test]
    fn probes_come_more_seldom_but_at_least_every_quarter_of_an_hour() {
        let mut breaker = after(&[0; 5]);
        let mut now = minute(0);
        let mut waits = Vec::new();
        for _ in 0..7 {
            let next = breaker.next_probe_at.unwrap();
            waits.push((next - now).num_minutes());
            now = next;
            breaker = breaker.after_failure(now);
        }
        assert_eq!(waits, [1, 2, 5, 10, 15, 15, 15]);
        assert_eq!(breaker.open_since, Some(minute(0)), "held back since the first day of it");
    }
}
