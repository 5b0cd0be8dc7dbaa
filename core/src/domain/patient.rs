//! The patient: study id, clinic and responsible people, and what identifies a person.

use super::{
    dates::PartialDate,
    measure::{Litres, PercentPredicted},
    text::{ClinicSlug, StudyId, Text},
    vocabulary::{ContactRole, EmailStatus, Sex, Smoking},
};

/// Who is followed, by which clinic, in whose hands.
#[derive(Debug, Clone, PartialEq)]
pub struct Patient {
    /// The only name used outside the record itself.
    pub study_id: StudyId,
    /// Sex as recorded.
    pub sex: Option<Sex>,
    /// Birth date; a year alone is common.
    pub birth_date: Option<PartialDate>,
    /// The responsible clinic; a patient without one is an open data task.
    pub clinic: Option<ClinicSlug>,
    /// The named clinician.
    pub clinician: Option<Text>,
    /// Who stands in for the clinician.
    pub deputy: Option<Text>,
    /// Genetic cancer syndrome, a reason for care with radiation.
    pub syndrome: Option<Text>,
}

/// What identifies a person. Kept apart: no mail, log line or statistic may read it.
#[derive(Debug, Clone, PartialEq)]
pub struct Identity {
    /// Name of the person.
    pub name: Option<Text>,
    /// Identifiers of other systems.
    pub external_ids: Vec<ExternalId>,
    /// People who may be contacted.
    pub contacts: Vec<Contact>,
}

/// An identifier of another system.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExternalId {
    /// The system, such as a hospital number range.
    pub system: Text,
    /// The identifier there.
    pub value: Text,
}

/// A person who may be contacted about the patient.
#[derive(Debug, Clone, PartialEq)]
pub struct Contact {
    /// Who this is to the patient.
    pub role: ContactRole,
    /// Name.
    pub name: Option<Text>,
    /// Language of contact.
    pub language: Option<Text>,
    /// Telephone number.
    pub phone: Option<Text>,
    /// E-mail address, and whether it works.
    pub email: Option<Text>,
    /// What is known of the address.
    pub email_status: Option<EmailStatus>,
    /// Consent to reminders by mail; without it reminders go to the clinic only.
    pub consent: Option<Consent>,
}

/// Consent to reminders.
#[derive(Debug, Clone, PartialEq)]
pub struct Consent {
    /// Day of consent.
    pub given_on: Option<PartialDate>,
    /// Who recorded it.
    pub recorded_by: Option<Text>,
    /// Day of withdrawal.
    pub withdrawn_on: Option<PartialDate>,
}

/// General condition and lung function.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Fitness {
    /// Smoking history.
    pub smoking: Option<Smoking>,
    /// Comorbidities in words.
    pub comorbidities: Vec<Text>,
    /// Performance status over time.
    pub performance: Vec<PerformanceStatus>,
    /// Lung function over time.
    pub spirometry: Vec<Spirometry>,
}

/// Performance status on one day.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PerformanceStatus {
    /// Day of assessment.
    pub on: Option<PartialDate>,
    /// ECOG 0 to 5.
    pub ecog: Ecog,
}

/// ECOG performance status, 0 to 5.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ecog(u8);

impl Ecog {
    /// The status of a number from 0 to 5; `None` otherwise.
    #[must_use]
    pub const fn new(value: u8) -> Option<Self> {
        if value <= 5 { Some(Self(value)) } else { None }
    }

    /// 0 to 5.
    #[must_use]
    pub const fn get(self) -> u8 {
        self.0
    }
}

/// Lung function on one day.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Spirometry {
    /// Day of the test.
    pub on: Option<PartialDate>,
    /// Forced expiratory volume in one second, litres.
    pub fev1_l: Option<Litres>,
    /// The same as percentage of predicted.
    pub fev1_percent: Option<PercentPredicted>,
    /// Diffusing capacity as percentage of predicted.
    pub dlco_percent: Option<PercentPredicted>,
    /// Predicted postoperative FEV1, percentage of predicted.
    pub ppo_fev1_percent: Option<PercentPredicted>,
    /// Predicted postoperative diffusing capacity, percentage of predicted.
    pub ppo_dlco_percent: Option<PercentPredicted>,
}
