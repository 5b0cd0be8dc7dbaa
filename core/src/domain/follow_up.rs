//! Follow-up: last contact, vital status, and an end that a named person recorded.

use super::{
    dates::PartialDate,
    text::Text,
    vocabulary::{CauseOfDeath, EndReason, OtherMetastasectomies, VitalStatus},
};

/// What is known of the patient's course.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct FollowUp {
    /// Last day on which the patient was known to live.
    pub last_contact_on: Option<PartialDate>,
    /// Vital status.
    pub vital_status: Option<VitalStatus>,
    /// Day of death; present only where the status says dead.
    pub died_on: Option<PartialDate>,
    /// Cause of death.
    pub cause_of_death: Option<CauseOfDeath>,
    /// Where the vital status is known from.
    pub source: Option<Text>,
    /// When other hospitals were last asked about, and what came of it.
    pub other_hospitals: Option<OtherHospitals>,
    /// Attempts to reach a patient who does not come.
    pub contact_attempts: Vec<ContactAttempt>,
    /// Pregnancies, as far as they matter for the dose of a scan.
    pub pregnancies: Vec<Pregnancy>,
    /// The recorded end of follow-up.
    pub ended: Option<EndOfFollowUp>,
}

impl FollowUp {
    /// Whether the patient is on record as dead: by the status, or by a day of death alone.
    #[must_use]
    pub fn is_dead(&self) -> bool {
        self.vital_status == Some(VitalStatus::Dead) || self.died_on.is_some()
    }
}

/// One attempt to reach the patient.
#[derive(Debug, Clone, PartialEq)]
pub struct ContactAttempt {
    /// Day.
    pub on: Option<PartialDate>,
    /// Who tried.
    pub by: Option<Text>,
    /// How: by telephone, by letter, through the general practitioner.
    pub how: Option<Text>,
    /// Whether the patient was reached.
    pub reached: Option<bool>,
}

/// A pregnancy.
#[derive(Debug, Clone, PartialEq)]
pub struct Pregnancy {
    /// Day since which it is known.
    pub known_on: Option<PartialDate>,
    /// Day on which it ended; `None` while it goes on, or where it is not reported.
    pub ended_on: Option<PartialDate>,
    /// Who recorded it.
    pub by: Option<Text>,
}

/// Treatment in other hospitals, as last asked about. A record without it holds what was entered, and no more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OtherHospitals {
    /// Day.
    pub checked_on: Option<PartialDate>,
    /// Whether the metastasectomies of other hospitals are on record.
    pub metastasectomies: Option<OtherMetastasectomies>,
}

/// An end of follow-up. Without the name of who recorded it, it does not end anything.
#[derive(Debug, Clone, PartialEq)]
pub struct EndOfFollowUp {
    /// Day.
    pub on: Option<PartialDate>,
    /// Why.
    pub reason: EndReason,
    /// Who recorded it.
    pub by: Option<Text>,
    /// The reason in words.
    pub note: Option<Text>,
    /// To which clinic the patient goes, for a transfer.
    pub to: Option<Text>,
    /// That clinic's word that it follows the patient from now on.
    pub acknowledged: Option<Acknowledgement>,
}

/// The receiving clinic's acknowledgement of a transfer. Without day and name it acknowledges nothing.
#[derive(Debug, Clone, PartialEq)]
pub struct Acknowledgement {
    /// Day.
    pub on: Option<PartialDate>,
    /// Who, at the receiving clinic.
    pub by: Option<Text>,
}
