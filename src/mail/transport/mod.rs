//! Hands a finished message to where mail leaves: an SMTP relay, or a folder for development and the demo.
//!
//! One call is one attempt. Whether and when there is another is decided elsewhere (`reminders::backoff`).

pub mod error;
pub mod folder;
pub mod smtp;

use std::future::{Future, ready};

use super::message::OutgoingMail;
use error::Stage;
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
    /// Sends one message to its one recipient, once, whatever happens meanwhile: for a mail that holds no facts.
    ///
    /// # Errors
    /// As [`send_if`](Self::send_if).
    pub async fn send(&self, mail: &OutgoingMail) -> Result<Accepted, SendError> {
        match self.send_if(mail, ready(true)).await? {
            Some(accepted) => Ok(accepted),
            None => Err(SendError::refused(Stage::Data)),
        }
    }

    /// Sends one message to its one recipient, once, if `last_look` still says so. It is asked when all is ready and
    /// the recipient is named, directly before the text leaves: connecting may take minutes, and what the mail says
    /// may no longer be so. `None` if it said no.
    ///
    /// # Errors
    /// [`SendError`] says by its class whether the message was certainly not delivered, or may have been.
    pub async fn send_if(
        &self,
        mail: &OutgoingMail,
        last_look: impl Future<Output = bool> + Send,
    ) -> Result<Option<Accepted>, SendError> {
        match self {
            Self::Smtp(smtp) => smtp.send_if(mail, last_look).await,
            Self::Folder(folder) => {
                if last_look.await {
                    folder.send(mail).await.map(Some)
                } else {
                    Ok(None)
                }
            }
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
