//! Plain settings of the mail transports. They are filled from the configuration; nothing here reads it.

use std::{fmt, path::PathBuf, time::Duration};

use super::{address::MailAddress, hygiene::HeaderText};

/// A secret that does not show in logs, errors or `{:?}`.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Wraps a secret.
    #[must_use]
    pub fn new(secret: String) -> Self {
        Self(secret)
    }

    /// The secret itself, for the one place that needs it.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(..)")
    }
}

/// Who the mails come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sender {
    /// The address in `From` and in the envelope.
    pub address: MailAddress,
    /// The name shown beside it.
    pub name: Option<HeaderText>,
}

/// How the connection to the relay is protected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SmtpSecurity {
    /// Plain at first, then STARTTLS; a relay that does not offer it is refused. Usually port 587.
    StartTls,
    /// TLS from the first byte. Usually port 465.
    ImplicitTls,
    /// No protection; only to this machine itself.
    None,
}

/// A user name and password for the relay.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SmtpCredentials {
    /// The user name.
    pub username: String,
    /// The password.
    pub password: Secret,
}

/// How long to wait for the relay.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SmtpTimeouts {
    /// For the connection with its encryption, greeting and sign-in.
    pub connect: Duration,
    /// For the answer to each command before the message.
    pub command: Duration,
    /// For sending the message and for the answer after its last line. RFC 5321 section 4.5.3.2.6 asks for ten
    /// minutes: a relay that is given up on sooner has often accepted the message, and the retry is a double.
    pub message: Duration,
}

impl Default for SmtpTimeouts {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(60),
            command: Duration::from_secs(120),
            message: Duration::from_secs(600),
        }
    }
}

/// A relay that takes mail over SMTP.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SmtpSettings {
    /// The relay's host name, also checked against its certificate.
    pub host: String,
    /// The relay's port.
    pub port: u16,
    /// How the connection is protected.
    pub security: SmtpSecurity,
    /// Sign-in, when the relay wants one.
    pub credentials: Option<SmtpCredentials>,
    /// Certificates, in PEM form, of authorities trusted beside the system's own.
    pub extra_ca_pem: Option<String>,
    /// The host name given in the greeting; the machine's own when absent.
    pub hello_name: Option<String>,
    /// How long to wait.
    pub timeouts: SmtpTimeouts,
}

/// A folder that keeps mails as files, for development and the demo.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FolderSettings {
    /// The folder; `new`, `cur` and `tmp` are made inside it.
    pub path: PathBuf,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_does_not_show_in_debug_output() {
        let credentials =
            SmtpCredentials { username: "relay".to_owned(), password: Secret::new("hunter2".to_owned()) };
        assert!(!format!("{credentials:?}").contains("hunter2"));
    }
}
