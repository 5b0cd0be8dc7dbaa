//! `[protocol]`: which file holds the surveillance protocol. Reads no protocol: that is `crate::protocol`.

use std::{fs, path::PathBuf};

use super::reader::Reader;

/// Which surveillance protocol applies.
#[derive(Debug, Clone)]
pub struct ProtocolSettings {
    /// A protocol file; `None` means the protocol built into the program.
    pub file: Option<PathBuf>,
}

impl ProtocolSettings {
    pub(super) fn read(reader: &mut Reader) -> Self {
        let file = reader.optional_path("protocol.file");
        if let Some(path) = &file
            && let Err(error) = fs::File::open(path)
        {
            let remedy = "name a file that exists and that this user may read, or unset the key";
            reader.problem("protocol.file", &format!("cannot be read: {error}"), remedy);
        }
        Self { file }
    }
}
