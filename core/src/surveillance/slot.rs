//! One planned study or decision: its dates, its state, and why it is there.

use std::fmt::{self, Write as _};

use chrono::{Days, NaiveDate};

use crate::{
    domain::{dates::PartialDate, text::StudyKey},
    protocol::Tolerance,
};

/// What a slot asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum SlotKind {
    /// The first CT after clearance, the reference for scars and staple lines.
    Baseline,
    /// A CT of the tier's series.
    Series,
    /// A CT for an observed nodule.
    ObservedNodule,
    /// A CT some weeks after a suspected new nodule was seen.
    Repeat,
    /// The longest gap of a patient with active disease.
    Guard,
    /// A CT soon after a local recurrence of the primary.
    LocalRecurrence,
    /// A person decides whether to go on.
    Decision,
    /// A person looks again at a refusal or a palliative decision.
    Review,
}

impl SlotKind {
    /// Stable code.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Baseline => "baseline",
            Self::Series => "series",
            Self::ObservedNodule => "observed-nodule",
            Self::Repeat => "repeat",
            Self::Guard => "guard",
            Self::LocalRecurrence => "local-recurrence",
            Self::Decision => "decision",
            Self::Review => "review",
        }
    }

    /// Whether a chest CT closes it; otherwise a person's decision does.
    #[must_use]
    pub const fn asks_for_ct(self) -> bool {
        !matches!(self, Self::Decision | Self::Review)
    }

    /// Whether it is one of a row of CTs, of which one study closes one and no two come close upon each other.
    #[must_use]
    pub(super) const fn is_in_a_row(self) -> bool {
        matches!(self, Self::Baseline | Self::Series | Self::ObservedNodule)
    }
}

/// How a named person took a slot off the list without a study on record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Closure {
    /// Made at another place; the report is still asked for.
    DoneElsewhere,
    /// Not needed, with a reason.
    NotNeeded,
    /// Reviewed or decided; the next review follows.
    Reviewed,
}

/// The three clocks of a slot, as far as they have run: performed, reported, acted on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct SlotClocks {
    /// Day of the study that was made for it.
    pub performed_on: Option<PartialDate>,
    /// Day of its report.
    pub reported_on: Option<PartialDate>,
    /// Day on which the clinic acted on it.
    pub acted_on: Option<PartialDate>,
}

/// Where a slot stands on the day of the plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SlotState {
    /// Not yet due.
    Planned,
    /// Due; the window is open.
    Due,
    /// The window has closed without an adequate study.
    Overdue,
    /// Overdue past the limit.
    SeverelyOverdue,
    /// An adequate study inside the window closed it.
    Done(StudyKey),
    /// A named person closed it without a study on record.
    Closed(Closure),
    /// No adequate study inside the window; one was made later.
    Missed,
}

impl SlotState {
    /// The code of the contract.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Planned => "planned",
            Self::Due => "due",
            Self::Overdue => "overdue",
            Self::SeverelyOverdue => "severely_overdue",
            Self::Done(_) => "done",
            Self::Closed(Closure::DoneElsewhere) => "done_elsewhere",
            Self::Closed(Closure::NotNeeded) => "not_needed",
            Self::Closed(Closure::Reviewed) => "reviewed",
            Self::Missed => "missed",
        }
    }

    /// Whether somebody still has to act.
    #[must_use]
    pub const fn is_open(&self) -> bool {
        !matches!(self, Self::Done(_) | Self::Closed(_) | Self::Missed)
    }
}

/// The days on which a study counts for a slot, both included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    /// First day.
    pub from: NaiveDate,
    /// Last day; the day after is overdue.
    pub to: NaiveDate,
}

/// One planned study or decision.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Slot {
    /// Stable within the patient: anchor and label, so that replanning finds it again.
    pub key: String,
    /// What it asks for.
    pub kind: SlotKind,
    /// In words, such as `month 12`.
    pub label: String,
    /// Due day.
    pub due_on: NaiveDate,
    /// When a study counts.
    pub window: Window,
    /// First day of severe overdue.
    pub severe_from: NaiveDate,
    /// Where it stands.
    pub state: SlotState,
    /// The appointment, where one is recorded.
    pub booked_for: Option<PartialDate>,
    /// What has been done for it so far.
    pub clocks: SlotClocks,
    /// Why it is there and why on this day.
    pub why: String,
}

impl Slot {
    /// Adds a sentence to the reason.
    pub(super) fn explain(&mut self, sentence: fmt::Arguments<'_>) {
        add_sentence(&mut self.why, sentence);
    }
}

fn add_sentence(why: &mut String, sentence: fmt::Arguments<'_>) {
    why.push(' ');
    // A `String` takes all that is written to it: the result carries nothing.
    let _ = match sentence.as_str() {
        Some(sentence) => why.write_str(sentence),
        None => why.write_fmt(sentence),
    };
}

/// A slot before it is held against the studies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Candidate {
    pub key: String,
    pub kind: SlotKind,
    pub label: String,
    pub due_on: NaiveDate,
    /// Days since the slot before it, or since the anchor.
    pub interval_days: i64,
    pub tolerance: Tolerance,
    pub why: String,
}

impl Candidate {
    /// Window and first day of severe overdue; `None` past the end of the calendar.
    pub(super) fn dates(&self) -> Option<(Window, NaiveDate)> {
        let days = |count: u32| Days::new(u64::from(count));
        let window = Window {
            from: self.due_on.checked_sub_days(days(self.tolerance.early_days))?,
            to: self.due_on.checked_add_days(days(self.tolerance.late_days))?,
        };
        let severe_from = window.to.checked_add_days(days(self.tolerance.severe_after_days))?;
        Some((window, severe_from))
    }

    /// Adds a sentence to the reason.
    pub(super) fn explain(&mut self, sentence: fmt::Arguments<'_>) {
        add_sentence(&mut self.why, sentence);
    }

    /// The slot in a given state.
    pub(super) fn into_slot(self, state: SlotState) -> Option<Slot> {
        let (window, severe_from) = self.dates()?;
        Some(Slot {
            key: self.key,
            kind: self.kind,
            label: self.label,
            due_on: self.due_on,
            window,
            severe_from,
            state,
            booked_for: None,
            clocks: SlotClocks::default(),
            why: self.why,
        })
    }
}

/// Where an open slot stands on `as_of`. A closed window is overdue from the next day.
pub(super) fn open_state(
    due_on: NaiveDate,
    window: Window,
    severe_from: NaiveDate,
    as_of: NaiveDate,
) -> SlotState {
    if as_of >= severe_from {
        SlotState::SeverelyOverdue
    } else if as_of > window.to {
        SlotState::Overdue
    } else if as_of >= due_on {
        SlotState::Due
    } else {
        SlotState::Planned
    }
}
