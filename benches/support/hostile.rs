//! Inputs that want to exhaust whoever reads them, written as a stream: neither is ever held in memory here.

use std::io::{self, BufWriter, Write};

/// The size of [`one_gibibyte`], in bytes.
pub const GIBIBYTE: u64 = 1 << 30;

// Whoever includes this file may use one part of it only; this uses all of it.
const _: () = {
    let _ = (a_million_nodules::<Vec<u8>>, one_gibibyte::<Vec<u8>>, GIBIBYTE);
};

/// One history document, correct in its form, with a million nodules: about 60 MB on a single line.
///
/// # Errors
/// Those of the writer.
pub fn a_million_nodules<W: Write>(writer: W) -> io::Result<()> {
    let mut writer = BufWriter::with_capacity(1 << 16, writer);
    writer.write_all(
        br#"{"format":"lobewatch.history/1","patient":{"study_id":"HOSTILE-MILLION"},"nodules":["#,
    )?;
    for number in 1..=1_000_000 {
        let comma = if number > 1 { "," } else { "" };
        write!(writer, r#"{comma}{{"id":"n{number}","lobe":"RLL","origin":"imaging"}}"#)?;
    }
    writer.write_all(b"]}\n")?;
    writer.flush()
}

/// One history document of exactly [`GIBIBYTE`] bytes, correct in its form: its histology is a text without an end.
///
/// # Errors
/// Those of the writer.
pub fn one_gibibyte<W: Write>(mut writer: W) -> io::Result<()> {
    const HEAD: &[u8] =
        br#"{"format":"lobewatch.history/1","patient":{"study_id":"HOSTILE-GIBIBYTE"},"primary":{"histology":""#;
    const TAIL: &[u8] = b"\"}}\n";
    writer.write_all(HEAD)?;
    let text = GIBIBYTE - (HEAD.len() + TAIL.len()) as u64;
    io::copy(&mut io::Read::take(io::repeat(b'a'), text), &mut writer)?;
    writer.write_all(TAIL)?;
    writer.flush()
}
