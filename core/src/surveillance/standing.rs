//! Whether a patient is followed, and if not, who ended it and why.
//!
//! An end counts only when a named person recorded it. Death needs no name: it is a fact of its own.

use crate::domain::{
    dates::PartialDate,
    follow_up::{EndOfFollowUp, FollowUp},
    vocabulary::{EndReason, VitalStatus, Vocabulary},
};

/// How a patient stands towards follow-up.
#[derive(Debug, Clone, PartialEq)]
pub enum Standing {
    /// Followed.
    Followed,
    /// Followed, although an end was recorded: nobody put a name to it.
    EndWithoutName(EndReason),
    /// Handed over, not yet acknowledged by the other side; followed until then.
    Transferring(EndOfFollowUp),
    /// Refused imaging; a person reviews it from time to time.
    Refused(EndOfFollowUp),
    /// Imaging paused by a palliative decision; a person reviews it from time to time.
    Paused(EndOfFollowUp),
    /// Ended.
    Ended(EndReason),
}

impl Standing {
    /// Reads the standing from the follow-up as known.
    #[must_use]
    pub fn of(follow_up: Option<&FollowUp>) -> Self {
        let Some(follow_up) = follow_up else { return Self::Followed };
        if follow_up.vital_status == Some(VitalStatus::Dead) || follow_up.died_on.is_some() {
            return Self::Ended(EndReason::Death);
        }
        let Some(ended) = &follow_up.ended else { return Self::Followed };
        if ended.by.is_none() {
            return Self::EndWithoutName(ended.reason);
        }
        match ended.reason {
            EndReason::Transfer => Self::Transferring(ended.clone()),
            EndReason::Refusal => Self::Refused(ended.clone()),
            EndReason::Palliative => Self::Paused(ended.clone()),
            EndReason::Death | EndReason::Emigrated | EndReason::Other => Self::Ended(ended.reason),
        }
    }

    /// The plan state of the contract.
    #[must_use]
    pub const fn plan_state(&self) -> &'static str {
        match self {
            Self::Followed | Self::EndWithoutName(_) => "active",
            Self::Transferring(_) => "transferring",
            Self::Refused(_) => "refused",
            Self::Paused(_) => "paused_by_decision",
            Self::Ended(_) => "ended",
        }
    }

    /// Whether somebody still has to see to this patient.
    #[must_use]
    pub const fn is_followed(&self) -> bool {
        !matches!(self, Self::Ended(_))
    }

    /// Whether CTs are planned and reminded of.
    #[must_use]
    pub const fn is_scanned(&self) -> bool {
        matches!(self, Self::Followed | Self::EndWithoutName(_) | Self::Transferring(_))
    }

    /// The recorded pause or refusal that a person reviews.
    pub(super) fn reviewed(&self) -> Option<(&EndOfFollowUp, &'static str)> {
        match self {
            Self::Refused(ended) => Some((ended, "refusal of imaging")),
            Self::Paused(ended) => Some((ended, "palliative decision")),
            _ => None,
        }
    }

    /// The end in words, for the plan's reason.
    #[must_use]
    pub fn sentence(&self) -> Option<String> {
        match self {
            Self::Ended(EndReason::Death) => Some("The patient has died.".to_owned()),
            Self::Ended(reason) => Some(format!("Follow-up was ended by a named person: {}.", reason.code())),
            _ => None,
        }
    }
}

/// Day of a recorded end, as far as known.
pub(super) fn ended_on(ended: &EndOfFollowUp) -> Option<PartialDate> {
    ended.on
}
