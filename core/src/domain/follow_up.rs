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
    /// The recorded end of follow-up.
    pub ended: Option<EndOfFollowUp>,
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
}
