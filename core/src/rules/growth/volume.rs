//! Volumes: by one software where there is one, else computed from the axes, and how fast they change.

use std::f64::consts::PI;

use crate::{
    domain::{
        dates::PartialDate,
        imaging::{Finding, ImagingStudy},
        truth::Truth,
    },
    protocol::thresholds::GrowthThresholds,
};

use super::compare::{Measured, ROUNDING, at_least, order};

/// How a volume by software changed, and whether the two compare.
pub(super) struct VolumeChange {
    pub percent: f64,
    pub compares: Truth,
}

impl VolumeChange {
    /// `None` where a volume is missing, or the two certainly do not compare: volumes compare only within one
    /// software and on thin slices.
    pub(super) fn of(from: &Measured<'_>, to: &Measured<'_>, limits: &GrowthThresholds) -> Option<Self> {
        let (one, other) = (from.finding.volume_mm3?, to.finding.volume_mm3?);
        let same_software = from.finding.volume_software.as_ref().zip(to.finding.volume_software.as_ref());
        let thin = |study: &ImagingStudy| {
            Truth::from(study.slice_mm.map(|slice| slice.get() <= limits.volume_slice_mm + ROUNDING))
        };
        let compares = Truth::all([
            Truth::from(same_software.map(|(one, other)| one == other)),
            thin(from.study),
            thin(to.study),
            order(from, to),
        ]);
        compares.may_be_true().then(|| Self { percent: percent(one.get(), other.get()), compares })
    }

    pub(super) fn grown(&self, limits: &GrowthThresholds) -> Truth {
        Truth::from(at_least(self.percent, limits.volume_percent)).and(self.compares)
    }

    pub(super) fn shrunk(&self, limits: &GrowthThresholds) -> Truth {
        Truth::from(at_least(-self.percent, limits.volume_percent)).and(self.compares)
    }
}

/// The change from one size to another, percent of the first.
pub(super) fn percent(from: f64, to: f64) -> f64 {
    (to / from - 1.0) * 100.0
}

/// Two volumes that compare, cubic millimetres: by one named software, else of ellipsoids, else of spheres.
pub(super) fn volumes_mm3(from: &Measured<'_>, to: &Measured<'_>) -> Option<(f64, f64)> {
    let (one, other) = (from.finding, to.finding);
    if one.volume_software.is_some()
        && one.volume_software == other.volume_software
        && let Some((one, other)) = one.volume_mm3.zip(other.volume_mm3)
    {
        return Some((one.get(), other.get()));
    }
    let both_axes = one.short_mm.is_some() && other.short_mm.is_some();
    let volume = |finding: &Finding| {
        let long = finding.long_mm?.get();
        let short = finding.short_mm.filter(|_| both_axes).map_or(long, |short| short.get());
        Some(PI / 6.0 * long * short * short)
    };
    Some((volume(one)?, volume(other)?))
}

/// Specific growth rate per day between two exact days.
pub(super) fn rate((one, other): (f64, f64), from: &Measured<'_>, to: &Measured<'_>) -> Option<f64> {
    let days = exact_days(from.study.on?, to.study.on?).filter(|days| *days > 0)?;
    let days = f64::from(i32::try_from(days).ok()?);
    Some((other / one).ln() / days)
}

fn exact_days(from: PartialDate, to: PartialDate) -> Option<i64> {
    let range = from.days_until(to);
    range.min.filter(|min| range.max == Some(*min))
}
