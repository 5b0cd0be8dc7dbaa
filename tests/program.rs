//! The whole program: the built binary, each time in a folder of its own, on both databases, judged by what comes out.

#[cfg(test)]
#[path = "support/program.rs"]
#[macro_use]
mod running;
#[cfg(test)]
#[path = "../benches/support/hostile.rs"]
mod hostile;
#[cfg(test)]
#[path = "support/smtp.rs"]
#[expect(dead_code, reason = "what only the tests of the transport look at")]
mod smtp;
#[cfg(test)]
#[expect(dead_code, reason = "of what store tests share, this needs the databases alone")]
mod support;
#[cfg(test)]
#[path = "../benches/support/synthetic.rs"]
mod synthetic;

#[cfg(test)]
mod program {
    mod actions;
    mod bad_input;
    mod change;
    mod commands;
    mod contract;
    mod expected;
    mod histories;
    mod hostile_size;
    mod instances;
    mod kill_import;
    mod kill_sweep;
    mod mail;
    mod nightly;
    mod privacy;
    mod service;
}
