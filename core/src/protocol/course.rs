//! Limits of what people do about a planned scan, and of what happens between two scans.
//!
//! Every number is a value of the protocol file; the shipped ones follow the slot mechanics and the event table of the
//! clinical reference and need local approval.

use serde::Deserialize;

use super::ProtocolProblem;

/// The repeat CT after a suspected new nodule, in weeks after the study that shows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RepeatWeeks {
    /// The window opens.
    pub earliest: u32,
    /// Due.
    pub due: u32,
    /// The window closes.
    pub latest: u32,
}

/// When a report or a decision is late; the first clock, the scan itself, has its windows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Clocks {
    /// Performed, and after more days than this no report is recorded.
    pub report_days: u32,
    /// Something new or growing, and after more days than this nobody is on record as acting on it: tiers S and L.
    pub action_days: u32,
    /// The same in tiers A and H.
    pub action_days_watched: u32,
}

/// What has to be tried before a patient counts as unreachable.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ContactLimits {
    /// Documented attempts without an answer, each on its own day.
    pub attempts: u32,
    /// Weeks from the first of them to the last.
    pub weeks: u32,
}

impl RepeatWeeks {
    pub(super) fn check(self, problems: &mut Vec<ProtocolProblem>) {
        let rising = self.earliest >= 1 && self.earliest <= self.due && self.due < self.latest;
        if !rising || self.latest > 26 {
            let problem = format!("{}, {} and {} weeks", self.earliest, self.due, self.latest);
            let remedy = "choose earliest <= due < latest, from 1 to 26 weeks".to_owned();
            problems.push(ProtocolProblem::new("schedule.repeat_weeks", problem, remedy));
        }
    }
}

impl Clocks {
    /// Days after which it is late that nobody acted.
    #[must_use]
    pub const fn action_days_of(&self, watched_closely: bool) -> u32 {
        if watched_closely { self.action_days_watched } else { self.action_days }
    }

    pub(super) fn check(self, problems: &mut Vec<ProtocolProblem>) {
        let all = [
            ("clocks.report_days", self.report_days),
            ("clocks.action_days", self.action_days),
            ("clocks.action_days_watched", self.action_days_watched),
        ];
        for (key, days) in all {
            if !(1..=90).contains(&days) {
                let remedy = "choose 1 to 90 days".to_owned();
                problems.push(ProtocolProblem::new(key, format!("{days} days"), remedy));
            }
        }
    }
}

impl ContactLimits {
    pub(super) fn check(self, problems: &mut Vec<ProtocolProblem>) {
        if !(2..=20).contains(&self.attempts) {
            let remedy = "choose 2 to 20 attempts: one alone proves nothing".to_owned();
            problems.push(ProtocolProblem::new(
                "contact.attempts",
                format!("{} attempts", self.attempts),
                remedy,
            ));
        }
        if !(1..=52).contains(&self.weeks) {
            let remedy = "choose 1 to 52 weeks".to_owned();
            problems.push(ProtocolProblem::new("contact.weeks", format!("{} weeks", self.weeks), remedy));
        }
    }
}
