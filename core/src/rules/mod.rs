//! Pure recurrence rules: what the record says of one patient on one day, with reasons and evidence.
//!
//! [`evaluate`] is the single entry. It reads a history as known on a day and the limits of a protocol, and
//! returns values; it has no clock, does no input or output and cannot fail. Unknown is never no: every statement
//! is a [`Truth`], and what is missing becomes a [`DataTask`].

mod across;
pub mod activity;
pub mod anchor;
pub mod as_of;
mod board_plan;
pub mod case;
mod clearance;
mod consistency;
mod counts;
pub mod dfi;
pub mod episode;
pub mod evidence;
pub mod facts;
pub mod growth;
#[cfg(test)]
mod invariants;
mod irlm;
pub mod lobes;
mod local_control;
mod location;
mod matching;
mod nodes;
mod nodule_history;
pub mod nodule_state;
mod novelty;
mod origin;
pub mod pathology;
pub mod patterns;
mod planned;
#[cfg(test)]
mod properties;
mod readings;
mod recurrence;
mod relation;
mod removed;
mod reserve;
mod staging;
mod systemic;
#[cfg(test)]
pub(crate) mod testing;
pub mod tier;
mod tier_active;
pub mod tier_figures;
mod tier_high;
mod tier_override;
mod timeline;
mod unaccounted;
mod units;

use chrono::NaiveDate;

use crate::{
    domain::{dates::PartialDate, follow_up::FollowUp, history::History, truth::Truth},
    protocol::{Protocol, thresholds::PatternThresholds},
};

use self::{case::Case, facts::Facts};

pub use self::{
    activity::Activity,
    anchor::Anchors,
    dfi::{Dfi, DfiBand, DfiClass, DfiVariant, DuringTreatment},
    episode::{
        Episode, EpisodeCounts, EpisodeState, OperationResult, Recurrence, RecurrenceLocation,
        RecurrenceSide, RecurrenceState, Sides, UntilNext,
    },
    evidence::{DataTask, Evidence},
    growth::{Growth, GrowthMark, GrowthRule},
    irlm::IrlmGroup,
    lobes::PlaceTally,
    matching::{Fit, MatchProposal},
    nodule_history::StateChange,
    nodule_state::{NoduleState, NoduleStatus, ObservedNodule},
    novelty::{Doubt, Novelty},
    pathology::PathologyClass,
    patterns::{Effect, PatternInfo, PatternResult, PatternState},
    tier::{TierAssessment, TierProposal, Trigger},
};

/// What the rules say of one patient on one day.
#[derive(Debug, Clone, PartialEq)]
pub struct Evaluation {
    /// Only facts dated on or before this day count.
    pub as_of: NaiveDate,
    /// The anchor dates.
    pub anchors: Anchors,
    /// The disease-free interval.
    pub dfi: Dfi,
    /// Group of the International Registry of Lung Metastases, for comparison only.
    pub irlm_group: Option<IrlmGroup>,
    /// Episodes in order.
    pub episodes: Vec<Episode>,
    /// The five lobes, then the escapes in use.
    pub lobes: Vec<PlaceTally>,
    /// Every nodule, in the order of the record.
    pub nodules: Vec<NoduleStatus>,
    /// Entries that may be one nodule, for a person to decide.
    pub matches: Vec<MatchProposal>,
    /// Every pattern of the catalogue, in its order.
    pub patterns: Vec<PatternResult>,
    /// The risk tier.
    pub tier: TierAssessment,
    /// What people have to complete, correct or confirm; sorted by id, each once.
    pub data_tasks: Vec<DataTask>,
    /// Untreated nodules, for the planner.
    pub observed: Vec<ObservedNodule>,
    /// What is active now, for the planner.
    pub activity: Activity,
    /// Clearance by the last episode, for the planner; `None` where there is none or something is left.
    pub clearance: Option<Clearance>,
}

/// The clearance from which surveillance counts.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Clearance {
    /// Number of the episode.
    pub episode: u32,
    /// The day.
    pub on: PartialDate,
    /// Whether it is certain; never false.
    pub certain: Truth,
}

impl Evaluation {
    /// Completes the evaluation with what only the plan can say: no further CT is planned. An untreated nodule then
    /// lacks follow-up; nothing else changes, the tier least of all, from which the plan was made.
    pub fn note_no_planned_ct(&mut self, follow_up: Option<&FollowUp>, limits: &PatternThresholds) {
        patterns::note_no_planned_ct(&mut self.patterns, &self.nodules, follow_up, &limits.observed);
        self.data_tasks.retain(|task| task.kind != patterns::OPEN_TASK);
        self.data_tasks.extend(patterns::tasks(&self.patterns));
        self.data_tasks.sort_by(DataTask::by_id);
    }
}

/// Evaluates a history as known on `as_of` with the limits of a protocol.
///
/// Facts dated after `as_of` change nothing. Never fails and never panics, whatever the record holds.
#[must_use]
pub fn evaluate(history: &History, protocol: &Protocol, as_of: NaiveDate) -> Evaluation {
    let mut evaluation = computed(history, protocol, as_of);
    let known_on = |day| computed(history, protocol, day).tier;
    let decisions = &history.tier_overrides;
    let tasks = tier_override::apply(&mut evaluation.tier, decisions, as_of, &protocol.tiers, known_on);
    evaluation.data_tasks.extend(tasks);
    evidence::sort_tasks(&mut evaluation.data_tasks);
    evaluation
}

/// The evaluation without any person's decision for another tier; data tasks in no order.
fn computed(history: &History, protocol: &Protocol, as_of: NaiveDate) -> Evaluation {
    let (tiers, limits) = (&protocol.tiers, &protocol.patterns);
    let known = as_of::known_on(history, as_of);
    let linked = matching::links::linked(&known);
    let facts = Facts::new(&linked.parts, as_of);
    let mut data_tasks = linked.tasks;
    let matches = matching::proposals(&facts, &linked.decided, &limits.matching, &mut data_tasks);
    let mut nodules = nodule_state::statuses(&facts, limits);
    for nodule in &mut nodules {
        nodule.also = linked.also.get(&nodule.nodule).cloned().unwrap_or_default();
    }
    let (mut episodes, others, questions) =
        timeline::episodes(&facts, &nodules, &limits.episodes, &mut data_tasks);
    let anchors = anchor::anchors(&facts);
    let operated_on = episodes.first().and_then(|episode| episode.started_on);
    let dfi = dfi::dfi(&facts, &anchors, operated_on, tiers);
    let irlm_group = irlm::irlm_group(&dfi, episodes.first());
    let case = Case {
        facts: &facts,
        nodules: &nodules,
        anchors: &anchors,
        dfi: &dfi,
        episodes: &episodes,
        tiers,
        limits,
    };
    let mut patterns = patterns::answers(&case);
    let mut triggers = tier::triggers(&case, &patterns);
    let open: Vec<String> = questions.iter().map(|question| question.words(&facts)).collect();
    let mut cases = vec![case];
    for episodes in &others {
        let other = Case { episodes, ..case };
        let answers = patterns::answers(&other);
        across::triggers(&mut triggers, tier::triggers(&other, &answers), &open);
        across::patterns(&mut patterns, answers, &open);
        cases.push(other);
    }
    let tier = tier::assess(&cases, triggers);
    let activity = activity::activity(&case, &tier);
    data_tasks.extend(consistency::tasks(&case, &tier.triggers));
    data_tasks.extend(patterns::tasks(&patterns));
    across::clearance(&mut episodes, &others);
    let clearance = episodes.last().and_then(|episode| {
        let on = episode.cleared_on?;
        Some(Clearance { episode: episode.number, on, certain: episode.cleared })
    });
    let lobes = lobes::tallies(&facts, &nodules);
    let observed = nodule_state::observed(&nodules);
    Evaluation {
        as_of,
        lobes,
        observed,
        activity,
        clearance,
        tier,
        data_tasks,
        patterns,
        anchors,
        dfi,
        irlm_group,
        episodes,
        nodules,
        matches,
    }
}
