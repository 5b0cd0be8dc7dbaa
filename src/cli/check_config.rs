//! `lobewatch check-config`: every value and where it came from; all problems at once, each with its remedy.

use super::{Exit, terminal::Terminal, wiring};
use crate::config::{LoadOptions, examine};

pub(super) fn run(load: LoadOptions, terminal: &mut Terminal) -> anyhow::Result<Exit> {
    let examination = examine(load);
    let width = examination.values.iter().map(|value| value.key.len()).max().unwrap_or(0);
    for value in &examination.values {
        terminal.line(format!("{:width$}  {}  ({})", value.key, value.shown_value, value.source))?;
    }
    let mut problems = 0;
    match &examination.outcome {
        Ok(settings) => {
            if let Err(error) = wiring::protocol(settings.protocol.file.as_deref()) {
                problems += 1;
                terminal.remark(format!("{error:#}"))?;
            }
        }
        Err(found) => {
            problems += found.problems().len();
            for problem in found.problems() {
                terminal.remark(problem.to_string())?;
            }
        }
    }
    if problems > 0 {
        terminal.remark(format!("{problems} problems"))?;
        return Ok(Exit::BadInput);
    }
    terminal.remark("no problems")?;
    Ok(Exit::Done)
}
