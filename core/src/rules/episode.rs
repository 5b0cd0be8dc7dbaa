//! Metastasectomy episodes: what they are and what is known of them.
//!
//! An operation is one anaesthetic; an episode is one curative plan to clear all known disease of the chest, of
//! one or more operations or local therapies. Which units form one episode is decided in `staging`, the counts
//! in `counts`, clearance in `clearance` and what came after in `recurrence`.

use std::borrow::Cow;

use crate::domain::{
    dates::{DayRange, PartialDate},
    lung::{NodulePlace, Place, Side},
    nodule::Tally,
    text::{NoduleId, OperationId, TherapyId},
    truth::Truth,
    vocabulary::{Approach, Completeness, Margin, NodalStatus},
};

use super::{counts::Treated, evidence::Evidence};

/// One metastasectomy episode.
#[derive(Debug, Clone, PartialEq)]
pub struct Episode {
    /// Its number among the patient's episodes, from 1.
    pub number: u32,
    /// Its operations in order; planned ones that were not done are not among them.
    pub operations: Vec<OperationId>,
    /// What was reported of each of them.
    pub operation_results: Vec<OperationResult>,
    /// Its curative local therapies in order.
    pub therapies: Vec<TherapyId>,
    /// First day of treatment.
    pub started_on: Option<PartialDate>,
    /// Last day of treatment: of the last operation, fraction or ablation.
    pub treated_until: Option<PartialDate>,
    /// Whether a planned stage is still to come.
    pub state: EpisodeState,
    /// When the stages still to come were planned for, where that was recorded.
    pub planned_stages_on: Vec<PartialDate>,
    /// Worst completeness of its operations, R2 where something known was left; `None` where not reported.
    pub completeness: Option<Completeness>,
    /// Completeness as truth values.
    pub margins: Margins,
    /// Whether a nodule was left on purpose for observation.
    pub with_observed: Truth,
    /// A nodule left for observation later proved to be a metastasis; completeness is not rewritten.
    pub late_reclassification: bool,
    /// Whether all known disease of the chest was removed.
    pub cleared: Truth,
    /// Whether disease known at the close, or visible then in hindsight, was not treated. It is no recurrence.
    pub persistence: Truth,
    /// Whether some of that grew.
    pub progression: Truth,
    /// Clearance date, from which intervals count; `None` where something known was left behind.
    pub cleared_on: Option<PartialDate>,
    /// Number of nodules and what pathology said.
    pub counts: EpisodeCounts,
    /// An operation took out what nobody wrote down: every number is a lower bound.
    pub unrecorded: bool,
    /// Approaches of its operations, in order, as far as known.
    pub approaches: Vec<Approach>,
    /// Every nodule and group it treated.
    pub(super) treated: Vec<Treated>,
    /// Numbers per place, in the order of the contract; only places with a nodule.
    pub by_place: Vec<PlaceCounts>,
    /// Sides that were operated or irradiated.
    pub sides: Sides,
    /// Sides on which metastases were treated.
    pub disease_sides: Sides,
    /// What came after.
    pub recurrence: Recurrence,
    /// The time to the next episode; `None` for the last one.
    pub next: Option<UntilNext>,
}

impl Episode {
    /// The evidence of the episode: its operations and therapies.
    #[must_use]
    pub fn evidence(&self) -> Vec<Evidence> {
        let operations = self.operations.iter().cloned().map(Evidence::Operation);
        operations.chain(self.therapies.iter().cloned().map(Evidence::Therapy)).collect()
    }

    /// Why it has no recurrence-free interval: `never_cleared`; `None` where it was or may have been cleared, and
    /// while a stage is still to come.
    #[must_use]
    pub fn no_interval(&self) -> Option<&'static str> {
        (self.cleared.is_false() && self.state == EpisodeState::Closed).then_some("never_cleared")
    }

    /// Why its recurrence has no side: `bilateral_before`; `None` where it has one, or where there is none.
    #[must_use]
    pub fn no_side(&self) -> Option<&'static str> {
        let there = self.recurrence.state.present().is_true();
        (there && self.sides.both().is_true()).then_some("bilateral_before")
    }
}

/// Completeness, margins and lymph nodes of one operation.
#[derive(Debug, Clone, PartialEq)]
pub struct OperationResult {
    /// Which one.
    pub operation: OperationId,
    /// Completeness as the operation was reported.
    pub completeness: Option<Completeness>,
    /// The worst margin among the specimens that are or may be metastases; `None` where none was reported.
    pub margin: Option<Margin>,
    /// The narrowest margin of these specimens, millimetres.
    pub margin_mm: Option<f64>,
    /// Lymph nodes by pathology; not sampled is NX, `None` is not reported.
    pub nodes: Option<NodalStatus>,
}

/// Days from an episode to the first operation of the next one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UntilNext {
    /// From clearance; `None` where the episode was never cleared or a day is not known.
    pub since_clearance: Option<DayRange>,
    /// From the first study that showed the recurrence; `None` where there is none or its day is not known.
    pub since_recurrence: Option<DayRange>,
}

/// Whether an episode is still running.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum EpisodeState {
    /// A planned stage was not done yet.
    PendingNextStage,
    /// Nothing more is planned.
    Closed,
}

impl EpisodeState {
    /// The code of the contract.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::PendingNextStage => "pending_next_stage",
            Self::Closed => "closed",
        }
    }
}

/// Completeness of an episode as statements that may be unknown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Margins {
    /// Nothing is left, margins free.
    pub r0: Truth,
    /// Microscopic rest, or margins that cannot be assessed.
    pub r1_or_rx: Truth,
    /// Gross tumour or a known metastasis is left.
    pub r2: Truth,
}

/// Numbers of nodules of one episode. A number that is only a lower bound says so.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EpisodeCounts {
    /// Nodules resected.
    pub resected: Tally,
    /// Nodules treated by local therapy and not resected.
    pub treated: Tally,
    /// Metastases by pathology, viable or not.
    pub metastases: Tally,
    /// The most metastases that the facts allow; `None` where there is no upper bound.
    pub most_metastases: Option<u32>,
    /// Metastases with viable tumour.
    pub viable: Tally,
    /// Nodules with a benign result.
    pub benign: Tally,
    /// Nodules with any conclusive pathology result.
    pub examined: Tally,
    /// Nodules found by palpation or in the specimen, without earlier imaging.
    pub occult: Tally,
    /// Of these, metastases.
    pub occult_metastases: Tally,
}

impl EpisodeCounts {
    /// Whether there were at least `limit` metastases.
    #[must_use]
    pub fn metastases_at_least(&self, limit: u32) -> Truth {
        match self.metastases.at_least(limit) {
            Truth::Unknown if self.most_metastases.is_some_and(|most| most < limit) => Truth::False,
            decided => decided,
        }
    }
}

/// Numbers of nodules of one episode in one place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PlaceCounts {
    /// The lobe, or the escape.
    pub place: Place,
    /// Nodules resected.
    pub resected: Tally,
    /// Nodules treated by local therapy and not resected.
    pub treated: Tally,
    /// Metastases by pathology.
    pub metastases: Tally,
}

/// Which sides something lies on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sides {
    /// Right.
    pub right: Truth,
    /// Left.
    pub left: Truth,
}

impl Sides {
    /// Nothing on either side.
    pub const NONE: Self = Self { right: Truth::False, left: Truth::False };

    /// Whether something lies on `side`.
    #[must_use]
    pub const fn on(self, side: Side) -> Truth {
        match side {
            Side::Right => self.right,
            Side::Left => self.left,
        }
    }

    /// Whether both sides are reached.
    #[must_use]
    pub const fn both(self) -> Truth {
        self.right.and(self.left)
    }

    /// Both taken together.
    #[must_use]
    pub const fn or(self, other: Self) -> Self {
        Self { right: self.right.or(other.right), left: self.left.or(other.left) }
    }
}

/// What came after an episode.
#[derive(Debug, Clone, PartialEq)]
pub struct Recurrence {
    /// How sure it is.
    pub state: RecurrenceState,
    /// Day of the first study that shows it.
    pub on: Option<PartialDate>,
    /// Days since clearance; `None` where the episode was never cleared or a day is not known.
    pub interval: Option<DayRange>,
    /// The last study after clearance, and before the recurrence, that showed all five lobes clear.
    pub last_clear_on: Option<PartialDate>,
    /// Places it lies in, in the order of the contract.
    pub places: Vec<Place>,
    /// The nodules of the lung that it consists of or may consist of.
    pub nodules: Vec<RecurrentNodule>,
    /// Whether a lobe treated before is among them.
    pub same_lobe: Truth,
    /// Whether pathology found no viable tumour in anything it consists of; false where there is no recurrence.
    pub nonviable_only: Truth,
    /// Side relative to the episode.
    pub side: RecurrenceSide,
    /// Inside or outside the lung and the chest.
    pub location: RecurrenceLocation,
    /// Why the state is what it is, in one sentence.
    pub reason: String,
    /// Nodules and studies it rests on.
    pub evidence: Vec<Evidence>,
}

impl Recurrence {
    /// Whether something on record is a recurrence: unknown where it may be one, false where nothing is on record.
    #[must_use]
    pub const fn on_record(&self) -> Truth {
        match self.state {
            RecurrenceState::Unknown if self.on.is_none() && self.nodules.is_empty() => Truth::False,
            state => state.present(),
        }
    }
}

/// A nodule of a recurrence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecurrentNodule {
    /// Which one; `None` for a specimen of the next operation that belongs to no recorded nodule.
    pub nodule: Option<NoduleId>,
    /// Where it lies.
    pub place: NodulePlace,
    /// Its side, by its place, else by the operation that took it out.
    pub side: Option<Side>,
    /// Whether it certainly is a nodule of the recurrence: it came after the episode, and it was proved or held for
    /// a metastasis. Never false.
    pub recurrent: Truth,
    /// Whether it lies in a lobe in which a metastasis was treated before.
    pub same_lobe: Truth,
}

impl RecurrentNodule {
    /// Its id, or what is known of it where it has none.
    #[must_use]
    pub fn name(&self) -> Cow<'_, str> {
        match &self.nodule {
            Some(nodule) => nodule.as_str().into(),
            None => format!("a specimen of {}", self.place.place()).into(),
        }
    }
}

/// How sure a recurrence is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RecurrenceState {
    /// A later study of all five lobes shows none.
    None,
    /// Seen, not proved.
    Suspected,
    /// Proved by histology, by the board's decision to treat, or by growth.
    Confirmed,
    /// Everything that was suspected had a result other than metastasis.
    Refuted,
    /// Neither shown nor excluded.
    Unknown,
}

impl RecurrenceState {
    /// The code of the contract.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Suspected => "suspected",
            Self::Confirmed => "confirmed",
            Self::Refuted => "refuted",
            Self::Unknown => "unknown",
        }
    }

    /// What a sentence calls it.
    #[must_use]
    pub const fn noun(self) -> &'static str {
        match self {
            Self::Confirmed => "recurrence",
            Self::Suspected => "suspected recurrence",
            Self::None | Self::Refuted | Self::Unknown => "possible recurrence",
        }
    }

    /// Whether there is a recurrence: a suspected one counts, as it raises flags.
    #[must_use]
    pub const fn present(self) -> Truth {
        match self {
            Self::Suspected | Self::Confirmed => Truth::True,
            Self::None | Self::Refuted => Truth::False,
            Self::Unknown => Truth::Unknown,
        }
    }
}

/// Side of a recurrence relative to the side of the episode before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RecurrenceSide {
    /// The operated side only.
    Ipsilateral,
    /// The other side only.
    Contralateral,
    /// Both sides.
    Bilateral,
    /// There is no recurrence, or both sides were operated before.
    NotApplicable,
    /// A side is not known.
    Unknown,
}

/// Where the disease of one recurrence lies, as far as it is recorded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RecurrenceLocation {
    /// In the lung only.
    LungOnly,
    /// In the chest, outside the lung too.
    Intrathoracic,
    /// Outside the chest only, the site of the primary included.
    Extrathoracic,
    /// Inside and outside the chest.
    Both,
    /// There is no recurrence.
    NotApplicable,
    /// A date or a state that decides is not known.
    Unknown,
}

impl RecurrenceLocation {
    /// The code of the contract.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::LungOnly => "lung_only",
            Self::Intrathoracic => "intrathoracic",
            Self::Extrathoracic => "extrathoracic",
            Self::Both => "both",
            Self::NotApplicable => "not_applicable",
            Self::Unknown => "unknown",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_upper_bound_excludes_what_the_lower_bound_leaves_open() {
        let counts = EpisodeCounts {
            resected: Tally::exactly(1),
            treated: Tally::ZERO,
            metastases: Tally { min: 0, exact: false },
            most_metastases: Some(1),
            viable: Tally { min: 0, exact: false },
            benign: Tally { min: 0, exact: false },
            examined: Tally::ZERO,
            occult: Tally::ZERO,
            occult_metastases: Tally::ZERO,
        };
        assert_eq!(counts.metastases_at_least(4), Truth::False);
        assert_eq!(counts.metastases_at_least(1), Truth::Unknown);
        assert_eq!(EpisodeCounts { most_metastases: None, ..counts }.metastases_at_least(4), Truth::Unknown);
    }
}
