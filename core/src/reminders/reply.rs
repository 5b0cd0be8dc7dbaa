//! What an SMTP reply code means for a reminder: try again, give up, or call the operator.
//!
//! Pure tables over the numbers of a reply. The texts of replies are never read: they differ between servers and
//! may repeat an address.

use std::fmt;

/// How a delivery attempt failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FailureClass {
    /// Certainly not delivered; worth another try (4yz, no connection, timeout before the message was sent).
    Retry,
    /// Certainly not delivered and never will be under this address (5yz).
    Permanent,
    /// The message was sent but no answer came: it may have been delivered. Tried again under the same id.
    Unknown,
    /// Our own settings are at fault (sign-in refused, certificate, relaying denied): certainly not delivered,
    /// tried again, and the operator is told.
    Misconfigured,
}

impl FailureClass {
    /// The stable code stored with an attempt.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Retry => "retry",
            Self::Permanent => "permanent",
            Self::Unknown => "unknown",
            Self::Misconfigured => "misconfigured",
        }
    }
}

/// An enhanced status code such as `5.1.1`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct EnhancedCode {
    /// 2, 4 or 5.
    pub class: u8,
    /// What it is about: 1 address, 2 mailbox, 3 system, 4 network, 5 protocol, 6 content, 7 policy.
    pub subject: u16,
    /// The detail within the subject.
    pub detail: u16,
}

impl EnhancedCode {
    /// Reads the code a reply text starts with, if it starts with one.
    #[must_use]
    pub fn leading(text: &str) -> Option<Self> {
        let mut numbers = text.split_ascii_whitespace().next()?.split('.');
        let mut digits = |most: usize| {
            let number = numbers.next()?;
            let plain = number.bytes().all(|b| b.is_ascii_digit()) && number.len() <= most;
            plain.then(|| number.parse::<u16>().ok()).flatten()
        };
        let class = u8::try_from(digits(1)?).ok()?;
        let (subject, detail) = (digits(3)?, digits(3)?);
        (numbers.next().is_none() && matches!(class, 2 | 4 | 5)).then_some(Self { class, subject, detail })
    }
}

impl fmt::Display for EnhancedCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.class, self.subject, self.detail)
    }
}

/// The class of a negative reply. `code` is the three-digit reply code.
///
/// A code that is neither 4yz nor 5yz is a server that does not speak the protocol: worth a retry, not a verdict
/// on the address.
#[must_use]
pub fn class_of_reply(code: u16, enhanced: Option<EnhancedCode>) -> FailureClass {
    // Sign-in, encryption and policy are ours to mend, not the recipient's.
    match (code, enhanced) {
        (530 | 534 | 535 | 538, None) => FailureClass::Misconfigured,
        (500..=599, Some(EnhancedCode { subject: 7, .. })) => FailureClass::Misconfigured,
        // Command errors: this client and that server do not understand each other.
        (500 | 502..=504, None) => FailureClass::Misconfigured,
        (500..=599, _) => FailureClass::Permanent,
        _ => FailureClass::Retry,
    }
}

/// Whether a refused recipient says that the address itself is wrong, so that it must not be used again before
/// a person has looked at it.
#[must_use]
pub fn blames_address(code: u16, enhanced: Option<EnhancedCode>) -> bool {
    match enhanced {
        Some(enhanced) => enhanced.class == 5 && enhanced.subject == 1,
        None => matches!(code, 550 | 551 | 553),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reply_codes_have_the_class_of_the_table() {
        use FailureClass::{Misconfigured, Permanent, Retry};
        let table = [
            (421, "4.3.2 down", Retry),
            (450, "4.2.1 mailbox busy", Retry),
            (451, "4.7.1 greylisted", Retry),
            (452, "full", Retry),
            (454, "4.7.0 sign-in not available now", Retry),
            (550, "5.1.1 no such user", Permanent),
            (550, "no such user", Permanent),
            (552, "5.2.2 over quota", Permanent),
            (554, "5.6.0 content", Permanent),
            (554, "transaction failed", Permanent),
            (550, "5.7.1 relaying denied", Misconfigured),
            (530, "5.7.0 must issue STARTTLS first", Misconfigured),
            (535, "authentication failed", Misconfigured),
            (535, "5.7.8 authentication failed", Misconfigured),
            (503, "bad sequence", Misconfigured),
            (299, "what", Retry),
        ];
        for (code, text, class) in table {
            assert_eq!(class_of_reply(code, EnhancedCode::leading(text)), class, "{code} {text}");
        }
    }

    #[test]
    fn only_address_replies_make_an_address_suspect() {
        assert!(blames_address(550, EnhancedCode::leading("5.1.1 no such user")));
        assert!(blames_address(550, None));
        assert!(!blames_address(550, EnhancedCode::leading("5.7.1 relaying denied")));
        assert!(!blames_address(552, None));
        assert!(!blames_address(450, EnhancedCode::leading("4.1.1 later")));
    }

    #[test]
    fn an_enhanced_code_is_read_only_when_it_is_one() {
        assert_eq!(EnhancedCode::leading("5.1.10 x").unwrap().to_string(), "5.1.10");
        for text in ["", "no such user", "5.1", "5.1.1.1 x", "3.1.1 x", "55.1.1 x", "5.1000.1", "5.+1.1"] {
            assert_eq!(EnhancedCode::leading(text), None, "{text}");
        }
    }
}
