//! Whether a nodule is new: seen now, and not on the earlier study it is compared with, which could have shown it.
//!
//! What speaks against that makes it uncertain, whoever calls it new. What is only not on record makes it uncertain
//! too, unless the reader, who saw both studies, calls it new. Uncertain is never "not new": it stays a possible
//! sign of progression, and its dates and its suspicion are not touched by it.

use crate::{
    domain::{
        dates::PartialDate,
        imaging::{Finding, ImagingStudy},
        lung::{Lobe, NodulePlace},
        text::StudyKey,
        truth::Truth,
        vocabulary::{Fate, LobeStatement, Modality},
    },
    protocol::thresholds::NewNoduleThresholds,
};

use super::{
    facts::{Facts, NoduleFacts, before, is_ct, is_seen, on_or_before},
    removed::place_of,
};

/// Whether a nodule is new on the first study that shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Novelty {
    /// True is new, unknown is uncertain, false was there before.
    pub state: Truth,
    /// What makes it uncertain.
    pub doubts: Vec<Doubt>,
    /// The study that shows it.
    pub study: StudyKey,
    /// The study it is compared with; `None` where there is no earlier one.
    pub comparator: Option<StudyKey>,
}

/// What makes it uncertain that a nodule is new.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Doubt {
    /// No earlier study of the chest is on record.
    NoComparator,
    /// The earlier study is no CT.
    ComparatorNoCt,
    /// The kind of the earlier study is not on record.
    ComparatorKindNotRecorded,
    /// Its slices are thick.
    ComparatorThickSlices,
    /// Its slice thickness is not on record.
    ComparatorSlicesNotRecorded,
    /// It could not show the lobe, or the place of the nodule.
    LobeNotAssessable,
    /// It says nothing of the lobe.
    LobeNotStated,
    /// Which of the two came first, or what was seen in hindsight where, is not known.
    OrderNotKnown,
    /// The first study that lists it calls it stable, grown or smaller: the reader knew it from before.
    ReaderKnewIt,
    /// Small, and soon after an operation on the lobe.
    SmallAfterOperation,
    /// Small, and soon after an infection.
    SmallAfterInfection,
    /// Small, and whether there was an infection is not on record.
    InfectionNotRecorded,
}

impl Doubt {
    /// Kebab-case code.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::NoComparator => "no-comparator",
            Self::ComparatorNoCt => "comparator-no-ct",
            Self::ComparatorKindNotRecorded => "comparator-kind-not-recorded",
            Self::ComparatorThickSlices => "comparator-thick-slices",
            Self::ComparatorSlicesNotRecorded => "comparator-slices-not-recorded",
            Self::LobeNotAssessable => "lobe-not-assessable",
            Self::LobeNotStated => "lobe-not-stated",
            Self::OrderNotKnown => "order-not-known",
            Self::ReaderKnewIt => "reader-knew-it",
            Self::SmallAfterOperation => "small-after-operation",
            Self::SmallAfterInfection => "small-after-infection",
            Self::InfectionNotRecorded => "infection-not-recorded",
        }
    }
}

/// Whether a nodule is new against the study its first one is compared with; `None` where no study shows it.
///
/// Whether it can be seen in hindsight on an earlier study is for a person to say, and goes before everything else.
pub(super) fn novelty(
    facts: &Facts<'_>,
    known: &NoduleFacts<'_>,
    limits: &NewNoduleThresholds,
) -> Option<Novelty> {
    let (study, finding) = first_sight(known)?;
    let comparator = comparator(facts, study);
    let mut doubts = Doubts::default();
    if let Some(comparator) = comparator {
        if before(comparator.on, study.on).is_false() {
            doubts.against.push(Doubt::OrderNotKnown);
        }
        doubts.compare(facts, known, comparator, limits);
    } else {
        doubts.missing.push(Doubt::NoComparator);
    }
    let state = if finding.visible_before == Some(true) { Truth::False } else { doubts.answer(finding) };
    let doubts = if state.is_unknown() { doubts.all() } else { Vec::new() };
    let comparator = comparator.map(|comparator| comparator.id.clone());
    Some(Novelty { state, doubts, study: study.id.clone(), comparator })
}

/// Whether a nodule came after this study, which could have shown it.
pub(super) fn came_after(
    facts: &Facts<'_>,
    known: &NoduleFacts<'_>,
    comparator: &ImagingStudy,
    limits: &NewNoduleThresholds,
) -> Truth {
    let Some((_, finding)) = first_sight(known) else { return Truth::Unknown };
    let mut doubts = Doubts::default();
    doubts.compare(facts, known, comparator, limits);
    // In hindsight it may be older than the first study that lists it.
    before(comparator.on, known.seen_on).and(doubts.answer(finding))
}

/// The first study that shows a nodule.
pub(super) fn first_sight<'h>(known: &NoduleFacts<'h>) -> Option<(&'h ImagingStudy, &'h Finding)> {
    known.sightings.iter().copied().find(|(_, finding)| is_seen(finding.fate))
}

/// The study a reader named, else the last one before that was, or may have been, a CT.
fn comparator<'h>(facts: &Facts<'h>, study: &ImagingStudy) -> Option<&'h ImagingStudy> {
    if let Some(id) = &study.comparator {
        return facts.studies.iter().copied().find(|one| one.id == *id);
    }
    let earlier = |wanted: Truth| {
        let mut studies = facts.studies.iter().rev().copied().filter(|one| one.id != study.id);
        studies.find(|one| is_a_ct(one).may_be_true() && before(one.on, study.on) == wanted)
    };
    earlier(Truth::True).or_else(|| earlier(Truth::Unknown))
}

fn is_a_ct(study: &ImagingStudy) -> Truth {
    match study.modality {
        None | Some(Modality::Unknown) => Truth::Unknown,
        Some(_) => Truth::from(is_ct(study)),
    }
}

/// What speaks against a nodule being new, and what is not on record.
#[derive(Default)]
struct Doubts {
    against: Vec<Doubt>,
    missing: Vec<Doubt>,
}

impl Doubts {
    fn ask(&mut self, answer: Truth, against: Doubt, missing: Doubt) {
        match answer {
            Truth::True => self.against.push(against),
            Truth::Unknown => self.missing.push(missing),
            Truth::False => {}
        }
    }

    /// Asks whether the earlier study could have shown the nodule, and whether it is what an event left behind.
    fn compare(
        &mut self,
        facts: &Facts<'_>,
        known: &NoduleFacts<'_>,
        comparator: &ImagingStudy,
        limits: &NewNoduleThresholds,
    ) {
        let Some((study, finding)) = first_sight(known) else { return };
        if before(comparator.on, study.on).is_unknown() {
            self.missing.push(Doubt::OrderNotKnown);
        }
        let knew = matches!(finding.fate, Some(Fate::Stable | Fate::Grown | Fate::Shrunk));
        self.ask(Truth::from(knew), Doubt::ReaderKnewIt, Doubt::ReaderKnewIt);
        self.ask(!is_a_ct(comparator), Doubt::ComparatorNoCt, Doubt::ComparatorKindNotRecorded);
        let thick = Truth::from(comparator.slice_mm.map(|slice| slice.get() > limits.slice_mm));
        self.ask(thick, Doubt::ComparatorThickSlices, Doubt::ComparatorSlicesNotRecorded);
        self.ask(!assessable(known, comparator), Doubt::LobeNotAssessable, Doubt::LobeNotStated);
        let small = Truth::from(finding.mean_mm().map(|size| size < limits.small_mm));
        if small.is_false() {
            return;
        }
        let operated = operated_lately(facts, known.nodule.place, study, limits);
        self.ask(small.and(operated), Doubt::SmallAfterOperation, Doubt::SmallAfterOperation);
        let infected = infected_lately(facts, study, limits);
        self.ask(small.and(infected), Doubt::SmallAfterInfection, Doubt::InfectionNotRecorded);
    }

    fn answer(&self, finding: &Finding) -> Truth {
        let settled = self.missing.is_empty() || finding.fate == Some(Fate::New);
        if self.against.is_empty() && settled { Truth::True } else { Truth::Unknown }
    }

    fn all(self) -> Vec<Doubt> {
        self.against.into_iter().chain(self.missing).collect()
    }
}

/// Whether a study could have shown the nodule: by what it says of the nodule itself, else of its lobe.
fn assessable(known: &NoduleFacts<'_>, comparator: &ImagingStudy) -> Truth {
    let own = comparator.findings.iter().find(|finding| finding.nodule == known.nodule.id);
    match own.and_then(|finding| finding.fate) {
        Some(Fate::NotSeen | Fate::Resolved) => return Truth::True,
        Some(Fate::OutsideField | Fate::Obscured) => return Truth::False,
        _ => {}
    }
    let place = known.nodule.place;
    // Where the lobe is not known the nodule may lie in each of them.
    let lobes = Lobe::ALL.into_iter().filter(|lobe| place.touches(*lobe).may_be_true());
    Truth::all(lobes.map(|lobe| match comparator.lobes.get(lobe) {
        Some(LobeStatement::Clear | LobeStatement::Nodules) => Truth::True,
        Some(LobeStatement::NotAssessable) => Truth::False,
        None => Truth::Unknown,
    }))
}

/// Whether a lobe that the nodule touches was operated on in the months before the study.
fn operated_lately(
    facts: &Facts<'_>,
    place: NodulePlace,
    study: &ImagingStudy,
    limits: &NewNoduleThresholds,
) -> Truth {
    Truth::any(facts.operations.iter().map(|operation| {
        let lately = lately(operation.on, study.on, limits);
        if lately.is_false() {
            return Truth::False;
        }
        let places =
            operation.resections.iter().map(|resection| place.touches_place(place_of(facts, resection)));
        // What an operation without recorded resections took out may have been anywhere it reached.
        let nowhere = operation.resections.is_empty();
        let reached = place.place().side().map_or(Truth::Unknown, |side| operation.reached(side));
        lately.and(Truth::any(places).or(if nowhere { reached.and(Truth::Unknown) } else { Truth::False }))
    }))
}

/// Whether an infection of the chest is on record in the months before the study.
fn infected_lately(facts: &Facts<'_>, study: &ImagingStudy, limits: &NewNoduleThresholds) -> Truth {
    let complications = facts.operations.iter().flat_map(|operation| &operation.complications);
    let infections = complications.filter(|complication| {
        let kind = complication.kind.as_ref().map(|kind| kind.as_str().to_lowercase()).unwrap_or_default();
        ["pneumonia", "empyema"].iter().any(|word| kind.contains(word))
    });
    let after_operation = Truth::any(infections.map(|infection| lately(infection.on, study.on, limits)));
    after_operation.or(Truth::from(study.recent_infection))
}

/// Whether an event lies in the months up to a study.
fn lately(event: Option<PartialDate>, study: Option<PartialDate>, limits: &NewNoduleThresholds) -> Truth {
    let so_far = on_or_before(event, study);
    match (event, study) {
        (Some(event), Some(study)) if so_far.may_be_true() => {
            so_far.and(event.lt_months(study, limits.after_event_months))
        }
        _ => so_far.and(Truth::Unknown),
    }
}
