//! Mail against a real SMTP server: what arrives, and how each way of failing is sorted.

#[cfg(test)]
#[path = "support/smtp.rs"]
mod smtp;

#[cfg(test)]
mod delivery {
    use std::time::Duration;

    use lobewatch::{
        mail::{
            address::MailAddress,
            hygiene::HeaderText,
            message::OutgoingMail,
            settings::{Secret, Sender, SmtpCredentials, SmtpSecurity, SmtpSettings, SmtpTimeouts},
            templates::{Rendered, render_digest},
            transport::{MailTransport, SendError, SmtpTransport, TransportSettingsError, error::Stage},
        },
        reminders::{
            digest::{Audience, Digest, DigestHead, DigestRow},
            message_id::MessageId,
            reply::FailureClass,
            step::Step,
        },
    };
    use serde_json::json;
    use uuid::Uuid;

    use super::smtp::{Mode, PASSWORD, Relay, USER};

    fn settings(relay: &Relay, mode: Mode) -> SmtpSettings {
        let (security, protected) = match mode {
            Mode::StartTls => (SmtpSecurity::StartTls, true),
            Mode::Tls => (SmtpSecurity::ImplicitTls, true),
            Mode::Plain => (SmtpSecurity::None, false),
        };
        let sign_in =
            || SmtpCredentials { username: USER.to_owned(), password: Secret::new(PASSWORD.to_owned()) };
        SmtpSettings {
            host: "localhost".to_owned(),
            port: relay.port,
            security,
            credentials: protected.then(sign_in),
            extra_ca_pem: protected.then(|| relay.ca_pem()),
            hello_name: Some("lobewatch.example.org".to_owned()),
            timeouts: SmtpTimeouts::default(),
        }
    }

    fn transport(settings: SmtpSettings) -> MailTransport {
        MailTransport::Smtp(Box::new(SmtpTransport::new(settings).unwrap()))
    }

    fn content() -> Rendered {
        let row = DigestRow {
            clinic_slug: "north".to_owned(),
            study_id: "STS-0001".to_owned(),
            step: Step::Overdue { days_after: 1 },
            due_on: "2026-02-14".parse().unwrap(),
            days_late: 3,
            is_new: true,
        };
        let head = DigestHead {
            clinic_slug: "north".to_owned(),
            clinic_name: "Klinik für Thorax".to_owned(),
            local_date: "2026-03-03".parse().unwrap(),
            data_at: "2026-03-03T02:00:00Z".parse().unwrap(),
            link: "https://lobewatch.example.org/".to_owned(),
            audience: Audience::Coordinator,
        };
        let digest = Digest::new(head, vec![row], Vec::new());
        render_digest(&digest.unwrap()).unwrap()
    }

    fn mail(row: u64) -> OutgoingMail {
        let id = MessageId::derive(&[7; 32], Uuid::from_u64_pair(0, row), "mail.example.org").unwrap();
        let from = Sender {
            address: MailAddress::parse("lobewatch@example.org").unwrap(),
            name: Some(HeaderText::parse_name("lobewatch, Thoraxzentrum Süd").unwrap()),
        };
        let to = MailAddress::parse("follow-up@clinic.example").unwrap();
        OutgoingMail::new(id, &from, &to, "2026-03-03T02:00:05Z".parse().unwrap(), &content()).unwrap()
    }

    async fn failure(transport: &MailTransport) -> SendError {
        transport.send(&mail(1)).await.unwrap_err()
    }

    async fn assert_arrives(mode: Mode) {
        let relay = Relay::start(mode);
        let transport = transport(settings(&relay, mode));
        transport.check().await.unwrap();
        let accepted = transport.send(&mail(1)).await.unwrap();
        assert!(accepted.reply.starts_with("250 2.0.0 kept as 1"), "{}", accepted.reply);

        let all = relay.taken();
        assert_eq!(all.len(), 1);
        let got = &all[0];
        let protected = !matches!(mode, Mode::Plain);
        assert_eq!((got.encrypted, got.signed_in), (protected, protected));
        assert_eq!(got.envelope_from, "lobewatch@example.org");
        assert_eq!(got.envelope_to, ["follow-up@clinic.example"]);
        assert_eq!(got.header("to"), "follow-up@clinic.example");
        assert_eq!(got.header("from"), "\"lobewatch, Thoraxzentrum Süd\" <lobewatch@example.org>");
        assert_eq!(
            got.header("subject"),
            "lobewatch: 1 scan needs attention (1 overdue) - Klinik für Thorax"
        );
        assert_eq!(got.header("message-id"), mail(1).message_id().as_str());
        assert_eq!(got.header("auto-submitted"), "auto-generated");
        assert_eq!(got.header("date"), "Tue, 03 Mar 2026 02:00:05 +0000");
        assert!(got.header("content-type").starts_with("multipart/alternative"));
        assert_eq!(got.headers.len(), 8, "{:?}", got.headers);
        assert_eq!(got.text.replace("\r\n", "\n"), content().text);
        assert_eq!(got.html.replace("\r\n", "\n"), content().html);
        assert!(!got.bare);
        assert_eq!(String::from_utf8(relay.bytes(1)).unwrap(), std::str::from_utf8(mail(1).bytes()).unwrap());
    }

    #[tokio::test]
    async fn a_digest_arrives_whole_over_starttls_with_sign_in() {
        assert_arrives(Mode::StartTls).await;
    }

    #[tokio::test]
    async fn a_digest_arrives_whole_over_tls_from_the_first_byte() {
        assert_arrives(Mode::Tls).await;
    }

    #[tokio::test]
    async fn a_digest_arrives_whole_at_an_unprotected_relay_on_this_machine() {
        assert_arrives(Mode::Plain).await;
    }

    #[tokio::test]
    async fn a_passing_refusal_is_tried_again_and_arrives_under_the_same_message_id() {
        let relay = Relay::start(Mode::StartTls);
        let transport = transport(settings(&relay, Mode::StartTls));
        for fault in [json!({"rcpt": "450 4.2.1 busy"}), json!({"message": "451 4.3.0 later"})] {
            relay.control(&fault);
            let error = failure(&transport).await;
            assert_eq!(error.class, FailureClass::Retry, "{error}");
            assert!(!error.suspect_address);
        }
        relay.behave();
        transport.send(&mail(1)).await.unwrap();
        let taken = relay.taken();
        assert_eq!(taken.len(), 1);
        assert_eq!(taken[0].header("message-id"), mail(1).message_id().as_str());
    }

    #[tokio::test]
    async fn an_unknown_recipient_is_permanent_and_makes_the_address_suspect() {
        let relay = Relay::start(Mode::Plain);
        let transport = transport(settings(&relay, Mode::Plain));
        relay.control(&json!({"rcpt": "550 5.1.1 follow-up@clinic.example unknown"}));
        let error = failure(&transport).await;
        assert_eq!((error.class, error.stage), (FailureClass::Permanent, Stage::Recipient));
        assert_eq!(error.reply_code, Some(550));
        assert_eq!(error.enhanced_code.unwrap().to_string(), "5.1.1");
        assert!(error.suspect_address);
        assert!(!format!("{error} {error:?}").contains("follow-up"), "{error:?}");
        relay.control(&json!({"message": "554 5.6.0 content"}));
        let error = failure(&transport).await;
        assert_eq!((error.class, error.suspect_address), (FailureClass::Permanent, false));
        assert!(relay.taken().is_empty());
    }

    #[tokio::test]
    async fn a_refused_sender_is_our_fault_and_not_the_recipients() {
        let relay = Relay::start(Mode::Plain);
        let transport = transport(settings(&relay, Mode::Plain));
        relay.control(&json!({"mail": "550 5.1.8 bad sender"}));
        let error = failure(&transport).await;
        assert_eq!((error.class, error.suspect_address), (FailureClass::Misconfigured, false));
        relay.control(&json!({"rcpt": "550 5.7.1 relaying denied"}));
        let error = failure(&transport).await;
        assert_eq!((error.class, error.suspect_address), (FailureClass::Misconfigured, false));
    }

    #[tokio::test]
    async fn a_connection_cut_before_the_message_is_a_plain_retry() {
        let relay = Relay::start(Mode::StartTls);
        let transport = transport(settings(&relay, Mode::StartTls));
        for (cut, stage) in [("rcpt", Stage::Recipient), ("data", Stage::Data)] {
            relay.control(&json!({"cut": cut}));
            let error = failure(&transport).await;
            assert_eq!((error.class, error.stage), (FailureClass::Retry, stage), "{error}");
        }
        assert!(relay.taken().is_empty());
    }

    #[tokio::test]
    async fn a_connection_cut_after_the_last_line_is_unknown_and_the_retry_has_the_same_id() {
        let relay = Relay::start(Mode::StartTls);
        let transport = transport(settings(&relay, Mode::StartTls));
        relay.control(&json!({"cut": "dot"}));
        let error = failure(&transport).await;
        assert_eq!((error.class, error.stage), (FailureClass::Unknown, Stage::Message), "{error}");
        relay.behave();
        transport.send(&mail(1)).await.unwrap();
        let taken = relay.taken();
        assert_eq!(taken.len(), 2, "the relay had kept the first copy");
        assert_eq!(taken[0].header("message-id"), taken[1].header("message-id"));
        assert_eq!(relay.bytes(1), relay.bytes(2));
    }

    #[tokio::test]
    async fn no_answer_after_the_last_line_is_unknown() {
        let relay = Relay::start(Mode::Plain);
        let mut settings = settings(&relay, Mode::Plain);
        settings.timeouts.message = Duration::from_millis(500);
        relay.control(&json!({"wait_s": 20}));
        let error = failure(&transport(settings)).await;
        assert_eq!((error.class, error.stage), (FailureClass::Unknown, Stage::Message), "{error}");
    }

    #[tokio::test]
    async fn a_slow_answer_after_the_last_line_is_waited_for() {
        let relay = Relay::start(Mode::Plain);
        let mut settings = settings(&relay, Mode::Plain);
        settings.timeouts.command = Duration::from_millis(900);
        relay.control(&json!({"wait_s": 2}));
        transport(settings).send(&mail(1)).await.unwrap();
    }

    #[tokio::test]
    async fn nothing_is_sent_to_a_relay_whose_certificate_is_not_trusted() {
        for mode in [Mode::StartTls, Mode::Tls] {
            let relay = Relay::start(mode);
            let mut unknown_authority = settings(&relay, mode);
            unknown_authority.extra_ca_pem = None;
            let mut wrong_name = settings(&relay, mode);
            wrong_name.host = "127.0.0.1".to_owned();
            for settings in [unknown_authority, wrong_name] {
                let transport = transport(settings);
                let error = failure(&transport).await;
                assert_eq!(error.class, FailureClass::Misconfigured, "{mode:?} {error}");
                assert!(error.to_string().contains("certificate"), "{error}");
                assert_eq!(transport.check().await.unwrap_err().class, FailureClass::Misconfigured);
            }
            assert!(relay.taken().is_empty());
        }
    }

    #[tokio::test]
    async fn a_relay_without_starttls_gets_no_mail() {
        let relay = Relay::start(Mode::Plain);
        let mut settings = settings(&relay, Mode::Plain);
        settings.security = SmtpSecurity::StartTls;
        let error = failure(&transport(settings)).await;
        assert_eq!((error.class, error.stage), (FailureClass::Misconfigured, Stage::Encrypt), "{error}");
        assert!(relay.taken().is_empty());
    }

    #[tokio::test]
    async fn a_wrong_password_is_our_fault_and_is_not_repeated_in_the_error() {
        let relay = Relay::start(Mode::StartTls);
        let mut settings = settings(&relay, Mode::StartTls);
        let password = Secret::new("wrong-secret".to_owned());
        settings.credentials = Some(SmtpCredentials { username: USER.to_owned(), password });
        let error = failure(&transport(settings)).await;
        assert_eq!((error.class, error.stage), (FailureClass::Misconfigured, Stage::SignIn), "{error}");
        assert!(!format!("{error} {error:?}").contains("wrong-secret"));
        assert!(relay.taken().is_empty());
    }

    #[tokio::test]
    async fn a_relay_that_is_not_there_is_a_plain_retry() {
        let relay = Relay::start(Mode::Plain);
        let settings = settings(&relay, Mode::Plain);
        drop(relay);
        let transport = transport(settings);
        let error = failure(&transport).await;
        assert_eq!((error.class, error.stage), (FailureClass::Retry, Stage::Connect), "{error}");
        assert_eq!(transport.check().await.unwrap_err().class, FailureClass::Retry);
    }

    #[tokio::test]
    async fn unprotected_mail_to_another_machine_is_refused_before_connecting() {
        let relay = Relay::start(Mode::Plain);
        let mut settings = settings(&relay, Mode::Plain);
        settings.host = "relay.example.org".to_owned();
        let error = SmtpTransport::new(settings).unwrap_err();
        assert_eq!(error, TransportSettingsError::PlainToOtherHost("relay.example.org".to_owned()));
    }

    #[tokio::test]
    async fn one_connection_serves_several_messages_and_a_closed_one_is_replaced_unnoticed() {
        let relay = Relay::start_with_idle_s(Mode::StartTls, "1");
        let transport = transport(settings(&relay, Mode::StartTls));
        transport.send(&mail(1)).await.unwrap();
        transport.send(&mail(2)).await.unwrap();
        tokio::time::sleep(Duration::from_secs(2)).await;
        transport.send(&mail(3)).await.unwrap();
        let taken = relay.taken();
        assert_eq!(taken.len(), 3);
        assert_eq!(taken[0].peer, taken[1].peer);
        assert_ne!(taken[1].peer, taken[2].peer);
    }
}
