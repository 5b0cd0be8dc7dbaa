//! Any bytes as a day, a seed of a whole history, and changes to its text: whatever can be read is assessed.
#![no_main]

use libfuzzer_sys::fuzz_target;
use lobewatch_core::fuzzing;

fuzz_target!(|bytes: &[u8]| fuzzing::grown(bytes));
