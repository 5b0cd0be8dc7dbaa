//! The published figures each tier trigger rests on, by their ids in `config/evidence.toml`.
//!
//! Beside the triggers and not in them: a figure is for orientation, it never enters a decision.

use super::{
    patterns::ALL,
    tier::{TierProposal, Trigger},
};
use crate::domain::tier::Tier;

/// Triggers of tier H with published figures; the others are product rules that no figure supports.
pub const OF_TRIGGERS: [(&str, &[&str]); 11] = [
    ("dfi-lt-12-months", &["E22", "E61", "E15"]),
    ("short-recurrence-free-interval", &["E70"]),
    ("episode-r1-or-rx", &["E19", "E20", "E70"]),
    ("four-or-more-metastases", &["E64", "E17"]),
    ("nodal-involvement", &["E39"]),
    ("progression-on-chemotherapy", &["E26"]),
    ("mpnst", &["E11", "E60"]),
    ("third-metastasectomy", &["E62"]),
    ("bilateral-disease", &["E18"]),
    ("recurrence-refuted-recently", &["E80"]),
    ("observed-nodule", &["E80"]),
];

/// What the conditions of tier L, and the 24 months before it can be proposed, rest on.
pub const OF_TIER_LOW: &[&str] = &["E64", "E61"];

impl Trigger {
    /// The published figures the trigger rests on; empty where it is a product rule. A pattern that raises the tier
    /// brings its own.
    #[must_use]
    pub fn figures(&self) -> &'static [&'static str] {
        let own = OF_TRIGGERS.iter().find(|(id, _)| *id == self.id).map(|(_, figures)| *figures);
        let of_pattern =
            || ALL.iter().find(|pattern| pattern.info.name == self.id).map(|one| one.info.figures);
        own.or_else(of_pattern).unwrap_or_default()
    }
}

impl TierProposal {
    /// The published figures the proposal rests on; empty where it is a product rule.
    #[must_use]
    pub const fn figures(&self) -> &'static [&'static str] {
        match self.to {
            Tier::Low => OF_TIER_LOW,
            Tier::Active | Tier::High | Tier::Standard => &[],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    use crate::{
        assessment::assess,
        document::assessment::AssessmentDocument,
        rules::testing::{Story, protocol},
    };

    #[test]
    fn every_trigger_with_figures_exists_and_patterns_bring_theirs() {
        let tier = Story::favourable().evaluate("2022-04-02").tier;
        let figures = |id: &str| tier.triggers.iter().find(|one| one.id == id).map(Trigger::figures);
        for (id, expected) in OF_TRIGGERS {
            assert_eq!(figures(id), Some(expected), "{id}");
        }
        assert_eq!(figures("growing-nodule"), Some(&[][..]));
        assert_eq!(figures("imaged-but-not-resected"), Some(&["E32"][..]));
        assert_eq!(tier.proposal.map(|one| one.figures()), Some(OF_TIER_LOW));
    }

    #[test]
    fn an_assessment_names_figures_beside_raised_flags_only() {
        let story = Story::favourable().nodule("n2", "LUL").ct("ct4", "2022-05-01", &[("n2", 6.0)]);
        let day = "2022-06-01".parse().unwrap();
        let assessment = assess(&story.history(), &protocol(), day);
        let document = AssessmentDocument::from(&assessment);
        let mut states = BTreeSet::new();
        for (entry, pattern) in document.patterns.iter().zip(ALL) {
            let expected: &[&str] = if entry.state.code() == "true" { pattern.info.figures } else { &[] };
            assert_eq!(entry.figures, expected, "{}", entry.id);
            states.insert((entry.state.code(), pattern.info.figures.is_empty()));
        }
        for state in ["true", "false", "unknown", "not_applicable"] {
            assert!(states.contains(&(state, false)), "no pattern with figures is {state}: {states:?}");
        }
    }
}
