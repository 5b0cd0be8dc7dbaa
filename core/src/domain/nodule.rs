//! A nodule: a permanent identity under its lobe, or a counted group of them.

use std::num::NonZeroU32;

use super::{
    dates::PartialDate,
    lung::NodulePlace,
    text::{NoduleId, Text},
    vocabulary::{LinkDecision, NoduleOrigin, SubLocation},
};

/// A nodule or a counted group. Its identity is permanent: it is never deleted or reused.
#[derive(Debug, Clone, PartialEq)]
pub struct Nodule {
    /// Identity within the patient.
    pub id: NoduleId,
    /// Lobe, segment and the escapes.
    pub place: NodulePlace,
    /// How many nodules this entry stands for.
    pub count: NoduleCount,
    /// How it came to be known.
    pub origin: Option<NoduleOrigin>,
    /// Where in the lobe it lies.
    pub sub_location: Option<SubLocation>,
    /// A remark.
    pub comment: Option<Text>,
    /// The decision of a person to look for it no longer.
    pub closed: Option<NoduleClosure>,
}

/// A person's decision that a nodule is settled. Without a day, a name and a reason it closes nothing, and a later
/// study that shows the nodule opens it again.
#[derive(Debug, Clone, PartialEq)]
pub struct NoduleClosure {
    /// Day of the decision.
    pub on: Option<PartialDate>,
    /// Who decided.
    pub by: Option<Text>,
    /// Why.
    pub reason: Option<Text>,
}

/// A person's decision on whether two entries are one nodule. Nothing else joins them.
///
/// It is reversible: withdrawn, or outweighed by a later decision on the same two. Without the name of who decided
/// it counts for nothing.
#[derive(Debug, Clone, PartialEq)]
pub struct NoduleLink {
    /// The entry in question.
    pub nodule: NoduleId,
    /// The entry it is held to be, or not to be.
    pub same_as: NoduleId,
    /// Same or different.
    pub decision: LinkDecision,
    /// Day of the decision.
    pub on: Option<PartialDate>,
    /// Who decided.
    pub by: Option<Text>,
    /// Why.
    pub reason: Option<Text>,
}

/// How many nodules one entry stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum NoduleCount {
    /// This many, reported together; more than one takes no growth rule.
    Exactly(NonZeroU32),
    /// Several, number not reported: at least one.
    Several,
}

impl NoduleCount {
    /// One nodule, the default.
    pub const ONE: Self = Self::Exactly(NonZeroU32::MIN);

    /// The count as a tally.
    #[must_use]
    pub const fn tally(self) -> Tally {
        match self {
            Self::Exactly(count) => Tally::exactly(count.get()),
            Self::Several => Tally { min: 1, exact: false },
        }
    }

    /// Whether the entry is one nodule that can be measured over time.
    #[must_use]
    pub fn is_single(self) -> bool {
        self == Self::ONE
    }
}

/// A number of nodules that may be only a lower bound.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Tally {
    /// The least it can be.
    pub min: u32,
    /// Whether it is exactly that.
    pub exact: bool,
}

impl Tally {
    /// None.
    pub const ZERO: Self = Self::exactly(0);

    /// Exactly `count`.
    #[must_use]
    pub const fn exactly(count: u32) -> Self {
        Self { min: count, exact: true }
    }

    /// Whether the number is at least `limit`.
    #[must_use]
    pub fn at_least(self, limit: u32) -> super::truth::Truth {
        use super::truth::Truth;
        match (self.min >= limit, self.exact) {
            (true, _) => Truth::True,
            (false, true) => Truth::False,
            (false, false) => Truth::Unknown,
        }
    }
}

impl std::ops::Add for Tally {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self { min: self.min.saturating_add(other.min), exact: self.exact && other.exact }
    }
}

impl std::ops::AddAssign for Tally {
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

impl std::iter::Sum for Tally {
    fn sum<I: Iterator<Item = Self>>(tallies: I) -> Self {
        tallies.fold(Self::ZERO, |sum, tally| sum + tally)
    }
}

#[cfg(test)]
mod tests {
    use super::{super::truth::Truth, *};

    #[test]
    fn several_is_a_lower_bound_in_every_sum() {
        let four: NoduleCount = NoduleCount::Exactly(NonZeroU32::new(4).unwrap());
        let sum: Tally = [four.tally(), NoduleCount::Several.tally()].into_iter().sum();
        assert_eq!(sum, Tally { min: 5, exact: false });
        assert_eq!(sum.at_least(5), Truth::True);
        assert_eq!(sum.at_least(6), Truth::Unknown);
        assert_eq!(four.tally().at_least(5), Truth::False);
    }
}
