//! Whether a patient is followed, and if not, who ended it and why.
//!
//! An end counts only when a named person recorded it. Death needs no name: it is a fact of its own. A transfer ends
//! nothing until the other side has acknowledged it, and nobody is unreachable without documented attempts.

use super::contact::is_unreachable;
use crate::{
    domain::{
        follow_up::{EndOfFollowUp, FollowUp},
        vocabulary::{EndReason, Vocabulary},
    },
    protocol::ContactLimits,
};

/// How a patient stands towards follow-up.
#[derive(Debug, Clone, PartialEq)]
pub enum Standing {
    /// Followed.
    Followed,
    /// Followed, although an end was recorded: nobody put a name to it.
    EndWithoutName(EndReason),
    /// Followed, although recorded as unreachable: too few attempts are documented.
    TooFewAttempts,
    /// Handed over, not yet acknowledged by the other side; followed until then.
    Transferring(EndOfFollowUp),
    /// Handed over, and acknowledged by a named person of the other side.
    Transferred(EndOfFollowUp),
    /// Refused imaging; a person reviews it from time to time.
    Refused(EndOfFollowUp),
    /// Imaging paused by a palliative decision; a person reviews it from time to time.
    Paused(EndOfFollowUp),
    /// Could not be reached; a person asks for the vital status from time to time.
    Unreachable(EndOfFollowUp),
    /// Ended.
    Ended(EndReason),
}

impl Standing {
    /// Reads the standing from the follow-up as known.
    #[must_use]
    pub fn of(follow_up: Option<&FollowUp>, contact: ContactLimits) -> Self {
        let Some(follow_up) = follow_up else { return Self::Followed };
        if follow_up.is_dead() {
            return Self::Ended(EndReason::Death);
        }
        let Some(ended) = &follow_up.ended else { return Self::Followed };
        if ended.by.is_none() {
            return Self::EndWithoutName(ended.reason);
        }
        match ended.reason {
            EndReason::Transfer if is_acknowledged(ended) => Self::Transferred(ended.clone()),
            EndReason::Transfer => Self::Transferring(ended.clone()),
            EndReason::Refusal => Self::Refused(ended.clone()),
            EndReason::Palliative => Self::Paused(ended.clone()),
            EndReason::Unreachable if is_unreachable(follow_up, contact) => Self::Unreachable(ended.clone()),
            EndReason::Unreachable => Self::TooFewAttempts,
            EndReason::Death | EndReason::Emigrated | EndReason::Other => Self::Ended(ended.reason),
        }
    }

    /// The plan state of the contract.
    #[must_use]
    pub const fn plan_state(&self) -> &'static str {
        match self {
            Self::Followed | Self::EndWithoutName(_) | Self::TooFewAttempts => "active",
            Self::Transferring(_) => "transferring",
            Self::Transferred(_) => "transferred",
            Self::Refused(_) => "refused",
            Self::Paused(_) => "paused_by_decision",
            Self::Unreachable(_) => "uncontactable",
            Self::Ended(_) => "ended",
        }
    }

    /// Whether somebody here still has to see to this patient.
    #[must_use]
    pub const fn is_followed(&self) -> bool {
        !matches!(self, Self::Ended(_) | Self::Transferred(_))
    }

    /// Whether CTs are planned and reminded of.
    #[must_use]
    pub const fn is_scanned(&self) -> bool {
        matches!(
            self,
            Self::Followed | Self::EndWithoutName(_) | Self::TooFewAttempts | Self::Transferring(_)
        )
    }

    /// What a person reviews from time to time, and what it is called.
    pub(super) fn reviewed(&self) -> Option<(&EndOfFollowUp, &'static str)> {
        match self {
            Self::Refused(ended) => Some((ended, "refusal of imaging")),
            Self::Paused(ended) => Some((ended, "palliative decision")),
            Self::Unreachable(ended) => Some((ended, "vital status")),
            _ => None,
        }
    }

    /// The end in words, for the plan's reason.
    #[must_use]
    pub fn sentence(&self) -> Option<String> {
        match self {
            Self::Ended(EndReason::Death) => Some("The patient has died.".to_owned()),
            Self::Ended(reason) => Some(format!("Follow-up was ended by a named person: {}.", reason.code())),
            Self::Transferred(_) => {
                Some("Another clinic has acknowledged that it follows the patient.".to_owned())
            }
            _ => None,
        }
    }
}

/// Day and name make an acknowledgement.
fn is_acknowledged(ended: &EndOfFollowUp) -> bool {
    ended.acknowledged.as_ref().is_some_and(|one| one.on.is_some() && one.by.is_some())
}
