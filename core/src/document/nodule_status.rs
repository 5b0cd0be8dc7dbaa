//! The nodules of an assessment: where each stands, how it came there, and what its measurements say.
//!
//! Numbers are rounded here, and only here, for reading; every rule decided on unrounded ones.

use std::borrow::Cow;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    assessment::{Count, TruthCode},
    field::Field,
    of_assessment::shared,
};
use crate::{
    domain::{dates::PartialDate, lung::Place, truth::Truth},
    rules::{Growth, MatchProposal, NoduleStatus, Novelty, PathologyClass},
};

/// One nodule or counted group on the day.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NoduleStatusEntry<'a> {
    /// Id of the nodule.
    pub id: Cow<'a, str>,
    /// Other ids under which it is recorded, by decision of a person.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub also_recorded_as: Vec<Cow<'a, str>>,
    /// Lobe, side, or neither.
    pub lobe: Field<Place>,
    /// How many it stands for; left out for one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub count: Option<Count>,
    /// Where it stands: the last of `states`.
    pub state: Cow<'a, str>,
    /// The states it went through. A plan has no day of its own on record.
    pub states: Vec<StateEntry<'a>>,
    /// Whether it is held to be a metastasis while untreated, by the reader's certainty or by growth.
    pub suspicious: TruthCode,
    /// What pathology found: `met_viable met_nonviable other_malignancy not_sent indeterminate benign`; left out where it was
    /// not resected or no result is on record.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub result: Option<Cow<'a, str>>,
    /// First day on which it can be seen, corrected by hindsight.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first_seen_on: Option<Field<PartialDate>>,
    /// Last day on which it was seen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_seen_on: Option<Field<PartialDate>>,
    /// Whether it is new on the first study that shows it; left out where none does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub new: Option<NoveltyEntry<'a>>,
    /// Growth of a single nodule; left out where nothing compares and nobody said anything.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub growth: Option<GrowthEntry<'a>>,
    /// What makes the statements about it less certain, such as `thick-slices` or `low-confidence`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub marks: Vec<Cow<'a, str>>,
}

/// Two entries that may be one nodule. Nothing is merged until a person decides.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MatchProposalEntry<'a> {
    /// Both ids, joined by a slash.
    pub id: Cow<'a, str>,
    /// The entry first seen on the later study.
    pub nodule: Cow<'a, str>,
    /// The known entry that it may be.
    pub same_as: Cow<'a, str>,
    /// `propose`, or `ask` where less speaks for it.
    pub action: Cow<'a, str>,
    /// 0 to 100, for ordering only.
    pub score: u32,
    /// The lung was operated on in between and no later study serves as baseline.
    pub low_confidence: bool,
    /// What speaks for it, and what against.
    pub reasons: Vec<Cow<'a, str>>,
    /// The last study that showed the known one, and the first that showed the other.
    pub studies: Vec<Cow<'a, str>>,
}

impl<'a> From<&'a MatchProposal> for MatchProposalEntry<'a> {
    fn from(proposal: &'a MatchProposal) -> Self {
        Self {
            id: format!("{}/{}", proposal.nodule, proposal.same_as).into(),
            nodule: proposal.nodule.as_str().into(),
            same_as: proposal.same_as.as_str().into(),
            action: if proposal.fit.proposed { "propose" } else { "ask" }.into(),
            score: proposal.fit.score,
            low_confidence: proposal.fit.low_confidence,
            reasons: proposal.fit.reasons.iter().map(|reason| shared(reason)).collect(),
            studies: proposal.studies.iter().map(|id| id.as_str().into()).collect(),
        }
    }
}

/// A state of a nodule.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StateEntry<'a> {
    /// `observed suspected planned resected treated resolved refuted closed`.
    pub state: Cow<'a, str>,
    /// First day of the state; null where it is not on record.
    pub on: Option<Field<PartialDate>>,
}

/// Whether a nodule was new on the first study that shows it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NoveltyEntry<'a> {
    /// `new`, `new_uncertain` or `not_new`.
    pub state: Cow<'a, str>,
    /// The study that shows it.
    pub study: Cow<'a, str>,
    /// The study it is compared with; null where there is no earlier one.
    pub comparator: Option<Cow<'a, str>>,
    /// What makes it uncertain, such as `comparator-thick-slices`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub doubts: Vec<Cow<'a, str>>,
}

/// Growth of one nodule between its last measurement and the earlier ones.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct GrowthEntry<'a> {
    /// Whether it has grown by a rule.
    pub grown: TruthCode,
    /// Whether it has shrunk against the measurement before.
    pub shrunk: TruthCode,
    /// The same in words.
    pub reason: Cow<'a, str>,
    /// The rules that fired: `diameter-from-nadir diameter-from-last diameter-from-first volume reader`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rules: Vec<Cow<'a, str>>,
    /// Change against the smallest earlier reliable measurement, millimetres.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from_nadir_mm: Option<f64>,
    /// Change against the measurement before, millimetres.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from_last_mm: Option<f64>,
    /// Change against the first measurement, millimetres.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from_first_mm: Option<f64>,
    /// Volume then and now, cubic millimetres.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub volumes_mm3: Vec<f64>,
    /// Specific growth rate, per day.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rate_per_day: Option<f64>,
    /// Volume doubling time, days; only where it has grown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub doubling_days: Option<f64>,
    /// The study compared with, and the one that shows the change.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub studies: Vec<Cow<'a, str>>,
}

impl<'a> From<&'a NoduleStatus> for NoduleStatusEntry<'a> {
    fn from(status: &'a NoduleStatus) -> Self {
        let low = status.growth.low_confidence().then_some("low-confidence");
        let marks = status.growth.marks.iter().map(|mark| mark.code()).chain(low);
        Self {
            id: status.nodule.as_str().into(),
            also_recorded_as: status.also.iter().map(|id| id.as_str().into()).collect(),
            lobe: Field::new(status.place.place()),
            count: (!status.count.is_single()).then(|| status.count.tally().into()),
            state: status.states.last().map_or(status.state, |last| last.state).code().into(),
            states: status
                .states
                .iter()
                .map(|change| StateEntry { state: change.state.code().into(), on: change.on.map(Field::new) })
                .collect(),
            suspicious: status.suspicious.into(),
            result: (status.result != PathologyClass::Unknown).then(|| status.result.code().into()),
            first_seen_on: status.first_seen_on.map(Field::new),
            last_seen_on: status.last_seen_on.map(Field::new),
            new: status.novelty.as_ref().map(new),
            growth: growth(&status.growth),
            marks: marks.map(Cow::Borrowed).collect(),
        }
    }
}

fn new(novelty: &Novelty) -> NoveltyEntry<'_> {
    NoveltyEntry {
        state: match novelty.state {
            Truth::True => "new",
            Truth::Unknown => "new_uncertain",
            Truth::False => "not_new",
        }
        .into(),
        study: novelty.study.as_str().into(),
        comparator: novelty.comparator.as_ref().map(|id| id.as_str().into()),
        doubts: novelty.doubts.iter().map(|doubt| doubt.code().into()).collect(),
    }
}

fn growth(growth: &Growth) -> Option<GrowthEntry<'_>> {
    let nothing =
        growth.grown == Truth::Unknown && growth.shrunk == Truth::Unknown && growth.studies.is_empty();
    let mm = |change: Option<f64>| change.map(|change| rounded(change, 2));
    (!nothing).then(|| GrowthEntry {
        grown: growth.grown.into(),
        shrunk: growth.shrunk.into(),
        reason: growth.reason(),
        rules: growth.fired.iter().map(|rule| rule.code().into()).collect(),
        from_nadir_mm: mm(growth.from_nadir_mm),
        from_last_mm: mm(growth.from_last_mm),
        from_first_mm: mm(growth.from_first_mm),
        volumes_mm3: growth
            .volumes_mm3
            .map(|(before, now)| vec![rounded(before, 1), rounded(now, 1)])
            .unwrap_or_default(),
        rate_per_day: growth.rate_per_day.map(|rate| rounded(rate, 5)),
        doubling_days: growth.doubling_days.map(|days| rounded(days, 1)),
        studies: growth.studies.iter().map(|id| id.as_str().into()).collect(),
    })
}

fn rounded(value: f64, places: i32) -> f64 {
    let factor = 10_f64.powi(places);
    // Adding zero turns a negative zero into a plain one.
    (value * factor).round() / factor + 0.0
}
