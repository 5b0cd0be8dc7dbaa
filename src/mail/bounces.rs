//! Reports of failed deliveries (RFC 3464): which of our messages came back, and with what status.
//!
//! Only numbers and the Message-ID are taken from a report: its texts may repeat an address. A Message-ID cannot be
//! guessed, so nobody can make an address look wrong who has not received a mail of ours.

use std::{
    fs::{self, File},
    io::{self, BufRead, BufReader, Read},
    path::{Path, PathBuf},
};

use mail_parser::{Message, MessageParser, MimeHeaders, PartType, mailbox::mbox::MessageIterator};

use crate::reminders::reply::EnhancedCode;

/// A longer message is no report of ours: a digest and the words around it are far shorter.
const MOST_BYTES: u64 = 4 << 20;

/// A report about one of somebody's messages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// The Message-ID of the message it is about, with its angle brackets.
    pub message_id: String,
    /// The status code of the recipient.
    pub status: EnhancedCode,
    /// Whether the delivery has failed for good; otherwise it is only late, or has even succeeded.
    pub is_final: bool,
}

/// Reads a message as a report; `None` if it is none, or does not say which message it is about.
#[must_use]
pub fn read_report(bytes: &[u8]) -> Option<Report> {
    let message = MessageParser::default().parse(bytes)?;
    let status = message.parts.iter().find(|part| {
        part.content_type().is_some_and(|kind| {
            kind.ctype().eq_ignore_ascii_case("message")
                && kind.subtype().is_some_and(|subtype| subtype.eq_ignore_ascii_case("delivery-status"))
        })
    })?;
    let fields = String::from_utf8_lossy(status.contents()).into_owned();
    let field = |name: &str| {
        fields.lines().find_map(|line| {
            let (found, value) = line.split_once(':')?;
            found.trim().eq_ignore_ascii_case(name).then(|| value.trim().to_owned())
        })
    };
    let status = EnhancedCode::leading(&field("Status")?)?;
    let is_failed = field("Action").is_some_and(|action| action.eq_ignore_ascii_case("failed"));
    let message_id = message.parts.iter().find_map(returned_id)?;
    Some(Report { message_id: format!("<{message_id}>"), status, is_final: is_failed && status.class == 5 })
}

/// The Message-ID of the message that a report sends back, whole or its headers only.
fn returned_id(part: &mail_parser::MessagePart<'_>) -> Option<String> {
    let id = |message: &Message<'_>| message.message_id().map(str::to_owned);
    match &part.body {
        PartType::Message(returned) => id(returned),
        _ => {
            let kind = part.content_type()?;
            let is_headers =
                kind.subtype().is_some_and(|subtype| subtype.eq_ignore_ascii_case("rfc822-headers"));
            is_headers
                .then(|| MessageParser::default().parse(part.contents()))
                .flatten()
                .as_ref()
                .and_then(id)
        }
    }
}

/// Goes through a mailbox and changes nothing in it: a file in mbox format or with one message, a Maildir, or a folder
/// of `.eml` files. A message that is too long to be a report is passed over.
///
/// # Errors
/// When the mailbox or one of its files cannot be read. What was handed over before that was.
pub fn for_each_message(mailbox: &Path, mut handle: impl FnMut(&[u8])) -> io::Result<()> {
    if mailbox.is_dir() {
        for file in files(mailbox)? {
            if let Some(bytes) = whole(File::open(file)?)? {
                handle(&bytes);
            }
        }
        return Ok(());
    }
    let mut reader = BufReader::new(File::open(mailbox)?);
    if reader.fill_buf()?.starts_with(b"From ") {
        for message in MessageIterator::new(reader) {
            handle(message?.contents());
        }
    } else if let Some(bytes) = whole(reader)? {
        handle(&bytes);
    }
    Ok(())
}

fn whole(file: impl Read) -> io::Result<Option<Vec<u8>>> {
    let mut bytes = Vec::new();
    file.take(MOST_BYTES + 1).read_to_end(&mut bytes)?;
    Ok((bytes.len() as u64 <= MOST_BYTES).then_some(bytes))
}

/// The messages of a Maildir, or the `.eml` files of any other folder, in order of their names.
fn files(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let maildir: Vec<_> =
        ["new", "cur"].iter().map(|name| folder.join(name)).filter(|path| path.is_dir()).collect();
    let (folders, only_eml) =
        if maildir.is_empty() { (vec![folder.to_owned()], true) } else { (maildir, false) };
    let mut files = Vec::new();
    for folder in folders {
        for entry in fs::read_dir(folder)? {
            let path = entry?.path();
            let is_eml = path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("eml"));
            if path.is_file() && (is_eml || !only_eml) {
                files.push(path);
            }
        }
    }
    files.sort();
    Ok(files)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// As Postfix writes it; the returned part as given.
    fn report(action: &str, status: &str, returned: &str) -> String {
        format!(
            "From: MAILER-DAEMON@relay.example\nTo: lobewatch@example.org\nSubject: Undelivered Mail\n\
             Auto-Submitted: auto-replied\nMIME-Version: 1.0\n\
             Content-Type: multipart/report; report-type=delivery-status; boundary=\"b\"\n\n\
             --b\nContent-Type: text/plain\n\nI'm sorry.\n\n\
             --b\nContent-Type: message/delivery-status\n\n\
             Reporting-MTA: dns; relay.example\n\nFinal-Recipient: rfc822; nurse@clinic.example\n\
             Action: {action}\nStatus: {status}\nDiagnostic-Code: smtp; 550 no such user\n\n\
             --b\n{returned}\n\n--b--\n"
        )
    }

    const WHOLE: &str = "Content-Type: message/rfc822\n\nFrom: lobewatch@example.org\nMessage-ID: <ab12@example.org>\n\
                         Subject: a reminder\n\nbody";
    const HEADERS: &str = "Content-Type: text/rfc822-headers\n\nFrom: lobewatch@example.org\n\
                           Message-ID: <ab12@example.org>\nSubject: a reminder\n";

    #[test]
    fn a_report_is_read_with_the_whole_message_or_its_headers_sent_back() {
        for returned in [WHOLE, HEADERS] {
            let read = read_report(report("failed", "5.1.1", returned).as_bytes()).unwrap();
            assert_eq!(read.message_id, "<ab12@example.org>");
            assert_eq!((read.status.to_string().as_str(), read.is_final), ("5.1.1", true));
        }
    }

    #[test]
    fn a_delivery_that_is_only_late_or_has_succeeded_is_not_final() {
        for (action, status) in
            [("delayed", "4.4.1"), ("failed", "4.4.7"), ("delivered", "2.0.0"), ("relayed", "5.0.0")]
        {
            let read = read_report(report(action, status, WHOLE).as_bytes()).unwrap();
            assert!(!read.is_final, "{action} {status}");
        }
    }

    #[test]
    fn what_is_no_report_or_names_no_message_is_none() {
        let plain = "From: a@b.example\nMessage-ID: <ab12@example.org>\n\nAction: failed\nStatus: 5.1.1\n";
        let nothing_returned = report("failed", "5.1.1", "Content-Type: text/plain\n\nnothing");
        for text in ["", plain, &nothing_returned, &report("failed", "five", WHOLE)] {
            assert_eq!(read_report(text.as_bytes()), None, "{text}");
        }
    }

    #[test]
    fn a_mailbox_is_a_file_of_many_a_maildir_or_a_folder() {
        let home = tempfile::tempdir().unwrap();
        let one = report("failed", "5.1.1", WHOLE);
        let mbox = home.path().join("mbox");
        fs::write(
            &mbox,
            format!("From a Tue Mar  3 02:00:00 2026\n{one}\nFrom b Tue Mar  3 02:00:00 2026\n{one}\n"),
        )
        .unwrap();
        let single = home.path().join("one.eml");
        fs::write(&single, &one).unwrap();
        fs::create_dir_all(home.path().join("box/new")).unwrap();
        fs::create_dir_all(home.path().join("box/cur")).unwrap();
        fs::write(home.path().join("box/new/1.relay"), &one).unwrap();
        fs::write(home.path().join("box/cur/2.relay:2,S"), &one).unwrap();
        let count = |path: &Path| {
            let mut reports = 0;
            for_each_message(path, |bytes| reports += u32::from(read_report(bytes).is_some())).unwrap();
            reports
        };
        assert_eq!(count(&mbox), 2);
        assert_eq!(count(&single), 1);
        assert_eq!(count(&home.path().join("box")), 2);
        assert_eq!(count(home.path()), 1, "of a plain folder the .eml files");
        assert!(for_each_message(&home.path().join("missing"), |_| ()).is_err());
        fs::write(&single, "x".repeat(usize::try_from(MOST_BYTES).unwrap() + 1)).unwrap();
        assert_eq!(count(&single), 0);
    }

    proptest! {
        #[test]
        fn no_bytes_panic(bytes in proptest::collection::vec(any::<u8>(), 0..400), cut in 0_usize..900) {
            drop(read_report(&bytes));
            let whole = report("failed", "5.1.1", WHOLE);
            drop(read_report(whole.as_bytes().get(..cut).unwrap_or(whole.as_bytes())));
        }
    }
}
