//! One published figure, and the label without which it is never shown.

use std::collections::BTreeSet;

use serde::Deserialize;

use super::RegisterProblem;

/// One published figure. Its text is shown in full or not at all.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Figure {
    /// Stable id, such as `E61`; never reused.
    pub id: String,
    /// What was found, in plain words.
    pub statement: String,
    /// The numbers.
    pub figure: String,
    /// In whom.
    pub population: String,
    /// How many people; absent where the source does not say, or where several series are taken together.
    pub patients: Option<u32>,
    /// Whether it was found in sarcoma.
    pub tumours: Tumours,
    /// How it was found.
    pub design: Design,
    /// First author and year, and where the text was read.
    pub source: String,
    /// Whether others agree.
    pub standing: Standing,
    /// What contradicts it.
    pub conflict: Option<String>,
    /// Ids of the figures that contradict it.
    #[serde(default)]
    pub against: Vec<String>,
    /// What else a reader has to know.
    pub caution: Option<String>,
    /// Why it is never shown as a fact; absent where it may be.
    pub withheld: Option<String>,
}

/// Whether a figure was found in sarcoma.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Deserialize)]
pub enum Tumours {
    /// Sarcoma only.
    #[serde(rename = "sarcoma")]
    Sarcoma,
    /// Sarcoma among other tumours.
    #[serde(rename = "mixed")]
    Mixed,
    /// Other tumours only.
    #[serde(rename = "other")]
    Other,
    /// The source that was read does not say.
    #[serde(rename = "not stated")]
    NotStated,
}

impl Tumours {
    /// What has to be said of it; nothing where only sarcoma was studied.
    const fn label(self) -> Option<&'static str> {
        match self {
            Self::Sarcoma => None,
            Self::Mixed => Some("not sarcoma only"),
            Self::Other => Some("no sarcoma"),
            Self::NotStated => Some("tumours not stated, perhaps not sarcoma only"),
        }
    }
}

/// How a figure was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Deserialize)]
pub enum Design {
    /// A series looked at afterwards.
    #[serde(rename = "retrospective")]
    Retrospective,
    /// A study planned beforehand, without randomisation.
    #[serde(rename = "prospective")]
    Prospective,
    /// A registry of many centres, read afterwards.
    #[serde(rename = "registry")]
    Registry,
    /// Several series taken together.
    #[serde(rename = "review")]
    Review,
    /// One patient.
    #[serde(rename = "single case")]
    SingleCase,
    /// The source that was read does not say.
    #[serde(rename = "unknown")]
    Unknown,
}

impl Design {
    /// The design in words.
    const fn label(self) -> &'static str {
        match self {
            Self::Retrospective => "retrospective",
            Self::Prospective => "prospective, not randomised",
            Self::Registry => "registry, retrospective",
            Self::Review => "review of mostly retrospective series",
            Self::SingleCase => "a single case",
            Self::Unknown => "design not stated",
        }
    }
}

/// Whether others agree with a figure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Deserialize)]
pub enum Standing {
    /// Nothing that was read contradicts it.
    #[serde(rename = "as published")]
    AsPublished,
    /// Others found otherwise.
    #[serde(rename = "disputed")]
    Disputed,
    /// Sources print other numbers for the same thing.
    #[serde(rename = "conflict")]
    Conflict,
    /// From memory; no source was found again.
    #[serde(rename = "recalled")]
    Recalled,
}

impl Standing {
    /// What has to be said of it; nothing where nobody disagrees.
    const fn label(self) -> Option<&'static str> {
        match self {
            Self::AsPublished => None,
            Self::Disputed => Some("disputed"),
            Self::Conflict => Some("sources differ"),
            Self::Recalled => Some("recalled, not verified"),
        }
    }
}

impl Figure {
    /// Population, number of people, design, and whether it is disputed and why: what is shown with the numbers always.
    #[must_use]
    pub fn label(&self) -> String {
        let mut parts = vec![self.population.clone()];
        parts
            .extend(self.patients.filter(|patients| *patients > 1).map(|patients| format!("n = {patients}")));
        parts.extend(self.tumours.label().map(ToOwned::to_owned));
        parts.push(self.design.label().to_owned());
        parts.extend(self.doubt());
        parts.extend(self.caution.as_ref().map(|caution| format!("caution: {caution}")));
        parts.join("; ")
    }

    /// That it is disputed, or that sources differ, and what contradicts it with the ids of those figures.
    #[must_use]
    pub fn doubt(&self) -> Option<String> {
        let standing = self.standing.label()?;
        let conflict = self.conflict.as_ref().map_or_else(String::new, |conflict| format!(": {conflict}"));
        let against =
            if self.against.is_empty() { String::new() } else { format!(" ({})", self.against.join(", ")) };
        Some(format!("{standing}{conflict}{against}"))
    }

    /// The figure on one line, with its label.
    #[must_use]
    pub fn line(&self) -> String {
        format!("{} {}: {} [{}]", self.id, self.statement, self.figure, self.label())
    }

    pub(super) fn check(&self, ids: &BTreeSet<&str>) -> Vec<RegisterProblem> {
        let mut problems = Vec::new();
        let mut refuse = |key: &str, problem, remedy: &str| {
            let place = format!("{} `{key}`", self.id);
            problems.push(RegisterProblem { place, problem, remedy: remedy.to_owned() });
        };
        let digits = self.id.strip_prefix('E').filter(|digits| digits.len() == 2);
        if !digits.is_some_and(|digits| digits.chars().all(|digit| digit.is_ascii_digit())) {
            refuse("id", "is not an id", "write E and two digits");
        }
        let texts = [
            ("statement", Some(&self.statement)),
            ("figure", Some(&self.figure)),
            ("population", Some(&self.population)),
            ("source", Some(&self.source)),
            ("conflict", self.conflict.as_ref()),
            ("caution", self.caution.as_ref()),
            ("withheld", self.withheld.as_ref()),
        ];
        for (key, text) in texts {
            if text.is_some_and(|text| text.trim().is_empty() || text.chars().any(char::is_control)) {
                refuse(
                    key,
                    "is empty or not printable",
                    "write it on one line, or leave out what is optional",
                );
            }
        }
        if self.patients == Some(0) {
            refuse("patients", "is 0", "leave it out where the source does not say");
        }
        let contradicted = matches!(self.standing, Standing::Disputed | Standing::Conflict);
        if contradicted != self.conflict.is_some() {
            let remedy = "say what contradicts a disputed figure or one in conflict, and only those";
            refuse("conflict", "does not fit the standing", remedy);
        }
        if self.standing == Standing::Recalled && self.withheld.is_none() {
            refuse("withheld", "is missing", "a figure without a source is never shown: say why");
        }
        if !self.against.is_empty() && self.conflict.is_none() {
            refuse("against", "stands without a conflict", "say what the figures contradict");
        }
        if self.against.iter().any(|id| *id == self.id || !ids.contains(id.as_str())) {
            refuse("against", "names a figure that does not exist, or itself", "name ids of this file");
        }
        problems
    }
}
