//! Stable text keys that make each reminder happen once.
//!
//! A key is stored under a unique constraint, so equal keys mean "the same reminder" and different reminders
//! must never share one. Keys appear in logs: they are built from identifiers only, never from a name or a mail
//! address.

use std::fmt;

use thiserror::Error;

use super::step::Step;

/// Which reminder this is: patient, slot, step and recipient. A new plan keeps the slot key of a slot that did
/// not change, so planning again does not remind again.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ReminderKey {
    /// The patient's study id or registry id.
    pub patient: String,
    /// The slot within the patient's plan.
    pub slot: String,
    /// The rung of the ladder.
    pub step: Step,
    /// The role or staff id the reminder goes to; not a mail address.
    pub recipient: String,
}

impl ReminderKey {
    /// The key as stored, for example `r1|7f…|ct-2026-03|overdue-1-day|coordinator`.
    #[must_use]
    pub fn to_text(&self) -> String {
        join("r1", &[&self.patient, &self.slot, &self.step.code(), &self.recipient])
    }

    /// Reads a stored key back.
    ///
    /// # Errors
    /// When the text was not made by [`ReminderKey::to_text`].
    pub fn parse(text: &str) -> Result<Self, KeyError> {
        let error = || KeyError(text.to_owned());
        match split("r1", text).ok_or_else(error)?.as_slice() {
            [patient, slot, step, recipient] => Ok(Self {
                patient: patient.clone(),
                slot: slot.clone(),
                step: step.parse().map_err(|_| error())?,
                recipient: recipient.clone(),
            }),
            _ => Err(error()),
        }
    }
}

impl fmt::Display for ReminderKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.to_text())
    }
}

/// A stored key that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("`{0}` is not a reminder key; the row was changed from outside, restore it from the audit log")]
pub struct KeyError(String);

fn join(kind: &str, parts: &[&str]) -> String {
    let mut text = kind.to_owned();
    for part in parts {
        text.push('|');
        for c in part.chars() {
            match c {
                '%' => text.push_str("%25"),
                '|' => text.push_str("%7C"),
                c if c.is_control() => text.push_str(&format!("%u{:06X}", u32::from(c))),
                c => text.push(c),
            }
        }
    }
    text
}

fn split(kind: &str, text: &str) -> Option<Vec<String>> {
    let mut parts = text.split('|');
    if parts.next()? != kind {
        return None;
    }
    let parts: Vec<String> = parts.map(unescape).collect::<Option<_>>()?;
    // Only canonical text: anything else would be a second spelling of the same key.
    let borrowed: Vec<&str> = parts.iter().map(String::as_str).collect();
    (join(kind, &borrowed) == text).then_some(parts)
}

fn unescape(part: &str) -> Option<String> {
    let mut pieces = part.split('%');
    let mut text = pieces.next()?.to_owned();
    for piece in pieces {
        let (c, rest) = if let Some(rest) = piece.strip_prefix("25") {
            ('%', rest)
        } else if let Some(rest) = piece.strip_prefix("7C") {
            ('|', rest)
        } else {
            let hex = piece.strip_prefix('u')?;
            (char::from_u32(u32::from_str_radix(hex.get(..6)?, 16).ok()?)?, hex.get(6..)?)
        };
        text.push(c);
        text.push_str(rest);
    }
    Some(text)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn key(patient: &str, slot: &str, recipient: &str) -> ReminderKey {
        ReminderKey {
            patient: patient.to_owned(),
            slot: slot.to_owned(),
            step: Step::Overdue { days_after: 1 },
            recipient: recipient.to_owned(),
        }
    }

    #[test]
    fn a_key_reads_as_its_parts() {
        assert_eq!(
            key("STS-0001", "ct-3", "coordinator").to_text(),
            "r1|STS-0001|ct-3|overdue-1-day|coordinator"
        );
    }

    #[test]
    fn separators_inside_a_part_do_not_make_two_reminders_one() {
        assert_ne!(key("a|b", "c", "d").to_text(), key("a", "b|c", "d").to_text());
        assert_ne!(key("a%7Cb", "c", "d").to_text(), key("a|b", "c", "d").to_text());
        assert_eq!(key("a\nb", "c", "d").to_text().lines().count(), 1);
    }

    #[test]
    fn a_foreign_text_is_refused() {
        for text in
            ["", "r1", "r1|a|b|due", "d1|a|b|due|c", "r1|a%|b|due|c", "r1|a|b|due|c|d", "r1|a|b|soon|c"]
        {
            assert!(ReminderKey::parse(text).is_err(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn every_key_is_read_back_as_it_was(patient in any::<String>(), slot in any::<String>(), recipient in any::<String>()) {
            let key = key(&patient, &slot, &recipient);
            prop_assert_eq!(ReminderKey::parse(&key.to_text()), Ok(key));
        }

        #[test]
        fn reading_any_text_never_panics(text in any::<String>(), tail in "r1[|%u0-9A-Fdue]{0,40}") {
            let _ = ReminderKey::parse(&text);
            let _ = ReminderKey::parse(&tail);
        }
    }
}
