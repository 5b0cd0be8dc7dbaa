//! Where commands write: results to one stream, remarks to the other.

use std::io::{self, IsTerminal, Write};

/// The two streams of a command.
pub struct Terminal {
    out: Box<dyn Write + Send>,
    err: Box<dyn Write + Send>,
    /// Whether a person watches the remarks.
    pub is_watched: bool,
}

impl std::fmt::Debug for Terminal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Terminal").field("is_watched", &self.is_watched).finish_non_exhaustive()
    }
}

impl Terminal {
    /// Standard output and standard error of the process.
    #[must_use]
    pub fn standard() -> Self {
        let is_watched = io::stderr().is_terminal();
        Self { out: Box::new(io::BufWriter::new(io::stdout())), err: Box::new(io::stderr()), is_watched }
    }

    /// Writes a line of the result.
    ///
    /// # Errors
    /// When the stream is closed.
    pub fn line(&mut self, text: impl AsRef<str>) -> io::Result<()> {
        writeln!(self.out, "{}", printable(text.as_ref()))
    }

    /// Writes bytes of the result as they are: documents and reports that other programs read.
    ///
    /// # Errors
    /// When the stream is closed.
    pub fn raw(&mut self, text: &str) -> io::Result<()> {
        self.out.write_all(text.as_bytes())
    }

    /// The result stream itself, for writers that stream.
    pub fn out(&mut self) -> &mut dyn Write {
        &mut *self.out
    }

    /// Writes a remark.
    ///
    /// # Errors
    /// When the stream is closed.
    pub fn remark(&mut self, text: impl AsRef<str>) -> io::Result<()> {
        writeln!(self.err, "{}", printable(text.as_ref()))
    }

    /// Writes out what is buffered.
    ///
    /// # Errors
    /// When the stream is closed.
    pub fn flush(&mut self) -> io::Result<()> {
        self.out.flush()?;
        self.err.flush()
    }
}

/// Text from files and databases may hold escape sequences that would reprogram a terminal; none passes.
fn printable(text: &str) -> String {
    text.chars().map(|c| if c.is_control() && !matches!(c, '\n' | '\t') { '\u{fffd}' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escape_sequences_do_not_reach_the_terminal() {
        assert_eq!(printable("a\u{1b}[2Jb\n\tc"), "a\u{fffd}[2Jb\n\tc");
    }
}
