//! The wire structs of the time line of an assessment: anchor dates, disease-free interval, episodes and what came
//! after each. They only carry it; nothing here computes.

use std::borrow::Cow;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    assessment::{Count, Days, DfiClass, PlaceMap, RecurrenceSide, RecurrenceState, TruthCode},
    field::Field,
};
use crate::domain::{dates::PartialDate, lung::Place};

/// Dates from which intervals count; null is not known.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AnchorsEntry<'a> {
    /// Definitive local treatment of the primary (T0).
    pub treated_on: Option<Field<PartialDate>>,
    /// First histology of the primary (T0d).
    pub diagnosed_on: Option<Field<PartialDate>>,
    /// Last day of all planned primary treatment (T0e).
    pub treatment_ended_on: Option<Field<PartialDate>>,
    /// Diagnosis of lung metastases (T1).
    pub metastases_on: Option<Field<PartialDate>>,
    /// The fact that T1 is taken from.
    pub metastases_from: Option<Cow<'a, str>>,
    /// Earliest day on which they can be seen in hindsight (T1v); never used for an interval.
    pub visible_on: Option<Field<PartialDate>>,
}

/// The disease-free interval.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DiseaseFreeInterval<'a> {
    /// How the lung metastases came to be, in time.
    pub class: DfiClass,
    /// Days; null where there is no interval.
    pub days: Option<Days>,
    /// Whether it is shorter than twelve calendar months.
    pub lt_12_months: TruthCode,
    /// Whether it is at least 24 calendar months.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at_least_24_months: Option<TruthCode>,
    /// Whether it is at least 36 calendar months.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at_least_36_months: Option<TruthCode>,
    /// Band of the International Registry of Lung Metastases in months: `0-11`, `12-35` or `>=36`; null where there
    /// is no interval or its band is not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub band: Option<Cow<'a, str>>,
    /// Days of the recurrences of the primary that are or may be dated within it; none of them resets it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub local_recurrences_on: Vec<Option<Field<PartialDate>>>,
    /// When during primary treatment: `pre_op`, `post_op` or `unknown`; null for the other classes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sub_class: Option<Cow<'a, str>>,
    /// Why, in one sentence.
    #[serde(default, skip_serializing_if = "str::is_empty")]
    pub reason: Cow<'a, str>,
    /// Ids of the facts it rests on.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub evidence: Vec<Cow<'a, str>>,
    /// The interval by other published definitions, for audits only.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub variants: Vec<DfiVariantEntry<'a>>,
}

/// The disease-free interval by another published definition.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DfiVariantEntry<'a> {
    /// Which definition: `from-diagnosis` or `to-metastasectomy`.
    pub id: Cow<'a, str>,
    /// Days.
    pub days: Days,
}

/// One episode: an operation, or operations planned together.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EpisodeEntry<'a> {
    /// Number, from 1.
    pub number: u32,
    /// Ids of its operations.
    pub operations: Vec<Cow<'a, str>>,
    /// First day.
    pub started_on: Option<Field<PartialDate>>,
    /// Day from which intervals are counted; null where something known was left behind.
    pub cleared_on: Option<Field<PartialDate>>,
    /// Completeness code; null where not reported.
    pub completeness: Option<Cow<'a, str>>,
    /// Whether all known disease was removed.
    pub cleared: TruthCode,
    /// Nodules resected.
    pub resected: Count,
    /// Of these, metastases.
    pub metastases: Count,
    /// Of these, viable.
    pub viable: Count,
    /// Benign nodules resected.
    pub benign: Count,
    /// Nodules found only at operation.
    pub occult: Count,
    /// Resected nodules per place; only places with a count.
    pub by_lobe: PlaceMap<Count>,
    /// What came after.
    pub recurrence: RecurrenceEntry<'a>,
    /// Ids of its curative local therapies.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub therapies: Vec<Cow<'a, str>>,
    /// `pending_next_stage` or `closed`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state: Option<Cow<'a, str>>,
    /// Days for which the stages still to come were planned.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub planned_stages_on: Vec<Field<PartialDate>>,
    /// Last day of treatment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub treated_until: Option<Field<PartialDate>>,
    /// Nodules treated by local therapy and not resected.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub treated: Option<Count>,
    /// Whether a nodule was left on purpose for observation; with R0 this is R0 with observed disease.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub with_observed: Option<TruthCode>,
    /// Whether such a nodule later proved to be a metastasis. Completeness is not rewritten.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub late_reclassification: Option<bool>,
    /// Whether disease known at the close, or visible then in hindsight, was not treated. It is no recurrence.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub persistence: Option<TruthCode>,
    /// Whether some of that grew.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub progression: Option<TruthCode>,
    /// Completeness, margins and lymph nodes of each operation.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub operation_results: Vec<OperationResultEntry<'a>>,
    /// Days to the next episode; null for the last one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<UntilNextEntry>,
}

/// Completeness, margins and lymph nodes of one operation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OperationResultEntry<'a> {
    /// Id of the operation.
    pub id: Cow<'a, str>,
    /// Completeness code as reported; null where not reported.
    pub completeness: Option<Cow<'a, str>>,
    /// Worst margin of the specimens that are or may be metastases; null where none was reported.
    pub margin: Option<Cow<'a, str>>,
    /// Narrowest margin of these specimens, millimetres.
    pub margin_mm: Option<f64>,
    /// `N0`, `N1`, `N2` or `NX` by pathology; null where nothing was reported.
    pub nodes: Option<Cow<'a, str>>,
}

/// Days from an episode to the first operation of the next one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct UntilNextEntry {
    /// From clearance; null where the episode was never cleared or a day is not known.
    pub since_clearance_days: Option<Days>,
    /// From the first study that showed the recurrence; null where there is none or its day is not known.
    pub since_recurrence_days: Option<Days>,
}

/// Recurrence in the lung after an episode.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RecurrenceEntry<'a> {
    /// How sure it is.
    pub state: RecurrenceState,
    /// Day of the first study that shows it.
    pub on: Option<Field<PartialDate>>,
    /// Days since clearance; null where the episode was never cleared.
    pub interval_days: Option<Days>,
    /// Places it lies in.
    pub lobes: Vec<Field<Place>>,
    /// Whether a lobe operated before is among them.
    pub same_lobe: TruthCode,
    /// Whether pathology found no viable tumour in any of it: `true` or `unknown`; null where it did, or where there is
    /// no recurrence.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nonviable_only: Option<TruthCode>,
    /// Side relative to the operated one.
    pub side: RecurrenceSide,
    /// `lung_only`, `intrathoracic`, `extrathoracic`, `both`, `not_applicable` or `unknown`, as far as recorded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub location: Option<Cow<'a, str>>,
    /// Why there is no interval: `never_cleared`; null where the episode was or may have been cleared.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub no_interval: Option<Cow<'a, str>>,
    /// Why there is no side: `bilateral_before`; null where there is one or no recurrence.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub no_side: Option<Cow<'a, str>>,
    /// The last CT after clearance, and before the recurrence, that states all lobes clear: the recurrence became
    /// visible between this day and `on`. Null where there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_clear_on: Option<Field<PartialDate>>,
    /// Why, in one sentence.
    #[serde(default, skip_serializing_if = "str::is_empty")]
    pub reason: Cow<'a, str>,
    /// Ids of the facts it rests on.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub evidence: Vec<Cow<'a, str>>,
}
