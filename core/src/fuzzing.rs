//! What must hold for any bytes. The fuzz targets in `core/fuzz` search for bytes for which it does not; the tests here
//! replay the published cases and whatever was found once.

#![expect(clippy::expect_used, clippy::panic, reason = "a fuzz target reports by ending the program")]

use chrono::{Days, NaiveDate};

use crate::{
    assessment::assess,
    document::{assessment::AssessmentDocument, read::read, testing, write},
    protocol::{Protocol, SHIPPED},
};

/// A document is refused with reasons, or its history is written and read again without a loss.
///
/// # Panics
/// Where that does not hold.
pub fn document(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    match read(text) {
        Ok(history) => {
            let line = write::compact(&history);
            assert_eq!(read(&line).as_ref(), Ok(&history), "reading what was written: {line}");
            let pretty = write::pretty(&history);
            assert_eq!(write::normalise(pretty.as_bytes()).as_ref(), Ok(&pretty), "writing settles");
        }
        Err(refusal) => assert!(!refusal.problems.is_empty(), "refused without a reason"),
    }
}

/// The first two bytes are the day, the rest a document. What can be read is assessed and written down.
///
/// # Panics
/// Where that does not hold.
pub fn evaluation(bytes: &[u8]) {
    let Some((day, text)) = bytes.split_first_chunk() else { return };
    if let Ok(text) = std::str::from_utf8(text) {
        assessed(text, day_of(*day));
    }
}

/// The first two bytes are the day, the next eight the seed of a whole history; each further four replace one byte of
/// its text: three say where, one is the new byte. What can still be read is assessed and written down.
///
/// # Panics
/// Where that does not hold.
pub fn grown(bytes: &[u8]) {
    let Some((day, rest)) = bytes.split_first_chunk() else { return };
    let Some((seed, changes)) = rest.split_first_chunk() else { return };
    let mut text = testing::document(u64::from_le_bytes(*seed)).to_string().into_bytes();
    for change in changes.chunks_exact(4) {
        let [low, middle, high, new] = *change else { continue };
        let place = u32::from_le_bytes([low, middle, high, 0]) as usize % text.len();
        if let Some(byte) = text.get_mut(place) {
            *byte = new;
        }
    }
    if let Ok(text) = std::str::from_utf8(&text) {
        assessed(text, day_of(*day));
    }
}

/// One of the 65,536 days from 1 January 1900 on.
fn day_of(bytes: [u8; 2]) -> NaiveDate {
    let first = NaiveDate::from_ymd_opt(1900, 1, 1).expect("a day of the calendar");
    first + Days::new(u64::from(u16::from_le_bytes(bytes)))
}

fn assessed(text: &str, as_of: NaiveDate) {
    thread_local! {
        static PROTOCOL: Protocol = Protocol::parse(SHIPPED).expect("the shipped protocol is sound");
    }
    let Ok(history) = read(text) else { return };
    let assessment = PROTOCOL.with(|protocol| assess(&history, protocol, as_of));
    let line = serde_json::to_string(&AssessmentDocument::from(&assessment)).expect("writing to memory");
    if let Err(error) = serde_json::from_str::<AssessmentDocument<'_>>(&line) {
        panic!("the assessment is no document: {error}\n{line}");
    }
}

#[cfg(test)]
mod tests {
    use std::{fs, path::PathBuf};

    use super::*;

    /// Every file of a folder of the repository.
    fn files(folder: &str) -> Vec<Vec<u8>> {
        let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(folder);
        let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
        entries.filter(|path| path.is_file()).map(|path| fs::read(path).unwrap()).collect()
    }

    #[test]
    fn published_cases_hold_on_any_day() {
        let cases = files("../tests/cases");
        assert!(cases.len() >= 14, "{}", cases.len());
        for case in cases {
            document(&case);
            for day in [[0, 0], [0, 100], [0, 160], [0, 180], [255, 255]] {
                evaluation(&[&day[..], &case].concat());
            }
        }
    }

    #[test]
    fn what_was_found_once_stays_found() {
        for found in files("fuzz/found") {
            document(&found);
            evaluation(&found);
            grown(&found);
        }
    }

    #[test]
    fn a_grown_history_holds_with_and_without_a_changed_byte() {
        for seed in 0..12_u8 {
            let mut bytes = [150, 175, seed, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0].to_vec();
            grown(&bytes[..10]);
            for place in 0..8_u8 {
                bytes[10] = seed.wrapping_mul(31).wrapping_add(place);
                bytes[11] = place;
                bytes[13] = b'0' + place % 10;
                grown(&bytes);
            }
        }
    }
}
