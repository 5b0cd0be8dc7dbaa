//! Any bytes as a day and a document: whatever can be read is assessed and written down.
#![no_main]

use libfuzzer_sys::fuzz_target;
use lobewatch_core::fuzzing;

fuzz_target!(|bytes: &[u8]| fuzzing::evaluation(bytes));
