//! `[schedule]`: when the loops wake up. Waits for nothing.

use std::time::Duration;

use chrono::{TimeZone, Utc};
use chrono_tz::Tz;
use cron::Schedule;

use super::reader::Reader;

/// When the loops wake up.
#[derive(Debug, Clone)]
pub struct ScheduleSettings {
    /// When the nightly run wakes up, with seconds, read in `time_zone`.
    pub nightly: Schedule,
    /// The zone of `nightly` and of the times on the status page.
    pub time_zone: Tz,
    /// How often waiting mails are looked for.
    pub deliver_every: Duration,
}

impl ScheduleSettings {
    pub(super) fn read(reader: &mut Reader) -> Option<Self> {
        let form = "six parts, seconds first, as in \"0 30 1 * * *\" for 01:30 each night";
        let nightly = reader.parsed::<Schedule>("schedule.nightly", form);
        let time_zone = reader.parsed("schedule.time_zone", "an IANA time zone, as in Europe/Rome");
        let deliver_every = reader.number("schedule.deliver_every_seconds", 1..=3600);
        if nightly.as_ref().is_some_and(never_fires) {
            reader.problem("schedule.nightly", "names a moment that never comes", "name a day that exists");
            return None;
        }
        Some(Self {
            nightly: nightly?,
            time_zone: time_zone?,
            deliver_every: Duration::from_secs(deliver_every?),
        })
    }
}

/// Whether no moment matches, as with 31 February. Judged from a fixed day, because settings know no clock.
fn never_fires(schedule: &Schedule) -> bool {
    let first_day = Utc.with_ymd_and_hms(2026, 1, 1, 0, 0, 0).single();
    first_day.is_some_and(|day| schedule.after(&day).next().is_none())
}
