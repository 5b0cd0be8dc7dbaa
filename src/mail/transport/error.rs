//! What can go wrong on the way out, in words that are safe to log.
//!
//! The text of a server's reply is never kept in an error: it may repeat an address. Only its numbers are.

use std::{error::Error as _, fmt, io};

use lettre::transport::smtp::Error as LettreError;
use thiserror::Error;

use crate::reminders::reply::{EnhancedCode, FailureClass, blames_address, class_of_reply};

/// A failed attempt.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{}", self.text())]
pub struct SendError {
    /// What follows from it.
    pub class: FailureClass,
    /// How far the attempt came.
    pub stage: Stage,
    /// The relay's reply code, when it gave one.
    pub reply_code: Option<u16>,
    /// The enhanced code, when the reply had one.
    pub enhanced_code: Option<EnhancedCode>,
    /// Whether the recipient's address itself is in doubt and must be looked at by a person.
    pub suspect_address: bool,
    cause: Cause,
}

/// How far an attempt came.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Stage {
    /// Connecting, greeting, or TLS from the first byte.
    Connect,
    /// STARTTLS.
    Encrypt,
    /// Sign-in.
    SignIn,
    /// Our sender address.
    From,
    /// The recipient's address.
    Recipient,
    /// Asking to send the message.
    Data,
    /// Sending the message and waiting for the answer to its last line.
    Message,
    /// Writing a file.
    File,
}

impl fmt::Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Connect => "connecting",
            Self::Encrypt => "starting encryption",
            Self::SignIn => "signing in",
            Self::From => "naming the sender",
            Self::Recipient => "naming the recipient",
            Self::Data => "announcing the message",
            Self::Message => "sending the message",
            Self::File => "writing the mail file",
        })
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Cause {
    Reply,
    Timeout,
    Tls,
    Refused,
    Lost,
    File(io::ErrorKind),
}

impl SendError {
    /// Nothing came back in time.
    pub(super) fn timeout(stage: Stage) -> Self {
        Self::new(stage, lost_class(stage), Cause::Timeout)
    }

    /// The other side is not there, or no longer.
    pub(super) fn lost(stage: Stage) -> Self {
        Self::new(stage, lost_class(stage), Cause::Lost)
    }

    /// This side will not go on: no encryption offered, no way to sign in, no address to connect to.
    pub(super) fn refused(stage: Stage) -> Self {
        Self::new(stage, FailureClass::Misconfigured, Cause::Refused)
    }

    /// A file could not be written. Retried: the message certainly did not leave.
    pub(super) fn file(error: &io::Error) -> Self {
        let class = match error.kind() {
            io::ErrorKind::PermissionDenied | io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => {
                FailureClass::Misconfigured
            }
            _ => FailureClass::Retry,
        };
        Self::new(Stage::File, class, Cause::File(error.kind()))
    }

    /// Sorts an error of the mail library by how far the attempt had come.
    pub(super) fn from_lettre(stage: Stage, error: &LettreError) -> Self {
        if let Some(code) = error.status() {
            return Self::from_reply(stage, code.to_string().parse().unwrap_or(0), error);
        }
        if matches!(stage, Stage::Connect | Stage::Encrypt) && is_tls(error) {
            return Self::new(stage, FailureClass::Misconfigured, Cause::Tls);
        }
        // Before the message, the library's own refusals mean "not offered by this relay".
        if error.is_client() && stage != Stage::Message {
            return Self::refused(stage);
        }
        if error.is_timeout() {
            return Self::timeout(stage);
        }
        Self::lost(stage)
    }

    fn from_reply(stage: Stage, code: u16, error: &LettreError) -> Self {
        let enhanced = error.source().and_then(|text| EnhancedCode::leading(&text.to_string()));
        let class = match (stage, class_of_reply(code, enhanced)) {
            // Before the recipient is named, a lasting refusal is about us, never about the recipient.
            (Stage::Connect | Stage::Encrypt | Stage::SignIn | Stage::From, FailureClass::Permanent) => {
                FailureClass::Misconfigured
            }
            (_, class) => class,
        };
        // A lasting refusal of the recipient is about the address, whatever its code; a refusal of the text only if it
        // says so, because that may also be about what we wrote.
        let suspect_address =
            class == FailureClass::Permanent && (stage == Stage::Recipient || blames_address(code, enhanced));
        Self {
            reply_code: Some(code),
            enhanced_code: enhanced,
            suspect_address,
            ..Self::new(stage, class, Cause::Reply)
        }
    }

    /// Whether the relay as a whole does not work, so that the failure says nothing about this mail and the next one
    /// would meet it as well.
    #[must_use]
    pub fn is_relay_failure(&self) -> bool {
        match self.stage {
            Stage::Connect | Stage::Encrypt | Stage::SignIn | Stage::From | Stage::File => true,
            // No answer at all. Its word on this mail, also a policy's, stops no other clinic's mail.
            Stage::Recipient | Stage::Data => !self.is_verdict(),
            Stage::Message => self.reply_code == Some(421),
        }
    }

    /// Whether the relay itself answered, and kept the connection open.
    pub(super) fn is_verdict(&self) -> bool {
        self.cause == Cause::Reply && self.reply_code != Some(421)
    }

    fn new(stage: Stage, class: FailureClass, cause: Cause) -> Self {
        Self { class, stage, reply_code: None, enhanced_code: None, suspect_address: false, cause }
    }

    fn text(&self) -> String {
        let stage = self.stage;
        let what = match self.cause {
            Cause::Reply => {
                let code = self.reply_code.unwrap_or(0);
                match self.enhanced_code {
                    Some(enhanced) => format!("the relay answered {code} {enhanced} while {stage}"),
                    None => format!("the relay answered {code} while {stage}"),
                }
            }
            Cause::Timeout => format!("the relay did not answer in time while {stage}"),
            Cause::Tls => format!("no trusted encrypted connection while {stage}"),
            Cause::Refused => format!("the relay does not offer what the settings ask for while {stage}"),
            Cause::Lost => format!("the connection failed while {stage}"),
            Cause::File(kind) => format!("{kind} while {stage}"),
        };
        let next = match (self.class, self.cause) {
            (FailureClass::Retry, _) => "it will be tried again",
            (FailureClass::Permanent, _) => "check the recipient's address",
            (FailureClass::Unknown, _) => {
                "it may have been delivered and will be tried again under the same message id"
            }
            (FailureClass::Misconfigured, Cause::Tls) => {
                "check the relay's name, its certificate and the extra authorities in the mail settings"
            }
            (FailureClass::Misconfigured, Cause::File(_)) => "check the mail folder and its permissions",
            (FailureClass::Misconfigured, _) => "check the mail settings and the relay's permissions",
        };
        format!("{what}; {next}")
    }
}

/// Without an answer a message counts as undelivered, until its bytes began to leave: from then on nobody on this
/// side can tell.
fn lost_class(stage: Stage) -> FailureClass {
    if stage == Stage::Message { FailureClass::Unknown } else { FailureClass::Retry }
}

/// Whether the chain of causes ends in TLS: the TLS library reports its verdicts as invalid data.
fn is_tls(error: &LettreError) -> bool {
    let mut next = error.source();
    let mut tls = error.is_tls();
    while let Some(source) = next {
        tls |= source.downcast_ref::<io::Error>().is_some_and(|io| io.kind() == io::ErrorKind::InvalidData);
        tls |= source.downcast_ref::<LettreError>().is_some_and(LettreError::is_tls);
        next = source.source();
    }
    tls
}

/// Settings no transport can be made from.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum TransportSettingsError {
    /// Unprotected mail to another machine.
    #[error("mail to `{0}` would leave unprotected; use starttls or tls, or a relay on this machine")]
    PlainToOtherHost(String),
    /// Not a host.
    #[error("`{0}` is not a host name or address; name the mail relay")]
    Host(String),
    /// The greeting name is not a host name.
    #[error("`{0}` is not a host name; give the name this machine greets the relay with")]
    HelloName(String),
    /// The extra certificates cannot be read.
    #[error("the extra certificate authorities are not certificates in PEM form; check the file")]
    Certificates,
    /// A control character in the user name or password.
    #[error("the relay's user name or password is empty or has a control character; check the secret's file")]
    Credentials,
    /// A timeout of zero.
    #[error("a mail timeout is 0; give a number of seconds")]
    Timeout,
}
