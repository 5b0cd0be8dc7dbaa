//! The Message-ID of an outbox row: the same at every retry, and telling nothing.
//!
//! A relay that accepted a message and lost the answer shows the second copy under the same id, so mail programs
//! can fold the two. The id is a keyed hash: without the key nobody can tell which row, patient or clinic it is.

use std::fmt;

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use thiserror::Error;
use uuid::Uuid;

/// The shortest key accepted, in bytes.
pub const MIN_KEY_BYTES: usize = 32;

/// A Message-ID with its angle brackets.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct MessageId(String);

/// Why no Message-ID can be made or read.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum MessageIdError {
    /// The key is too short to hide anything.
    #[error("message id key has {0} bytes; give at least 32 random bytes")]
    ShortKey(usize),
    /// The domain is not a host name.
    #[error("`{0}` is not a mail domain; give a host name such as `mail.example.org`")]
    Domain(String),
    /// A stored id is not one that [`MessageId::derive`] makes.
    #[error("stored message id is malformed; derive it again from its outbox row")]
    Malformed,
}

impl MessageId {
    /// The id of the outbox row `outbox_id`, at `domain`.
    ///
    /// # Errors
    /// When `key` is shorter than [`MIN_KEY_BYTES`] or `domain` is not a host name.
    pub fn derive(key: &[u8], outbox_id: Uuid, domain: &str) -> Result<Self, MessageIdError> {
        if key.len() < MIN_KEY_BYTES {
            return Err(MessageIdError::ShortKey(key.len()));
        }
        if !is_host_name(domain) {
            return Err(MessageIdError::Domain(domain.to_owned()));
        }
        let mut mac = Hmac::<Sha256>::new_from_slice(key).map_err(|_| MessageIdError::ShortKey(key.len()))?;
        // The label keeps this use of the key apart from any other.
        mac.update(b"lobewatch message-id 1\0");
        mac.update(outbox_id.as_bytes());
        let hex: String = mac.finalize().into_bytes().iter().map(|byte| format!("{byte:02x}")).collect();
        Ok(Self(format!("<{hex}@{}>", domain.to_ascii_lowercase())))
    }

    /// Reads an id that was stored earlier.
    ///
    /// # Errors
    /// When the text does not have the form [`MessageId::derive`] gives it.
    pub fn parse(text: &str) -> Result<Self, MessageIdError> {
        let inner = text.strip_prefix('<').and_then(|t| t.strip_suffix('>'));
        let (hex, domain) = inner.and_then(|t| t.split_once('@')).ok_or(MessageIdError::Malformed)?;
        let hex_ok = hex.len() == 64 && hex.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
        if hex_ok && is_host_name(domain) {
            Ok(Self(text.to_owned()))
        } else {
            Err(MessageIdError::Malformed)
        }
    }

    /// The id as it stands in the header, with angle brackets.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The 64 hexadecimal digits before the `@`: fit for a file name or a boundary.
    #[must_use]
    pub fn local_part(&self) -> &str {
        self.0.trim_start_matches('<').split('@').next().unwrap_or_default()
    }
}

impl fmt::Display for MessageId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Whether `text` is a plain ASCII host name of dot-separated labels.
#[must_use]
pub fn is_host_name(text: &str) -> bool {
    !text.is_empty()
        && text.len() <= 253
        && text.split('.').all(|label| {
            !label.is_empty()
                && label.len() <= 63
                && !label.starts_with('-')
                && !label.ends_with('-')
                && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &[u8] = b"0123456789abcdef0123456789abcdef";

    #[test]
    fn a_retry_has_the_same_id_and_another_row_has_another() {
        let row = Uuid::from_u64_pair(1, 2);
        let id = MessageId::derive(KEY, row, "Mail.Example.org").unwrap();
        assert_eq!(id, MessageId::derive(KEY, row, "mail.example.org").unwrap());
        assert_ne!(id, MessageId::derive(KEY, Uuid::from_u64_pair(1, 3), "mail.example.org").unwrap());
        let other_key = b"0123456789abcdef0123456789abcdeF";
        assert_ne!(id, MessageId::derive(other_key, row, "mail.example.org").unwrap());
    }

    #[test]
    fn the_id_is_pinned_so_that_an_upgrade_cannot_change_it_between_two_attempts() {
        let id = MessageId::derive(KEY, Uuid::from_u64_pair(1, 2), "mail.example.org").unwrap();
        insta::assert_snapshot!(id, @"<39278d3091b9d6c984f7bde1cbe5f1e60489e2f92c29859a7758bdaaa2fd6243@mail.example.org>");
        assert_eq!(id.local_part().len(), 64);
        assert_eq!(MessageId::parse(id.as_str()), Ok(id));
    }

    #[test]
    fn a_short_key_or_an_odd_domain_is_refused() {
        let row = Uuid::nil();
        assert_eq!(MessageId::derive(b"short", row, "a.org"), Err(MessageIdError::ShortKey(5)));
        for domain in ["", "a b", "a\r\nb", "-a.org", "a..org", "bücher.example", "a>", "a@b"] {
            assert!(MessageId::derive(KEY, row, domain).is_err(), "{domain:?}");
        }
    }

    #[test]
    fn a_changed_stored_id_is_refused() {
        for text in ["", "<>", "<ab@example.org>", "x@example.org", "<@>", "<a>\r\nBcc: <x@y>"] {
            assert_eq!(MessageId::parse(text), Err(MessageIdError::Malformed), "{text:?}");
        }
    }
}
