//! Builds the bytes of one message to one recipient.
//!
//! The same input gives the same bytes, boundary included, so that a retry is the same message. Bodies are base64:
//! no lone carriage return, dot or overlong line can pass. Only checked text gets here, so the mail library cannot
//! be made to panic or to gain a header.

use std::time::SystemTime;

use chrono::{DateTime, Utc};
use lettre::{
    Message,
    address::Envelope,
    message::{
        Body, Mailbox, MultiPart, SinglePart,
        header::{ContentTransferEncoding, ContentType, Header, HeaderName, HeaderValue},
    },
};
use thiserror::Error;

use super::{
    address::MailAddress,
    hygiene::{HygieneError, check_body},
    settings::Sender,
    templates::Rendered,
};
use crate::reminders::message_id::MessageId;

/// A message ready to leave: one recipient, a fixed identity.
#[derive(Debug, Clone)]
pub struct OutgoingMail {
    message_id: MessageId,
    envelope: Envelope,
    bytes: Vec<u8>,
}

/// Why a message cannot be built.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum MessageError {
    /// A body has a character that may not stand in a mail.
    #[error("mail body: {0}")]
    Body(#[from] HygieneError),
    /// The mail library refused the parts.
    #[error("message could not be put together ({0}); report this with the reminder's key")]
    Build(&'static str),
}

impl OutgoingMail {
    /// Builds the message. `sent_at` goes into the `Date` header: give the instant the reminder was made, not the
    /// instant of the attempt, and a retry is the same message byte for byte.
    ///
    /// # Errors
    /// When a body has a character that may not stand in a mail.
    pub fn new(
        message_id: MessageId,
        from: &Sender,
        to: &MailAddress,
        sent_at: DateTime<Utc>,
        content: &Rendered,
    ) -> Result<Self, MessageError> {
        check_body(&content.text)?;
        check_body(&content.html)?;
        let name = from.name.as_ref().map(|name| name.as_str().to_owned());
        let message = Message::builder()
            .date(SystemTime::from(sent_at))
            .from(Mailbox::new(name, from.address.as_lettre().clone()))
            .to(Mailbox::new(None, to.as_lettre().clone()))
            .subject(content.subject.as_str())
            .message_id(Some(message_id.as_str().to_owned()))
            .header(AutoSubmitted)
            .multipart(
                MultiPart::alternative()
                    // Neither `_` nor `=_` can occur in base64.
                    .boundary(format!("=_{}", message_id.local_part()))
                    .singlepart(part(ContentType::TEXT_PLAIN, &content.text)?)
                    .singlepart(part(ContentType::TEXT_HTML, &content.html)?),
            )
            .map_err(|_| MessageError::Build("headers"))?;
        let envelope = Envelope::new(Some(from.address.as_lettre().clone()), vec![to.as_lettre().clone()])
            .map_err(|_| MessageError::Build("envelope"))?;
        Ok(Self { message_id, envelope, bytes: message.formatted() })
    }

    /// The identity, the same at every retry.
    #[must_use]
    pub fn message_id(&self) -> &MessageId {
        &self.message_id
    }

    /// The message as it goes over the wire, before dot stuffing.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Sender and the one recipient.
    pub(super) fn envelope(&self) -> &Envelope {
        &self.envelope
    }
}

fn part(kind: ContentType, text: &str) -> Result<SinglePart, MessageError> {
    let body = Body::new_with_encoding(text.to_owned(), ContentTransferEncoding::Base64)
        .map_err(|_| MessageError::Build("body encoding"))?;
    Ok(SinglePart::builder().header(kind).body(body))
}

/// Tells answering machines to keep quiet (RFC 3834).
#[derive(Debug, Clone, Copy)]
struct AutoSubmitted;

impl Header for AutoSubmitted {
    fn name() -> HeaderName {
        HeaderName::new_from_ascii_str("Auto-Submitted")
    }

    fn parse(_: &str) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        Ok(Self)
    }

    fn display(&self) -> HeaderValue {
        HeaderValue::new(Self::name(), "auto-generated".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use uuid::Uuid;

    use super::*;
    use crate::mail::hygiene::HeaderText;

    fn id() -> MessageId {
        MessageId::derive(&[7; 32], Uuid::nil(), "mail.example.org").unwrap()
    }

    fn build(name: Option<&str>, to: &str, subject: &str, body: &str) -> Option<OutgoingMail> {
        let name = match name {
            Some(name) => Some(HeaderText::parse_name(name).ok()?),
            None => None,
        };
        let from = Sender { address: MailAddress::parse("lobewatch@example.org").unwrap(), name };
        let content = Rendered {
            subject: HeaderText::parse(subject).ok()?,
            text: body.to_owned(),
            html: format!("<p>{body}</p>"),
        };
        let at = "2026-03-01T02:00:00Z".parse().unwrap();
        OutgoingMail::new(id(), &from, &MailAddress::parse(to).ok()?, at, &content).ok()
    }

    fn header_names(bytes: &[u8]) -> Vec<String> {
        let text = std::str::from_utf8(bytes).unwrap();
        let head = text.split("\r\n\r\n").next().unwrap();
        head.split("\r\n")
            .filter(|line| !line.starts_with([' ', '\t']))
            .map(|line| line.split(':').next().unwrap().to_owned())
            .collect()
    }

    #[test]
    fn the_headers_are_exactly_these() {
        let mail = build(Some("lobewatch"), "a@clinic.example", "3 scans", "x").unwrap();
        let text = std::str::from_utf8(mail.bytes()).unwrap();
        insta::assert_snapshot!(text.split("\r\n\r\n").next().unwrap().replace("\r\n", "\n"), @r#"
        Date: Sun, 01 Mar 2026 02:00:00 +0000
        From: lobewatch <lobewatch@example.org>
        To: a@clinic.example
        Subject: 3 scans
        Message-ID: <44010fe2122d414fd965c524e289e4a0c3991a5c86559c4b1455ce247cb81d8c@mail.example.org>
        Auto-Submitted: auto-generated
        MIME-Version: 1.0
        Content-Type: multipart/alternative;
         boundary="=_44010fe2122d414fd965c524e289e4a0c3991a5c86559c4b1455ce247cb81d8c"
        "#);
    }

    #[test]
    fn the_same_input_gives_the_same_bytes() {
        let make = || build(Some("Ä"), "a@clinic.example", "3 scans", "x").unwrap().bytes().to_vec();
        assert_eq!(make(), make());
    }

    #[test]
    fn a_line_with_a_lone_dot_does_not_reach_the_wire_as_one() {
        let mail = build(None, "a@clinic.example", "s", "a\n.\nb").unwrap();
        let text = std::str::from_utf8(mail.bytes()).unwrap();
        assert!(text.split("\r\n").all(|line| !line.starts_with('.')));
    }

    fn nasty() -> impl Strategy<Value = String> {
        let piece = prop_oneof![
            any::<String>(),
            "[a-zA-Z ,;:<>@\"()]{0,30}",
            Just("\r\nBcc: x@y.example".to_owned()),
            Just("\0".to_owned()),
            Just("\u{85}".to_owned()),
            Just("\u{2028}".to_owned()),
            Just("=?utf-8?q?=0D=0A?=".to_owned()),
            Just("Ä".repeat(60)),
            Just("x".repeat(119)),
            Just("\u{1F600}".repeat(30)),
        ];
        proptest::collection::vec(piece, 0..4).prop_map(|pieces| pieces.concat())
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2_000))]
        #[test]
        fn no_text_panics_gains_a_header_or_makes_an_overlong_line(
            name in proptest::option::of(nasty()),
            subject in nasty(),
            body in nasty(),
            to in prop_oneof![Just("a@clinic.example".to_owned()), nasty()],
        ) {
            let expected = header_names(build(None, "a@clinic.example", "s", "b").unwrap().bytes());
            if let Some(mail) = build(name.as_deref(), &to, &subject, &body) {
                let bytes = mail.bytes();
                prop_assert_eq!(header_names(bytes), expected);
                prop_assert!(bytes.is_ascii() && !bytes.contains(&0));
                let text = std::str::from_utf8(bytes).unwrap();
                prop_assert_eq!(text.matches("\r\nTo: ").count(), 1);
                prop_assert_eq!(mail.envelope().to().len(), 1);
                for line in text.split("\r\n") {
                    prop_assert!(line.len() <= 998 && !line.contains(['\r', '\n']), "{line:?}");
                }
            }
        }

        #[test]
        fn clean_text_is_never_refused(name in "[a-zA-Zäöüß ,.()&'-]{0,50}[a-z]", subject in "[ -<>@-~]{0,100}[a-z]") {
            prop_assert!(build(Some(&name), "a@clinic.example", &subject, "b").is_some());
        }
    }
}
