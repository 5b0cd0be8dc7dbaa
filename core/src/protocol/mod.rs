//! The surveillance protocol: tiers, intervals, windows and thresholds as validated values.
//!
//! A protocol is data. It is read from TOML, checked as a whole, and named by id and version in every
//! decision made with it. Reading files is the shell's work.

pub mod course;
pub mod schedule;
pub mod thresholds;

use serde::Deserialize;

pub use self::{
    course::{Clocks, ContactLimits, RepeatWeeks},
    schedule::{LadderDays, Schedule, TierSchedule, Tolerance, Windows},
    thresholds::{PatternThresholds, TierThresholds},
};
pub use crate::domain::tier::Tier;

/// The protocol that ships with lobewatch. It is not approved by anybody.
pub const SHIPPED: &str = include_str!("../../../config/protocols/default.toml");

/// A validated protocol.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Protocol {
    /// Stable name.
    pub id: String,
    /// Version; every change of a number needs a new one.
    pub version: String,
    /// What it is, in words.
    pub title: String,
    /// Who approved it locally; absent means that nobody did.
    pub approval: Option<Approval>,
    /// Due months.
    pub schedule: Schedule,
    /// Windows around due dates.
    pub windows: Windows,
    /// When a report or a decision is late.
    pub clocks: Clocks,
    /// When a patient counts as unreachable.
    pub contact: ContactLimits,
    /// Reminder steps.
    pub ladder: LadderDays,
    /// Limits of the risk tiers.
    pub tiers: TierThresholds,
    /// Limits of episodes, growth and the recurrence patterns.
    pub patterns: PatternThresholds,
}

/// A named person's approval.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Approval {
    /// Who.
    pub by: String,
    /// When, `YYYY-MM-DD`.
    pub on: chrono::NaiveDate,
}

/// One thing wrong with a protocol.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{key} {problem}; {remedy}")]
pub struct ProtocolProblem {
    /// Key in the file.
    pub key: String,
    /// What is wrong.
    pub problem: String,
    /// What to do.
    pub remedy: String,
}

impl ProtocolProblem {
    fn new(key: impl Into<String>, problem: String, remedy: String) -> Self {
        Self { key: key.into(), problem, remedy }
    }
}

impl Protocol {
    /// Reads and checks a protocol.
    ///
    /// # Errors
    /// All problems at once, each with its key and remedy.
    pub fn parse(text: &str) -> Result<Self, Vec<ProtocolProblem>> {
        let protocol: Self = toml::from_str(text).map_err(|error| {
            let remedy = "compare with the shipped protocol".to_owned();
            vec![ProtocolProblem::new("the file", format!("cannot be read: {}", error.message()), remedy)]
        })?;
        let problems = protocol.check();
        if problems.is_empty() { Ok(protocol) } else { Err(problems) }
    }

    /// Checks what the types cannot.
    fn check(&self) -> Vec<ProtocolProblem> {
        let mut problems = Vec::new();
        for (key, value) in [("id", &self.id), ("version", &self.version), ("title", &self.title)] {
            if value.trim().is_empty() || value.chars().any(char::is_control) {
                let remedy = "write a short name on one line".to_owned();
                problems.push(ProtocolProblem::new(key, "is empty or not printable".to_owned(), remedy));
            }
        }
        if self.approval.as_ref().is_some_and(|approval| approval.by.trim().is_empty()) {
            let remedy = "name the person or leave the section out".to_owned();
            problems.push(ProtocolProblem::new("approval.by", "is empty".to_owned(), remedy));
        }
        self.schedule.check(&mut problems);
        self.windows.check(&mut problems);
        self.clocks.check(&mut problems);
        self.contact.check(&mut problems);
        self.ladder.check(&mut problems);
        self.tiers.check(&mut problems);
        self.patterns.check(&mut problems);
        problems
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shipped_protocol_is_sound_and_approved_by_nobody() {
        let protocol = Protocol::parse(SHIPPED).unwrap();
        assert_eq!((protocol.id.as_str(), protocol.version.as_str()), ("default", "1"));
        assert_eq!(protocol.approval, None);
    }

    #[test]
    fn every_problem_is_named_at_once() {
        let broken = SHIPPED
            .replace("id = \"default\"", "id = \"\"")
            .replace("decision_month = 120", "decision_month = 121")
            .replace("severe_repeat_days = 7", "severe_repeat_days = 0")
            .replace("gap_after_study_share = 0.5", "gap_after_study_share = 1.5");
        let problems = Protocol::parse(&broken).unwrap_err();
        let keys: Vec<_> = problems.iter().map(|problem| problem.key.as_str()).collect();
        for key in
            ["id", "schedule.high.months", "ladder.severe_repeat_days", "schedule.gap_after_study_share"]
        {
            assert!(keys.contains(&key), "{key} is missing from {keys:?}");
        }
    }

    /// The keys named as problems when one line of the shipped protocol is changed.
    fn problems_with(line: &str, changed: &str) -> Vec<String> {
        assert!(SHIPPED.contains(line), "{line} is no line of the shipped protocol");
        match Protocol::parse(&SHIPPED.replace(line, changed)) {
            Ok(_) => Vec::new(),
            Err(problems) => problems.into_iter().map(|problem| problem.key).collect(),
        }
    }

    #[test]
    fn limits_are_checked_on_both_sides() {
        let observed = "observed_nodule_months = [3, 6, 12, 18, 24]";
        let windows = "baseline_high = { early_days = 14, late_days = 14, severe_after_days = 28 }";
        let window = |early: u32, late: u32, severe: u32| {
            format!(
                "baseline_high = {{ early_days = {early}, late_days = {late}, severe_after_days = {severe} }}"
            )
        };
        for (line, sound, broken, key) in [
            (
                observed,
                "observed_nodule_months = [1, 600]",
                "observed_nodule_months = []",
                "schedule.observed_nodule_months",
            ),
            (
                observed,
                "observed_nodule_months = [1]",
                "observed_nodule_months = [0, 3]",
                "schedule.observed_nodule_months",
            ),
            (
                observed,
                "observed_nodule_months = [3, 4]",
                "observed_nodule_months = [3, 3]",
                "schedule.observed_nodule_months",
            ),
            (
                observed,
                "observed_nodule_months = [600]",
                "observed_nodule_months = [601]",
                "schedule.observed_nodule_months",
            ),
            (
                "active_guard_months = 3",
                "active_guard_months = 24",
                "active_guard_months = 25",
                "schedule.active_guard_months",
            ),
            (
                "active_guard_months = 3",
                "active_guard_months = 1",
                "active_guard_months = 0",
                "schedule.active_guard_months",
            ),
            (
                "postpone_longest_days = 28",
                "postpone_longest_days = 90",
                "postpone_longest_days = 91",
                "schedule.postpone_longest_days",
            ),
            (windows, &window(42, 42, 1), &window(43, 14, 28), "windows.baseline_high"),
            (windows, &window(0, 0, 1), &window(14, 43, 28), "windows.baseline_high"),
            (windows, &window(14, 14, 1), &window(14, 14, 0), "windows.baseline_high"),
            (
                "stage_overdue_days = 14",
                "stage_overdue_days = 0",
                "stage_overdue_days = -1",
                "patterns.episodes.stage_overdue_days",
            ),
            ("stage_days = 183", "stage_days = 1", "stage_days = 0", "patterns.episodes.stage_days"),
            ("near_mm = 20.0", "near_mm = 0.1", "near_mm = 0.0", "patterns.margin.near_mm"),
            ("near_mm = 20.0", "near_mm = 20.0", "near_mm = inf", "patterns.margin.near_mm"),
        ] {
            assert_eq!(problems_with(line, sound), [""; 0], "{sound}");
            assert_eq!(problems_with(line, broken), [key], "{broken}");
        }
    }

    #[test]
    fn an_unknown_key_is_refused() {
        let problems = Protocol::parse(&SHIPPED.replace("early_days", "early_dayz")).unwrap_err();
        assert!(problems.iter().any(|problem| problem.problem.contains("early_dayz")), "{problems:?}");
    }
}
