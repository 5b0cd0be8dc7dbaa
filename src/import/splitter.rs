//! Cuts a reader into documents: one document, several behind each other, one a line, or a JSON array of them.
//!
//! Holds one document and a fixed buffer, never more. What is broken is reported with its lines and left out;
//! reading goes on where the next document certainly begins, and stops with a clear sentence where that would
//! be a guess. Nothing is skipped silently.

use std::io::Read;

use super::{
    grammar::{Fault, Grammar, Step},
    limits::Limits,
    source::{Position, Source},
};

/// The text of one document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DocumentText {
    /// Its number within the input, from 1; broken documents are counted too.
    pub ordinal: u64,
    /// Line of the input on which it begins, from 1.
    pub line: u64,
    /// Column in bytes in which it begins, from 1.
    pub column: u64,
    /// The text, from its first to its last bracket.
    pub text: String,
    /// JSON objects in it.
    pub objects: usize,
    /// Commas between its values.
    pub values: usize,
}

/// A part of the input that is no document.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}, column {column}: {problem}")]
pub struct SplitProblem {
    /// The number of the broken document; `None` where none had begun.
    pub ordinal: Option<u64>,
    /// Line of the fault, from 1.
    pub line: u64,
    /// Column in bytes, from 1.
    pub column: u64,
    /// What is wrong, what was left out, and what to do.
    pub problem: String,
    /// Whether nothing after this place is read.
    pub stopped: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Start,
    Between,
    InArray { begun: Position, last: Last },
    Done,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Last {
    Bracket,
    Element,
    Comma,
}

/// Iterates over the documents of a reader.
pub struct Splitter<R> {
    source: Source<R>,
    max_bytes: usize,
    state: State,
    ordinal: u64,
    /// Whether anything but blanks was met.
    holds_something: bool,
}

/// How following one document ended.
enum End {
    Whole,
    Broken(Fault),
    CutOff,
}

/// One document while it is followed.
struct Followed {
    begun: Position,
    ordinal: u64,
    grammar: Grammar,
    held: Vec<u8>,
    oversized: bool,
    /// The first fault that was passed over, and where.
    fault: Option<(Fault, Position)>,
}

impl<R: Read> Splitter<R> {
    /// Begins at the start of a reader.
    pub fn new(reader: R, limits: &Limits) -> Self {
        Self {
            source: Source::new(reader),
            max_bytes: limits.max_document_bytes,
            state: State::Start,
            ordinal: 0,
            holds_something: false,
        }
    }

    fn start(&mut self) -> Result<(), SplitProblem> {
        self.state = State::Between;
        let problem = match self.source.at_least(4) {
            [0xef, 0xbb, 0xbf, ..] => {
                self.source.skip_unseen(3);
                return Ok(());
            }
            [0xff, 0xfe, ..] | [0xfe, 0xff, ..] | [0, _, ..] | [_, 0, ..] => {
                "the file is UTF-16 or binary, not UTF-8; save it as UTF-8"
            }
            [0x1f, 0x8b, ..] | [b'P', b'K', 3, 4, ..] => "the file is compressed; unpack it first",
            _ => return Ok(()),
        };
        Err(self.stop(None, self.source.position(), problem.to_owned()))
    }

    /// The first byte that is no blank, not taken.
    fn next_mark(&mut self) -> Option<u8> {
        loop {
            let bytes = self.source.available();
            if bytes.is_empty() {
                return None;
            }
            let blanks = bytes.iter().take_while(|byte| byte.is_ascii_whitespace()).count();
            let mark = bytes.get(blanks).copied();
            self.source.consume(blanks);
            if mark.is_some() {
                return mark;
            }
        }
    }

    fn between(&mut self) -> Option<Result<DocumentText, SplitProblem>> {
        match self.next_mark() {
            None => {
                self.state = State::Done;
                self.read_failure().or_else(|| self.nothing_at_all()).map(Err)
            }
            Some(b'{') => Some(self.document(false)),
            Some(b'[') => {
                self.holds_something = true;
                let begun = self.source.position();
                self.source.consume(1);
                self.state = State::InArray { begun, last: Last::Bracket };
                None
            }
            Some(mark) => {
                self.holds_something = true;
                let at = self.source.position();
                let what =
                    if mark == 0 { Fault::Nul { in_text: false }.to_string() } else { not_a_document(mark) };
                let left_out = self.next_line(at.line);
                Some(Err(problem(None, at, format!("{what}{left_out}"))))
            }
        }
    }

    /// An input without anything in it is more often a failed export than a wish to import nobody.
    fn nothing_at_all(&self) -> Option<SplitProblem> {
        let what = "the input is empty; check that whatever made it ended well, or leave it out";
        (!self.holds_something && self.ordinal == 0)
            .then(|| problem(None, self.source.position(), what.to_owned()))
    }

    fn in_array(&mut self, begun: Position, last: Last) -> Option<Result<DocumentText, SplitProblem>> {
        let mark = self.next_mark();
        let at = self.source.position();
        match (mark, last) {
            (Some(b'{'), Last::Element) => {
                self.state = State::InArray { begun, last: Last::Comma };
                Some(Err(problem(None, at, "a comma is missing between two documents; add it".to_owned())))
            }
            (Some(b'{'), _) => Some(self.document(true)),
            (Some(b','), Last::Element) => {
                self.source.consume(1);
                self.state = State::InArray { begun, last: Last::Comma };
                None
            }
            (Some(b']'), Last::Comma) => {
                self.source.consume(1);
                self.state = State::Between;
                Some(Err(problem(None, at, "no document follows the last comma; remove the comma".to_owned())))
            }
            (Some(b']'), _) => {
                self.source.consume(1);
                self.state = State::Between;
                None
            }
            (None, _) => Some(Err(self.read_failure().unwrap_or_else(|| {
                let what = format!(
                    "the input ends inside the array that begins on line {}; what came before is kept, complete the rest",
                    begun.line
                );
                self.stop(None, at, what)
            }))),
            (Some(_), _) => {
                let what = "an element of the array is no document; remove it. Nothing after it is read".to_owned();
                Some(Err(self.stop(None, at, what)))
            }
        }
    }

    /// Follows one document from its opening bracket on.
    fn document(&mut self, in_array: bool) -> Result<DocumentText, SplitProblem> {
        self.ordinal += 1;
        let mut document = Followed {
            begun: self.source.position(),
            ordinal: self.ordinal,
            grammar: Grammar::new(),
            held: Vec::new(),
            oversized: false,
            fault: None,
        };
        let end = self.follow(&mut document, in_array);
        if let State::InArray { last, .. } = &mut self.state {
            *last = Last::Element;
        }
        match end {
            End::Whole => self.whole(document),
            End::Broken(fault) => Err(self.broken(&document, fault, in_array)),
            End::CutOff => Err(self.cut_off(&document, in_array)),
        }
    }

    fn follow(&mut self, document: &mut Followed, in_array: bool) -> End {
        loop {
            let bytes = self.source.available();
            if bytes.is_empty() {
                return End::CutOff;
            }
            let (taken, step) = document.grammar.take(bytes);
            if document.held.len() + taken > self.max_bytes {
                document.oversized = true;
                document.held = Vec::new();
            }
            if !document.oversized {
                document.held.extend(bytes.iter().take(taken));
            }
            self.source.consume(taken);
            match step {
                Step::More => {}
                Step::Done => return End::Whole,
                Step::Wrong(fault) => {
                    let at = self.source.position();
                    document.fault.get_or_insert((fault, at));
                    if !in_array || !document.grammar.go_on_after(fault) {
                        return End::Broken(fault);
                    }
                }
            }
        }
    }

    fn whole(&self, document: Followed) -> Result<DocumentText, SplitProblem> {
        let ordinal = Some(document.ordinal);
        if document.oversized {
            let what = format!(
                "the document is larger than {} bytes; one document is one patient, so check the export or raise \
                 the limit. It is left out",
                self.max_bytes
            );
            return Err(problem(ordinal, document.begun, what));
        }
        if let Some((fault, at)) = document.fault {
            return Err(problem(ordinal, at, format!("the document {}. It is left out", sentence(fault))));
        }
        let text = String::from_utf8(document.held).map_err(|error| {
            let valid = error.as_bytes().get(..error.utf8_error().valid_up_to()).unwrap_or_default();
            let lines = valid.iter().filter(|byte| **byte == b'\n').count() as u64;
            let last = valid.iter().rev().take_while(|byte| **byte != b'\n').count() as u64;
            let column = if lines == 0 { document.begun.column + last } else { last + 1 };
            let at = Position { line: document.begun.line + lines, column };
            let what =
                "the text is not UTF-8, perhaps Latin-1; save the file as UTF-8. The document is left out";
            problem(ordinal, at, what.to_owned())
        })?;
        Ok(DocumentText {
            ordinal: document.ordinal,
            line: document.begun.line,
            column: document.begun.column,
            text,
            objects: document.grammar.objects(),
            values: document.grammar.commas(),
        })
    }

    fn broken(&mut self, document: &Followed, fault: Fault, in_array: bool) -> SplitProblem {
        let (_, at) = document.fault.unwrap_or((fault, document.begun));
        let what = format!("the document {}", sentence(fault));
        if in_array {
            let what = format!(
                "{what}. Where the next document begins cannot be told; nothing after this place is read"
            );
            return self.stop(Some(document.ordinal), at, what);
        }
        let left_out = self.resume(document);
        problem(Some(document.ordinal), at, format!("{what}{left_out}"))
    }

    fn cut_off(&mut self, document: &Followed, in_array: bool) -> SplitProblem {
        let at = document.begun;
        if let Some(mut failure) = self.read_failure() {
            failure.ordinal = Some(document.ordinal);
            return failure;
        }
        let what = format!(
            "the document that begins here is cut off: the input ends inside {}; complete it",
            document.grammar.open_part()
        );
        if in_array {
            return self.stop(Some(document.ordinal), at, what);
        }
        let left_out = self.resume(document);
        problem(Some(document.ordinal), at, format!("{what}{left_out}"))
    }

    /// Goes to the first line after the one on which a broken document begins that begins a document itself.
    fn resume(&mut self, document: &Followed) -> String {
        if let Some(end) = document.held.iter().position(|byte| *byte == b'\n')
            && let Some(rest) = document.held.get(end + 1..)
        {
            self.source.go_back(rest, Position { line: document.begun.line + 1, column: 1 });
        }
        self.next_line(document.begun.line)
    }

    /// Goes to the next line that begins with a bracket, and says which lines from `first` on are left out.
    fn next_line(&mut self, first: u64) -> String {
        loop {
            let column = self.source.position().column;
            let bytes = self.source.available();
            let Some(mark) = bytes.first() else { break };
            if column == 1 && matches!(mark, b'{' | b'[') && self.source.position().line > first {
                break;
            }
            let bytes = self.source.available();
            let length = bytes.iter().position(|byte| *byte == b'\n').map_or(bytes.len(), |end| end + 1);
            self.source.consume(length);
        }
        let next = self.source.position();
        let last = if next.column == 1 { next.line.saturating_sub(1).max(first) } else { next.line };
        if last == first {
            format!(". Line {first} is left out")
        } else {
            format!(". Lines {first} to {last} are left out")
        }
    }

    fn read_failure(&mut self) -> Option<SplitProblem> {
        let failure = self.source.take_failure()?;
        let at = self.source.position();
        Some(self.stop(None, at, format!("the input cannot be read further: {failure}; import it again")))
    }

    const fn stop(&mut self, ordinal: Option<u64>, at: Position, problem: String) -> SplitProblem {
        self.state = State::Done;
        SplitProblem { ordinal, line: at.line, column: at.column, problem, stopped: true }
    }
}

const fn problem(ordinal: Option<u64>, at: Position, problem: String) -> SplitProblem {
    SplitProblem { ordinal, line: at.line, column: at.column, problem, stopped: false }
}

fn sentence(fault: Fault) -> String {
    match fault {
        Fault::Nul { .. } | Fault::TooDeep => fault.to_string(),
        Fault::Control(_) | Fault::Mismatch(_) | Fault::Unexpected { .. } => format!("is not JSON: {fault}"),
    }
}

fn not_a_document(mark: u8) -> String {
    let shown = if mark.is_ascii_graphic() { char::from(mark) } else { char::REPLACEMENT_CHARACTER };
    format!("a document must begin here with `{{`, not with `{shown}`; correct or remove it")
}

impl<R: Read> Iterator for Splitter<R> {
    type Item = Result<DocumentText, SplitProblem>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let found = match self.state {
                State::Start => self.start().err().map(Err),
                State::Between => self.between(),
                State::InArray { begun, last } => self.in_array(begun, last),
                State::Done => return None,
            };
            if found.is_some() {
                return found;
            }
        }
    }
}

#[cfg(test)]
mod tests;
