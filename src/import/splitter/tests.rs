//! Arrangements, breaks and hostile bytes of the splitter.

use proptest::prelude::*;

use super::*;

/// Gives a few bytes at a time, as a pipe does.
struct Drip<'a>(&'a [u8], usize);

impl Read for Drip<'_> {
    fn read(&mut self, space: &mut [u8]) -> std::io::Result<usize> {
        let count = self.1.min(space.len()).min(self.0.len());
        space[..count].copy_from_slice(&self.0[..count]);
        self.0 = &self.0[count..];
        Ok(count)
    }
}

fn split(input: &[u8], max_document_bytes: usize, chunk: usize) -> Vec<Result<DocumentText, SplitProblem>> {
    let limits = Limits { max_document_bytes, ..Limits::default() };
    Splitter::new(Drip(input, chunk), &limits).collect()
}

/// What came out, one line an item: the text, or the place and sentence of a problem.
fn shown(input: &str) -> Vec<String> {
    split(input.as_bytes(), 1_000, 7)
        .into_iter()
        .map(|item| match item {
            Ok(document) => format!("{}@{} {}", document.ordinal, document.line, document.text),
            Err(problem) => format!("{}:{} {}", problem.line, problem.column, problem.problem),
        })
        .collect()
}

#[test]
fn every_arrangement_of_documents_is_recognised() {
    let two = ["1@1 {\"a\":1}", "2@2 {\"b\":[2]}"];
    assert_eq!(shown("{\"a\":1}\n{\"b\":[2]}\n"), two);
    assert_eq!(shown("\u{feff}[{\"a\":1},\n{\"b\":[2]}]"), two);
    assert_eq!(shown("{\"a\":1}\r\n{\"b\":[2]}"), two);
    assert_eq!(shown("{\"a\":1}{\"b\":1}[{\"c\":1}]"), ["1@1 {\"a\":1}", "2@1 {\"b\":1}", "3@1 {\"c\":1}"]);
    assert_eq!(shown("{\n \"a\": 1\n}\n"), ["1@1 {\n \"a\": 1\n}"]);
    assert_eq!(shown("[]"), Vec::<String>::new());
    assert_eq!(shown("[]\n"), Vec::<String>::new());
}

#[test]
fn an_input_without_anything_in_it_is_a_problem() {
    let empty = "the input is empty; check that whatever made it ended well, or leave it out";
    assert_eq!(shown(""), [format!("1:1 {empty}")]);
    assert_eq!(shown(" \n\n"), [format!("3:1 {empty}")]);
    assert_eq!(shown("\u{feff}"), [format!("1:1 {empty}")]);
    assert_eq!(shown("x").len(), 1, "something else is wrong with it");
}

#[test]
fn a_line_that_is_cut_off_does_not_take_the_next_lines_with_it() {
    assert_eq!(
        shown("{\"a\":1}\n{\"b\":{\"c\":\n{\"d\":1}\n{\"e\":1}\n"),
        [
            "1@1 {\"a\":1}",
            "4:1 the document is not JSON: `{` stands where `,` or a closing bracket must stand; correct it here. \
             Line 2 is left out",
            "3@3 {\"d\":1}",
            "4@4 {\"e\":1}",
        ]
    );
    assert_eq!(
        shown("{\"b\":[\n{\"d\":1}\n"),
        [
            "1:1 the document that begins here is cut off: the input ends inside a list; complete it. Line 1 is \
             left out",
            "2@2 {\"d\":1}",
        ]
    );
}

#[test]
fn a_broken_document_over_several_lines_is_left_out_whole() {
    assert_eq!(
        shown("{\n \"a\": 1\n \"b\": {\"x\": 1}\n}\n{\"c\":1}"),
        [
            "3:2 the document is not JSON: `\"` stands where `,` or a closing bracket must stand; correct it here. \
             Lines 1 to 4 are left out",
            "2@5 {\"c\":1}",
        ]
    );
}

#[test]
fn an_array_goes_on_after_a_broken_element_only_where_its_end_is_certain() {
    assert_eq!(
        shown("[{\"a\" 1},\n{\"b\":1}]"),
        [
            "1:7 the document is not JSON: `1` stands where `:` must stand; correct it here. It is left out",
            "2@2 {\"b\":1}",
        ]
    );
    assert_eq!(
        shown("[{\"a\": [1},\n{\"b\":1}]"),
        [
            "1:10 the document is not JSON: `}` closes what another bracket opened; correct the brackets. Where the \
          next document begins cannot be told; nothing after this place is read"
        ]
    );
}

#[test]
fn arrays_that_are_no_arrays_are_reported() {
    assert_eq!(
        shown("[{\"a\":1} {\"b\":1},]"),
        [
            "1@1 {\"a\":1}",
            "1:10 a comma is missing between two documents; add it",
            "2@1 {\"b\":1}",
            "1:18 no document follows the last comma; remove the comma",
        ]
    );
    assert_eq!(
        shown("[{\"a\":1},\n"),
        [
            "1@1 {\"a\":1}",
            "2:1 the input ends inside the array that begins on line 1; what came before is kept, \
          complete the rest"
        ]
    );
    assert_eq!(
        shown("[1, {}]"),
        ["1:2 an element of the array is no document; remove it. Nothing after it is read"]
    );
}

#[test]
fn what_is_not_utf_8_text_is_refused_in_words() {
    let first = |input: &[u8]| split(input, 100, 64).remove(0).unwrap_err();
    assert!(first(b"\xff\xfe{\0}\0").problem.contains("UTF-16"));
    assert!(first(b"{\0}\0").problem.contains("UTF-16"));
    assert!(first(b"\x1f\x8b\x08\0").problem.contains("compressed"));
    let latin = first(b"{\n\"a\": \"Niccol\xf2\"}");
    assert_eq!((latin.line, latin.column), (2, 13));
    assert!(latin.problem.contains("Latin-1"));
    let nul = first(b"{\"a\": \"x\0\"}");
    assert_eq!(
        (nul.column, nul.problem.as_str()),
        (9, "the document holds a NUL byte; remove it. Line 1 is left out")
    );
    assert!(first(b"id,name\n1,x\n").problem.contains("not with `i`"));
}

#[test]
fn an_oversized_document_is_skipped_and_the_next_one_read() {
    let big = format!("{{\"a\":\"{}\"}}", "x".repeat(200_000));
    let items = split(format!("{{}}\n{big}\n{{\"b\":1}}").as_bytes(), 1_000, 4_096);
    assert_eq!(items[0].as_ref().unwrap().line, 1);
    assert_eq!(items[1].as_ref().unwrap_err().line, 2);
    assert!(items[1].as_ref().unwrap_err().problem.contains("larger than 1000 bytes"));
    assert_eq!(items[2].as_ref().unwrap().text, "{\"b\":1}");
    assert_eq!(items.len(), 3);
}

#[test]
fn a_reader_that_fails_is_not_the_end_of_the_file() {
    struct Failing;
    impl Read for Failing {
        fn read(&mut self, _: &mut [u8]) -> std::io::Result<usize> {
            Err(std::io::Error::other("the disk is gone"))
        }
    }
    let input = b"{\"a\":1}\n{\"b\":".chain(Failing);
    let items: Vec<_> = Splitter::new(input, &Limits::default()).collect();
    assert!(items[0].is_ok());
    let problem = items[1].as_ref().unwrap_err();
    assert!(problem.stopped && problem.problem.contains("the disk is gone"), "{problem}");
    assert_eq!(items.len(), 2);
}

fn pieces() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop::sample::select(vec![
        "{",
        "}",
        "[",
        "]",
        ",",
        ":",
        "\"",
        "\\",
        "\n",
        "\0",
        " ",
        "1",
        "{\"a\":1}",
        "{\"a\":[",
        "\n{\"a\":1}\n",
        "\u{e9}",
    ]);
    prop::collection::vec(piece, 0..40).prop_map(|pieces| pieces.concat().into_bytes())
}

proptest! {
    #[test]
    fn chunks_make_no_difference(input in pieces(), chunk in 1..9_usize, most in 4..40_usize) {
        prop_assert_eq!(split(&input, most, chunk), split(&input, most, 4_096));
    }

    #[test]
    fn any_bytes_end_without_a_panic(input in prop::collection::vec(any::<u8>(), 0..300), chunk in 1..9_usize) {
        prop_assert!(split(&input, 50, chunk).len() <= input.len() + 1);
    }

    #[test]
    fn a_line_of_rubbish_never_hides_a_good_line(rubbish in "[\\[\\]{}:,\"\\\\a1 ]{0,30}", good in 2..5_usize) {
        let line = "{\"format\":\"x\",\"list\":[{\"id\":1}]}";
        let input = format!("{rubbish}\n{}", format!("{line}\n").repeat(good));
        let whole = split(input.as_bytes(), 1_000, 5).into_iter().flatten().filter(|it| it.text == line).count();
        let stopped = split(input.as_bytes(), 1_000, 5).into_iter().any(|it| it.is_err_and(|it| it.stopped));
        prop_assert!(whole == good || stopped, "{whole} of {good}");
    }
}
