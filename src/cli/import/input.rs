//! One input of an import: a file, or anything that flows by once (standard input, a pipe) kept in a temporary file so
//! that it can be read twice.

use std::{
    fs::File,
    io::{self, Read, Seek as _},
    path::{Path, PathBuf},
};

use tempfile::NamedTempFile;

use crate::cli::wiring::InputError;

/// A named input that can be read from its beginning as often as needed.
#[derive(Debug)]
pub(in crate::cli) struct Input {
    name: String,
    kept: Kept,
}

#[derive(Debug)]
enum Kept {
    File(PathBuf),
    Spooled(NamedTempFile),
}

impl Input {
    /// Opens a path; `-` is standard input. What is no regular file, such as a pipe, is read to its end here.
    pub(in crate::cli) fn open(path: &Path) -> anyhow::Result<Self> {
        if path == Path::new("-") {
            return Ok(Self {
                name: "standard input".to_owned(),
                kept: Kept::Spooled(spool(&mut io::stdin().lock())?),
            });
        }
        let name = path.display().to_string();
        let metadata = std::fs::metadata(path)
            .map_err(|error| InputError(format!("file `{name}` cannot be read ({error}); check the path")))?;
        if metadata.is_dir() {
            return Err(InputError(format!("`{name}` is a folder; name the files in it")).into());
        }
        if !metadata.is_file() {
            let unreadable = |error| InputError(format!("`{name}` cannot be read to its end ({error})"));
            let kept = File::open(path).and_then(|mut source| spool(&mut source)).map_err(unreadable)?;
            return Ok(Self { name, kept: Kept::Spooled(kept) });
        }
        Ok(Self { name, kept: Kept::File(path.to_owned()) })
    }

    /// What the input is called in messages.
    pub(in crate::cli) fn name(&self) -> &str {
        &self.name
    }

    /// A reader at the beginning.
    pub(in crate::cli) fn reader(&self) -> anyhow::Result<File> {
        match &self.kept {
            Kept::File(path) => File::open(path)
                .map_err(|error| InputError(format!("file `{}` cannot be read ({error})", self.name)).into()),
            Kept::Spooled(file) => Ok(file.reopen()?),
        }
    }

    /// Bytes, as far as known.
    pub(in crate::cli) fn bytes(&self) -> u64 {
        self.reader().and_then(|file| Ok(file.metadata()?.len())).unwrap_or(0)
    }
}

fn spool(source: &mut dyn Read) -> io::Result<NamedTempFile> {
    let mut file = NamedTempFile::new()?;
    io::copy(source, &mut file)?;
    file.rewind()?;
    Ok(file)
}
