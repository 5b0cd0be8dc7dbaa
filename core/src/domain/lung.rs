//! Sides, the five lobes, segments and the ways a place can be less than known.
//!
//! Clinical source: sides, lobes and segments of the clinical reference. The middle lobe exists only on the
//! right; the lingula is part of the left upper lobe; left segments are accepted in every published numbering.

use std::fmt;

use super::truth::Truth;

/// One side of the chest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Side {
    /// The patient's right.
    Right,
    /// The patient's left.
    Left,
}

impl Side {
    /// Both sides, right first.
    pub const BOTH: [Self; 2] = [Self::Right, Self::Left];

    /// The side in words.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Right => "right",
            Self::Left => "left",
        }
    }
}

/// A lobe of the lung.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Lobe {
    /// Right upper lobe.
    Rul,
    /// Right middle lobe.
    Rml,
    /// Right lower lobe.
    Rll,
    /// Left upper lobe, lingula included.
    Lul,
    /// Left lower lobe.
    Lll,
}

impl Lobe {
    /// The five lobes in the order of the contract.
    pub const ALL: [Self; 5] = [Self::Rul, Self::Rml, Self::Rll, Self::Lul, Self::Lll];

    /// The code of the contract.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Rul => "RUL",
            Self::Rml => "RML",
            Self::Rll => "RLL",
            Self::Lul => "LUL",
            Self::Lll => "LLL",
        }
    }

    /// The lobe of a code; `None` for any other text.
    #[must_use]
    pub fn parse(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|lobe| lobe.code() == code)
    }

    /// The side it lies on.
    #[must_use]
    pub const fn side(self) -> Side {
        match self {
            Self::Rul | Self::Rml | Self::Rll => Side::Right,
            Self::Lul | Self::Lll => Side::Left,
        }
    }

    /// Anatomic segments a removal of the lobe costs (of 19): 3, 2, 5, 5, 4.
    #[must_use]
    pub const fn segments(self) -> u32 {
        match self {
            Self::Rul => 3,
            Self::Rml => 2,
            Self::Rll | Self::Lul => 5,
            Self::Lll => 4,
        }
    }
}

impl fmt::Display for Lobe {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

/// Where something lies, as far as it was reported: a lobe, only a side, or not even that.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Place {
    /// The lobe is known.
    Lobe(Lobe),
    /// Only the side is known (`right_nos`, `left_nos`).
    SideOnly(Side),
    /// Not even the side is known (`nos`).
    NotReported,
}

impl Place {
    /// Every place in the order of the contract: five lobes, then the escapes.
    pub const ALL: [Self; 8] = [
        Self::Lobe(Lobe::Rul),
        Self::Lobe(Lobe::Rml),
        Self::Lobe(Lobe::Rll),
        Self::Lobe(Lobe::Lul),
        Self::Lobe(Lobe::Lll),
        Self::SideOnly(Side::Right),
        Self::SideOnly(Side::Left),
        Self::NotReported,
    ];

    /// The code of the contract.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Lobe(lobe) => lobe.code(),
            Self::SideOnly(Side::Right) => "right_nos",
            Self::SideOnly(Side::Left) => "left_nos",
            Self::NotReported => "nos",
        }
    }

    /// The place of a code; `None` for any other text.
    #[must_use]
    pub fn parse(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|place| place.code() == code)
    }

    /// The lobe, where it is known.
    #[must_use]
    pub const fn lobe(self) -> Option<Lobe> {
        match self {
            Self::Lobe(lobe) => Some(lobe),
            _ => None,
        }
    }

    /// The side, where it is known.
    #[must_use]
    pub const fn side(self) -> Option<Side> {
        match self {
            Self::Lobe(lobe) => Some(lobe.side()),
            Self::SideOnly(side) => Some(side),
            Self::NotReported => None,
        }
    }

    /// Whether both can be the same lobe, as far as they were reported.
    #[must_use]
    pub fn may_be(self, other: Self) -> bool {
        match (self.lobe(), other.lobe(), self.side(), other.side()) {
            (Some(one), Some(other), ..) => one == other,
            (_, _, Some(one), Some(other)) => one == other,
            _ => true,
        }
    }

    /// Whether it lies in `lobe`: unknown where the reported side allows it.
    #[must_use]
    pub fn is_in(self, lobe: Lobe) -> Truth {
        match self {
            Self::Lobe(own) => Truth::from(own == lobe),
            Self::SideOnly(side) if side != lobe.side() => Truth::False,
            Self::SideOnly(_) | Self::NotReported => Truth::Unknown,
        }
    }

    /// Whether it lies on `side`: unknown where no side was reported.
    #[must_use]
    pub fn is_on(self, side: Side) -> Truth {
        Truth::from(self.side().map(|own| own == side))
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

/// A bronchopulmonary segment number as reported; which lobe it belongs to depends on the side.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Segment(&'static str);

impl Segment {
    /// Every accepted segment: 1 to 10 and the merged left ones.
    pub const ALL: [Self; 12] = [
        Self("S1"),
        Self("S2"),
        Self("S3"),
        Self("S4"),
        Self("S5"),
        Self("S6"),
        Self("S7"),
        Self("S8"),
        Self("S9"),
        Self("S10"),
        Self("S1+2"),
        Self("S7+8"),
    ];

    /// The segment of a code such as `S6`, `S1+2` or `S7+8`; `None` for any other text.
    #[must_use]
    pub fn parse(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|known| known.0 == code)
    }

    /// The code as written.
    #[must_use]
    pub const fn code(self) -> &'static str {
        self.0
    }

    /// The lobe this segment belongs to on `side`; `None` where the side has no such segment.
    #[must_use]
    pub fn lobe_on(self, side: Side) -> Option<Lobe> {
        match (side, self.0) {
            (Side::Right, "S1" | "S2" | "S3") => Some(Lobe::Rul),
            (Side::Right, "S4" | "S5") => Some(Lobe::Rml),
            (Side::Right, "S6" | "S7" | "S8" | "S9" | "S10") => Some(Lobe::Rll),
            (Side::Left, "S1" | "S2" | "S1+2" | "S3" | "S4" | "S5") => Some(Lobe::Lul),
            (Side::Left, "S6" | "S7" | "S8" | "S7+8" | "S9" | "S10") => Some(Lobe::Lll),
            _ => None,
        }
    }
}

/// Where a nodule lies, with everything that was reported about it.
///
/// A segment that does not fit the lobe is kept as reported; the consistency checks make it a data task.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct NodulePlace {
    place: Place,
    segment: Option<Segment>,
    fissural_with: Option<Lobe>,
    lingula: bool,
}

/// Why reported parts do not make a place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PlaceError {
    /// A fissural nodule needs two neighbouring lobes.
    #[error(
        "a fissural nodule lies between two different lobes of one side; correct `lobe` or `fissural_with`"
    )]
    Fissure,
    /// The lingula belongs to the left upper lobe.
    #[error("the lingula is part of LUL; correct `lobe` or leave `sub` out")]
    Lingula,
}

impl NodulePlace {
    /// Puts the reported parts together.
    ///
    /// # Errors
    /// When a fissure does not lie between two lobes of one side, or a lingula outside the left upper lobe.
    pub fn new(
        place: Place,
        segment: Option<Segment>,
        fissural_with: Option<Lobe>,
        lingula: bool,
    ) -> Result<Self, PlaceError> {
        if let Some(other) = fissural_with {
            let neighbours = place.lobe().is_some_and(|lobe| lobe != other && lobe.side() == other.side());
            if !neighbours {
                return Err(PlaceError::Fissure);
            }
        }
        if lingula && place != Place::Lobe(Lobe::Lul) {
            return Err(PlaceError::Lingula);
        }
        Ok(Self { place, segment, fissural_with, lingula })
    }

    /// Lobe, side or nothing; a fissural nodule counts once, here.
    #[must_use]
    pub const fn place(self) -> Place {
        self.place
    }

    /// The segment as reported.
    #[must_use]
    pub const fn segment(self) -> Option<Segment> {
        self.segment
    }

    /// The second lobe of a fissural nodule.
    #[must_use]
    pub const fn fissural_with(self) -> Option<Lobe> {
        self.fissural_with
    }

    /// Whether it lies in the lingula.
    #[must_use]
    pub const fn lingula(self) -> bool {
        self.lingula
    }

    /// Whether it touches `lobe`; a fissural nodule touches both of its lobes.
    #[must_use]
    pub fn touches(self, lobe: Lobe) -> Truth {
        self.place.is_in(lobe).or(Truth::from(self.fissural_with == Some(lobe)))
    }

    /// Whether it touches a lobe in which something else lies, as far as that place is known.
    #[must_use]
    pub fn touches_place(self, other: Place) -> Truth {
        match other {
            Place::Lobe(lobe) => self.touches(lobe),
            Place::SideOnly(side) => self.place.is_on(side).and(Truth::Unknown),
            Place::NotReported => Truth::Unknown,
        }
    }

    /// Whether the segment, where given, can belong to the reported place.
    #[must_use]
    pub fn segment_fits(self) -> bool {
        let Some(segment) = self.segment else { return true };
        match self.place {
            Place::Lobe(lobe) => {
                segment.lobe_on(lobe.side()) == Some(lobe)
                    || self.fissural_with.is_some_and(|other| segment.lobe_on(other.side()) == Some(other))
            }
            Place::SideOnly(side) => segment.lobe_on(side).is_some(),
            Place::NotReported => true,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_middle_lobe_exists_only_on_the_right() {
        assert_eq!(Lobe::Rml.side(), Side::Right);
        assert_eq!(Segment::parse("S4").and_then(|segment| segment.lobe_on(Side::Left)), Some(Lobe::Lul));
        assert_eq!(Segment::parse("S4").and_then(|segment| segment.lobe_on(Side::Right)), Some(Lobe::Rml));
    }

    #[test]
    fn every_published_left_numbering_maps_to_a_lobe() {
        for code in ["S1", "S2", "S1+2", "S3", "S4", "S5"] {
            assert_eq!(Segment::parse(code).unwrap().lobe_on(Side::Left), Some(Lobe::Lul), "{code}");
        }
        for code in ["S6", "S7", "S8", "S7+8", "S9", "S10"] {
            assert_eq!(Segment::parse(code).unwrap().lobe_on(Side::Left), Some(Lobe::Lll), "{code}");
        }
        assert_eq!(Segment::parse("S1+2").unwrap().lobe_on(Side::Right), None);
        assert_eq!(Segment::parse("S11"), None);
    }

    #[test]
    fn the_nineteen_segments_add_up() {
        assert_eq!(Lobe::ALL.into_iter().map(Lobe::segments).sum::<u32>(), 19);
    }

    #[test]
    fn a_side_alone_leaves_the_lobe_unknown_but_excludes_the_other_side() {
        let place = Place::SideOnly(Side::Right);
        assert_eq!(place.is_in(Lobe::Rul), Truth::Unknown);
        assert_eq!(place.is_in(Lobe::Lul), Truth::False);
        assert_eq!(Place::NotReported.is_on(Side::Left), Truth::Unknown);
        for place in Place::ALL {
            assert_eq!(Place::parse(place.code()), Some(place));
        }
    }

    #[test]
    fn a_fissural_nodule_touches_both_lobes_and_needs_neighbours() {
        let place = NodulePlace::new(Place::Lobe(Lobe::Rul), None, Some(Lobe::Rml), false).unwrap();
        assert_eq!(place.touches(Lobe::Rml), Truth::True);
        assert_eq!(place.touches(Lobe::Rll), Truth::False);
        for (place, other) in [
            (Place::Lobe(Lobe::Rul), Lobe::Rul),
            (Place::Lobe(Lobe::Rul), Lobe::Lll),
            // The middle lobe exists only on the right.
            (Place::Lobe(Lobe::Lul), Lobe::Rml),
            (Place::SideOnly(Side::Right), Lobe::Rml),
        ] {
            assert_eq!(NodulePlace::new(place, None, Some(other), false), Err(PlaceError::Fissure));
        }
        assert_eq!(NodulePlace::new(Place::Lobe(Lobe::Lll), None, None, true), Err(PlaceError::Lingula));
    }

    #[test]
    fn a_segment_of_another_lobe_does_not_fit() {
        let place =
            |lobe, code| NodulePlace::new(Place::Lobe(lobe), Segment::parse(code), None, false).unwrap();
        assert!(place(Lobe::Rll, "S9").segment_fits());
        assert!(!place(Lobe::Rul, "S9").segment_fits());
    }
}
