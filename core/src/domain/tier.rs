//! The four risk tiers, and a person's decision for another tier than the rules compute.

use std::fmt;

use super::{dates::PartialDate, text::Text};

/// Risk tier of a followed patient; the earlier letter wins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Tier {
    /// Known active, untreated or uncontrolled thoracic disease.
    Active,
    /// High risk of recurrence.
    High,
    /// Neither active, high nor low.
    Standard,
    /// Low risk; reached only by a person's acceptance.
    Low,
}

impl Tier {
    /// All tiers, most watched first.
    pub const ALL: [Self; 4] = [Self::Active, Self::High, Self::Standard, Self::Low];

    /// The letter of the contract.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Active => "A",
            Self::High => "H",
            Self::Standard => "S",
            Self::Low => "L",
        }
    }

    /// The tier of a letter; `None` for any other text.
    #[must_use]
    pub fn parse(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|tier| tier.code() == code)
    }

    /// Whether the shorter limits of the watched tiers apply.
    #[must_use]
    pub const fn is_watched_closely(self) -> bool {
        matches!(self, Self::Active | Self::High)
    }
}

impl fmt::Display for Tier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

/// A person's decision for another tier than the computed one. Without a name, a reason and an expiry it decides
/// nothing; `None` is "not reported".
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TierOverride {
    /// Day of the decision.
    pub on: Option<PartialDate>,
    /// The tier that was chosen.
    pub tier: Tier,
    /// Why.
    pub reason: Option<Text>,
    /// Who decided.
    pub by: Option<Text>,
    /// Last day on which it counts.
    pub until: Option<PartialDate>,
}
