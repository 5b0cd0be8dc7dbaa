//! The catalogue of recurrence patterns: one file each, with its metadata, and the registry in catalogue order.
//!
//! A pattern flags; it never closes, cancels or delays anything. Staged operations are one episode everywhere,
//! and nodules with a benign result never count.

mod p01_same_lobe_recurrence;
mod p02_near_old_margin;
mod p03_early_recurrence;
mod p04_shortening_intervals;
mod p05_rising_nodule_count;
mod p06_lobar_spread;
mod p07_contralateral_switch;
mod p08_bilateral_now;
mod p09_growing_unresected_nodule;
mod p10_observed_nodule_without_follow_up;
mod p11_incomplete_resection;
mod p12_nodal_involvement;
mod p13_progression_on_systemic_therapy;
mod p14_extrathoracic_relapse;
mod p15_many_metastasectomies;
mod p16_occult_burden;
mod p17_high_benign_share;
mod p18_lung_reserve;
mod p19_local_failure;
mod p20_imaged_but_not_resected;
#[cfg(test)]
mod tests;

use std::borrow::Cow;

use crate::{
    domain::{follow_up::FollowUp, truth::Truth},
    protocol::thresholds::ObservedThresholds,
};

use super::{
    case::Case,
    evidence::{DataTask, Evidence},
    nodule_state::NoduleStatus,
};

/// One pattern of the catalogue.
#[derive(Debug, Clone, Copy)]
pub struct Pattern {
    /// What it is.
    pub info: &'static PatternInfo,
    answer: fn(&Case<'_, '_>) -> PatternResult,
}

macro_rules! catalogue {
    ($($module:ident,)+) => {
        /// Every pattern, in catalogue order.
        pub const ALL: &[Pattern] = &[$(Pattern { info: &$module::INFO, answer: $module::answer },)+];
    };
}

catalogue! {
    p01_same_lobe_recurrence,
    p02_near_old_margin,
    p03_early_recurrence,
    p04_shortening_intervals,
    p05_rising_nodule_count,
    p06_lobar_spread,
    p07_contralateral_switch,
    p08_bilateral_now,
    p09_growing_unresected_nodule,
    p10_observed_nodule_without_follow_up,
    p11_incomplete_resection,
    p12_nodal_involvement,
    p13_progression_on_systemic_therapy,
    p14_extrathoracic_relapse,
    p15_many_metastasectomies,
    p16_occult_burden,
    p17_high_benign_share,
    p18_lung_reserve,
    p19_local_failure,
    p20_imaged_but_not_resected,
}

/// The answers of every pattern, in catalogue order.
pub(super) fn answers(case: &Case<'_, '_>) -> Vec<PatternResult> {
    ALL.iter().map(|pattern| (pattern.answer)(case)).collect()
}

/// The kind of the task that an open pattern makes.
pub(super) const OPEN_TASK: &str = "pattern-open";

/// A task for every pattern that is open because something is missing.
pub(super) fn tasks(results: &[PatternResult]) -> impl Iterator<Item = DataTask> + '_ {
    let open = results.iter().filter(|result| result.state == PatternState::Decided(Truth::Unknown));
    open.filter(|result| !result.missing.is_empty()).map(|result| {
        let reason = format!("{} is open; it needs {}", result.info.name, result.missing.join("; "));
        DataTask::new(OPEN_TASK, result.info.id, reason)
    })
}

/// Completes the pattern that asks for the plan: no further CT is planned.
pub(super) fn note_no_planned_ct(
    results: &mut [PatternResult],
    nodules: &[NoduleStatus],
    follow_up: Option<&FollowUp>,
    limits: &ObservedThresholds,
) {
    let of_plan = &p10_observed_nodule_without_follow_up::INFO;
    for result in results.iter_mut().filter(|result| result.info == of_plan) {
        *result =
            p10_observed_nodule_without_follow_up::without_planned_ct(result, nodules, follow_up, limits);
    }
}

/// What a pattern is; shown with every result.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PatternInfo {
    /// Stable id, such as `P01`.
    pub id: &'static str,
    /// Stable kebab-case name.
    pub name: &'static str,
    /// What is flagged, and when.
    pub flags: &'static str,
    /// Why it matters.
    pub why: &'static str,
    /// What it reads.
    pub inputs: &'static str,
    /// When it cannot be decided.
    pub not_evaluable: &'static str,
    /// Where it comes from.
    pub source: &'static str,
    /// Published figures that say why it matters, by their ids in `config/evidence.toml`, in the order they are shown.
    pub figures: &'static [&'static str],
    /// What follows where it is true; single answers may raise it.
    pub effect: Effect,
}

impl PatternInfo {
    fn decided(&'static self, truth: Truth, reason: impl Into<Cow<'static, str>>) -> PatternResult {
        self.result(PatternState::Decided(truth), reason.into())
    }

    fn not_applicable(&'static self, reason: impl Into<Cow<'static, str>>) -> PatternResult {
        self.result(PatternState::NotApplicable, reason.into())
    }

    const fn result(&'static self, state: PatternState, reason: Cow<'static, str>) -> PatternResult {
        let effect = self.effect;
        PatternResult {
            info: self,
            state,
            effect,
            labels: Vec::new(),
            reason,
            evidence: Vec::new(),
            missing: Vec::new(),
        }
    }
}

impl PatternResult {
    /// The published figures beside a raised flag; none where the pattern is not true.
    #[must_use]
    pub const fn figures(&self) -> &'static [&'static str] {
        match self.state {
            PatternState::Decided(Truth::True) => self.info.figures,
            PatternState::Decided(Truth::False | Truth::Unknown) | PatternState::NotApplicable => &[],
        }
    }

    fn with_evidence(mut self, evidence: impl IntoIterator<Item = Evidence>) -> Self {
        for one in evidence {
            if !self.evidence.contains(&one) {
                self.evidence.push(one);
            }
        }
        self
    }

    fn missing(mut self, what: impl Into<Cow<'static, str>>) -> Self {
        if self.state == PatternState::Decided(Truth::Unknown) {
            self.missing.push(what.into());
        }
        self
    }

    /// Adds a shade where the condition holds.
    fn label(mut self, condition: bool, label: &'static str) -> Self {
        if condition {
            self.labels.push(label);
        }
        self
    }

    /// Raises the effect where the pattern is true and the condition holds.
    fn raise(mut self, condition: bool, effect: Effect) -> Self {
        if condition && self.state == PatternState::Decided(Truth::True) {
            self.effect = self.effect.or(effect);
        }
        self
    }
}

/// The answer of one pattern.
#[derive(Debug, Clone, PartialEq)]
pub struct PatternResult {
    /// Which pattern.
    pub info: &'static PatternInfo,
    /// The answer.
    pub state: PatternState,
    /// What follows where it is true.
    pub effect: Effect,
    /// Finer shades, such as `very-early`.
    pub labels: Vec<&'static str>,
    /// Why, in one sentence.
    pub reason: Cow<'static, str>,
    /// What it rests on.
    pub evidence: Vec<Evidence>,
    /// What would decide it.
    pub missing: Vec<Cow<'static, str>>,
}

/// The answer of a pattern.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PatternState {
    /// Decided or left open by the facts.
    Decided(Truth),
    /// The question does not arise.
    NotApplicable,
}

impl PatternState {
    /// The code of the contract.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Decided(truth) => truth.code(),
            Self::NotApplicable => "not_applicable",
        }
    }

    /// The answer as a truth value; a question that does not arise is false.
    #[must_use]
    pub const fn truth(self) -> Truth {
        match self {
            Self::Decided(truth) => truth,
            Self::NotApplicable => Truth::False,
        }
    }
}

/// What follows from a pattern. None of them closes, cancels or delays anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Effect {
    /// What it does to the tier.
    pub tier: TierEffect,
    /// Whether it goes on the list of the tumour board.
    pub board: bool,
    /// Whether coordinator and clinician get a task.
    pub task: bool,
}

/// What a pattern does to the tier.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub enum TierEffect {
    /// Nothing.
    #[default]
    None,
    /// At least H.
    AtLeastHigh,
    /// A.
    Active,
}

impl Effect {
    const INFO: Self = Self { tier: TierEffect::None, board: false, task: false };
    const BOARD: Self = Self { tier: TierEffect::None, board: true, task: false };
    const HIGH: Self = Self { tier: TierEffect::AtLeastHigh, board: false, task: false };
    const HIGH_BOARD: Self = Self { tier: TierEffect::AtLeastHigh, board: true, task: false };
    const ACTIVE_BOARD: Self = Self { tier: TierEffect::Active, board: true, task: false };
    const TASK: Self = Self { tier: TierEffect::None, board: false, task: true };

    /// Both taken together.
    fn or(self, other: Self) -> Self {
        Self {
            tier: self.tier.max(other.tier),
            board: self.board || other.board,
            task: self.task || other.task,
        }
    }

    /// The words of the contract: `info`, or `tier-a`, `tier+`, `mdt` and `task` joined by blanks.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match (self.tier, self.board, self.task) {
            (TierEffect::None, false, false) => "info",
            (TierEffect::None, true, false) => "mdt",
            (TierEffect::None, false, true) => "task",
            (TierEffect::None, true, true) => "mdt task",
            (TierEffect::AtLeastHigh, false, false) => "tier+",
            (TierEffect::AtLeastHigh, true, false) => "tier+ mdt",
            (TierEffect::AtLeastHigh, false, true) => "tier+ task",
            (TierEffect::AtLeastHigh, true, true) => "tier+ mdt task",
            (TierEffect::Active, false, false) => "tier-a",
            (TierEffect::Active, true, false) => "tier-a mdt",
            (TierEffect::Active, false, true) => "tier-a task",
            (TierEffect::Active, true, true) => "tier-a mdt task",
        }
    }
}
