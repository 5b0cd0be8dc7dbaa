//! The nodules of an assessment: where each stands, how it came there, and what its measurements say.
//!
//! Numbers are rounded here, and only here, for reading; every rule decided on unrounded ones.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    assessment::{Count, TruthCode},
    field::Field,
};
use crate::{
    domain::{dates::PartialDate, lung::Place, truth::Truth},
    rules::{Growth, MatchProposal, NoduleStatus, Novelty, PathologyClass},
};

/// One nodule or counted group on the day.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NoduleStatusEntry {
    /// Id of the nodule.
    pub id: String,
    /// Other ids under which it is recorded, by decision of a person.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub also_recorded_as: Vec<String>,
    /// Lobe, side, or neither.
    pub lobe: Field<Place>,
    /// How many it stands for; left out for one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub count: Option<Count>,
    /// Where it stands: the last of `states`.
    pub state: String,
    /// The states it went through. A plan has no day of its own on record.
    pub states: Vec<StateEntry>,
    /// Whether it is held to be a metastasis while untreated, by the reader's certainty or by growth.
    pub suspicious: TruthCode,
    /// What pathology found: `met_viable met_nonviable other_malignancy not_sent indeterminate benign`; left out where it was
    /// not resected or no result is on record.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub result: Option<String>,
    /// First day on which it can be seen, corrected by hindsight.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first_seen_on: Option<Field<PartialDate>>,
    /// Last day on which it was seen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_seen_on: Option<Field<PartialDate>>,
    /// Whether it is new on the first study that shows it; left out where none does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub new: Option<NoveltyEntry>,
    /// Growth of a single nodule; left out where nothing compares and nobody said anything.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub growth: Option<GrowthEntry>,
    /// What makes the statements about it less certain, such as `thick-slices` or `low-confidence`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub marks: Vec<String>,
}

/// Two entries that may be one nodule. Nothing is merged until a person decides.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MatchProposalEntry {
    /// Both ids, joined by a slash.
    pub id: String,
    /// The entry first seen on the later study.
    pub nodule: String,
    /// The known entry that it may be.
    pub same_as: String,
    /// `propose`, or `ask` where less speaks for it.
    pub action: String,
    /// 0 to 100, for ordering only.
    pub score: u32,
    /// The lung was operated on in between and no later study serves as baseline.
    pub low_confidence: bool,
    /// What speaks for it, and what against.
    pub reasons: Vec<String>,
    /// The last study that showed the known one, and the first that showed the other.
    pub studies: Vec<String>,
}

impl From<&MatchProposal> for MatchProposalEntry {
    fn from(proposal: &MatchProposal) -> Self {
        Self {
            id: format!("{}/{}", proposal.nodule, proposal.same_as),
            nodule: proposal.nodule.to_string(),
            same_as: proposal.same_as.to_string(),
            action: if proposal.fit.proposed { "propose" } else { "ask" }.to_owned(),
            score: proposal.fit.score,
            low_confidence: proposal.fit.low_confidence,
            reasons: proposal.fit.reasons.clone(),
            studies: proposal.studies.iter().map(ToString::to_string).collect(),
        }
    }
}

/// A state of a nodule.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StateEntry {
    /// `observed suspected planned resected treated resolved refuted`.
    pub state: String,
    /// First day of the state; null where it is not on record.
    pub on: Option<Field<PartialDate>>,
}

/// Whether a nodule was new on the first study that shows it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NoveltyEntry {
    /// `new`, `new_uncertain` or `not_new`.
    pub state: String,
    /// The study that shows it.
    pub study: String,
    /// The study it is compared with; null where there is no earlier one.
    pub comparator: Option<String>,
    /// What makes it uncertain, such as `comparator-thick-slices`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub doubts: Vec<String>,
}

/// Growth of one nodule between its last measurement and the earlier ones.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct GrowthEntry {
    /// Whether it has grown by a rule.
    pub grown: TruthCode,
    /// Whether it has shrunk against the measurement before.
    pub shrunk: TruthCode,
    /// The same in words.
    pub reason: String,
    /// The rules that fired: `diameter-from-nadir diameter-from-last diameter-from-first volume reader`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rules: Vec<String>,
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
    pub studies: Vec<String>,
}

impl From<&NoduleStatus> for NoduleStatusEntry {
    fn from(status: &NoduleStatus) -> Self {
        let low = status.growth.low_confidence().then_some("low-confidence");
        let marks = status.growth.marks.iter().map(|mark| mark.code()).chain(low);
        Self {
            id: status.nodule.to_string(),
            also_recorded_as: status.also.iter().map(ToString::to_string).collect(),
            lobe: Field::new(status.place.place()),
            count: (!status.count.is_single()).then(|| status.count.tally().into()),
            state: status.states.last().map_or(status.state, |last| last.state).code().to_owned(),
            states: status
                .states
                .iter()
                .map(|change| StateEntry {
                    state: change.state.code().to_owned(),
                    on: change.on.map(Field::new),
                })
                .collect(),
            suspicious: status.suspicious.into(),
            result: (status.result != PathologyClass::Unknown).then(|| status.result.code().to_owned()),
            first_seen_on: status.first_seen_on.map(Field::new),
            last_seen_on: status.last_seen_on.map(Field::new),
            new: status.novelty.as_ref().map(new),
            growth: growth(&status.growth),
            marks: marks.map(ToOwned::to_owned).collect(),
        }
    }
}

fn new(novelty: &Novelty) -> NoveltyEntry {
    NoveltyEntry {
        state: match novelty.state {
            Truth::True => "new",
            Truth::Unknown => "new_uncertain",
            Truth::False => "not_new",
        }
        .to_owned(),
        study: novelty.study.to_string(),
        comparator: novelty.comparator.as_ref().map(ToString::to_string),
        doubts: novelty.doubts.iter().map(|doubt| doubt.code().to_owned()).collect(),
    }
}

fn growth(growth: &Growth) -> Option<GrowthEntry> {
    let nothing =
        growth.grown == Truth::Unknown && growth.shrunk == Truth::Unknown && growth.studies.is_empty();
    let mm = |change: Option<f64>| change.map(|change| rounded(change, 2));
    (!nothing).then(|| GrowthEntry {
        grown: growth.grown.into(),
        shrunk: growth.shrunk.into(),
        reason: growth.reason(),
        rules: growth.fired.iter().map(|rule| rule.code().to_owned()).collect(),
        from_nadir_mm: mm(growth.from_nadir_mm),
        from_last_mm: mm(growth.from_last_mm),
        from_first_mm: mm(growth.from_first_mm),
        volumes_mm3: growth
            .volumes_mm3
            .map(|(before, now)| vec![rounded(before, 1), rounded(now, 1)])
            .unwrap_or_default(),
        rate_per_day: growth.rate_per_day.map(|rate| rounded(rate, 5)),
        doubling_days: growth.doubling_days.map(|days| rounded(days, 1)),
        studies: growth.studies.iter().map(ToString::to_string).collect(),
    })
}

fn rounded(value: f64, places: i32) -> f64 {
    let factor = 10_f64.powi(places);
    // Adding zero turns a negative zero into a plain one.
    (value * factor).round() / factor + 0.0
}
