//! What pathology said of a nodule or group, and how many of it are metastases.
//!
//! A result that was never given is unknown, not negative: it leaves numbers as lower bounds. Non-viable
//! metastases count as metastases; results that pathology cannot decide do not.

use crate::domain::{
    nodule::{NoduleCount, Tally},
    operation::Resection,
    truth::Truth,
    vocabulary::Pathology,
};

/// What pathology said, as far as counting goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum PathologyClass {
    /// Metastasis with viable tumour.
    MetViable,
    /// Metastasis without viable tumour.
    MetNonviable,
    /// Another cancer.
    OtherMalignancy,
    /// Not reported.
    Unknown,
    /// Thrown away unseen: there will be no result.
    NotSent,
    /// Examined, and pathology cannot say.
    Indeterminate,
    /// Not a tumour to follow, as pathology reported it.
    Benign,
}

impl PathologyClass {
    /// The class of a reported result.
    #[must_use]
    pub const fn of(result: Option<Pathology>) -> Self {
        match result {
            Some(Pathology::MetViable) => Self::MetViable,
            Some(Pathology::MetNonviable) => Self::MetNonviable,
            Some(Pathology::Benign) => Self::Benign,
            Some(Pathology::PrimaryLungCancer | Pathology::OtherMalignancy) => Self::OtherMalignancy,
            Some(Pathology::Indeterminate) => Self::Indeterminate,
            Some(Pathology::NotSent) => Self::NotSent,
            Some(Pathology::Unknown) | None => Self::Unknown,
        }
    }

    /// The code of the contract.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::MetViable => "met_viable",
            Self::MetNonviable => "met_nonviable",
            Self::OtherMalignancy => "other_malignancy",
            Self::Unknown => "unknown",
            Self::NotSent => "not_sent",
            Self::Indeterminate => "indeterminate",
            Self::Benign => "benign",
        }
    }

    /// Whether it counts as a metastasis.
    #[must_use]
    pub const fn is_metastasis(self) -> Truth {
        match self {
            Self::MetViable | Self::MetNonviable => Truth::True,
            Self::Unknown | Self::NotSent => Truth::Unknown,
            Self::OtherMalignancy | Self::Indeterminate | Self::Benign => Truth::False,
        }
    }

    /// Whether a result was given that says what it is.
    #[must_use]
    pub const fn is_conclusive(self) -> bool {
        !matches!(self, Self::Unknown | Self::NotSent | Self::Indeterminate)
    }
}

/// One specimen of a nodule or group: its class, and how many pieces pathology looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Specimen {
    pub class: PathologyClass,
    pub pieces: Option<u32>,
}

impl Specimen {
    pub(super) const fn of(resection: &Resection) -> Self {
        Self { class: PathologyClass::of(resection.pathology), pieces: resection.pathology_count }
    }
}

/// How many of a nodule or group are what.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Outcome {
    pub total: Tally,
    pub metastases: Tally,
    /// The most metastases the facts allow; `None` without upper bound.
    pub most_metastases: Option<u32>,
    pub viable: Tally,
    pub benign: Tally,
    pub examined: Tally,
    /// The class of the whole, the weightiest where they differ.
    pub class: PathologyClass,
}

/// The result of one nodule: of several specimens the weightiest.
pub(super) fn weightiest(specimens: impl Iterator<Item = Specimen>) -> PathologyClass {
    specimens.map(|specimen| specimen.class).min().unwrap_or(PathologyClass::Unknown)
}

/// Counts a nodule or group by its specimens.
pub(super) fn outcome(count: NoduleCount, specimens: impl Iterator<Item = Specimen> + Clone) -> Outcome {
    let class = weightiest(specimens.clone());
    if count.is_single() || specimens.clone().next().is_none() {
        shared_out(count.tally(), class, std::iter::once(Specimen { class, pieces: None }))
    } else {
        shared_out(count.tally(), class, specimens)
    }
}

fn shared_out(
    total: Tally,
    class: PathologyClass,
    entries: impl Iterator<Item = Specimen> + Clone,
) -> Outcome {
    let shares = Shares::of(total, entries);
    let of = |wanted: fn(PathologyClass) -> bool| -> u32 {
        let known = shares.known.clone().filter(|(class, _)| wanted(*class));
        known.fold(0, |sum, (_, n)| sum.saturating_add(n))
    };
    let tally = |wanted: fn(PathologyClass) -> bool| Tally { min: of(wanted), exact: shares.complete };
    // A group of unknown size of one class holds none of the others.
    let settle = |wanted: fn(PathologyClass) -> bool| {
        let none = shares.settled && !shares.known.clone().any(|(class, _)| wanted(class));
        if none { Tally::ZERO } else { tally(wanted) }
    };
    let never = of(|class| class.is_metastasis().is_false());
    let no_metastasis = shares.settled && of(|class| class.is_metastasis().may_be_true()) == 0;
    Outcome {
        total,
        metastases: if no_metastasis { Tally::ZERO } else { tally(|class| class.is_metastasis().is_true()) },
        most_metastases: if no_metastasis && never > 0 {
            Some(0)
        } else {
            total.exact.then(|| total.min.saturating_sub(never))
        },
        viable: settle(|class| class == PathologyClass::MetViable),
        benign: settle(|class| class == PathologyClass::Benign),
        examined: tally(PathologyClass::is_conclusive),
        class,
    }
}

/// How the results of the specimens share out a nodule or group.
struct Shares<Known> {
    /// Each specimen's class and number, in order.
    known: Known,
    /// The classes add up to an exact total.
    complete: bool,
    /// Every member of the group has a known class, even if their number is not known.
    settled: bool,
}

impl Shares<()> {
    fn of(
        total: Tally,
        entries: impl Iterator<Item = Specimen> + Clone,
    ) -> Shares<impl Iterator<Item = (PathologyClass, u32)> + Clone> {
        let alone = entries.clone().nth(1).is_none();
        let known = entries.clone().scan(total.min, move |left, entry| {
            let n = entry.pieces.unwrap_or(if alone { total.min } else { 1 }).min(*left);
            *left -= n;
            Some((entry.class, n))
        });
        let has_unknown = entries.clone().any(|entry| entry.class.is_metastasis().is_unknown());
        let whole = alone && entries.clone().all(|entry| entry.pieces.is_none());
        let counted = entries.clone().all(|entry| entry.pieces.is_some());
        let shared = || known.clone().map(|(_, n)| n).sum::<u32>();
        let settled = !has_unknown && (whole || (total.exact && counted && shared() == total.min));
        Shares { known, complete: settled && total.exact, settled }
    }
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroU32;

    use super::*;

    fn group(count: u32) -> NoduleCount {
        NoduleCount::Exactly(NonZeroU32::new(count).unwrap())
    }

    fn specimen(class: PathologyClass, pieces: impl Into<Option<u32>>) -> Specimen {
        Specimen { class, pieces: pieces.into() }
    }

    #[test]
    fn one_result_holds_for_the_whole_group() {
        let outcome = outcome(group(16), [specimen(PathologyClass::MetViable, None)].into_iter());
        assert_eq!((outcome.metastases, outcome.viable), (Tally::exactly(16), Tally::exactly(16)));
        assert_eq!((outcome.benign, outcome.most_metastases), (Tally::ZERO, Some(16)));
    }

    #[test]
    fn an_unknown_result_leaves_every_number_open() {
        let outcome = outcome(group(17), [specimen(PathologyClass::Unknown, None)].into_iter());
        assert_eq!(outcome.metastases, Tally { min: 0, exact: false });
        assert_eq!((outcome.most_metastases, outcome.total), (Some(17), Tally::exactly(17)));
    }

    #[test]
    fn several_of_one_class_hold_none_of_another() {
        let viable = outcome(NoduleCount::Several, [specimen(PathologyClass::MetViable, None)].into_iter());
        assert_eq!((viable.metastases, viable.most_metastases), (Tally { min: 1, exact: false }, None));
        assert_eq!(viable.benign, Tally::ZERO);
        let benign = outcome(NoduleCount::Several, [specimen(PathologyClass::Benign, None)].into_iter());
        assert_eq!((benign.metastases, benign.most_metastases), (Tally::ZERO, Some(0)));
    }

    #[test]
    fn results_are_shared_out_by_the_pieces_pathology_counted() {
        let mixed = [specimen(PathologyClass::MetViable, 3), specimen(PathologyClass::Benign, 2)];
        let outcome5 = outcome(group(5), mixed.into_iter());
        assert_eq!((outcome5.metastases, outcome5.benign), (Tally::exactly(3), Tally::exactly(2)));
        let outcome6 = outcome(group(6), mixed.into_iter());
        assert_eq!(outcome6.metastases, Tally { min: 3, exact: false });
        assert_eq!(outcome6.most_metastases, Some(4));
        let fewer = outcome(group(16), [specimen(PathologyClass::MetViable, 10)].into_iter());
        assert_eq!((fewer.metastases, fewer.most_metastases), (Tally { min: 10, exact: false }, Some(16)));
    }

    #[test]
    fn two_specimens_of_one_nodule_are_one_result() {
        let twice = [specimen(PathologyClass::Benign, None), specimen(PathologyClass::MetViable, None)];
        assert_eq!(outcome(NoduleCount::ONE, twice.into_iter()).metastases, Tally::exactly(1));
        let open = [specimen(PathologyClass::Benign, None), specimen(PathologyClass::Unknown, None)];
        assert_eq!(outcome(NoduleCount::ONE, open.into_iter()).metastases, Tally { min: 0, exact: false });
    }
}
