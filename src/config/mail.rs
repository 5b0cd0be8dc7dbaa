//! `[mail]`: how mail leaves. Sends nothing.

use std::{path::PathBuf, time::Duration};

use lettre::Address;

use super::{SmtpSettings, reader::Reader, smtp::is_loopback};
use crate::mail::hygiene::HeaderText;

/// How mail leaves.
#[derive(Debug, Clone)]
pub enum MailTransport {
    /// Each mail becomes a file in this folder; for trials and the demo.
    Folder(PathBuf),
    /// Through a mail server.
    Smtp(SmtpSettings),
}

/// How mail leaves, from whom, and how often one mail is tried.
#[derive(Debug, Clone)]
pub struct MailSettings {
    /// The way out.
    pub transport: MailTransport,
    /// The sender's address.
    pub from_address: Address,
    /// The sender's name as people see it; free of control characters.
    pub from_name: String,
    /// What stands after the `@` of each Message-ID.
    pub message_id_domain: String,
    /// How often one mail is tried before it is parked for a person.
    pub max_attempts: u32,
    /// How long a sender owns a mail it has taken up.
    pub lease: Duration,
    /// The most mails that leave in any minute, over all instances.
    pub per_minute: u32,
    /// The least time between two mails to one recipient.
    pub between_two: Duration,
    /// How many mails one instance sends at once.
    pub senders: usize,
    /// Where reports of failed deliveries arrive; `None` if they are read by hand.
    pub bounces: Option<PathBuf>,
}

#[derive(Clone, Copy)]
enum Kind {
    Folder,
    Smtp,
}

impl MailSettings {
    pub(super) fn read(reader: &mut Reader) -> Option<Self> {
        let kind = reader.choice("mail.transport", &[("folder", Kind::Folder), ("smtp", Kind::Smtp)]);
        let folder = reader.optional_path("mail.folder");
        let address_form = "one plain address, as in lobewatch@hospital.example";
        let from_address = reader
            .parsed::<String>("mail.from_address", address_form)
            .and_then(|text| reader.address("mail.from_address", &text));
        let from_name = read_from_name(reader);
        let message_id_domain = read_message_id_domain(reader, from_address.as_ref());
        let max_attempts = reader.number("mail.max_attempts", 1..=50);
        check_sender(reader);
        let lease = reader.number("mail.lease_seconds", 10..=120);
        let per_minute = reader.number("mail.per_minute", 1..=60_000);
        let between_two = reader.number("mail.between_two_seconds", 0..=3_600);
        let senders = reader.number("mail.senders", 1..=16);
        let bounces = reader.optional_path("mail.bounces");
        let smtp = SmtpSettings::read(reader, lease);
        let transport = match kind? {
            Kind::Smtp => MailTransport::Smtp(smtp?),
            Kind::Folder => match folder {
                Some(folder) => MailTransport::Folder(folder),
                None => {
                    reader.problem("mail.folder", "is needed for the transport \"folder\"", "name a folder");
                    return None;
                }
            },
        };
        Some(Self {
            transport,
            from_address: from_address?,
            from_name: from_name?,
            message_id_domain: message_id_domain?,
            max_attempts: u32::try_from(max_attempts?).ok()?,
            lease: Duration::from_secs(lease?),
            per_minute: u32::try_from(per_minute?).ok()?,
            between_two: Duration::from_secs(between_two?),
            senders: usize::try_from(senders?).ok()?,
            bounces,
        })
    }

    /// Whether mails go to a server on another machine.
    #[must_use]
    pub fn leaves_this_machine(&self) -> bool {
        matches!(&self.transport, MailTransport::Smtp(smtp) if !smtp.is_loopback())
    }
}

/// Whether mail is meant to go through a server, even if its settings are not yet right.
pub(super) fn wants_smtp(reader: &Reader) -> bool {
    reader.peek("mail.transport") == Some("smtp")
}

/// Whether mail is meant to go to a server on another machine.
pub(super) fn wants_to_leave(reader: &Reader) -> bool {
    wants_smtp(reader) && reader.peek("mail.smtp.host").is_some_and(|host| !is_loopback(host))
}

fn check_sender(reader: &mut Reader) {
    if wants_to_leave(reader) && reader.is_default("mail.from_address") {
        reader.problem(
            "mail.from_address",
            "is still the built-in placeholder, to which nobody can answer",
            "set an address of yours that is read",
        );
    }
}

/// A line break in a display name would end the header it stands in.
fn read_from_name(reader: &mut Reader) -> Option<String> {
    let remedy = "give a name on one line";
    let name = reader.text("mail.from_name", remedy)?;
    match HeaderText::parse_name(&name) {
        Ok(name) => Some(name.as_str().to_owned()),
        Err(error) => {
            reader.problem("mail.from_name", &format!("cannot stand in a mail: {error}"), remedy);
            None
        }
    }
}

fn read_message_id_domain(reader: &mut Reader, from: Option<&Address>) -> Option<String> {
    let key = "mail.message_id_domain";
    match reader.optional_text(key) {
        None => from.map(|address| address.domain().to_owned()),
        Some(domain) if is_domain(&domain) => Some(domain),
        Some(_) => {
            reader.problem(key, "is no domain name", "give a name such as lobewatch.hospital.example");
            None
        }
    }
}

/// Letters, digits and hyphens between dots.
pub(super) fn is_domain(text: &str) -> bool {
    let is_label = |label: &str| {
        (1..=63).contains(&label.len())
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    text.len() <= 253 && text.split('.').all(is_label)
}

#[cfg(test)]
mod tests {
    use super::is_domain;

    #[test]
    fn a_domain_is_labels_between_dots() {
        for good in ["localhost", "a.b", "mail-1.hospital.example"] {
            assert!(is_domain(good), "{good}");
        }
        for bad in ["", ".", "a..b", "-a.b", "a-.b", "a b", "a@b", "a\r\nb", "ä.example"] {
            assert!(!is_domain(bad), "{bad:?}");
        }
    }
}
