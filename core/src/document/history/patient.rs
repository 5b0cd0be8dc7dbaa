//! Wire form of the patient, of what identifies the person, and of general condition.

use crate::{
    document::{
        field::{Field, List, Must},
        slot::wire,
    },
    domain::{
        dates::PartialDate,
        measure::{Litres, PercentPredicted},
        patient::{
            Consent, Contact, Ecog, ExternalId, Fitness, Identity, Patient, PerformanceStatus, Spirometry,
        },
        text::{ClinicSlug, StudyId, Text},
        vocabulary::{ContactRole, EmailStatus, Sex, Smoking},
    },
};

wire! {
    /// Who is followed, by which clinic, in whose hands.
    PatientEntry ("PatientEntry") for Patient {
        /// The only name used outside the record itself.
        study_id: Must<StudyId>,
        /// Sex as recorded.
        sex: Option<Field<Sex>>,
        /// Birth date; a year alone is enough.
        birth_date: Option<Field<PartialDate>>,
        /// Slug of the responsible clinic.
        clinic: Option<Field<ClinicSlug>>,
        /// The named clinician.
        clinician: Option<Field<Text>>,
        /// Who stands in for the clinician.
        deputy: Option<Field<Text>>,
        /// Genetic cancer syndrome.
        syndrome: Option<Field<Text>>,
    }
}

wire! {
    /// What identifies the person.
    IdentityEntry ("IdentityEntry") for Identity {
        /// Name of the person.
        name: Option<Field<Text>>,
        /// Identifiers of other systems.
        external_ids: List<ExternalIdEntry>,
        /// People who may be contacted.
        contacts: List<ContactEntry>,
    }
}

wire! {
    /// An identifier of another system.
    ExternalIdEntry ("ExternalIdEntry") for ExternalId {
        /// The system, such as a hospital number range.
        system: Must<Text>,
        /// The identifier there.
        value: Must<Text>,
    }
}

wire! {
    /// A person who may be contacted about the patient.
    ContactEntry ("ContactEntry") for Contact {
        /// Who this is to the patient.
        role: Must<ContactRole>,
        /// Name.
        name: Option<Field<Text>>,
        /// Language of contact.
        language: Option<Field<Text>>,
        /// Telephone number.
        phone: Option<Field<Text>>,
        /// E-mail address.
        email: Option<Field<Text>>,
        /// What is known of the address.
        email_status: Option<Field<EmailStatus>>,
        /// Consent to reminders by mail.
        consent: Option<ConsentEntry>,
    }
}

wire! {
    /// Consent to reminders.
    ConsentEntry ("ConsentEntry") for Consent {
        /// Day of consent.
        given_on: Option<Field<PartialDate>>,
        /// Who recorded it.
        recorded_by: Option<Field<Text>>,
        /// Day of withdrawal.
        withdrawn_on: Option<Field<PartialDate>>,
    }
}

wire! {
    /// General condition and lung function.
    FitnessEntry ("FitnessEntry") for Fitness {
        /// Smoking history.
        smoking: Option<Field<Smoking>>,
        /// Comorbidities in words.
        comorbidities: List<Field<Text>>,
        /// Performance status over time.
        performance: List<PerformanceEntry>,
        /// Lung function over time.
        spirometry: List<SpirometryEntry>,
    }
}

wire! {
    /// Performance status on one day.
    PerformanceEntry ("PerformanceEntry") for PerformanceStatus {
        /// Day of assessment.
        on: Option<Field<PartialDate>>,
        /// ECOG performance status, 0 to 5.
        ecog: Must<Ecog>,
    }
}

wire! {
    /// Lung function on one day.
    SpirometryEntry ("SpirometryEntry") for Spirometry {
        /// Day of the test.
        on: Option<Field<PartialDate>>,
        /// Forced expiratory volume in one second, litres.
        fev1_l: Option<Field<Litres>>,
        /// The same as percentage of predicted.
        fev1_percent: Option<Field<PercentPredicted>>,
        /// Diffusing capacity, percentage of predicted.
        dlco_percent: Option<Field<PercentPredicted>>,
        /// Predicted postoperative FEV1, percentage of predicted.
        ppo_fev1_percent: Option<Field<PercentPredicted>>,
        /// Predicted postoperative diffusing capacity, percentage of predicted.
        ppo_dlco_percent: Option<Field<PercentPredicted>>,
    }
}
