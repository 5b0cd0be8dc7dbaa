//! Which units form one episode: the plan decides, never the interval.
//!
//! A unit joins an earlier one only by a recorded plan: a surgeon's link, or a board decision for stages made
//! before the first. What merely looks like a pair becomes a proposal for a person; what contradicts its link
//! becomes a question. Nothing is merged or split silently.

use crate::{
    domain::{
        board::BoardDecision,
        dates::{DayRange, PartialDate},
        operation::{Operation, ResectionTarget},
        text::OperationId,
        truth::Truth,
        vocabulary::{BoardChoice, Completeness, NoduleOrigin},
    },
    protocol::thresholds::EpisodeThresholds,
};

use super::{
    episode::Sides,
    evidence::DataTask,
    facts::{Facts, NoduleFacts, before, on_or_before, shows_all_clear},
    units::{Unit, operated_sides, treated_sides},
};

/// Units of one episode, in order of time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Group {
    pub units: Vec<Unit>,
    /// A planned stage was not done yet.
    pub pending: bool,
}

/// Groups units into episodes.
pub(super) fn group(
    facts: &Facts<'_>,
    units: &[Unit],
    limits: &EpisodeThresholds,
    tasks: &mut Vec<DataTask>,
) -> Vec<Group> {
    let mut groups: Vec<Group> = Vec::new();
    for unit in units {
        let joined = linked(facts, &groups, *unit, limits, tasks)
            .or_else(|| planned_by_board(facts, &groups, *unit, limits));
        match joined.and_then(|at| groups.get_mut(at)) {
            Some(group) => group.units.push(*unit),
            None => {
                propose(facts, groups.last(), *unit, limits, tasks);
                groups.push(Group { units: vec![*unit], pending: false });
            }
        }
    }
    mark_pending(facts, &mut groups);
    groups
}

/// How a later unit relates to an earlier one.
struct Relation {
    opposite: Truth,
    completion: Truth,
    /// Everything it targets was known at the earlier one, or found on the other side in between.
    known: Truth,
    /// A CT between the two states all five lobes to be clear: what was cleared in between is no stage.
    cleared_between: bool,
    gap: DayRange,
}

impl Relation {
    fn of(facts: &Facts<'_>, first: Unit, later: Unit, limits: &EpisodeThresholds) -> Self {
        let (a, b) = (sides(facts, first), sides(facts, later));
        let one_sided = |sides: Sides| !sides.both();
        let opposite = one_sided(a).and(one_sided(b)).and((a.right.and(b.left)).or(a.left.and(b.right)));
        let same = (a.right.and(b.right)).or(a.left.and(b.left));
        let gap = match (first.until(facts), later.from(facts)) {
            (Some(until), Some(from)) => until.days_until(from),
            _ => DayRange { min: None, max: None },
        };
        let margin = first.operation(facts).map_or(Truth::False, |operation| match operation.completeness {
            Some(Completeness::R1 | Completeness::Rx) => Truth::True,
            Some(Completeness::Complete) | None => Truth::Unknown,
            Some(Completeness::R0 | Completeness::R2) => Truth::False,
        });
        let both_operations = Truth::from(later.operation(facts).is_some());
        Self {
            opposite,
            completion: Truth::all([same, margin, gap.lt(limits.completion_days + 1), both_operations]),
            known: known(facts, first, later, a),
            cleared_between: cleared_between(facts, first, later),
            gap,
        }
    }

    fn placed(&self) -> Truth {
        self.opposite.or(self.completion)
    }
}

fn sides(facts: &Facts<'_>, unit: Unit) -> Sides {
    match (unit.operation(facts), unit.therapy(facts)) {
        (Some(operation), _) => operated_sides(facts, operation),
        (None, Some(therapy)) => treated_sides(facts, therapy),
        (None, None) => Sides { right: Truth::Unknown, left: Truth::Unknown },
    }
}

/// The nodules a unit treats.
fn targets<'f, 'h>(facts: &'f Facts<'h>, unit: Unit) -> Vec<&'f NoduleFacts<'h>> {
    let resected = unit.operation(facts).into_iter().flat_map(|operation| {
        operation.resections.iter().filter_map(|resection| match &resection.target {
            ResectionTarget::Nodule { nodule, .. } => facts.nodule(nodule),
            ResectionTarget::Specimen { .. } => None,
        })
    });
    let irradiated = unit
        .therapy(facts)
        .into_iter()
        .flat_map(|therapy| therapy.nodules.iter().filter_map(|nodule| facts.nodule(nodule)));
    resected.chain(irradiated).collect()
}

fn known(facts: &Facts<'_>, first: Unit, later: Unit, operated: Sides) -> Truth {
    let (until, from) = (first.until(facts), later.from(facts));
    Truth::all(targets(facts, later).into_iter().map(|target| {
        let Some(reported) = target.reported_on else {
            // What palpation finds was not a target; what imaging showed on no recorded study is open.
            return match target.nodule.origin {
                Some(NoduleOrigin::Palpation | NoduleOrigin::Specimen) => Truth::True,
                Some(NoduleOrigin::Imaging) | None => Truth::Unknown,
            };
        };
        let on_other_side =
            target.nodule.place.place().side().map_or(Truth::Unknown, |side| !operated.on(side));
        let in_time = on_or_before(Some(reported), from);
        on_or_before(Some(reported), until).or(on_other_side.and(in_time))
    }))
}

/// Whether the chest was recorded as clear between the two: a CT that states all five lobes clear.
fn cleared_between(facts: &Facts<'_>, first: Unit, later: Unit) -> bool {
    let (until, from) = (first.until(facts), later.from(facts));
    let between = |on| before(until, on).and(before(on, from)).is_true();
    facts.studies.iter().any(|study| between(study.on) && shows_all_clear(study))
}

/// Whether nothing known was left by the first: it was complete, and everything the later one targets is newer.
fn cleared_by(facts: &Facts<'_>, first: Unit, later: Unit) -> bool {
    let complete = first.operation(facts).is_some_and(|operation| {
        matches!(operation.completeness, Some(Completeness::R0 | Completeness::R1 | Completeness::Complete))
    });
    let targets = targets(facts, later);
    let newer = |target: &&NoduleFacts<'_>| before(first.until(facts), target.reported_on).is_true();
    complete && !targets.is_empty() && targets.iter().all(newer)
}

/// A surgeon's link in either direction of time.
fn linked(
    facts: &Facts<'_>,
    groups: &[Group],
    unit: Unit,
    limits: &EpisodeThresholds,
    tasks: &mut Vec<DataTask>,
) -> Option<usize> {
    let operation = unit.operation(facts)?;
    let is_pair = |other: &Operation| {
        operation.stage_of.as_ref() == Some(&other.id) || other.stage_of.as_ref() == Some(&operation.id)
    };
    let pairs: Vec<(usize, Unit, &Operation)> = groups
        .iter()
        .enumerate()
        .rev()
        .flat_map(|(at, group)| {
            group.units.iter().filter_map(move |one| Some((at, *one, one.operation(facts)?)))
        })
        .filter(|(_, _, first)| is_pair(first))
        .collect();
    let mut questions = Vec::new();
    for (at, unit_of_first, first) in pairs {
        let relation = Relation::of(facts, unit_of_first, unit, limits);
        match contradiction(&relation) {
            None => {
                note_gap(first, operation, relation.gap, limits, tasks);
                return Some(at);
            }
            Some(why) => {
                let reason = format!(
                    "recorded as a stage of {}, but {why}; counted as its own episode until the link or the facts \
                     are corrected",
                    first.id
                );
                questions.push(DataTask::new("stage-link-contradicted", &operation.id, reason));
            }
        }
    }
    tasks.extend(questions);
    None
}

/// Why a link cannot hold; nothing where the facts allow it.
fn contradiction(relation: &Relation) -> Option<&'static str> {
    if relation.placed().is_false() {
        Some("it lies on the operated side and is no completion of it")
    } else if relation.known.is_false() {
        Some("it treated disease that was first found after it")
    } else if relation.cleared_between {
        Some("a CT between the two shows all lobes clear")
    } else {
        None
    }
}

/// What is odd about a link that holds.
fn note_gap(
    first: &Operation,
    later: &Operation,
    gap: DayRange,
    limits: &EpisodeThresholds,
    tasks: &mut Vec<DataTask>,
) {
    if first.stage_of.as_ref() == Some(&later.id) && before(first.on, later.on).is_true() {
        let reason =
            format!("dated before {}, of which it is recorded as a later stage; correct a date", later.id);
        tasks.push(DataTask::new("stage-before-first", &first.id, reason));
    }
    if gap.lt(limits.stage_days + 1).is_false() {
        let reason = format!(
            "more than {} days after {}, of which it is a stage; state why the gap was long",
            limits.stage_days, first.id
        );
        tasks.push(DataTask::new("stage-gap-long", &later.id, reason));
    } else if gap.lt(limits.short_gap_days).is_true() {
        let reason = format!(
            "less than {} days after {}: shorter than the usual month, for information",
            limits.short_gap_days, first.id
        );
        tasks.push(DataTask::new("stage-gap-short", &later.id, reason));
    }
}

/// A board decision for stages or for several treatments, made before the first unit of the last group.
fn planned_by_board(
    facts: &Facts<'_>,
    groups: &[Group],
    unit: Unit,
    limits: &EpisodeThresholds,
) -> Option<usize> {
    let at = groups.len().checked_sub(1)?;
    let group = groups.get(at)?;
    let previous = at.checked_sub(1).and_then(|before| groups.get(before));
    let (first, last) = (*group.units.first()?, *group.units.last()?);
    let plan = board_plan(facts, previous, first)?;
    let done = group.units.iter().filter(|one| one.operation(facts).is_some()).count();
    let mixed = unit.therapy(facts).is_some() || last.therapy(facts).is_some();
    let room = if mixed { plan.mixed } else { done < plan.stages };
    let relation = Relation::of(facts, last, unit, limits);
    let placed = if mixed { Truth::True } else { relation.placed() };
    let holds = Truth::all([placed, relation.known, relation.gap.lt(limits.stage_days + 1)]);
    (room && !relation.cleared_between && holds.is_true()).then_some(at)
}

struct BoardPlan {
    stages: usize,
    /// The board named local therapy beside surgery.
    mixed: bool,
}

/// What the board planned at or before the first unit and after the episode before.
fn board_plan(facts: &Facts<'_>, previous: Option<&Group>, first: Unit) -> Option<BoardPlan> {
    let from = first.from(facts);
    let decisions: Vec<&BoardDecision> = facts
        .parts
        .board_decisions
        .iter()
        .filter(|decision| on_or_before(decision.on, from).is_true())
        .filter(|decision| {
            previous.is_none_or(|group| {
                group.units.iter().all(|unit| before(unit.until(facts), decision.on).is_true())
            })
        })
        .collect();
    let stages = decisions.iter().map(|decision| stages_of(decision)).max()?;
    let local = |decision: &&&BoardDecision| {
        matches!(decision.decision, Some(BoardChoice::Sbrt | BoardChoice::Ablation))
    };
    let surgery = |decision: &&&BoardDecision| {
        matches!(decision.decision, Some(BoardChoice::Metastasectomy | BoardChoice::StagedMetastasectomy))
    };
    let mixed = decisions.iter().find(local).is_some() && decisions.iter().find(surgery).is_some();
    Some(BoardPlan { stages, mixed })
}

/// Stages a decision plans; "staged" without a number means at least two.
fn stages_of(decision: &BoardDecision) -> usize {
    let named = decision.planned_stages.and_then(|stages| usize::try_from(stages).ok());
    match decision.decision {
        Some(BoardChoice::StagedMetastasectomy) => named.unwrap_or(2).max(2),
        Some(BoardChoice::Metastasectomy) => named.unwrap_or(1).max(1),
        _ => 1,
    }
}

/// What looks like a pair but has no recorded plan is put to a person.
fn propose(
    facts: &Facts<'_>,
    last: Option<&Group>,
    unit: Unit,
    limits: &EpisodeThresholds,
    tasks: &mut Vec<DataTask>,
) {
    let Some(first) = last.and_then(|group| group.units.last().copied()) else { return };
    let already_asked = unit.operation(facts).is_some_and(|operation| operation.stage_of.is_some());
    let relation = Relation::of(facts, first, unit, limits);
    let mixed = unit.therapy(facts).is_some() || first.therapy(facts).is_some();
    let placed = if mixed { Truth::True } else { relation.placed() };
    let near = relation.gap.lt(limits.propose_days + 1);
    let cleared = relation.cleared_between || cleared_by(facts, first, unit);
    if already_asked || cleared || placed.is_false() || relation.known.is_false() || near.is_false() {
        return;
    }
    let (one, other) = (name(facts, first), name(facts, unit));
    let reason = format!(
        "{other} may be a planned part of the same episode as {one}; confirm with a link (`stage_of`) or refuse. \
         Until then they are two episodes"
    );
    tasks.push(DataTask::new("stage-proposed", format!("{one}+{other}"), reason));
}

fn name(facts: &Facts<'_>, unit: Unit) -> String {
    match (unit.operation(facts), unit.therapy(facts)) {
        (Some(operation), _) => operation.id.to_string(),
        (None, Some(therapy)) => therapy.id.to_string(),
        (None, None) => String::new(),
    }
}

/// A planned stage that was not done keeps its episode open; a board plan does so for the last episode only.
fn mark_pending(facts: &Facts<'_>, groups: &mut [Group]) {
    for group in groups.iter_mut() {
        let is_member = |id: &OperationId| {
            group.units.iter().any(|unit| unit.operation(facts).is_some_and(|one| one.id == *id))
        };
        group.pending = facts.planned.iter().any(|planned| planned.stage_of.as_ref().is_some_and(is_member));
    }
    let Some((last, earlier)) = groups.split_last_mut() else { return };
    let Some(first) = last.units.first() else { return };
    let done = last.units.iter().filter(|unit| unit.operation(facts).is_some()).count();
    let plan = board_plan(facts, earlier.last(), *first);
    last.pending |= plan.is_some_and(|plan| done > 0 && done < plan.stages);
}

/// When the planned stages of a group were to be done.
pub(super) fn planned_days(facts: &Facts<'_>, group: &Group) -> Vec<PartialDate> {
    let is_member = |id: &OperationId| {
        group.units.iter().any(|unit| unit.operation(facts).is_some_and(|one| one.id == *id))
    };
    facts
        .planned
        .iter()
        .filter(|planned| planned.stage_of.as_ref().is_some_and(is_member))
        .filter_map(|planned| planned.planned_on)
        .collect()
}
