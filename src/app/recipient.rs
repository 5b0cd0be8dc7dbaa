//! Who of a clinic is told what: the coordinator works the daily list; the clinician decides about what stays overdue;
//! deputy and service lead are informed. Each step has one owner, everybody else only a copy.

use lettre::Address;

use crate::{
    config::ClinicSettings,
    reminders::{
        digest::Audience,
        step::{Informed, Owner, StepDue},
    },
};

/// A role of a clinic that receives mail.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Recipient {
    /// Works the list.
    Coordinator,
    /// Decides.
    Clinician,
    /// Stands in for the clinician.
    Deputy,
    /// Leads the follow-up service.
    ServiceLead,
}

impl Recipient {
    /// Every role; the coordinator first.
    pub const ALL: [Self; 4] = [Self::Coordinator, Self::Clinician, Self::Deputy, Self::ServiceLead];

    /// The role in reminder rows and keys.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Coordinator => "coordinator",
            Self::Clinician => "clinician",
            Self::Deputy => "deputy",
            Self::ServiceLead => "service-lead",
        }
    }

    /// The kind of mail this role gets: the daily digest, or an escalation.
    #[must_use]
    pub const fn mail_kind(self) -> &'static str {
        match self {
            Self::Coordinator => "digest",
            Self::Clinician => "escalation-clinician",
            Self::Deputy => "escalation-deputy",
            Self::ServiceLead => "escalation-service-lead",
        }
    }

    /// The setting of the clinic that names this role's address.
    #[must_use]
    pub const fn setting(self) -> &'static str {
        match self {
            Self::Coordinator => "coordinator_email",
            Self::Clinician => "clinician_email",
            Self::Deputy => "deputy_email",
            Self::ServiceLead => "service_lead_email",
        }
    }

    /// The role behind a kind of mail; `None` for any other text.
    #[must_use]
    pub fn of_mail_kind(kind: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.mail_kind() == kind)
    }

    /// What a mail asks of this role.
    #[must_use]
    pub const fn audience(self) -> Audience {
        match self {
            Self::Coordinator => Audience::Coordinator,
            Self::Clinician => Audience::Clinician,
            Self::Deputy | Self::ServiceLead => Audience::Informed,
        }
    }

    /// The present address of this role at a clinic.
    #[must_use]
    pub const fn address(self, clinic: &ClinicSettings) -> Option<&Address> {
        match self {
            Self::Coordinator => clinic.coordinator_email.as_ref(),
            Self::Clinician => clinic.clinician_email.as_ref(),
            Self::Deputy => clinic.deputy_email.as_ref(),
            Self::ServiceLead => clinic.service_lead_email.as_ref(),
        }
    }

    /// Who is told of a step: the coordinator always, the owner, and whoever is informed.
    #[must_use]
    pub fn told_of(step: &StepDue) -> Vec<Self> {
        let mut roles = vec![Self::Coordinator];
        if step.owner == Owner::Clinician {
            roles.push(Self::Clinician);
        }
        roles.extend(step.informed().iter().map(|informed| match informed {
            Informed::Deputy => Self::Deputy,
            Informed::ServiceLead => Self::ServiceLead,
        }));
        roles
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reminders::step::{Ladder, SlotDates, current_step};

    #[test]
    fn a_step_is_told_to_its_owner_and_to_nobody_who_has_no_part_in_it() {
        let date = |text: &str| text.parse().unwrap();
        let slot = SlotDates::new(date("2026-03-01"), date("2026-03-15"), date("2026-04-12")).unwrap();
        let told = |today: &str| {
            let step = current_step(&slot, &Ladder::default(), date(today)).unwrap();
            Recipient::told_of(&step).into_iter().map(Recipient::code).collect::<Vec<_>>()
        };
        assert_eq!(told("2026-03-01"), ["coordinator"]);
        assert_eq!(told("2026-03-16"), ["coordinator"]);
        assert_eq!(told("2026-03-29"), ["coordinator", "clinician"]);
        assert_eq!(told("2026-04-12"), ["coordinator", "clinician", "deputy", "service-lead"]);
        for role in Recipient::ALL {
            assert_eq!(Recipient::of_mail_kind(role.mail_kind()), Some(role));
        }
    }
}
