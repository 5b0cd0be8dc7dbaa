//! The course of one made-up patient: what lies where, what was seen when, and which operation took it out.
//!
//! Laid out in days from the treatment of the primary, then moved so that it ends shortly before the reference day.

use super::{calendar::Day, dice::Dice};

/// All nodules of a patient.
const NODULES: i64 = 25;

/// A lobe of the lung.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lobe {
    Rul,
    Rml,
    Rll,
    Lul,
    Lll,
}

impl Lobe {
    pub const ALL: [Self; 5] = [Self::Rul, Self::Rml, Self::Rll, Self::Lul, Self::Lll];

    pub const fn code(self) -> &'static str {
        match self {
            Self::Rul => "RUL",
            Self::Rml => "RML",
            Self::Rll => "RLL",
            Self::Lul => "LUL",
            Self::Lll => "LLL",
        }
    }

    /// Lower lobes, being larger, more often.
    fn on(side: &str, dice: &mut Dice) -> Self {
        let right = dice.pick(&[Self::Rul, Self::Rul, Self::Rml, Self::Rll, Self::Rll, Self::Rll]);
        let left = dice.pick(&[Self::Lul, Self::Lul, Self::Lll, Self::Lll, Self::Lll]);
        match side {
            "right" => right,
            "left" => left,
            _ => dice.pick(&[right, left]),
        }
    }

    fn segment(self, dice: &mut Dice) -> &'static str {
        match self {
            Self::Rul => dice.pick(&["S1", "S2", "S3"]),
            Self::Rml => dice.pick(&["S4", "S5"]),
            Self::Rll => dice.pick(&["S6", "S8", "S9", "S10"]),
            Self::Lul => dice.pick(&["S1+2", "S3"]),
            Self::Lll => dice.pick(&["S6", "S9", "S10"]),
        }
    }
}

/// A nodule; sizes in tenths of a millimetre.
pub struct Nodule {
    pub id: String,
    pub lobe: Lobe,
    pub segment: Option<&'static str>,
    pub origin: &'static str,
    pub removed_by: Option<&'static str>,
    /// The study that showed it first; none where the surgeon or the pathologist found it.
    first_seen: Option<Day>,
    removed_on: Option<Day>,
    size: i64,
    growth_per_100_days: i64,
}

impl Nodule {
    pub fn is_seen_on(&self, study: &Study) -> bool {
        self.first_seen.is_some_and(|first| first <= study.on)
            && self.removed_on.is_none_or(|removed| study.on < removed)
    }

    /// Status and long axis on a study that shows it.
    pub fn appearance_on(&self, study: &Study) -> (&'static str, i64) {
        let days = self.first_seen.map_or(0, |first| first.days_until(study.on));
        let gain = self.growth_per_100_days * days / 100;
        let status = match (days, gain) {
            (0, _) => "new",
            (_, 20..) => "grown",
            _ => "stable",
        };
        (status, self.size + gain)
    }

    pub fn specimen_size(&self) -> i64 {
        self.size
    }
}

/// A CT.
pub struct Study {
    pub id: String,
    pub on: Day,
    pub indication: &'static str,
}

/// A metastasectomy.
pub struct Operation {
    pub id: &'static str,
    pub on: Day,
    pub side: &'static str,
    pub approach: &'static str,
    pub stage_of: Option<&'static str>,
    pub planned_stages: u8,
}

/// A whole course.
pub struct Course {
    pub treated: Day,
    pub treatment_ended: Option<Day>,
    /// The first diagnosis of lung metastases.
    pub found: Day,
    pub synchronous: bool,
    pub nodules: Vec<Nodule>,
    pub studies: Vec<Study>,
    pub operations: Vec<Operation>,
    pub last_contact: Day,
}

/// Days from the treatment of the primary.
struct Timeline {
    synchronous: bool,
    staged: bool,
    studies: [(i64, &'static str); 10],
    operations: [i64; 3],
    end: i64,
}

impl Timeline {
    fn new(dice: &mut Dice) -> Self {
        let synchronous = dice.chance(20);
        let staged = dice.chance(25);
        let staging = -dice.between(10, 40);
        // Disease-free intervals: none, under 1 year (some within the primary treatment), 1 to 3 years, longer.
        let second = match (synchronous, dice.between(1, 10)) {
            (true, _) => dice.between(50, 100),
            (false, 1..=4) => dice.between(90, 362),
            (false, 5..=8) => dice.between(370, 1_090),
            (false, _) => dice.between(1_100, 2_600),
        };
        let first_operation = second + dice.between(20, 45);
        let baseline = first_operation + dice.between(80, 100);
        let clear = baseline + dice.between(85, 100);
        let relapse = clear + dice.between(85, 180);
        let second_operation = relapse + dice.between(20, 45);
        let mut later = |from: i64, least, most| from + dice.between(least, most);
        let (third_operation, [sixth, seventh, eighth]) = if staged {
            let third = later(second_operation, 25, 45);
            let sixth = later(third, 80, 100);
            let seventh = later(sixth, 85, 100);
            (
                third,
                [(sixth, "baseline"), (seventh, "surveillance"), (later(seventh, 85, 180), "surveillance")],
            )
        } else {
            let sixth = later(second_operation, 80, 100);
            let seventh = later(sixth, 85, 200);
            let third = later(seventh, 20, 45);
            (third, [(sixth, "baseline"), (seventh, "surveillance"), (later(third, 80, 100), "baseline")])
        };
        let ninth = later(eighth.0, 85, 100);
        let tenth = later(ninth, 85, 180);
        Self {
            synchronous,
            staged,
            studies: [
                (staging, "staging"),
                (second, if synchronous { "preoperative" } else { "surveillance" }),
                (baseline, "baseline"),
                (clear, "surveillance"),
                (relapse, "surveillance"),
                sixth,
                seventh,
                eighth,
                (ninth, "surveillance"),
                (tenth, "surveillance"),
            ],
            operations: [first_operation, second_operation, third_operation],
            end: later(tenth, 3, 10),
        }
    }
}

impl Course {
    /// A course whose last contact lies 1 to 60 days before `reference`.
    pub fn new(dice: &mut Dice, reference: Day) -> Self {
        let timeline = Timeline::new(dice);
        let last_contact = reference.plus(-dice.between(1, 60));
        let treated = last_contact.plus(-timeline.end);
        let studies = timeline.studies.map(|(day, indication)| (treated.plus(day), indication));
        let [staging, second, third, _, fifth, _, seventh, ..] = studies.map(|(day, _)| day);
        let operations = operations(dice, &timeline, treated);
        let found = if timeline.synchronous { staging } else { second };
        let shown = [found, fifth, if timeline.staged { fifth } else { seventh }];

        let mut nodules = Vec::new();
        let counts = [dice.between(8, 11), dice.between(6, 8), dice.between(3, 5)];
        for ((operation, shown), count) in operations.iter().zip(shown).zip(counts) {
            for place in 0..count {
                nodules.push(resected(dice, operation, shown, place, nodules.len()));
            }
        }
        for _ in counts.iter().sum()..NODULES {
            let shown = dice.pick(&[third, fifth, seventh]);
            nodules.push(small(dice, "either", "imaging", Some(shown), nodules.len()));
        }
        let studies = studies.into_iter().enumerate();
        Self {
            treated,
            treatment_ended: dice.chance(60).then(|| treated.plus(dice.between(100, 240))),
            found,
            synchronous: timeline.synchronous,
            nodules,
            studies: studies
                .map(|(at, (on, indication))| Study { id: format!("ct{}", at + 1), on, indication })
                .collect(),
            operations,
            last_contact,
        }
    }
}

fn operations(dice: &mut Dice, timeline: &Timeline, treated: Day) -> Vec<Operation> {
    let [first, second, third] = timeline.operations.map(|day| treated.plus(day));
    let one_side = |dice: &mut Dice| dice.pick(&["right", "left"]);
    let any_side =
        |dice: &mut Dice| dice.pick(&["right", "right", "right", "left", "left", "left", "bilateral"]);
    let (second_side, third_side) = if timeline.staged {
        let side = one_side(dice);
        (side, if side == "right" { "left" } else { "right" })
    } else {
        (any_side(dice), any_side(dice))
    };
    let stages = if timeline.staged { 2 } else { 1 };
    let first_stage = timeline.staged.then_some("op2");
    [
        ("op1", first, any_side(dice), None, 1),
        ("op2", second, second_side, None, stages),
        ("op3", third, third_side, first_stage, stages),
    ]
    .into_iter()
    .map(|(id, on, side, stage_of, planned_stages)| {
        let approach = match side {
            "bilateral" => dice.pick(&["median_sternotomy", "clamshell"]),
            _ => dice.pick(&[
                "vats",
                "muscle_sparing_thoracotomy",
                "posterolateral_thoracotomy",
                "thoracotomy",
            ]),
        };
        Operation { id, on, side, approach, stage_of, planned_stages }
    })
    .collect()
}

/// A nodule that an operation takes out; `place` counts within the operation, `number` within the patient.
fn resected(dice: &mut Dice, operation: &Operation, shown: Day, place: i64, number: usize) -> Nodule {
    // The hand finds what the CT does not show, where it can feel the lung; so does the pathologist.
    let origin = match place {
        1 if operation.approach != "vats" => "palpation",
        2 if dice.chance(30) => "specimen",
        _ => "imaging",
    };
    let seen = origin == "imaging";
    Nodule {
        removed_by: Some(operation.id),
        removed_on: Some(operation.on),
        size: if seen { dice.between(40, 240) } else { dice.between(20, 60) },
        growth_per_100_days: dice.between(0, 25),
        ..small(dice, operation.side, origin, seen.then_some(shown), number)
    }
}

/// A small nodule that nobody has taken out and that hardly changes.
fn small(
    dice: &mut Dice,
    side: &str,
    origin: &'static str,
    first_seen: Option<Day>,
    number: usize,
) -> Nodule {
    let lobe = Lobe::on(side, dice);
    Nodule {
        id: format!("n{}", number + 1),
        lobe,
        segment: dice.chance(40).then(|| lobe.segment(dice)),
        origin,
        removed_by: None,
        first_seen,
        removed_on: None,
        size: dice.between(20, 45),
        growth_per_100_days: dice.between(0, 2),
    }
}
