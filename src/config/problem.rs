//! What can be wrong with a configuration: one problem, and all of them together. Holds no values of secrets.

use std::fmt;

/// One thing a person has to put right before the service can start.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigProblem {
    /// The full key, for example `mail.smtp.host`.
    pub key: String,
    /// Where the value in force came from, in words.
    pub source: String,
    /// What is wrong, as the rest of a sentence that starts with the key.
    pub problem: String,
    /// What to do about it.
    pub remedy: String,
}

impl fmt::Display for ConfigProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` ({}) {}; {}", self.key, self.source, self.problem, self.remedy)
    }
}

/// Everything that is wrong with the configuration, at once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigProblemsError {
    problems: Vec<ConfigProblem>,
}

impl ConfigProblemsError {
    /// The problems, in the order of the sections.
    #[must_use]
    pub fn problems(&self) -> &[ConfigProblem] {
        &self.problems
    }
}

impl From<Vec<ConfigProblem>> for ConfigProblemsError {
    fn from(problems: Vec<ConfigProblem>) -> Self {
        Self { problems }
    }
}

impl fmt::Display for ConfigProblemsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.problems.len() {
            1 => write!(f, "the configuration has 1 problem")?,
            n => write!(f, "the configuration has {n} problems")?,
        }
        for problem in &self.problems {
            write!(f, "\n- {problem}")?;
        }
        Ok(())
    }
}

impl std::error::Error for ConfigProblemsError {}
