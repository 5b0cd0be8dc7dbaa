//! `[clinics.*]`: who receives mail, in which time zone and at which hour. Knows no patients.

use std::collections::BTreeMap;

use chrono_tz::Tz;
use lettre::Address;

use super::{mail::wants_smtp, reader::Reader};
use crate::mail::hygiene::HeaderText;

/// One clinic: where its mail goes and when its day begins.
#[derive(Debug, Clone)]
pub struct ClinicSettings {
    /// The name as it stands in mails and on pages; free of control characters.
    pub name: String,
    /// The zone in which the clinic's days begin and end.
    pub time_zone: Tz,
    /// The local hour from which the daily mail may leave, 0 to 23.
    pub digest_hour: u32,
    /// The language of mails, so far always `en`.
    pub language: String,
    /// Who receives the daily mail.
    pub coordinator_email: Option<Address>,
    /// Who is told when a scan stays overdue.
    pub clinician_email: Option<Address>,
    /// Who stands in for the clinician.
    pub deputy_email: Option<Address>,
    /// Who is told of severely overdue scans.
    pub service_lead_email: Option<Address>,
}

/// Reads every clinic; the faulty ones are reported and left out.
pub(super) fn read(reader: &mut Reader) -> BTreeMap<String, ClinicSettings> {
    let mut clinics = BTreeMap::new();
    for (slug, is_table) in reader.names_below("clinics") {
        let section = format!("clinics.{slug}");
        if !is_table {
            reader.refuse_section(section, "is not a table", "write it as a table: [clinics.NAME]");
        } else if !is_slug(&slug) {
            let remedy = "name it with 1 to 40 lower-case letters, digits and hyphens, a letter first";
            reader.refuse_section(section, "is no clinic key", remedy);
        } else if let Some(clinic) = ClinicSettings::read(&section, reader) {
            clinics.insert(slug, clinic);
        }
    }
    clinics
}

impl ClinicSettings {
    fn read(section: &str, reader: &mut Reader) -> Option<Self> {
        let key = |name: &str| format!("{section}.{name}");
        let name = read_name(&key("name"), reader);
        let time_zone = reader.parsed(&key("time_zone"), "an IANA time zone, as in Europe/Rome");
        let digest_hour = reader.number(&key("digest_hour"), 0..=23);
        let language = reader.choice(&key("language"), &[("en", "en")]);
        let coordinator_email = reader.optional_address(&key("coordinator_email"));
        // Nobody's reminder may have no address.
        if coordinator_email.is_none()
            && reader.peek(&key("coordinator_email")).is_none_or(str::is_empty)
            && wants_smtp(reader)
        {
            reader.problem(
                &key("coordinator_email"),
                "is needed for the transport \"smtp\": the clinic's reminders would reach nobody",
                "set the address of the person who calls the clinic's patients in",
            );
        }
        let clinician_email = reader.optional_address(&key("clinician_email"));
        let deputy_email = reader.optional_address(&key("deputy_email"));
        let service_lead_email = reader.optional_address(&key("service_lead_email"));
        Some(Self {
            name: name?,
            time_zone: time_zone?,
            digest_hour: u32::try_from(digest_hour?).ok()?,
            language: language?.to_owned(),
            coordinator_email,
            clinician_email,
            deputy_email,
            service_lead_email,
        })
    }
}

fn read_name(key: &str, reader: &mut Reader) -> Option<String> {
    let remedy = "give the clinic's name on one line";
    let name = reader.text(key, remedy)?;
    match HeaderText::parse_name(&name) {
        Ok(name) => Some(name.as_str().to_owned()),
        Err(error) => {
            reader.problem(key, &format!("cannot stand in a mail: {error}"), remedy);
            None
        }
    }
}

fn is_slug(text: &str) -> bool {
    text.len() <= 40
        && text.starts_with(|first: char| first.is_ascii_lowercase())
        && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
}
