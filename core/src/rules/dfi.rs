//! The disease-free interval and the timing class of the first lung metastases.
//!
//! Fixed by the first lung metastases and never recomputed at a relapse. Where it does not exist (synchronous,
//! found before the primary was treated) there is no number, not zero.

use crate::{
    domain::{
        dates::{DayRange, PartialDate},
        truth::Truth,
        vocabulary::StagingImaging,
    },
    protocol::thresholds::TierThresholds,
};

use super::{
    anchor::Anchors,
    evidence::{Evidence, dated},
    facts::{Facts, before, on_or_before},
    origin::Origin,
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
    /// Whether it is at least 24 calendar months (Stephens 2011).
    pub at_least_24_months: Truth,
    /// Whether it is at least the long limit (36 calendar months).
    pub at_least_36_months: Truth,
    /// The band of the International Registry of Lung Metastases; `None` where there is none or it is not known.
    pub band: Option<DfiBand>,
    /// Recurrences of the primary that are or may be dated within the interval. None of them resets it.
    pub local_recurrences: Vec<Option<PartialDate>>,
    /// Why, in one sentence.
    pub reason: String,
    /// What it rests on.
    pub evidence: Vec<Evidence>,
    /// Published alternatives, for audits only; never mixed with the interval itself.
    pub variants: Vec<DfiVariant>,
}

/// Bands of the disease-free interval in calendar months, International Registry of Lung Metastases 1997.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DfiBand {
    /// 0 to 11 months.
    Below12,
    /// 12 to 35 months.
    From12To35,
    /// 36 months and more.
    From36,
}

impl DfiBand {
    /// The code of the contract, in months.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Below12 => "0-11",
            Self::From12To35 => "12-35",
            Self::From36 => ">=36",
        }
    }

    const fn of(below_12: Truth, below_36: Truth) -> Option<Self> {
        match (below_12, below_36) {
            (Truth::True, _) => Some(Self::Below12),
            (Truth::False, Truth::True) => Some(Self::From12To35),
            (_, Truth::False) => Some(Self::From36),
            _ => None,
        }
    }
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
    facts: &Facts<'_>,
    anchors: &Anchors,
    operated_on: Option<PartialDate>,
    limits: &TierThresholds,
) -> Dfi {
    let timing = Timing::new(facts, anchors);
    let class = timing.class();
    let exists = !timing.synchronous.is_true() && !timing.found_before_treatment.is_true();
    let dates = anchors.treated_on.zip(anchors.metastases_on).filter(|_| exists);
    let days = dates.map(|(treated, found)| treated.days_until(found));
    // An interval that may not exist is never certainly short.
    let may_not_exist = timing.contradicts || timing.found_before_treatment.may_be_true();
    let below = |months| match dates.map(|(treated, found)| treated.lt_months(found, months)) {
        Some(Truth::True) if may_not_exist => Truth::Unknown,
        decided => decided.unwrap_or(Truth::Unknown),
    };
    Dfi {
        class,
        days,
        lt_12_months: below(limits.short_dfi_months),
        at_least_24_months: !below(24),
        at_least_36_months: !below(limits.long_dfi_months),
        band: DfiBand::of(below(12), below(36)),
        local_recurrences: local_recurrences(facts, anchors),
        reason: timing.reason(anchors, class, days),
        evidence: evidence(facts, anchors),
        variants: variants(anchors, operated_on, exists),
    }
}

fn evidence(facts: &Facts<'_>, anchors: &Anchors) -> Vec<Evidence> {
    let Some(primary) = facts.origin.primary() else {
        return anchors.metastases_from.iter().cloned().collect();
    };
    let of_primary = |first, other| match &primary.id {
        None => Evidence::Part(first),
        Some(id) => Evidence::OtherPrimary(id.clone(), other),
    };
    let treated = anchors.treated_on.map(|_| of_primary("primary.treated_on", "treated_on"));
    let staged = primary.staging_imaging.map(|_| of_primary("primary.staging_imaging", "staging_imaging"));
    treated.into_iter().chain(anchors.metastases_from.clone()).chain(staged).collect()
}

/// Days of the recurrences of the primary from its treatment to the diagnosis of lung metastases.
fn local_recurrences(facts: &Facts<'_>, anchors: &Anchors) -> Vec<Option<PartialDate>> {
    let recurrences = facts.origin.primary().map_or(&[][..], |primary| &primary.local_recurrences);
    let within = |on: &Option<PartialDate>| {
        before(*on, anchors.metastases_on).and(on_or_before(anchors.treated_on, *on)).may_be_true()
    };
    recurrences.iter().map(|recurrence| recurrence.on).filter(within).collect()
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
    /// There are several primaries, and which one counts is not known.
    several: bool,
    synchronous: Truth,
    contradicts: bool,
    staged: bool,
    dates_known: bool,
    found_before_treatment: Truth,
    found_by_the_end: Truth,
}

impl Timing {
    fn new(facts: &Facts<'_>, anchors: &Anchors) -> Self {
        let staging = facts.origin.primary().and_then(|primary| primary.staging_imaging);
        let stated = facts.parts.lung_metastases.as_ref().and_then(|first| first.synchronous);
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
            several: facts.origin == Origin::Open,
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
            DfiClass::Unknown if self.several => {
                "several primaries are on record, and which one they come from is not known"
            }
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
