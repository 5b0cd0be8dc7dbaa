//! Compares the last measurement of a nodule with the earlier ones, and the reader's word with both.

use std::f64::consts::LN_2;

use crate::{
    domain::{
        imaging::{Finding, ImagingStudy},
        nodule::NoduleCount,
        truth::Truth,
        vocabulary::{Fate, Modality},
    },
    protocol::thresholds::GrowthThresholds,
};

use super::{
    Growth, GrowthMark, GrowthRule, Sighting,
    volume::{VolumeChange, percent, rate, volumes_mm3},
};

/// Differences below this are arithmetic, not anatomy (millimetres or percent).
pub(super) const ROUNDING: f64 = 1e-6;

/// A study that measured the nodule.
pub(super) struct Measured<'h> {
    pub study: &'h ImagingStudy,
    pub finding: &'h Finding,
    /// Absent where only a volume was measured.
    pub mean_mm: Option<f64>,
}

impl<'h> Measured<'h> {
    fn of((study, finding): &Sighting<'h>) -> Option<Self> {
        let fits = !matches!(study.modality, Some(Modality::Cxr | Modality::Other));
        let mean_mm = finding.mean_mm();
        (fits && (mean_mm.is_some() || finding.volume_mm3.is_some())).then_some(Self {
            study,
            finding,
            mean_mm,
        })
    }
}

/// Growth of a single nodule by its measurements; a counted group takes no growth rule, so that only the reader's
/// statement says whether it grew. `sightings` are in order of time.
pub(in crate::rules) fn growth_of(
    count: NoduleCount,
    sightings: &[Sighting<'_>],
    limits: &GrowthThresholds,
) -> Growth {
    if count.is_single() { growth(sightings, limits) } else { by_reader(stated(sightings)) }
}

/// The last fate that a reader stated.
fn stated<'h>(sightings: &[Sighting<'h>]) -> Option<(&'h ImagingStudy, Fate)> {
    sightings.iter().rev().find_map(|(study, finding)| Some((*study, finding.fate?)))
}

/// Compares the last measurement with the earlier ones. `sightings` are in order of time.
fn growth(sightings: &[Sighting<'_>], limits: &GrowthThresholds) -> Growth {
    let stated = stated(sightings);
    let measured = sightings.iter().filter_map(Measured::of);
    if measured.clone().nth(1).is_none() {
        return by_reader(stated);
    }
    let measured: Vec<Measured<'_>> = measured.collect();
    let compared = measured.split_last().and_then(|(latest, earlier)| compare(latest, earlier, limits));
    let Some(mut growth) = compared else { return by_reader(stated) };
    if !in_order(&measured) && differ(&measured, limits) {
        // Another study may be the last one.
        growth.open();
        growth.shrunk = Truth::Unknown;
    }
    // The reader looked at the images: a disagreement is open, not a measurement error.
    if growth.grown.is_false() && stated.is_some_and(|(_, fate)| fate == Fate::Grown) {
        growth.grown = Truth::Unknown;
        growth.marks.push(GrowthMark::ReaderDisagrees);
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

/// Whether some two measurements differ by as much as growth does.
fn differ(measured: &[Measured<'_>], limits: &GrowthThresholds) -> bool {
    let reaches = |size: fn(&Measured<'_>) -> Option<f64>, enough: &dyn Fn(f64, f64) -> bool| {
        let sizes = || measured.iter().filter_map(size);
        let (smallest, largest) = (sizes().min_by(f64::total_cmp), sizes().max_by(f64::total_cmp));
        smallest.zip(largest).is_some_and(|(smallest, largest)| enough(smallest, largest))
    };
    let apart = |smallest, largest| at_least(largest - smallest, limits.diameter_mm);
    reaches(|one| one.mean_mm, &apart)
        || reaches(|one| Some(one.finding.long_mm?.get()), &apart)
        || reaches(|one| Some(one.finding.volume_mm3?.get()), &|smallest, largest| {
            at_least(percent(smallest, largest), limits.volume_percent)
        })
}

/// Without two measurements the reader's statement decides.
fn by_reader(stated: Option<(&ImagingStudy, Fate)>) -> Growth {
    let mut growth = Growth::unknown();
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

/// One rule, what it says, and the measurement it compares with.
type Answer<'m, 'h> = (GrowthRule, Truth, &'m Measured<'h>);

/// `None` where no earlier measurement compares with the latest.
fn compare(latest: &Measured<'_>, earlier: &[Measured<'_>], limits: &GrowthThresholds) -> Option<Growth> {
    let sized = || earlier.iter().filter(|one| rise(one, latest).is_some());
    let nadir = nadir(latest, earlier, limits);
    let by_diameter = |from| {
        let enough = rise(from, latest).is_some_and(|rise| at_least(rise, limits.diameter_mm));
        Truth::from(enough).and(order(from, latest))
    };
    let (before, first) = (sized().next_back(), sized().next());
    let diameters = [
        (GrowthRule::DiameterFromNadir, nadir),
        (GrowthRule::DiameterFromLast, before),
        (GrowthRule::DiameterFromFirst, first),
    ];
    let mut answers: Vec<Answer<'_, '_>> = diameters
        .into_iter()
        .filter_map(|(rule, from)| from.map(|from| (rule, by_diameter(from), from)))
        .collect();
    let volumes: Vec<(&Measured<'_>, VolumeChange)> =
        earlier.iter().filter_map(|from| Some((from, VolumeChange::of(from, latest, limits)?))).collect();
    answers.extend(volumes.iter().map(|(from, change)| (GrowthRule::Volume, change.grown(limits), *from)));
    let shown = answers.iter().find(|(_, answer, _)| answer.is_true()).or_else(|| answers.first());
    let comparator = shown.map(|(_, _, from)| *from)?;
    // Volumes that may come from two programs do not show that nothing changed.
    let judged = before.is_some() || volumes.iter().any(|(_, change)| change.compares.is_true());
    let settle = |answer: Truth| if judged { answer } else { answer.or(Truth::Unknown) };
    let grown = settle(Truth::any(answers.iter().map(|(_, answer, _)| *answer)));
    let smaller = before.map_or(Truth::False, |before| {
        let enough = rise(before, latest).is_some_and(|rise| at_least(-rise, limits.diameter_mm));
        Truth::from(enough).and(order(before, latest))
    });
    let emptier = volumes.last().map_or(Truth::False, |(_, change)| change.shrunk(limits));
    let volumes_mm3 = volumes_mm3(comparator, latest);
    let rate_per_day = volumes_mm3.and_then(|volumes| rate(volumes, comparator, latest));
    let mut fired: Vec<GrowthRule> =
        answers.iter().filter(|(_, answer, _)| answer.is_true()).map(|(rule, ..)| *rule).collect();
    fired.dedup();
    let against = |from: Option<&Measured<'_>>| from.and_then(|from| rise(from, latest));
    Some(Growth {
        grown,
        shrunk: settle(smaller.or(emptier)),
        fired,
        from_nadir_mm: against(nadir),
        from_last_mm: against(before),
        from_first_mm: against(first),
        volumes_mm3,
        rate_per_day,
        doubling_days: rate_per_day.filter(|rate| grown.is_true() && *rate > 0.0).map(|rate| LN_2 / rate),
        marks: marks(comparator, latest, limits),
        studies: vec![comparator.study.id.clone(), latest.study.id.clone()],
    })
}

/// How much the diameter rose, millimetres: the means of both axes, or the long axes where one is all there is.
fn rise(from: &Measured<'_>, to: &Measured<'_>) -> Option<f64> {
    if from.finding.short_mm.is_some() && to.finding.short_mm.is_some() {
        return Some(to.mean_mm? - from.mean_mm?);
    }
    Some(to.finding.long_mm?.get() - from.finding.long_mm?.get())
}

/// The earlier measurement the latest rose from most: the smallest, a reliable one where there is any.
fn nadir<'m, 'h>(
    latest: &Measured<'_>,
    earlier: &'m [Measured<'h>],
    limits: &GrowthThresholds,
) -> Option<&'m Measured<'h>> {
    let smallest = |reliable_only: bool| {
        let fit =
            earlier.iter().filter(|one| !reliable_only || !(is_thick(one, limits) || is_small(one, limits)));
        let risen = fit.filter_map(|one| Some((one, rise(one, latest)?)));
        // The first of several equal ones, as the growth began there.
        risen.rev().max_by(|(_, a), (_, b)| a.total_cmp(b)).map(|(one, _)| one)
    };
    smallest(true).or_else(|| smallest(false))
}

fn is_thick(one: &Measured<'_>, limits: &GrowthThresholds) -> bool {
    one.study.slice_mm.is_some_and(|slice| slice.get() >= limits.unreliable_slice_mm)
}

fn is_small(one: &Measured<'_>, limits: &GrowthThresholds) -> bool {
    one.mean_mm.is_some_and(|mean| mean <= limits.unreliable_size_mm)
}

fn marks(from: &Measured<'_>, to: &Measured<'_>, limits: &GrowthThresholds) -> Vec<GrowthMark> {
    let either = |holds: &dyn Fn(&Measured<'_>) -> bool| holds(from) || holds(to);
    let marks = [
        (GrowthMark::ThickSlices, either(&|one| is_thick(one, limits))),
        (GrowthMark::SmallNodule, either(&|one| is_small(one, limits))),
        (GrowthMark::SlicesNotRecorded, either(&|one| one.study.slice_mm.is_none())),
    ];
    marks.into_iter().filter(|(_, holds)| *holds).map(|(mark, _)| mark).collect()
}

/// Whether a value reaches a limit, up to the rounding of arithmetic.
pub(in crate::rules) fn at_least(value: f64, limit: f64) -> bool {
    value >= limit - ROUNDING
}

/// Whether the one study was made before the other.
pub(super) fn order(from: &Measured<'_>, to: &Measured<'_>) -> Truth {
    match (from.study.on, to.study.on) {
        (Some(from), Some(to)) => from.before(to),
        _ => Truth::Unknown,
    }
}
