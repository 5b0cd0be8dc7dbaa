//! The one binary: parses arguments and hands over to the command line shell.

use std::process::ExitCode;

use clap::Parser;
use lobewatch::cli::{Arguments, run};

fn main() -> ExitCode {
    ExitCode::from(run(Arguments::parse()).code())
}
