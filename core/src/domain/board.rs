//! Tumour-board decisions with the five preconditions. People answer them; nothing here computes one.

use super::{
    dates::PartialDate,
    text::Text,
    vocabulary::{BoardChoice, Discipline, Precondition},
};

/// One decision of a tumour board.
#[derive(Debug, Clone, PartialEq)]
pub struct BoardDecision {
    /// Day.
    pub on: Option<PartialDate>,
    /// What was decided.
    pub decision: Option<BoardChoice>,
    /// Stages planned, where surgery was chosen.
    pub planned_stages: Option<u32>,
    /// Day of the next scan, where observation was chosen.
    pub rescan_on: Option<PartialDate>,
    /// Day by which the next decision is due.
    pub next_decision_on: Option<PartialDate>,
    /// The five preconditions.
    pub preconditions: Option<Preconditions>,
    /// Who took part.
    pub members: Vec<Text>,
    /// Disciplines present.
    pub disciplines: Vec<Discipline>,
    /// A remark.
    pub comment: Option<Text>,
}

/// The five preconditions of metastasectomy; `None` is "not reported".
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Preconditions {
    /// The patient tolerates the resection.
    pub tolerates_resection: Option<Precondition>,
    /// The primary is controlled or can be.
    pub primary_controlled: Option<Precondition>,
    /// Complete resection can be achieved.
    pub complete_resection_achievable: Option<Precondition>,
    /// No disease outside the thorax; not absolute where it is resectable or was resected.
    pub no_extrathoracic_disease: Option<Precondition>,
    /// No better proved option.
    pub no_better_option: Option<Precondition>,
}

impl BoardDecision {
    /// Whether the board decided to treat, and so holds what it saw for metastases.
    #[must_use]
    pub const fn treats(&self) -> bool {
        matches!(
            self.decision,
            Some(
                BoardChoice::Metastasectomy
                    | BoardChoice::StagedMetastasectomy
                    | BoardChoice::Systemic
                    | BoardChoice::Sbrt
                    | BoardChoice::Ablation
                    | BoardChoice::Palliative
            )
        )
    }
}
