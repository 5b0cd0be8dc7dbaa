//! Growth of one nodule over its studies, by unrounded measurements.
//!
//! Three comparators: the smallest earlier reliable measurement, the last one and the first one, so that neither
//! shrinkage in between nor many small steps hide growth. "Not grown" means within measurement error. Published
//! size classes of lung-cancer screening are not used. Sizes are compared like with like: where one study measured
//! the long axis only, the long axes are compared.

mod compare;
mod volume;

use std::borrow::Cow;

use crate::domain::{
    imaging::{Finding, ImagingStudy},
    text::StudyKey,
    truth::Truth,
};

use super::evidence::listed;

pub(super) use self::compare::{at_least, growth_of};

/// A finding on its study.
pub(super) type Sighting<'h> = (&'h ImagingStudy, &'h Finding);

/// What the studies of one nodule say of its growth.
#[derive(Debug, Clone, PartialEq)]
pub struct Growth {
    /// Whether it has grown by a rule; unknown where no two measured studies compare.
    pub grown: Truth,
    /// Whether it has shrunk against the last measurement before.
    pub shrunk: Truth,
    /// The rules that fired, each once.
    pub fired: Vec<GrowthRule>,
    /// Change of the diameter against the smallest earlier reliable measurement, millimetres.
    pub from_nadir_mm: Option<f64>,
    /// Change against the measurement before, millimetres.
    pub from_last_mm: Option<f64>,
    /// Change against the first measurement, millimetres.
    pub from_first_mm: Option<f64>,
    /// Volumes then and now, cubic millimetres: by one software, else computed from the axes.
    pub volumes_mm3: Option<(f64, f64)>,
    /// Specific growth rate between these volumes, per day; only between exact days.
    pub rate_per_day: Option<f64>,
    /// Volume doubling time, days; only where it has grown.
    pub doubling_days: Option<f64>,
    /// What makes the comparison less certain.
    pub marks: Vec<GrowthMark>,
    /// The study compared with, and the one that shows the growth.
    pub studies: Vec<StudyKey>,
}

/// A rule by which a nodule has grown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum GrowthRule {
    /// Diameter against the smallest earlier reliable measurement.
    DiameterFromNadir,
    /// Diameter against the measurement before.
    DiameterFromLast,
    /// Diameter against the first measurement.
    DiameterFromFirst,
    /// Volume by one software.
    Volume,
    /// The reader says so and nothing was measured.
    Reader,
}

impl GrowthRule {
    /// The rule in words.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::DiameterFromNadir => "diameter against the smallest earlier measurement",
            Self::DiameterFromLast => "diameter against the measurement before",
            Self::DiameterFromFirst => "diameter against the first measurement",
            Self::Volume => "volume by one software",
            Self::Reader => "the reader's statement",
        }
    }

    /// Kebab-case code.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::DiameterFromNadir => "diameter-from-nadir",
            Self::DiameterFromLast => "diameter-from-last",
            Self::DiameterFromFirst => "diameter-from-first",
            Self::Volume => "volume",
            Self::Reader => "reader",
        }
    }
}

/// What makes a comparison of two measurements less certain.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum GrowthMark {
    /// A slice is thick: a repeat scan is needed.
    ThickSlices,
    /// The nodule is, or was, small: a repeat scan is needed.
    SmallNodule,
    /// The slice thickness of one study or both is not on record.
    SlicesNotRecorded,
    /// The reader calls it grown and the sizes do not show it.
    ReaderDisagrees,
    /// It was irradiated or ablated, and one study alone does not show growth after that.
    AfterLocalTherapy,
}

impl GrowthMark {
    /// Kebab-case code.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::ThickSlices => "thick-slices",
            Self::SmallNodule => "small-nodule",
            Self::SlicesNotRecorded => "slices-not-recorded",
            Self::ReaderDisagrees => "reader-disagrees",
            Self::AfterLocalTherapy => "after-local-therapy",
        }
    }
}

impl Growth {
    /// Nothing to compare.
    #[must_use]
    pub const fn unknown() -> Self {
        Self {
            grown: Truth::Unknown,
            shrunk: Truth::Unknown,
            fired: Vec::new(),
            from_nadir_mm: None,
            from_last_mm: None,
            from_first_mm: None,
            volumes_mm3: None,
            rate_per_day: None,
            doubling_days: None,
            marks: Vec::new(),
            studies: Vec::new(),
        }
    }

    /// Thick slices or a small nodule (Nietert 2018): a repeat scan is needed.
    #[must_use]
    pub fn low_confidence(&self) -> bool {
        self.marks.iter().any(|mark| matches!(mark, GrowthMark::ThickSlices | GrowthMark::SmallNodule))
    }

    /// What the comparison says, in words that claim no more than it does.
    #[must_use]
    pub fn reason(&self) -> Cow<'static, str> {
        match (self.grown, self.shrunk) {
            (Truth::True, _) => {
                let rules = self.fired.iter().map(|rule| rule.words());
                format!("grown by {}", listed(rules)).into()
            }
            (_, Truth::True) => "smaller than on the measurement before".into(),
            (Truth::False, _) if self.studies.is_empty() => "the reader calls it unchanged".into(),
            (Truth::False, _) => "the change is within measurement error".into(),
            (Truth::Unknown, _) if self.marks.contains(&GrowthMark::AfterLocalTherapy) => {
                "larger on one study after local therapy; a second one has to show it".into()
            }
            (Truth::Unknown, _) if self.marks.contains(&GrowthMark::ReaderDisagrees) => {
                "the reader calls it grown, the sizes on record do not show it".into()
            }
            (Truth::Unknown, _) => "what is on record does not decide whether it has grown".into(),
        }
    }

    /// Takes the answer back where another study may be the last one, or one study does not decide.
    pub(super) fn open(&mut self) {
        self.grown = Truth::Unknown;
        self.fired.clear();
        self.doubling_days = None;
    }
}
