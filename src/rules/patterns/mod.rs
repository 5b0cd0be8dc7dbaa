//! The catalogue of recurrence patterns: one file each, with its metadata, and the registry in catalogue order.
//!
//! A pattern flags; it never closes, cancels or delays anything. Staged operations are one episode everywhere,
//! and nodules with a benign result never count.

use crate::domain::truth::Truth;

use super::evidence::Evidence;

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
    pub reason: String,
    /// What it rests on.
    pub evidence: Vec<Evidence>,
    /// What would decide it.
    pub missing: Vec<String>,
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
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
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
    /// The words of the contract: `info`, or `tier-a`, `tier+`, `mdt` and `task` joined by blanks.
    #[must_use]
    pub fn code(self) -> String {
        let tier = match self.tier {
            TierEffect::None => None,
            TierEffect::AtLeastHigh => Some("tier+"),
            TierEffect::Active => Some("tier-a"),
        };
        let words: Vec<&str> =
            tier.into_iter().chain(self.board.then_some("mdt")).chain(self.task.then_some("task")).collect();
        if words.is_empty() { "info".to_owned() } else { words.join(" ") }
    }
}
