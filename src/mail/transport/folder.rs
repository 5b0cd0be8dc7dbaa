//! A maildir-like folder: `tmp` while a mail is written, `new` once it is whole, `cur` for mail programs.
//!
//! The file name comes from the Message-ID, so sending the same mail again replaces it and cannot double it.

use std::{
    fs::{self, File},
    io::{self, Write},
    path::{Path, PathBuf},
};

use super::{Accepted, error::SendError};
use crate::mail::{message::OutgoingMail, settings::FolderSettings};

/// A folder, ready to be written to.
#[derive(Debug, Clone)]
pub struct FolderTransport {
    path: PathBuf,
}

impl FolderTransport {
    /// Takes the folder; it is made when the first mail is written.
    #[must_use]
    pub fn new(settings: FolderSettings) -> Self {
        Self { path: settings.path }
    }

    /// Writes one mail.
    ///
    /// # Errors
    /// When the file cannot be written. A mail that could not be written whole is not in `new`.
    pub async fn send(&self, mail: &OutgoingMail) -> Result<Accepted, SendError> {
        let (path, bytes) = (self.path.clone(), mail.bytes().to_vec());
        let name = format!("{}.eml", mail.message_id().local_part());
        let reply = format!("written as {name}");
        blocking(move || write(&path, &name, &bytes)).await?;
        Ok(Accepted { reply })
    }

    /// Writes a file and removes it.
    ///
    /// # Errors
    /// When the folder cannot be made or written to.
    pub async fn check(&self) -> Result<(), SendError> {
        let path = self.path.clone();
        blocking(move || {
            make_folders(&path)?;
            let probe = path.join("tmp").join("check");
            File::create(&probe)?.sync_all()?;
            fs::remove_file(probe)
        })
        .await
    }
}

async fn blocking(work: impl FnOnce() -> io::Result<()> + Send + 'static) -> Result<(), SendError> {
    let done = tokio::task::spawn_blocking(work).await;
    done.unwrap_or_else(|stopped| Err(io::Error::other(stopped))).map_err(|error| SendError::file(&error))
}

fn make_folders(path: &Path) -> io::Result<()> {
    ["tmp", "new", "cur"].iter().try_for_each(|folder| fs::create_dir_all(path.join(folder)))
}

fn write(path: &Path, name: &str, bytes: &[u8]) -> io::Result<()> {
    make_folders(path)?;
    let draft = path.join("tmp").join(name);
    let mut file = File::create(&draft)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    let target = match already_read(path, name)? {
        Some(read) => read,
        None => path.join("new").join(name),
    };
    fs::rename(&draft, &target)?;
    // The rename itself must survive a power cut, or "accepted" would be untrue.
    match target.parent() {
        Some(folder) => File::open(folder)?.sync_all(),
        None => Ok(()),
    }
}

/// The same mail after a mail program moved it to `cur` and added its marks to the name.
fn already_read(path: &Path, name: &str) -> io::Result<Option<PathBuf>> {
    for entry in fs::read_dir(path.join("cur"))? {
        let entry = entry?;
        if entry.file_name().to_string_lossy().starts_with(name) {
            return Ok(Some(entry.path()));
        }
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::{
        mail::{address::MailAddress, settings::Sender, templates::render_test_mail},
        reminders::{message_id::MessageId, reply::FailureClass},
    };

    fn mail(row: u64) -> OutgoingMail {
        let id = MessageId::derive(&[7; 32], Uuid::from_u64_pair(0, row), "mail.example.org").unwrap();
        let from = Sender { address: MailAddress::parse("lobewatch@example.org").unwrap(), name: None };
        let to = MailAddress::parse("a@clinic.example").unwrap();
        let at = "2026-03-01T02:00:00Z".parse().unwrap();
        let content = render_test_mail("https://lobewatch.example.org/", at).unwrap();
        OutgoingMail::new(id, &from, &to, at, &content).unwrap()
    }

    fn count(path: &Path, folder: &str) -> usize {
        fs::read_dir(path.join(folder)).unwrap().count()
    }

    #[tokio::test]
    async fn a_mail_sent_again_replaces_itself_also_after_it_was_read() {
        let home = tempfile::tempdir().unwrap();
        let folder = FolderTransport::new(FolderSettings { path: home.path().join("mail") });
        let path = home.path().join("mail");
        let accepted = folder.send(&mail(1)).await.unwrap();
        folder.send(&mail(1)).await.unwrap();
        folder.send(&mail(2)).await.unwrap();
        assert_eq!((count(&path, "new"), count(&path, "tmp")), (2, 0));
        let name = accepted.reply.strip_prefix("written as ").unwrap().to_owned();
        assert_eq!(fs::read(path.join("new").join(&name)).unwrap(), mail(1).bytes());
        fs::rename(path.join("new").join(&name), path.join("cur").join(format!("{name}:2,S"))).unwrap();
        folder.send(&mail(1)).await.unwrap();
        assert_eq!((count(&path, "new"), count(&path, "cur")), (1, 1));
    }

    #[tokio::test]
    async fn a_folder_that_cannot_be_made_is_a_fault_of_the_settings() {
        let home = tempfile::tempdir().unwrap();
        let file = home.path().join("file");
        fs::write(&file, "x").unwrap();
        let folder = FolderTransport::new(FolderSettings { path: file.join("mail") });
        let error = folder.check().await.unwrap_err();
        assert_eq!(error.class, FailureClass::Misconfigured, "{error}");
        assert_eq!(folder.send(&mail(1)).await.unwrap_err().class, FailureClass::Misconfigured);
        let good = FolderTransport::new(FolderSettings { path: home.path().join("mail") });
        good.check().await.unwrap();
    }
}
