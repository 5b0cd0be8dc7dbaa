//! Renders mails from their templates, which are checked when lobewatch is compiled and built into it.
//!
//! A template sees the digest and nothing else, so it cannot show what a reminder must not carry. All wording is
//! in `templates/mail/`; this file has none.

use askama::Template;
use chrono::{DateTime, Utc};
use thiserror::Error;

use super::hygiene::{HeaderText, HygieneError, check_body};
use crate::reminders::{
    digest::{Audience, Digest, DigestCounts, DigestGroup, DigestRow},
    step::Step,
};

/// The words of one mail, checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rendered {
    /// The subject line.
    pub subject: HeaderText,
    /// The text body, with line feeds.
    pub text: String,
    /// The HTML body, with line feeds.
    pub html: String,
}

/// Why a mail could not be rendered.
#[derive(Debug, Error)]
pub enum RenderError {
    /// The clinic's name cannot stand in a mail.
    #[error("clinic name: {0}")]
    ClinicName(#[source] HygieneError),
    /// A subject or body has a character that may not stand in a mail.
    #[error("rendered mail: {0}")]
    Text(#[from] HygieneError),
    /// The template engine failed.
    #[error("template failed; report this: {0}")]
    Template(#[from] askama::Error),
}

/// Renders the digest of one clinic.
///
/// # Errors
/// When the clinic's name has a character that may not stand in a mail or is too long.
pub fn render_digest(digest: &Digest) -> Result<Rendered, RenderError> {
    HeaderText::parse_name(digest.clinic_name()).map_err(RenderError::ClinicName)?;
    let counts = digest.counts();
    let groups: Vec<GroupView<'_>> = DigestGroup::ALL
        .into_iter()
        .map(|kind| GroupView { kind, rows: digest.group(kind).collect() })
        .filter(|group| !group.rows.is_empty())
        .collect();
    let data_at = minute(digest.head().data_at);
    finish(
        &DigestSubject { digest, counts }.render()?,
        DigestText { digest, counts, groups: &groups, data_at: &data_at }.render()?,
        DigestHtml { digest, counts, groups: &groups, data_at: &data_at }.render()?,
    )
}

/// Renders the mail that `send-test-mail` sends. `base_url` is the configured address of this lobewatch.
///
/// # Errors
/// When `base_url` has a character that may not stand in a mail.
pub fn render_test_mail(base_url: &str, sent_at: DateTime<Utc>) -> Result<Rendered, RenderError> {
    let sent_at = minute(sent_at);
    finish(
        &TestMailSubject.render()?,
        TestMailText { base_url, sent_at: &sent_at }.render()?,
        TestMailHtml { base_url, sent_at: &sent_at }.render()?,
    )
}

fn finish(subject: &str, text: String, html: String) -> Result<Rendered, RenderError> {
    check_body(&text)?;
    check_body(&html)?;
    Ok(Rendered { subject: HeaderText::parse(subject.trim_end_matches('\n'))?, text, html })
}

fn minute(at: DateTime<Utc>) -> String {
    at.format("%Y-%m-%d %H:%M").to_string()
}

struct GroupView<'a> {
    kind: DigestGroup,
    rows: Vec<&'a DigestRow>,
}

#[derive(Template)]
#[template(path = "mail/digest_subject.txt")]
struct DigestSubject<'a> {
    digest: &'a Digest,
    counts: DigestCounts,
}

#[derive(Template)]
#[template(path = "mail/digest.txt")]
struct DigestText<'a> {
    digest: &'a Digest,
    counts: DigestCounts,
    groups: &'a [GroupView<'a>],
    data_at: &'a str,
}

#[derive(Template)]
#[template(path = "mail/digest.html")]
struct DigestHtml<'a> {
    digest: &'a Digest,
    counts: DigestCounts,
    groups: &'a [GroupView<'a>],
    data_at: &'a str,
}

#[derive(Template)]
#[template(path = "mail/test_mail_subject.txt")]
struct TestMailSubject;

#[derive(Template)]
#[template(path = "mail/test_mail.txt")]
struct TestMailText<'a> {
    base_url: &'a str,
    sent_at: &'a str,
}

#[derive(Template)]
#[template(path = "mail/test_mail.html")]
struct TestMailHtml<'a> {
    base_url: &'a str,
    sent_at: &'a str,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reminders::digest::DigestHead;

    fn row(study_id: &str, step: Step, due_on: &str, days_late: u32) -> DigestRow {
        DigestRow {
            clinic_slug: "north".to_owned(),
            study_id: study_id.to_owned(),
            step,
            due_on: due_on.parse().unwrap(),
            days_late,
            is_new: matches!(step, Step::Due),
        }
    }

    fn digest(name: &str, rows: Vec<DigestRow>) -> Digest {
        told(name, Audience::Coordinator, rows, &[])
    }

    fn told(name: &str, audience: Audience, rows: Vec<DigestRow>, undated: &[&str]) -> Digest {
        let head = DigestHead {
            clinic_slug: "north".to_owned(),
            clinic_name: name.to_owned(),
            local_date: "2026-03-01".parse().unwrap(),
            data_at: "2026-03-01T02:00:00Z".parse().unwrap(),
            link: "https://lobewatch.example.org/".to_owned(),
            audience,
        };
        Digest::new(head, rows, undated.iter().map(ToString::to_string).collect()).unwrap()
    }

    fn many() -> Vec<DigestRow> {
        vec![
            row("STS-0004", Step::Due, "2026-03-01", 0),
            row("STS-0001", Step::SeverelyOverdue { week: 2 }, "2026-01-05", 41),
            row("STS-0006", Step::notice(28), "2026-03-29", 0),
            row("STS-0005", Step::notice(7), "2026-03-08", 0),
            row("STS-0002", Step::Overdue { days_after: 14 }, "2026-02-01", 14),
            row("STS-0003", Step::Overdue { days_after: 1 }, "2026-02-14", 1),
        ]
    }

    fn shown(mail: &Rendered) -> String {
        format!("Subject: {}\n\n{}\n=====\n{}", mail.subject, mail.text, mail.html)
    }

    #[test]
    fn a_day_with_nothing_due_is_rendered() {
        insta::assert_snapshot!(
            "digest_empty",
            shown(&render_digest(&digest("North Clinic", vec![])).unwrap())
        );
    }

    #[test]
    fn a_day_with_one_row_is_rendered() {
        let one = vec![row("STS-0003", Step::Overdue { days_after: 1 }, "2026-02-14", 1)];
        insta::assert_snapshot!("digest_one", shown(&render_digest(&digest("North Clinic", one)).unwrap()));
    }

    #[test]
    fn a_day_with_many_rows_is_rendered() {
        insta::assert_snapshot!(
            "digest_many",
            shown(&render_digest(&digest("North Clinic", many())).unwrap())
        );
    }

    #[test]
    fn patients_without_a_date_are_named() {
        let mail =
            render_digest(&told("North Clinic", Audience::Coordinator, vec![], &["STS-0009"])).unwrap();
        insta::assert_snapshot!("digest_undated", shown(&mail));
    }

    #[test]
    fn an_escalation_says_what_it_asks() {
        let rows = || vec![row("STS-0001", Step::SeverelyOverdue { week: 2 }, "2026-01-05", 41)];
        let clinician = render_digest(&told("North Clinic", Audience::Clinician, rows(), &[])).unwrap();
        insta::assert_snapshot!("escalation_clinician", shown(&clinician));
        let informed = render_digest(&told("North Clinic", Audience::Informed, rows(), &[])).unwrap();
        insta::assert_snapshot!("escalation_informed", shown(&informed));
    }

    #[test]
    fn the_test_mail_is_rendered() {
        let at = "2026-03-01T02:00:00Z".parse().unwrap();
        let mail = render_test_mail("https://lobewatch.example.org/", at).unwrap();
        insta::assert_snapshot!("test_mail", shown(&mail));
    }

    #[test]
    fn the_text_is_readable_at_eighty_columns() {
        let mail = render_digest(&digest("North Clinic", many())).unwrap();
        for line in mail.text.lines() {
            assert!(line.chars().count() <= 80, "{line}");
        }
    }

    #[test]
    fn markup_in_a_clinic_name_or_study_id_stays_text() {
        let rows = vec![row("<b>&\"'", Step::Due, "2026-03-01", 0)];
        let mail = render_digest(&digest("<script>x</script>", rows)).unwrap();
        assert!(!mail.html.contains("<script") && !mail.html.contains("<b>"), "{}", mail.html);
        assert!(mail.text.contains("<script>x</script>") && mail.text.contains("<b>&\"'"));
    }

    #[test]
    fn html_loads_nothing_from_elsewhere() {
        let html = render_digest(&digest("North Clinic", many())).unwrap().html;
        for word in ["<img", "<link", "<script", "src=", "url(", "@import", "<form", "<iframe"] {
            assert!(!html.contains(word), "{word}");
        }
    }

    #[test]
    fn a_clinic_name_with_a_line_break_is_refused_and_not_repaired() {
        for name in ["North\r\nBcc: x@y.example", "North\u{2028}", "", "x\0"] {
            assert!(
                matches!(render_digest(&digest(name, vec![])), Err(RenderError::ClinicName(_))),
                "{name:?}"
            );
        }
    }
}
