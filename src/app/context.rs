//! What every use case is handed: the registry, the clock, ids, the protocol and the clinics.

use std::{collections::BTreeMap, sync::Arc};

use chrono::{DateTime, NaiveDate, TimeDelta, TimeZone, Utc};
use chrono_tz::Tz;

use crate::{
    clock::SharedClock,
    config::ClinicSettings,
    ids::SharedIds,
    protocol::Protocol,
    reminders::step::{Ladder, OverdueStep, Owner},
    store::Store,
};

/// The clinic of a history that names none.
pub const DEFAULT_CLINIC: &str = "default";

/// The world as a use case sees it. Cheap to clone.
#[derive(Clone)]
pub struct Context {
    /// The registry.
    pub store: Store,
    /// The present instant.
    pub clock: SharedClock,
    /// New ids.
    pub ids: SharedIds,
    /// The protocol in force.
    pub protocol: Arc<Protocol>,
    /// The clinics of the configuration.
    pub clinics: Arc<Clinics>,
    /// What stands after the @ of each Message-ID.
    pub message_id_domain: Arc<str>,
}

impl std::fmt::Debug for Context {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Context").field("protocol", &self.protocol.id).finish_non_exhaustive()
    }
}

impl Context {
    /// The present instant.
    #[must_use]
    pub fn now(&self) -> DateTime<Utc> {
        self.clock.now()
    }

    /// The civil day at a clinic; a clinic the configuration does not name lives in the service's zone.
    #[must_use]
    pub fn today_at(&self, clinic: &str) -> NaiveDate {
        self.now().with_timezone(&self.clinics.time_zone_of(clinic)).date_naive()
    }

    /// The reminder ladder of the protocol: the first overdue step is the coordinator's, each later one the
    /// clinician's with a call.
    #[must_use]
    pub fn ladder(&self) -> Ladder {
        let days = |days: u32| u16::try_from(days).unwrap_or(u16::MAX);
        let own = &self.protocol.ladder;
        let overdue = own.overdue_days_after_window.iter().enumerate().map(|(place, after)| OverdueStep {
            days_after: days(*after),
            owner: if place == 0 { Owner::Coordinator } else { Owner::Clinician },
            phone_task: place > 0,
        });
        Ladder {
            notice_days_before: own.notice_days_before.iter().map(|before| days(*before)).collect(),
            overdue: overdue.collect(),
            severe_every_days: days(own.severe_repeat_days),
        }
    }

    /// The civil day of the service as a whole.
    #[must_use]
    pub fn today(&self) -> NaiveDate {
        self.now().with_timezone(&self.clinics.service_zone).date_naive()
    }
}

/// The clinics of the configuration.
#[derive(Debug, Clone)]
pub struct Clinics {
    by_slug: BTreeMap<String, ClinicSettings>,
    service_zone: Tz,
}

impl Clinics {
    /// Takes the clinics and the zone of the service itself.
    #[must_use]
    pub fn new(by_slug: BTreeMap<String, ClinicSettings>, service_zone: Tz) -> Self {
        Self { by_slug, service_zone }
    }

    /// The settings of a clinic; `None` where the configuration does not name it.
    #[must_use]
    pub fn get(&self, slug: &str) -> Option<&ClinicSettings> {
        self.by_slug.get(slug)
    }

    /// The last instant of a civil day in the service's zone; `None` where the calendar ends.
    #[must_use]
    pub fn end_of_day(&self, day: NaiveDate) -> Option<DateTime<Utc>> {
        let midnight = day.succ_opt()?.and_hms_opt(0, 0, 0)?;
        // A midnight that a clock change leaves out begins an hour later.
        let next = (0..3).find_map(|hours| {
            self.service_zone.from_local_datetime(&(midnight + TimeDelta::hours(hours))).earliest()
        })?;
        Some(next.with_timezone(&Utc) - TimeDelta::microseconds(1))
    }

    /// The zone in which a clinic's days begin and end.
    #[must_use]
    pub fn time_zone_of(&self, slug: &str) -> Tz {
        self.get(slug).map_or(self.service_zone, |clinic| clinic.time_zone)
    }
}
