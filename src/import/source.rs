//! A reader with a fixed buffer that knows its line and can go back over bytes that were held.

use std::io::{ErrorKind, Read};

/// Bytes read at a time.
const BUFFER_BYTES: usize = 64 * 1024;

/// A place in the input: line and column in bytes, both from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Position {
    /// Line.
    pub line: u64,
    /// Column.
    pub column: u64,
}

/// The input as slices.
pub struct Source<R> {
    reader: R,
    buffer: Vec<u8>,
    at: usize,
    end: usize,
    replay: Vec<u8>,
    replay_at: usize,
    position: Position,
    failure: Option<std::io::Error>,
}

impl<R: Read> Source<R> {
    /// Wraps a reader; nothing is read yet.
    pub fn new(reader: R) -> Self {
        Self {
            reader,
            buffer: vec![0; BUFFER_BYTES],
            at: 0,
            end: 0,
            replay: Vec::new(),
            replay_at: 0,
            position: Position { line: 1, column: 1 },
            failure: None,
        }
    }

    /// Bytes that can be looked at now; empty only at the end or after a failure.
    pub fn available(&mut self) -> &[u8] {
        if self.replay_at < self.replay.len() {
            return self.replay.get(self.replay_at..).unwrap_or_default();
        }
        if self.at == self.end {
            self.at = 0;
            self.end = 0;
            self.fill();
        }
        self.buffer.get(self.at..self.end).unwrap_or_default()
    }

    /// At least `count` bytes, where the input has them; for looking at the very beginning.
    pub fn at_least(&mut self, count: usize) -> &[u8] {
        while self.end - self.at < count && self.fill() {}
        self.buffer.get(self.at..self.end).unwrap_or_default()
    }

    /// Reads once more behind what is there; whether anything came.
    fn fill(&mut self) -> bool {
        let Some(space) = self.buffer.get_mut(self.end..) else { return false };
        loop {
            match self.reader.read(space) {
                Ok(count) => {
                    self.end += count.min(space.len());
                    return count > 0;
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => {
                    self.failure.get_or_insert(error);
                    return false;
                }
            }
        }
    }

    /// Moves past the first `count` available bytes.
    pub fn consume(&mut self, count: usize) {
        let slice = if self.replay_at < self.replay.len() {
            self.replay.get(self.replay_at..self.replay_at + count)
        } else {
            self.buffer.get(self.at..self.at + count)
        };
        self.position = moved(self.position, slice.unwrap_or_default());
        if self.replay_at < self.replay.len() {
            self.replay_at += count;
        } else {
            self.at += count;
        }
    }

    /// Moves past bytes that are no part of the text, such as a byte-order mark.
    pub fn skip_unseen(&mut self, count: usize) {
        self.at += count;
    }

    /// Goes back over the last `held` bytes; `position` is where they begin.
    pub fn go_back(&mut self, held: &[u8], position: Position) {
        match self.replay_at.checked_sub(held.len()) {
            Some(at) if self.replay_at < self.replay.len() => self.replay_at = at,
            _ => {
                self.replay = held.to_vec();
                self.replay_at = 0;
            }
        }
        self.position = position;
    }

    /// Where the next byte lies.
    pub const fn position(&self) -> Position {
        self.position
    }

    /// Why reading stopped, if it was not the end.
    pub fn take_failure(&mut self) -> Option<std::io::Error> {
        self.failure.take()
    }
}

fn moved(from: Position, bytes: &[u8]) -> Position {
    let lines = bytes.iter().filter(|byte| **byte == b'\n').count() as u64;
    let last = bytes.iter().rev().take_while(|byte| **byte != b'\n').count() as u64;
    if lines == 0 {
        Position { line: from.line, column: from.column + last }
    } else {
        Position { line: from.line + lines, column: last + 1 }
    }
}
