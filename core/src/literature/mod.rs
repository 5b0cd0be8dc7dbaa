//! What the literature says: published figures beside the flags, always with their population and their standing.
//!
//! Not to be confused with the evidence of a rule, which are facts of one patient's record. A figure is for
//! orientation: it enters no rule and no mail, and it never predicts the course of one person. Rules name the ids of
//! the figures that say why they matter and read nothing here.

mod figure;

use std::collections::BTreeSet;

use serde::Deserialize;

pub use self::figure::{Design, Figure, Standing, Tumours};

/// The register that ships with lobewatch.
pub const SHIPPED: &str = include_str!("../../../config/evidence.toml");

/// What stands above published figures wherever they are shown.
pub const HEADING: &str = "Published figures, for orientation";

/// What has to be known of them; shown with the heading.
pub const CAUTION: &str = "They come mostly from selected, retrospective series and must not be used to predict the course of one person.";

/// Published figures in the order of their ids.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Register {
    #[serde(rename = "figure")]
    figures: Vec<Figure>,
}

/// One thing wrong with a register.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{place} {problem}; {remedy}")]
pub struct RegisterProblem {
    /// Figure and key in the file.
    pub place: String,
    /// What is wrong.
    pub problem: &'static str,
    /// What to do.
    pub remedy: String,
}

impl Register {
    /// Reads and checks a register.
    ///
    /// # Errors
    /// All problems at once, each with its place and remedy; one only where the text is no register at all.
    pub fn parse(text: &str) -> Result<Self, Vec<RegisterProblem>> {
        let register: Self = toml::from_str(text).map_err(|error| {
            let before = error.span().and_then(|span| text.get(..span.start)).unwrap_or_default();
            let line = before.matches('\n').count() + 1;
            vec![RegisterProblem {
                place: format!("line {line}"),
                problem: "cannot be read",
                remedy: error.message().to_owned(),
            }]
        })?;
        let problems = register.check();
        if problems.is_empty() { Ok(register) } else { Err(problems) }
    }

    /// The figures that may be shown.
    pub fn shown(&self) -> impl Iterator<Item = &Figure> {
        self.figures.iter().filter(|figure| figure.withheld.is_none())
    }

    /// All figures; those withheld say why and must not be shown as a fact.
    #[must_use]
    pub fn all(&self) -> &[Figure] {
        &self.figures
    }

    /// The figures of these ids that may be shown, in the order of the ids.
    pub fn named<'a>(&'a self, ids: impl IntoIterator<Item = &'a str>) -> impl Iterator<Item = &'a Figure> {
        ids.into_iter().filter_map(|id| self.shown().find(|figure| figure.id == id))
    }

    fn check(&self) -> Vec<RegisterProblem> {
        let ids: BTreeSet<&str> = self.figures.iter().map(|figure| figure.id.as_str()).collect();
        let mut problems: Vec<RegisterProblem> =
            self.figures.iter().flat_map(|figure| figure.check(&ids)).collect();
        let following = self.figures.iter().zip(self.figures.iter().skip(1));
        problems.extend(following.filter(|(one, next)| one.id >= next.id).map(|(one, next)| {
            let remedy = format!("it follows {}; give it its place, or an id of its own", one.id);
            RegisterProblem { place: next.id.clone(), problem: "is not in ascending order", remedy }
        }));
        problems
    }
}

#[cfg(test)]
mod tests;
