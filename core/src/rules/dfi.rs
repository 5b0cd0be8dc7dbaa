//! The disease-free interval and the timing class of the first lung metastases.
//!
//! Fixed by the first lung metastases and never recomputed at a relapse. Where it does not exist (synchronous,
//! found before the primary was treated) there is no number, not zero.

use crate::{
    domain::{
        dates::{DayRange, PartialDate},
        history::HistoryParts,
        truth::Truth,
        vocabulary::StagingImaging,
    },
    protocol::thresholds::TierThresholds,
};

use super::{
    anchor::Anchors,
    evidence::{Evidence, dated},
};

/// The disease-free interval: treatment of the primary to diagnosis of lung metastases.
#[derive(Debug, Clone, PartialEq)]
pub struct Dfi {
    /// How the lung metastases came to be, in time.
    pub class: DfiClass,
    /// Days; `None` where there is no interval or a date is not known.
    pub days: Option<DayRange>,
    /// Whether it is shorter than the short limit (twelve calendar months).
    pub lt_12_months: Truth,
    /// Whether it is at least the long limit (36 calendar months).
    pub at_least_36_months: Truth,
    /// Why, in one sentence.
    pub reason: String,
    /// What it rests on.
    pub evidence: Vec<Evidence>,
    /// Published alternatives, for audits only; never mixed with the interval itself.
    pub variants: Vec<DfiVariant>,
}

/// Timing class of the first lung metastases.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DfiClass {
    /// Visible on the initial staging of the primary.
    Synchronous,
    /// Found after staging and before the end of primary treatment.
    DuringPrimaryTreatment(DuringTreatment),
    /// Found after the end of primary treatment.
    Metachronous,
    /// Staging imaging is not known, or a date is missing.
    Unknown,
}

/// When during primary treatment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DuringTreatment {
    /// Before the definitive treatment of the primary.
    PreOp,
    /// On or after it.
    PostOp,
    /// The dates do not decide.
    Unknown,
}

impl DfiClass {
    /// The code of the contract.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Synchronous => "synchronous",
            Self::DuringPrimaryTreatment(_) => "during_primary_treatment",
            Self::Metachronous => "metachronous",
            Self::Unknown => "unknown",
        }
    }

    /// The sub-class, where there is one.
    #[must_use]
    pub const fn sub_code(self) -> Option<&'static str> {
        match self {
            Self::DuringPrimaryTreatment(DuringTreatment::PreOp) => Some("pre_op"),
            Self::DuringPrimaryTreatment(DuringTreatment::PostOp) => Some("post_op"),
            Self::DuringPrimaryTreatment(DuringTreatment::Unknown) => Some("unknown"),
            _ => None,
        }
    }
}

/// The interval by another published definition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DfiVariant {
    /// Which definition: `from-diagnosis` or `to-metastasectomy`.
    pub id: &'static str,
    /// Days.
    pub days: DayRange,
}

/// Computes the interval. `operated_on` is the first day of the first metastasectomy.
pub(super) fn dfi(
    parts: &HistoryParts,
    anchors: &Anchors,
    operated_on: Option<PartialDate>,
    limits: &TierThresholds,
) -> Dfi {
    let timing = Timing::new(parts, anchors);
    let class = timing.class();
    let (treated, found) = (anchors.treated_on, anchors.metastases_on);
    let exists = !timing.synchronous.is_true() && !timing.found_before_treatment.is_true();
    let dates = treated.zip(found).filter(|_| exists);
    let days = dates.map(|(treated, found)| treated.days_until(found));
    let lt = |months| dates.map_or(Truth::Unknown, |(treated, found)| treated.lt_months(found, months));
    // An interval that may not exist is never certainly short.
    let lt_12_months = match lt(limits.short_dfi_months) {
        Truth::True
            if timing.synchronous.may_be_true() && class == DfiClass::Unknown && timing.contradicts =>
        {
            Truth::Unknown
        }
        Truth::True if timing.found_before_treatment.may_be_true() => Truth::Unknown,
        decided => decided,
    };
    let mut evidence: Vec<Evidence> =
        treated.map(|_| Evidence::Part("primary.treated_on")).into_iter().collect();
    evidence.extend(anchors.metastases_from.clone());
    if parts.primary.as_ref().is_some_and(|primary| primary.staging_imaging.is_some()) {
        evidence.push(Evidence::Part("primary.staging_imaging"));
    }
    Dfi {
        class,
        days,
        lt_12_months,
        at_least_36_months: !lt(limits.long_dfi_months),
        reason: timing.reason(anchors, class, days),
        evidence,
        variants: variants(anchors, operated_on, exists),
    }
}

fn variants(anchors: &Anchors, operated_on: Option<PartialDate>, exists: bool) -> Vec<DfiVariant> {
    let variant = |id, from: Option<PartialDate>, to: Option<PartialDate>| {
        Some(DfiVariant { id, days: from?.days_until(to?) })
    };
    let from_diagnosis = variant("from-diagnosis", anchors.diagnosed_on, anchors.metastases_on);
    let to_metastasectomy = variant("to-metastasectomy", anchors.treated_on, operated_on);
    from_diagnosis.into_iter().chain(to_metastasectomy).filter(|_| exists).collect()
}

/// The statements that decide the timing class.
struct Timing {
    synchronous: Truth,
    contradicts: bool,
    staged: bool,
    dates_known: bool,
    found_before_treatment: Truth,
    found_by_the_end: Truth,
}

impl Timing {
    fn new(parts: &HistoryParts, anchors: &Anchors) -> Self {
        let staging = parts.primary.as_ref().and_then(|primary| primary.staging_imaging);
        let stated = parts.lung_metastases.and_then(|first| first.synchronous);
        let contradicts = stated == Some(true) && staging == Some(StagingImaging::NoLungNodule);
        let synchronous = match (stated, staging) {
            _ if contradicts => Truth::Unknown,
            (Some(stated), _) => Truth::from(stated),
            (None, Some(StagingImaging::NoLungNodule)) => Truth::False,
            (None, _) => Truth::Unknown,
        };
        let dates = anchors.metastases_on.zip(anchors.treated_on);
        let found_before_treatment = dates.map_or(Truth::Unknown, |(found, treated)| found.before(treated));
        let by_the_end = anchors
            .metastases_on
            .zip(anchors.treatment_ended_on)
            .map_or(Truth::Unknown, |(found, ended)| found.on_or_before(ended));
        Self {
            synchronous,
            contradicts,
            staged: matches!(staging, Some(StagingImaging::NoLungNodule | StagingImaging::LungNodule)),
            dates_known: dates.is_some(),
            found_before_treatment,
            // The end of treatment is not before its start.
            found_by_the_end: by_the_end.or(found_before_treatment),
        }
    }

    fn class(&self) -> DfiClass {
        if self.synchronous.is_true() {
            return DfiClass::Synchronous;
        }
        if !self.synchronous.is_false() || !self.staged {
            return DfiClass::Unknown;
        }
        match self.found_by_the_end {
            Truth::True => DfiClass::DuringPrimaryTreatment(match self.found_before_treatment {
                Truth::True => DuringTreatment::PreOp,
                Truth::False => DuringTreatment::PostOp,
                Truth::Unknown => DuringTreatment::Unknown,
            }),
            Truth::False if self.dates_known => DfiClass::Metachronous,
            Truth::False | Truth::Unknown => DfiClass::Unknown,
        }
    }

    fn reason(&self, anchors: &Anchors, class: DfiClass, days: Option<DayRange>) -> String {
        let span = format!(
            "primary treated on {}, lung metastases diagnosed on {}",
            dated(anchors.treated_on),
            dated(anchors.metastases_on)
        );
        let why = match class {
            DfiClass::Synchronous => "visible at the staging of the primary, so there is no interval",
            DfiClass::DuringPrimaryTreatment(DuringTreatment::PreOp) => {
                "found before the primary was treated, so there is no interval"
            }
            DfiClass::DuringPrimaryTreatment(_) => "found before the end of primary treatment",
            DfiClass::Metachronous => "found after the end of primary treatment",
            DfiClass::Unknown if self.contradicts => {
                "reported as synchronous, but the staging showed no lung nodule"
            }
            DfiClass::Unknown if !self.staged => "the staging imaging of the lungs is not known",
            DfiClass::Unknown if !self.synchronous.is_false() => {
                "whether the nodules of the staging were metastases is not known"
            }
            DfiClass::Unknown if days.is_none() => "a date is not known",
            DfiClass::Unknown => "the dates do not show whether primary treatment had ended",
        };
        format!("{span}; {why}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        domain::primary::{LungMetastases, Primary},
        rules::testing::{Story, date},
    };

    fn check(
        treated: &str,
        ended: &str,
        found: &str,
        synchronous: Option<bool>,
        staging: StagingImaging,
    ) -> Dfi {
        let some = |text: &str| (!text.is_empty()).then(|| date(text));
        let mut story = Story::new();
        story.parts.primary = Some(Primary {
            treated_on: some(treated),
            treatment_ended_on: some(ended),
            staging_imaging: Some(staging),
            ..Primary::default()
        });
        story.parts.lung_metastases =
            Some(LungMetastases { diagnosed_on: some(found), first_visible_on: None, synchronous });
        story.evaluate("2025-01-01").dfi
    }

    const CLEAR: StagingImaging = StagingImaging::NoLungNodule;

    #[test]
    fn w1_twelve_months_to_the_day() {
        let dfi = check("2021-03-10", "2021-09", "2022-03-09", None, CLEAR);
        assert_eq!(dfi.days, Some(DayRange { min: Some(364), max: Some(364) }));
        assert_eq!((dfi.class, dfi.lt_12_months), (DfiClass::Metachronous, Truth::True));
        assert_eq!(check("2021-03-10", "2021-09", "2022-03-10", None, CLEAR).lt_12_months, Truth::False);
    }

    #[test]
    fn w2_a_month_leaves_the_test_open() {
        let dfi = check("2021-03", "2021-09", "2022-03-15", None, CLEAR);
        assert_eq!(dfi.days, Some(DayRange { min: Some(349), max: Some(379) }));
        assert_eq!(dfi.lt_12_months, Truth::Unknown);
    }

    #[test]
    fn w7_found_before_the_primary_was_treated_has_no_interval() {
        let dfi = check("2021-06-01", "", "2021-03-15", Some(false), CLEAR);
        assert_eq!(dfi.class, DfiClass::DuringPrimaryTreatment(DuringTreatment::PreOp));
        assert_eq!((dfi.days, dfi.lt_12_months), (None, Truth::Unknown));
        assert!(dfi.variants.is_empty());
    }

    #[test]
    fn synchronous_disease_has_no_interval_rather_than_zero() {
        let dfi = check("2021-06-01", "2021-09", "2021-05-01", Some(true), StagingImaging::LungNodule);
        assert_eq!((dfi.class, dfi.days), (DfiClass::Synchronous, None));
    }

    #[test]
    fn during_treatment_needs_its_end() {
        let class = |ended, found| check("2021-06-01", ended, found, None, CLEAR).class;
        let post = DfiClass::DuringPrimaryTreatment(DuringTreatment::PostOp);
        assert_eq!(class("2021-09-30", "2021-09-30"), post);
        assert_eq!(class("2021-09-30", "2021-10-01"), DfiClass::Metachronous);
        assert_eq!(class("2021-09", "2021-09-15"), DfiClass::Unknown);
        assert_eq!(class("", "2021-10-01"), DfiClass::Unknown);
    }

    #[test]
    fn without_staging_the_class_is_unknown_but_the_days_are_given() {
        for staging in [StagingImaging::NotDone, StagingImaging::Unknown] {
            let dfi = check("2021-06-01", "2021-09-30", "2023-06-01", Some(false), staging);
            assert_eq!(dfi.class, DfiClass::Unknown);
            assert_eq!(dfi.days, Some(DayRange { min: Some(730), max: Some(730) }));
            assert_eq!(dfi.lt_12_months, Truth::False);
        }
    }

    #[test]
    fn a_contradiction_is_left_open() {
        let dfi = check("2021-06-01", "2021-09-30", "2021-11-01", Some(true), CLEAR);
        assert_eq!((dfi.class, dfi.lt_12_months), (DfiClass::Unknown, Truth::Unknown));
        assert!(dfi.reason.contains("reported as synchronous"), "{}", dfi.reason);
    }

    #[test]
    fn a_range_over_the_day_of_treatment_is_not_clamped() {
        let dfi = check("2021-06", "2021-09", "2021-06-15", None, CLEAR);
        assert_eq!(dfi.days, Some(DayRange { min: Some(-15), max: Some(14) }));
        assert_eq!(dfi.lt_12_months, Truth::Unknown);
    }
}
