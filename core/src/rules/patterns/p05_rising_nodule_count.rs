//! P05: clearly more metastases than in the episode before.

use super::{Effect, PatternInfo, PatternResult};
use crate::{
    domain::{
        truth::Truth,
        vocabulary::{Approach, Vocabulary},
    },
    protocol::thresholds::BurdenThresholds,
    rules::{
        case::{Case, rests_on},
        episode::{Episode, EpisodeCounts},
    },
};

pub(super) const INFO: PatternInfo = PatternInfo {
    id: "P05",
    name: "rising-nodule-count",
    flags: "at least 2 metastases more than in the episode before, or 4 and more for the first time after fewer",
    why: "four and more metastases went with shorter survival in the registry; disputed by later series",
    inputs: "metastases per episode; after the last episode the nodules of the recurrence",
    not_evaluable: "a number or a result is not recorded",
    source: "International Registry of Lung Metastases 1997; disputed; fewer nodules are selected for repeat surgery",
    figures: &["E64", "E17", "E70"],
    effect: Effect::BOARD,
};

/// Least and most; no upper bound where the most is absent.
#[derive(Clone, Copy)]
struct Bounds {
    least: u32,
    most: Option<u32>,
}

impl From<&EpisodeCounts> for Bounds {
    fn from(counts: &EpisodeCounts) -> Self {
        Self { least: counts.metastases.min, most: counts.most_metastases }
    }
}

impl Bounds {
    fn words(self) -> String {
        match self.most {
            Some(most) if most == self.least => most.to_string(),
            Some(most) => format!("{} to {most}", self.least),
            None => format!("at least {}", self.least),
        }
    }

    fn at_least(self, limit: u32) -> Truth {
        if self.least >= limit {
            Truth::True
        } else if self.most.is_some_and(|most| most < limit) {
            Truth::False
        } else {
            Truth::Unknown
        }
    }

    fn rises_to(self, later: Self, rise: u32, crossing: u32) -> Truth {
        let by = |from: u32| from.saturating_add(rise);
        let jump = match self.most {
            Some(most) if later.least >= by(most) => Truth::True,
            _ if later.most.is_some_and(|most| most < by(self.least)) => Truth::False,
            _ => Truth::Unknown,
        };
        jump.or(later.at_least(crossing).and(!self.at_least(crossing)))
    }
}

/// Two counts that are compared: an episode with the next one, or with what imaging shows after it.
struct Step<'a> {
    from: &'a Episode,
    to: Option<&'a Episode>,
    later: Bounds,
}

impl Step<'_> {
    fn rises(&self, limits: &BurdenThresholds) -> Truth {
        Bounds::from(&self.from.counts).rises_to(self.later, limits.rise, limits.crossing)
    }
}

pub(super) fn answer(case: &Case<'_, '_>) -> PatternResult {
    let limits = &case.limits.burden;
    let pairs = case.episodes.iter().zip(case.episodes.iter().skip(1));
    let mut steps: Vec<Step<'_>> =
        pairs.map(|(from, to)| Step { from, to: Some(to), later: (&to.counts).into() }).collect();
    let seen = imaged(case);
    steps.extend(case.last_episode().zip(seen).map(|(from, later)| Step { from, to: None, later }));
    if steps.is_empty() {
        return INFO.not_applicable("there are not two episodes, and no untreated recurrence, to compare");
    }
    let state = case.in_order(Truth::any(steps.iter().map(|step| step.rises(limits))));
    let shown: Vec<&Step<'_>> = steps.iter().filter(|step| rests_on(state, step.rises(limits))).collect();
    let counts: Vec<String> = case.episodes.iter().map(words).collect();
    let counts = format!("metastases per episode: {}", counts.join(", "));
    let reason = match seen {
        Some(seen) => format!("{counts}; then {} untreated nodules on imaging, not proved", seen.words()),
        None => counts,
    };
    let many = shown.iter().any(|step| step.later.at_least(limits.crossing).may_be_true());
    let by_imaging = state.is_true() && shown.iter().all(|step| step.to.is_none());
    let approach_changed = shown.iter().any(|step| step.to.is_some_and(|to| changed(step.from, to)));
    let imaged = case.last_episode().filter(|_| seen.is_some()).into_iter();
    INFO.decided(state, reason)
        .with_evidence(case.episodes.iter().flat_map(Episode::evidence))
        .with_evidence(imaged.flat_map(|episode| {
            episode.recurrence.nodules.iter().flat_map(|one| case.shown_by(episode, one))
        }))
        .label(by_imaging, "by-imaging")
        .label(approach_changed, "approach-changed")
        .raise(many, Effect::HIGH)
        .missing("the number and the pathology of every nodule")
}

/// The metastases of an episode, and how they were reached: palpation finds more when the chest is open.
fn words(episode: &Episode) -> String {
    let count = Bounds::from(&episode.counts).words();
    let approaches: Vec<String> =
        episode.approaches.iter().map(|approach| approach.code().replace('_', " ")).collect();
    if approaches.is_empty() { count } else { format!("{count} ({})", approaches.join(", ")) }
}

/// Untreated nodules of the recurrence after the last episode: at least those held for metastases, at most all.
fn imaged(case: &Case<'_, '_>) -> Option<Bounds> {
    let recurrence = &case.last_episode()?.recurrence;
    let mut bounds = Bounds { least: 0, most: Some(0) };
    for one in &recurrence.nodules {
        let at = one.nodule.as_ref().and_then(|id| case.facts.position(id));
        let Some(status) = at.and_then(|at| case.nodules.get(at)).filter(|status| status.is_active()) else {
            continue;
        };
        let count = status.count.tally();
        if status.suspicious.is_true() && one.recurrent.is_true() {
            bounds.least = bounds.least.saturating_add(count.min);
        }
        bounds.most = bounds.most.filter(|_| count.exact).map(|most| most.saturating_add(count.min));
    }
    (bounds.most != Some(0)).then_some(bounds)
}

/// Whether one episode was thoracoscopic and the other open: their counts do not compare.
fn changed(one: &Episode, other: &Episode) -> bool {
    let closed = |episode: &Episode| episode.approaches.iter().any(|approach| is_thoracoscopic(*approach));
    let open = |episode: &Episode| episode.approaches.iter().any(|approach| !is_thoracoscopic(*approach));
    (closed(one) && open(other)) || (open(one) && closed(other))
}

const fn is_thoracoscopic(approach: Approach) -> bool {
    matches!(approach, Approach::Vats | Approach::Rats)
}
