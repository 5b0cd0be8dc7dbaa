//! Which units form one episode: the plan decides, never the interval.
//!
//! A unit joins an earlier one only by a recorded plan: a surgeon's link, or a board decision for stages made
//! before the first. What merely looks like a pair becomes a proposal for a person; what contradicts its link
//! becomes a question. Nothing is merged or split silently; where the record leaves it open, both are readings.

use crate::{
    domain::{
        dates::{DayRange, PartialDate},
        operation::Operation,
        text::OperationId,
        truth::Truth,
    },
    protocol::thresholds::EpisodeThresholds,
};

use super::{
    board_plan::{board_plan, is_replaced},
    evidence::DataTask,
    facts::{Facts, before, on_or_before},
    readings::{Answers, Question, Readings, readings},
    relation::{Relation, cleared_by, known, known_by_link},
    units::{Unit, is_benign_only, treated_until},
};

/// Units of one episode, in order of time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Group {
    pub units: Vec<Unit>,
    /// A planned stage was not done yet.
    pub pending: bool,
}

impl Group {
    /// Whether it found nothing malignant: alone, it is no episode.
    fn is_benign(&self, facts: &Facts<'_>) -> bool {
        self.units.iter().all(|unit| unit.operation(facts).is_some_and(is_benign_only))
    }
}

/// Groups units into episodes, in every way that the record allows; the one in force first.
pub(super) fn groupings(
    facts: &Facts<'_>,
    units: &[Unit],
    limits: &EpisodeThresholds,
    tasks: &mut Vec<DataTask>,
) -> Readings<Vec<Group>> {
    let mut in_force = Some(tasks);
    readings(|answers| {
        let mut own = Vec::new();
        let mut grouping = Grouping { facts, limits, answers, tasks: &mut own, groups: Vec::new() };
        for unit in units {
            grouping.add(*unit);
        }
        let groups = grouping.finish();
        if let Some(tasks) = in_force.take() {
            tasks.append(&mut own);
        }
        groups
    })
}

/// One reading on its way through the units.
struct Grouping<'a, 'h> {
    facts: &'a Facts<'h>,
    limits: &'a EpisodeThresholds,
    answers: &'a mut Answers,
    tasks: &'a mut Vec<DataTask>,
    groups: Vec<Group>,
}

impl Grouping<'_, '_> {
    fn add(&mut self, unit: Unit) {
        let joined =
            self.linked(unit).or_else(|| self.planned_by_board(unit)).or_else(|| self.proposed(unit));
        match joined.and_then(|at| self.groups.get_mut(at)) {
            Some(group) => group.units.push(unit),
            None => self.groups.push(Group { units: vec![unit], pending: false }),
        }
    }

    /// A surgeon's link in either direction of time.
    fn linked(&mut self, unit: Unit) -> Option<usize> {
        let facts = self.facts;
        let pairs: Vec<(usize, Unit)> = self
            .groups
            .iter()
            .enumerate()
            .rev()
            .flat_map(|(at, group)| group.units.iter().map(move |one| (at, *one)))
            .filter(|(_, first)| unit.is_linked(*first, facts))
            .collect();
        let mut questions = Vec::new();
        for (at, first_unit) in pairs {
            let relation = Relation::of(facts, first_unit, unit, self.limits);
            let mixed = unit.therapy(facts).is_some() || first_unit.therapy(facts).is_some();
            let placed = if mixed { Truth::True } else { relation.placed_by_link() };
            let refused = Truth::from(unit.is_refused(first_unit, facts));
            let known = self.known_to(at, unit, known_by_link);
            let against = contradictions(placed, known, relation.cleared_between, refused);
            let contradicted = Truth::any(against.iter().map(|(truth, _)| *truth));
            if self.answers.decide(Question::OneEpisode(first_unit, unit), !contradicted, true) {
                if let (Some(first), Some(later)) = (first_unit.operation(facts), unit.operation(facts)) {
                    note_gap(first, later, relation.gap, self.limits, self.tasks);
                }
                return Some(at);
            }
            let why = against.iter().find(|(truth, _)| truth.is_true()).map(|(_, why)| *why);
            questions.extend(why.map(|why| {
                let reason = format!(
                    "recorded as a stage of {}, but {why}; counted as its own episode until the link or the facts \
                     are corrected",
                    first_unit.name(facts)
                );
                DataTask::new("stage-link-contradicted", unit.name(facts), reason)
            }));
        }
        self.tasks.extend(questions);
        None
    }

    /// Whether what a unit treats was known to every unit of a group, or was found on a side that it had not operated.
    fn known_to(&self, at: usize, unit: Unit, known: fn(&Facts<'_>, Unit, Unit) -> Truth) -> Truth {
        let units = self.groups.get(at).map_or(&[][..], |group| &group.units);
        Truth::all(units.iter().map(|first| known(self.facts, *first, unit)))
    }

    /// A board decision for stages or for several treatments, made before the first unit of the last group. Where days
    /// leave open which group is the last one before the unit, each of them may be.
    fn planned_by_board(&mut self, unit: Unit) -> Option<usize> {
        (0..self.groups.len()).rev().find(|at| self.may_be_last(*at, unit) && self.planned_for(*at, unit))
    }

    /// Whether no other group certainly lies between a group and a unit.
    fn may_be_last(&self, at: usize, unit: Unit) -> bool {
        let until = |group: &Group| treated_until(self.facts, &group.units);
        let from = |group: &Group| group.units.first().and_then(|unit| unit.from(self.facts));
        let Some(own) = self.groups.get(at).map(until) else { return false };
        let between = |other: &Group| {
            on_or_before(own, from(other)).and(on_or_before(until(other), unit.from(self.facts))).is_true()
        };
        !self.groups.iter().skip(at + 1).any(|other| between(other) && !other.is_benign(self.facts))
    }

    fn planned_for(&mut self, at: usize, unit: Unit) -> bool {
        let facts = self.facts;
        let Some(group) = self.groups.get(at) else { return false };
        let (Some(first), Some(last)) = (group.units.first().copied(), group.units.last().copied()) else {
            return false;
        };
        if group.units.iter().any(|one| one.is_refused(unit, facts)) {
            return false;
        }
        let mixed = unit.therapy(facts).is_some() || last.therapy(facts).is_some();
        let relation = Relation::of(facts, last, unit, self.limits);
        let placed = if mixed { Truth::True } else { relation.placed() };
        let near = relation.gap.lt(self.limits.stage_days + 1);
        let planned = Truth::all([placed, self.known_to(at, unit, known), near]);
        let holds = planned.and(!relation.cleared_between);
        if holds.is_false() {
            return false;
        }
        let done = group.units.iter().filter(|one| one.operation(facts).is_some()).count();
        let previous = at.checked_sub(1).and_then(|before| self.groups.get(before));
        let Some(plan) = board_plan(facts, previous, first, self.answers) else { return false };
        let room = if mixed { plan.mixed } else { done < plan.stages };
        // A look at clear lobes whose day is not known does not undo a plan.
        room && self.answers.decide(Question::OneEpisode(last, unit), holds, planned.is_true())
    }

    /// What looks like a pair but has no recorded plan is put to a person. Until then it is one episode in one reading
    /// only, and not in the one in force.
    fn proposed(&mut self, unit: Unit) -> Option<usize> {
        let facts = self.facts;
        let already_asked = unit.stage_of(facts).is_some();
        let (at, last) = self.groups.iter().enumerate().rfind(|(_, group)| !group.is_benign(facts))?;
        let first = last.units.last().copied()?;
        if last.units.iter().any(|one| one.is_refused(unit, facts)) {
            return None;
        }
        let relation = Relation::of(facts, first, unit, self.limits);
        let mixed = unit.therapy(facts).is_some() || first.therapy(facts).is_some();
        let placed = if mixed { Truth::True } else { relation.placed() };
        let near = relation.gap.lt(self.limits.propose_days + 1);
        let cleared = relation.cleared_between.or(cleared_by(facts, first, unit));
        let known = self.known_to(at, unit, known);
        if already_asked || Truth::all([placed, known, near, !cleared]).is_false() {
            return None;
        }
        let (one, other) = (first.name(facts), unit.name(facts));
        let reason = format!(
            "{other} may be a planned part of the same episode as {one}; confirm with a link (`stage_of`) or refuse (`not_stage_of`). \
             Until then they are two episodes, and what hangs on it is not known"
        );
        self.tasks.push(DataTask::new("stage-proposed", format!("{one}+{other}"), reason));
        let question = Question::OneEpisode(first, unit);
        self.answers.decide(question, Truth::Unknown, false).then_some(at)
    }

    /// Drops what alone is no episode, and says which episodes wait for a stage: one that is recorded as planned; for
    /// the last episode also one that the board planned.
    fn finish(mut self) -> Vec<Group> {
        let facts = self.facts;
        self.groups.retain(|group| !group.is_benign(facts));
        for group in &mut self.groups {
            let pending = planned_stages(facts, group).next().is_some();
            group.pending = pending;
        }
        for at in (0..self.groups.len()).rev() {
            if self.is_followed(at) {
                break;
            }
            let pending = self.board_waits(at);
            if let Some(group) = self.groups.get_mut(at) {
                group.pending |= pending;
            }
        }
        self.groups
    }

    /// Whether another group certainly came later. Where days leave it open, each of them may be the last.
    fn is_followed(&self, at: usize) -> bool {
        let until = self.groups.get(at).and_then(|group| treated_until(self.facts, &group.units));
        self.groups.iter().skip(at + 1).any(|later| {
            let from = later.units.first().and_then(|unit| unit.from(self.facts));
            on_or_before(until, from).is_true()
        })
    }

    /// Whether the board planned more stages for a group than were done.
    fn board_waits(&mut self, at: usize) -> bool {
        let Some(group) = self.groups.get(at) else { return false };
        let (Some(first), Some(last)) = (group.units.first(), group.units.last()) else { return false };
        let done = group.units.iter().filter(|unit| unit.operation(self.facts).is_some()).count();
        let previous = at.checked_sub(1).and_then(|before| self.groups.get(before));
        done > 0
            && board_plan(self.facts, previous, *first, self.answers).is_some_and(|plan| done < plan.stages)
            && !is_replaced(self.facts, *first, *last, self.answers)
    }
}

/// Why a link may not hold, each with whether it does so.
fn contradictions(placed: Truth, known: Truth, cleared: Truth, refused: Truth) -> [(Truth, &'static str); 4] {
    [
        (refused, "it is also recorded as no part of the same plan"),
        (!placed, "it lies on the operated side and is no completion of it"),
        (!known, "it treated disease that was first found after it"),
        (cleared, "a CT between the two shows all lobes clear"),
    ]
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

/// Operations that are planned as stages of a group and were not done.
fn planned_stages<'f, 'h>(
    facts: &'f Facts<'h>,
    group: &'f Group,
) -> impl Iterator<Item = &'h Operation> + 'f {
    let is_member = |id: &OperationId| {
        group.units.iter().any(|unit| unit.operation(facts).is_some_and(|one| one.id == *id))
    };
    let planned = facts.planned.iter().copied();
    planned.filter(move |planned| planned.stage_of.as_ref().is_some_and(is_member))
}

/// When the planned stages of a group were to be done.
pub(super) fn planned_days(facts: &Facts<'_>, group: &Group) -> Vec<PartialDate> {
    planned_stages(facts, group).filter_map(|planned| planned.planned_on).collect()
}
