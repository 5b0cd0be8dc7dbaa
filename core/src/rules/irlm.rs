//! Group of the International Registry of Lung Metastases (1997), for comparison only: it decides nothing.
//!
//! IV where the first resection was not complete; else by the number of risk factors among a disease-free interval
//! below 36 months (or none at all) and more than one metastasis.

use crate::domain::truth::Truth;

use super::{
    dfi::{Dfi, DfiClass, DuringTreatment},
    episode::{Episode, EpisodeState},
};

/// Prognostic group of the registry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum IrlmGroup {
    /// Complete, no risk factor.
    I,
    /// Complete, one risk factor.
    II,
    /// Complete, both risk factors.
    III,
    /// Not complete.
    IV,
}

impl IrlmGroup {
    /// The code of the contract.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::I => "I",
            Self::II => "II",
            Self::III => "III",
            Self::IV => "IV",
        }
    }
}

/// The group by the first metastasectomy; `None` where there is none or a statement it needs is not known.
///
/// Tumour at a margin (R1) or a margin that cannot be assessed (RX) is read as not complete: the less favourable
/// reading of a term that the registry does not spell out.
pub(super) fn irlm_group(dfi: &Dfi, first: Option<&Episode>) -> Option<IrlmGroup> {
    // While a stage is still to come, nothing is incomplete yet.
    let first = first.filter(|first| first.state == EpisodeState::Closed)?;
    let complete = first.margins.r0;
    let no_interval =
        matches!(dfi.class, DfiClass::Synchronous | DfiClass::DuringPrimaryTreatment(DuringTreatment::PreOp));
    let short = Truth::from(no_interval).or(!dfi.at_least_36_months);
    let several = first.counts.metastases_at_least(2);
    match (complete, short, several) {
        (Truth::False, ..) => Some(IrlmGroup::IV),
        (Truth::True, Truth::False, Truth::False) => Some(IrlmGroup::I),
        (Truth::True, Truth::True, Truth::False) | (Truth::True, Truth::False, Truth::True) => {
            Some(IrlmGroup::II)
        }
        (Truth::True, Truth::True, Truth::True) => Some(IrlmGroup::III),
        _ => None,
    }
}
