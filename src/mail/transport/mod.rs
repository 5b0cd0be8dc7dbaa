//! Hands a finished message to where mail leaves: an SMTP relay, or a folder for development and the demo.
//!
//! One call is one attempt. Whether and when there is another is decided elsewhere (`reminders::backoff`).

pub mod error;
pub mod folder;
pub mod smtp;

use super::message::OutgoingMail;
pub use error::{SendError, TransportSettingsError};
pub use folder::FolderTransport;
pub use smtp::SmtpTransport;

/// Where mail leaves.
#[derive(Debug)]
pub enum MailTransport {
    /// A relay.
    Smtp(Box<SmtpTransport>),
    /// A folder of files.
    Folder(FolderTransport),
}

/// A message was taken. What the relay does with it is out of sight from here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Accepted {
    /// The relay's reply, made printable and cut to 200 characters; keep it with the attempt.
    pub reply: String,
}

impl MailTransport {
    /// Sends one message to its one recipient, once.
    ///
    /// # Errors
    /// [`SendError`] says by its class whether the message was certainly not delivered, or may have been.
    pub async fn send(&self, mail: &OutgoingMail) -> Result<Accepted, SendError> {
        match self {
            Self::Smtp(smtp) => smtp.send(mail).await,
            Self::Folder(folder) => folder.send(mail).await,
        }
    }

    /// Tests the way out without sending: connects, encrypts and signs in, or writes and removes a file.
    ///
    /// # Errors
    /// The error a message would meet on the same way.
    pub async fn check(&self) -> Result<(), SendError> {
        match self {
            Self::Smtp(smtp) => smtp.check().await,
            Self::Folder(folder) => folder.check().await,
        }
    }

    /// A word for status pages and metrics: `smtp` or `folder`.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Smtp(_) => "smtp",
            Self::Folder(_) => "folder",
        }
    }
}
