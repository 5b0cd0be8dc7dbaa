//! The one binary: parses arguments and hands over to the command line shell.
fn main() {}
