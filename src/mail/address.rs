//! Mail addresses, parsed at the door.
//!
//! Stricter than the standard on purpose: plain ASCII `local@host.name` without quotes or comments. Every clinic
//! address seen has that form, and the rest is where relays and libraries disagree.

use std::fmt;

use lettre::Address;
use thiserror::Error;

use crate::reminders::message_id::is_host_name;

/// A mail address that every relay takes.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct MailAddress(Address);

/// Why a text is not a mail address. The text itself is not repeated: it may be somebody's address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum AddressError {
    /// No `@`, or nothing before it.
    #[error("mail address has no name before an `@`; write it as name@host.example")]
    NoLocalPart,
    /// A character outside the plain set before the `@`.
    #[error("the part before the `@` has a blank, a quote or a special character; ask for a plain address")]
    LocalPart,
    /// Not a host name after the `@`.
    #[error(
        "the part after the `@` is not a host name; an international name must be written in its xn-- form"
    )]
    Domain,
    /// Too long.
    #[error("mail address is too long: at most 64 characters before the `@` and 254 in all")]
    TooLong,
}

impl MailAddress {
    /// Parses `local@host`.
    ///
    /// # Errors
    /// When it is not a plain ASCII address. Blanks around it are an error, too.
    pub fn parse(text: &str) -> Result<Self, AddressError> {
        let (local, domain) = text.rsplit_once('@').ok_or(AddressError::NoLocalPart)?;
        if local.is_empty() {
            return Err(AddressError::NoLocalPart);
        }
        if local.len() > 64 || text.len() > 254 {
            return Err(AddressError::TooLong);
        }
        let atom = |part: &str| !part.is_empty() && part.bytes().all(is_atom_byte);
        if !local.split('.').all(atom) {
            return Err(AddressError::LocalPart);
        }
        if !is_host_name(domain) {
            return Err(AddressError::Domain);
        }
        Address::new(local, domain).map(Self).map_err(|_| AddressError::Domain)
    }

    /// The host part.
    #[must_use]
    pub fn domain(&self) -> &str {
        self.0.domain()
    }

    /// The address as the mail library wants it.
    pub(crate) fn as_lettre(&self) -> &Address {
        &self.0
    }
}

impl fmt::Display for MailAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

fn is_atom_byte(b: u8) -> bool {
    b.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~".contains(&b)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn plain_addresses_are_taken() {
        for text in ["follow-up@clinic.example", "a.b+c@xn--bcher-kva.example", "o'brien@localhost"] {
            assert_eq!(MailAddress::parse(text).unwrap().to_string(), text);
        }
    }

    #[test]
    fn anything_that_could_be_read_in_two_ways_is_refused() {
        for text in [
            "",
            "a",
            "@b.example",
            "a@",
            " a@b.example",
            "a@b.example ",
            "a b@c.example",
            "\"a\"@b.example",
            "a@b@c.example",
            ".a@b.example",
            "a..b@c.example",
            "A <a@b.example>",
            "a@b.example,c@d.example",
            "a@[127.0.0.1]",
            "a@b.example\r\nBcc: x@y.example",
            "a\0@b.example",
            "ä@b.example",
            "a@bü.example",
        ] {
            assert!(MailAddress::parse(text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn an_error_does_not_repeat_the_address() {
        let error = MailAddress::parse("jane doe@clinic.example").unwrap_err();
        assert!(!error.to_string().contains("jane"));
    }

    #[test]
    fn overlong_addresses_are_refused() {
        let local = "a".repeat(65);
        assert_eq!(MailAddress::parse(&format!("{local}@b.example")), Err(AddressError::TooLong));
    }

    proptest! {
        #[test]
        fn no_text_panics_and_what_is_taken_is_one_plain_line(text in any::<String>(), mail in "[ -~]{1,20}@[a-z.-]{1,20}") {
            for text in [text, mail] {
                if let Ok(address) = MailAddress::parse(&text) {
                    let text = address.to_string();
                    prop_assert!(text.bytes().all(|b| b.is_ascii_graphic()));
                    prop_assert_eq!(text.matches('@').count(), 1);
                }
            }
        }
    }
}
