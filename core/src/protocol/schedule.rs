//! When chest CTs are due after clearance, and how early or late they may be.
//!
//! Every number is a value of the protocol file; the shipped ones follow the default schedule and slot
//! mechanics of the clinical reference and need local approval.

use serde::Deserialize;

use super::{ProtocolProblem, RepeatWeeks, Tier};

/// Due months per tier, counted from the clearance date.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Schedule {
    /// Tier H: an early baseline CT and the closest series.
    pub high: TierSchedule,
    /// Tier S: the month-3 CT is the baseline.
    pub standard: TierSchedule,
    /// Tier L.
    pub low: TierSchedule,
    /// Tier A: longest gap without a planned study, months.
    pub active_guard_months: u32,
    /// A board's re-scan date replaces the guard up to this many months; beyond it a person confirms the date first.
    pub board_rescan_longest_months: u32,
    /// Months after first sight at which an observed nodule is scanned.
    pub observed_nodule_months: Vec<u32>,
    /// Month at which a person decides whether to go on.
    pub decision_month: u32,
    /// Months between reviews of a recorded refusal.
    pub refusal_review_months: u32,
    /// Months between reviews of a palliative decision.
    pub palliative_review_months: u32,
    /// Months between two checks of the vital status of an unreachable patient.
    pub unreachable_review_months: u32,
    /// Months from a decision to go on after the end of the schedule to the next one.
    pub decision_again_months: u32,
    /// The repeat CT after a suspected new nodule.
    pub repeat_weeks: RepeatWeeks,
    /// A scan is postponed by at most this many days past its due date; beyond it a person decides.
    pub postpone_longest_days: u32,
    /// An adequate CT moves the next one to at least this share of the interval after it.
    pub gap_after_study_share: f64,
    /// Under this age in years, and in pregnancy, a clinician confirms the modality.
    pub confirm_modality_under_years: i32,
}

/// The series of one tier.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TierSchedule {
    /// Early baseline CT, weeks after clearance; absent where the first month is the baseline.
    pub baseline_weeks: Option<u32>,
    /// Month that doubles as baseline, with the baseline's window.
    pub baseline_month: Option<u32>,
    /// Months after clearance at which a CT is due, rising.
    pub months: Vec<u32>,
}

/// How far from its due date a study still counts, and when silence becomes overdue.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Windows {
    /// Early baseline of tier H.
    pub baseline_high: Tolerance,
    /// Month-3 baseline of the other tiers.
    pub baseline_standard: Tolerance,
    /// Intervals up to three months, tiers A and H.
    pub quarterly_high: Tolerance,
    /// Intervals up to three months, tiers S and L.
    pub quarterly: Tolerance,
    /// Intervals up to six months.
    pub half_yearly: Tolerance,
    /// Longer intervals.
    pub yearly: Tolerance,
}

/// Tolerance around one due date, in days.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tolerance {
    /// The window opens this many days before the due date.
    pub early_days: u32,
    /// The window closes this many days after the due date; the day after is overdue.
    pub late_days: u32,
    /// Severely overdue this many days after the window closed.
    pub severe_after_days: u32,
}

impl Schedule {
    /// The series of a tier; tier A has none, its guard takes over.
    #[must_use]
    pub const fn of(&self, tier: Tier) -> Option<&TierSchedule> {
        match tier {
            Tier::Active => None,
            Tier::High => Some(&self.high),
            Tier::Standard => Some(&self.standard),
            Tier::Low => Some(&self.low),
        }
    }

    pub(super) fn check(&self, problems: &mut Vec<ProtocolProblem>) {
        for (name, series) in [("high", &self.high), ("standard", &self.standard), ("low", &self.low)] {
            let key = format!("schedule.{name}.months");
            check_rising(&key, &series.months, problems);
            if series.months.last() != Some(&self.decision_month) {
                let remedy = format!("end it with the decision month {}", self.decision_month);
                problems.push(ProtocolProblem::new(
                    key,
                    "leaves a gap before the decision".to_owned(),
                    remedy,
                ));
            }
            if series.baseline_month.is_some_and(|month| series.months.first() != Some(&month)) {
                let key = format!("schedule.{name}.baseline_month");
                let remedy = "name the first of `months` or leave it out".to_owned();
                problems.push(ProtocolProblem::new(key, "is not the first month".to_owned(), remedy));
            }
        }
        check_rising("schedule.observed_nodule_months", &self.observed_nodule_months, problems);
        let positive = [
            ("schedule.active_guard_months", self.active_guard_months),
            ("schedule.board_rescan_longest_months", self.board_rescan_longest_months),
            ("schedule.refusal_review_months", self.refusal_review_months),
            ("schedule.palliative_review_months", self.palliative_review_months),
            ("schedule.unreachable_review_months", self.unreachable_review_months),
            ("schedule.decision_again_months", self.decision_again_months),
        ];
        for (key, months) in positive {
            if months == 0 || months > 24 {
                let problem = format!("{months} months");
                problems.push(ProtocolProblem::new(key, problem, "choose 1 to 24 months".to_owned()));
            }
        }
        self.repeat_weeks.check(problems);
        if !(1..=90).contains(&self.postpone_longest_days) {
            let problem = format!("{} days", self.postpone_longest_days);
            let remedy = "choose 1 to 90 days, so that no scan is put off without end".to_owned();
            problems.push(ProtocolProblem::new("schedule.postpone_longest_days", problem, remedy));
        }
        if !(0.0..=1.0).contains(&self.gap_after_study_share) {
            let problem = format!("{} is not a share", self.gap_after_study_share);
            let remedy = "choose a number from 0 to 1".to_owned();
            problems.push(ProtocolProblem::new("schedule.gap_after_study_share", problem, remedy));
        }
    }
}

fn check_rising(key: &str, months: &[u32], problems: &mut Vec<ProtocolProblem>) {
    let rising = months.windows(2).all(|pair| matches!(pair, [earlier, later] if earlier < later));
    if months.is_empty()
        || !rising
        || months.first() == Some(&0)
        || months.last().is_some_and(|last| *last > 600)
    {
        let remedy = "list at least one month, rising, from 1 to 600".to_owned();
        problems.push(ProtocolProblem::new(key, "is not a rising list of months".to_owned(), remedy));
    }
}

impl Windows {
    /// The tolerance of a slot that follows the one before it after `interval_months`.
    #[must_use]
    pub const fn after_interval(&self, interval_months: u32, tier: Tier) -> Tolerance {
        match interval_months {
            0..=3 if tier.is_watched_closely() => self.quarterly_high,
            0..=3 => self.quarterly,
            4..=6 => self.half_yearly,
            _ => self.yearly,
        }
    }

    pub(super) fn check(&self, problems: &mut Vec<ProtocolProblem>) {
        let all = [
            ("baseline_high", self.baseline_high, 42),
            ("baseline_standard", self.baseline_standard, 90),
            ("quarterly_high", self.quarterly_high, 45),
            ("quarterly", self.quarterly, 45),
            ("half_yearly", self.half_yearly, 90),
            ("yearly", self.yearly, 180),
        ];
        for (name, tolerance, longest) in all {
            if tolerance.early_days > longest
                || tolerance.late_days > longest
                || tolerance.severe_after_days == 0
            {
                let remedy = format!("keep both sides within {longest} days and `severe_after_days` above 0");
                let problem = "lets windows touch or never becomes severe".to_owned();
                problems.push(ProtocolProblem::new(format!("windows.{name}"), problem, remedy));
            }
        }
    }
}

/// The reminder ladder, in days; see rule R3 of the product rules.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LadderDays {
    /// Notices before the due date, days before, falling.
    pub notice_days_before: Vec<u32>,
    /// Overdue steps, days after the window closed, rising.
    pub overdue_days_after_window: Vec<u32>,
    /// Repetition while severely overdue, days.
    pub severe_repeat_days: u32,
}

impl LadderDays {
    pub(super) fn check(&self, problems: &mut Vec<ProtocolProblem>) {
        if !self.notice_days_before.windows(2).all(|pair| matches!(pair, [far, near] if far > near)) {
            let remedy = "list the days before the due date from far to near".to_owned();
            problems.push(ProtocolProblem::new(
                "ladder.notice_days_before",
                "is not falling".to_owned(),
                remedy,
            ));
        }
        check_rising("ladder.overdue_days_after_window", &self.overdue_days_after_window, problems);
        if !(1..=31).contains(&self.severe_repeat_days) {
            let problem = format!("{} days", self.severe_repeat_days);
            let remedy = "choose 1 to 31 days, so that nobody is forgotten".to_owned();
            problems.push(ProtocolProblem::new("ladder.severe_repeat_days", problem, remedy));
        }
    }
}
