//! Growth of one nodule over its studies, by unrounded measurements.
//!
//! Three comparators: the smallest earlier measurement, the last one and the first one, so that neither shrinkage
//! in between nor many small steps hide growth. "Not grown" means within measurement error. Published size
//! classes of lung-cancer screening are not used.

use std::f64::consts::{LN_2, PI};

use crate::{
    domain::{
        dates::PartialDate,
        imaging::{Finding, ImagingStudy},
        text::StudyKey,
        truth::Truth,
        vocabulary::{Fate, Modality},
    },
    protocol::thresholds::GrowthThresholds,
};

/// Differences below this are arithmetic, not anatomy (millimetres or percent).
const ROUNDING: f64 = 1e-6;

/// What the studies of one nodule say of its growth.
#[derive(Debug, Clone, PartialEq)]
pub struct Growth {
    /// Whether it has grown by a rule; unknown where no two measured studies compare.
    pub grown: Truth,
    /// Whether it has shrunk against the last measurement before.
    pub shrunk: Truth,
    /// The rules that fired.
    pub fired: Vec<GrowthRule>,
    /// Change of the mean diameter against the smallest earlier measurement, millimetres.
    pub from_nadir_mm: Option<f64>,
    /// Change against the measurement before, millimetres.
    pub from_last_mm: Option<f64>,
    /// Change against the first measurement, millimetres.
    pub from_first_mm: Option<f64>,
    /// Specific growth rate against the smallest earlier measurement, per day; only between exact days.
    pub rate_per_day: Option<f64>,
    /// Volume doubling time, days; only where it has grown.
    pub doubling_days: Option<f64>,
    /// Thick slices or a small nodule: a repeat scan is needed.
    pub low_confidence: bool,
    /// The study that shows the growth, and the one it is compared with.
    pub studies: Vec<StudyKey>,
}

/// A rule by which a nodule has grown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum GrowthRule {
    /// Mean diameter against the smallest earlier measurement.
    DiameterFromNadir,
    /// Mean diameter against the measurement before.
    DiameterFromLast,
    /// Mean diameter against the first measurement.
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
            rate_per_day: None,
            doubling_days: None,
            low_confidence: false,
            studies: Vec::new(),
        }
    }
}

/// A finding on its study.
pub(super) type Sighting<'h> = (&'h ImagingStudy, &'h Finding);

struct Measured<'h> {
    study: &'h ImagingStudy,
    finding: &'h Finding,
    mean_mm: f64,
}

/// Compares the last measurement with the earlier ones. `sightings` are in order of time.
pub(super) fn growth(sightings: &[Sighting<'_>], limits: &GrowthThresholds) -> Growth {
    let measured: Vec<Measured<'_>> = sightings
        .iter()
        .filter(|(study, _)| !matches!(study.modality, Some(Modality::Cxr | Modality::Other)))
        .filter_map(|(study, finding)| Some(Measured { study, finding, mean_mm: finding.mean_mm()? }))
        .collect();
    let stated = sightings.iter().rev().find_map(|(study, finding)| Some((*study, finding.fate?)));
    let Some((latest, earlier)) = measured.split_last() else { return by_reader(stated, Growth::unknown()) };
    let (Some(first), Some(before)) = (earlier.first(), earlier.last()) else {
        return by_reader(stated, Growth::unknown());
    };
    let nadir = nadir(earlier, limits).unwrap_or(before);
    let mut growth = compare(latest, nadir, before, first, limits);
    growth.shrunk =
        order(before, latest).and(Truth::from(at_least(before.mean_mm - latest.mean_mm, limits.diameter_mm)));
    if !in_order(&measured) && spread(&measured) >= limits.diameter_mm - ROUNDING {
        // Another study may be the last one.
        growth.grown = Truth::Unknown;
        growth.shrunk = Truth::Unknown;
        growth.fired.clear();
        growth.doubling_days = None;
    }
    // The reader looked at the images: a disagreement is open, not a measurement error.
    if growth.grown.is_false() && stated.is_some_and(|(_, fate)| fate == Fate::Grown) {
        growth.grown = Truth::Unknown;
    }
    growth
}

/// Whether the measurements certainly stand in the order of time.
fn in_order(measured: &[Measured<'_>]) -> bool {
    measured.windows(2).all(|pair| match pair {
        [one, other] => !order(other, one).may_be_true(),
        _ => true,
    })
}

fn spread(measured: &[Measured<'_>]) -> f64 {
    let sizes = || measured.iter().map(|one| one.mean_mm);
    let (smallest, largest) = (sizes().min_by(f64::total_cmp), sizes().max_by(f64::total_cmp));
    smallest.zip(largest).map_or(0.0, |(smallest, largest)| largest - smallest)
}

/// Without two measurements the reader's statement decides.
fn by_reader(stated: Option<(&ImagingStudy, Fate)>, mut growth: Growth) -> Growth {
    match stated {
        Some((study, Fate::Grown)) => {
            growth.grown = Truth::True;
            growth.shrunk = Truth::False;
            growth.fired = vec![GrowthRule::Reader];
            growth.studies = vec![study.id.clone()];
        }
        Some((_, Fate::Stable)) => {
            growth.grown = Truth::False;
            growth.shrunk = Truth::False;
        }
        Some((_, Fate::Shrunk)) => {
            growth.grown = Truth::False;
            growth.shrunk = Truth::True;
        }
        _ => {}
    }
    growth
}

/// The smallest earlier measurement, a reliable one where there is any.
fn nadir<'m, 'h>(earlier: &'m [Measured<'h>], limits: &GrowthThresholds) -> Option<&'m Measured<'h>> {
    let smallest = |reliable_only: bool| {
        earlier
            .iter()
            .filter(|one| !reliable_only || !unreliable(one, limits))
            .min_by(|a, b| a.mean_mm.total_cmp(&b.mean_mm))
    };
    smallest(true).or_else(|| smallest(false))
}

fn unreliable(one: &Measured<'_>, limits: &GrowthThresholds) -> bool {
    one.mean_mm <= limits.unreliable_size_mm
        || one.study.slice_mm.is_some_and(|slice| slice.get() >= limits.unreliable_slice_mm)
}

fn compare(
    latest: &Measured<'_>,
    nadir: &Measured<'_>,
    before: &Measured<'_>,
    first: &Measured<'_>,
    limits: &GrowthThresholds,
) -> Growth {
    let rise = |from: &Measured<'_>| latest.mean_mm - from.mean_mm;
    let by_diameter =
        |from: &Measured<'_>| Truth::from(at_least(rise(from), limits.diameter_mm)).and(order(from, latest));
    let answers = [
        (GrowthRule::DiameterFromNadir, by_diameter(nadir), nadir),
        (GrowthRule::DiameterFromLast, by_diameter(before), before),
        (GrowthRule::DiameterFromFirst, by_diameter(first), first),
        (GrowthRule::Volume, by_volume(nadir, latest, limits), nadir),
        (GrowthRule::Volume, by_volume(before, latest, limits), before),
    ];
    let grown = Truth::any(answers.iter().map(|(_, answer, _)| *answer));
    let mut fired: Vec<GrowthRule> =
        answers.iter().filter(|(_, answer, _)| answer.is_true()).map(|(rule, ..)| *rule).collect();
    fired.dedup();
    let comparator =
        answers.iter().find(|(_, answer, _)| answer.is_true()).map_or(nadir, |(_, _, from)| from);
    let rate_per_day = rate(comparator, latest);
    Growth {
        grown,
        shrunk: Truth::Unknown,
        fired,
        from_nadir_mm: Some(rise(nadir)),
        from_last_mm: Some(rise(before)),
        from_first_mm: Some(rise(first)),
        rate_per_day,
        doubling_days: rate_per_day.filter(|rate| grown.is_true() && *rate > 0.0).map(|rate| LN_2 / rate),
        low_confidence: unreliable(latest, limits) || unreliable(comparator, limits),
        studies: vec![comparator.study.id.clone(), latest.study.id.clone()],
    }
}

fn at_least(value: f64, limit: f64) -> bool {
    value >= limit - ROUNDING
}

/// Whether the one study was made before the other.
fn order(from: &Measured<'_>, to: &Measured<'_>) -> Truth {
    match (from.study.on, to.study.on) {
        (Some(from), Some(to)) => from.before(to),
        _ => Truth::Unknown,
    }
}

/// Volumes compare only within one software and on thin slices.
fn by_volume(from: &Measured<'_>, to: &Measured<'_>, limits: &GrowthThresholds) -> Truth {
    let (Some(one), Some(other)) = (from.finding.volume_mm3, to.finding.volume_mm3) else {
        return Truth::False;
    };
    let same_software = match (&from.finding.volume_software, &to.finding.volume_software) {
        (Some(one), Some(other)) => Truth::from(one == other),
        _ => Truth::Unknown,
    };
    let thin = |study: &ImagingStudy| {
        Truth::from(study.slice_mm.map(|slice| slice.get() <= limits.volume_slice_mm + ROUNDING))
    };
    let rise = (other.get() / one.get() - 1.0) * 100.0;
    Truth::all([
        Truth::from(at_least(rise, limits.volume_percent)),
        same_software,
        thin(from.study),
        thin(to.study),
        order(from, to),
    ])
}

/// Volume in cubic millimetres: by software where both have one, else of an ellipsoid.
fn ellipsoid_mm3(finding: &Finding) -> Option<f64> {
    let long = finding.long_mm?.get();
    let short = finding.short_mm.map_or(long, |short| short.get());
    Some(PI / 6.0 * long * short * short)
}

/// Specific growth rate per day between two exact days.
fn rate(from: &Measured<'_>, to: &Measured<'_>) -> Option<f64> {
    let days = exact_days(from.study.on?, to.study.on?).filter(|days| *days > 0)?;
    let software = (from.finding.volume_software == to.finding.volume_software)
        .then_some(())
        .and(from.finding.volume_mm3.zip(to.finding.volume_mm3));
    let (one, other) = match software {
        Some((one, other)) => (one.get(), other.get()),
        None => (ellipsoid_mm3(from.finding)?, ellipsoid_mm3(to.finding)?),
    };
    let days = f64::from(i32::try_from(days).ok()?);
    Some((other / one).ln() / days)
}

fn exact_days(from: PartialDate, to: PartialDate) -> Option<i64> {
    let range = from.days_until(to);
    range.min.filter(|min| range.max == Some(*min))
}

#[cfg(test)]
mod tests {
    use crate::rules::testing::{finding, limits, study};

    use super::*;

    /// Measures a nodule on the given days; `None` as size was seen without a measurement.
    fn grow(rows: &[(&str, f64)]) -> Growth {
        let studies: Vec<_> =
            rows.iter().enumerate().map(|(at, (on, _))| study(&format!("ct{at}"), on)).collect();
        let findings: Vec<_> = rows.iter().map(|(_, mm)| finding("n1", *mm)).collect();
        let sightings: Vec<Sighting<'_>> = studies.iter().zip(&findings).collect();
        growth(&sightings, &limits().growth)
    }

    #[test]
    fn w5_and_w6_give_the_published_doubling_times() {
        let fast = grow(&[("2023-01-01", 6.0), ("2023-04-01", 8.0)]);
        assert_eq!(fast.grown, Truth::True);
        assert!((fast.doubling_days.unwrap() - 72.3).abs() < 0.05, "{fast:?}");
        assert!(fast.low_confidence, "6 mm is a small nodule");
        let slow = grow(&[("2023-01-01", 8.0), ("2023-06-30", 10.0)]);
        assert!((slow.doubling_days.unwrap() - 186.4).abs() < 0.05, "{slow:?}");
        assert!(!slow.low_confidence);
        let volume = |mm| ellipsoid_mm3(&finding("n1", mm)).unwrap();
        assert!((volume(6.0) - 113.1).abs() < 0.05 && (volume(8.0) - 268.1).abs() < 0.05);
        assert!((volume(10.0) - 523.6).abs() < 0.05);
    }

    #[test]
    fn two_millimetres_are_growth_and_a_little_less_is_not() {
        assert_eq!(grow(&[("2023-01-01", 7.1), ("2023-04-01", 9.1)]).grown, Truth::True);
        assert_eq!(grow(&[("2023-01-01", 7.1), ("2023-04-01", 9.0)]).grown, Truth::False);
    }

    #[test]
    fn small_steps_add_up_against_the_first_measurement() {
        let growth = grow(&[("2023-01-01", 7.0), ("2023-04-01", 8.0), ("2023-07-01", 9.0)]);
        assert_eq!(growth.grown, Truth::True);
        assert!(!growth.fired.contains(&GrowthRule::DiameterFromLast));
        assert!(growth.fired.contains(&GrowthRule::DiameterFromFirst));
    }

    #[test]
    fn growth_after_shrinkage_is_measured_from_the_smallest() {
        let growth = grow(&[("2023-01-01", 12.0), ("2023-04-01", 8.0), ("2023-07-01", 10.0)]);
        assert_eq!(growth.grown, Truth::True);
        assert_eq!(growth.from_first_mm, Some(-2.0));
    }

    #[test]
    fn one_measurement_or_an_unknown_order_decides_nothing() {
        assert_eq!(grow(&[("2023-01-01", 12.0)]).grown, Truth::Unknown);
        assert_eq!(grow(&[("2023", 8.0), ("2023-04-01", 12.0)]).grown, Truth::Unknown);
        assert_eq!(grow(&[("2023", 8.0), ("2023-04-01", 8.5)]).grown, Truth::False);
        assert_eq!(grow(&[]).grown, Truth::Unknown);
    }

    #[test]
    fn a_partial_day_gives_growth_but_no_rate() {
        let growth = grow(&[("2023-01", 8.0), ("2023-04-01", 12.0)]);
        assert_eq!((growth.grown, growth.rate_per_day), (Truth::True, None));
    }

    #[test]
    fn a_reader_who_disagrees_with_the_sizes_leaves_it_open() {
        let studies = [study("ct1", "2023-01-01"), study("ct2", "2023-04-01")];
        let mut findings = [finding("n1", 8.0), finding("n1", 9.0)];
        findings[1].fate = Some(Fate::Grown);
        let sightings: Vec<Sighting<'_>> = studies.iter().zip(&findings).collect();
        assert_eq!(growth(&sightings, &limits().growth).grown, Truth::Unknown);
        findings[1].long_mm = None;
        let sightings: Vec<Sighting<'_>> = studies.iter().zip(&findings).collect();
        assert_eq!(growth(&sightings, &limits().growth).fired, vec![GrowthRule::Reader]);
    }

    #[test]
    fn volumes_compare_within_one_software_on_thin_slices() {
        use crate::domain::{measure::CubicMillimetres, measure::Millimetres, text::Text};
        let mut studies = [study("ct1", "2023-01-01"), study("ct2", "2023-04-01")];
        let mut findings = [finding("n1", 8.0), finding("n1", 8.5)];
        for (finding, volume) in findings.iter_mut().zip([200.0, 250.0]) {
            finding.volume_mm3 = CubicMillimetres::new(volume).ok();
            finding.volume_software = Text::parse("one").ok();
        }
        let check = |studies: &[ImagingStudy; 2], findings: &[Finding; 2]| {
            let sightings: Vec<Sighting<'_>> = studies.iter().zip(findings).collect();
            growth(&sightings, &limits().growth).grown
        };
        assert_eq!(check(&studies, &findings), Truth::Unknown, "slices are not reported");
        for study in &mut studies {
            study.slice_mm = Millimetres::new(1.5).ok();
        }
        assert_eq!(check(&studies, &findings), Truth::True, "exactly 25 percent");
        findings[1].volume_software = Text::parse("two").ok();
        assert_eq!(check(&studies, &findings), Truth::False);
    }
}
