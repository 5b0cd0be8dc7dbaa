//! Any bytes as a document: refused with reasons, or written and read again as the same history.
#![no_main]

use libfuzzer_sys::fuzz_target;
use lobewatch_core::fuzzing;

fuzz_target!(|bytes: &[u8]| fuzzing::document(bytes));
