//! How well two entries fit: lobe first, then distance where studies were registered, segment, place and size.

use std::f64::consts::LN_2;

use crate::{
    domain::{
        imaging::{Finding, ImagingStudy},
        lung::NodulePlace,
        truth::Truth,
    },
    protocol::thresholds::MatchingThresholds,
};

use crate::rules::{
    facts::{Facts, NoduleFacts, before, is_ct, is_seen, on_or_before},
    growth::Sighting,
    novelty::first_sight,
    removed::{RemovedLobe, place_of},
};

/// How well two entries fit, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fit {
    /// 0 to 100; for ordering only.
    pub score: u32,
    /// Whether a match is proposed; otherwise a person is asked without a proposal.
    pub proposed: bool,
    /// The lung was operated on in between, and no study after that serves as baseline.
    pub low_confidence: bool,
    /// What speaks for it, and what against.
    pub reasons: Vec<String>,
}

/// Points of one question; a product default, which orders proposals and decides nothing.
const SAME_LOBE: i32 = 40;
const PERHAPS_SAME_LOBE: i32 = 20;
const NEAR: i32 = 30;
const WITHIN_REACH: i32 = 10;
const SEGMENT: i32 = 20;
const SUB_LOCATION: i32 = 10;
const SIZE_FITS: i32 = 10;
const SIZE_DOES_NOT_FIT: i32 = -30;
/// Without a distance nothing is said below this.
const LEAST: i32 = 30;
/// Sizes this close are one within measurement error (Revel 2004), millimetres.
const MEASUREMENT_ERROR_MM: f64 = 2.0;

/// `None` where the two cannot be one nodule, or nothing speaks for it. Also the last study that showed the known one.
pub(super) fn fit<'h>(
    facts: &Facts<'h>,
    removed: &[RemovedLobe<'_>],
    known: &NoduleFacts<'h>,
    newcomer: &NoduleFacts<'h>,
    limits: &MatchingThresholds,
) -> Option<(&'h ImagingStudy, Fit)> {
    let (study, finding) = first_sight(newcomer)?;
    let earlier = |(on, seen): &&Sighting<'h>| is_seen(seen.fate) && before(on.on, study.on).is_true();
    let (last, before_it) = *known.sightings.iter().rev().find(earlier)?;
    let (one, other) = (known.nodule.place, newcomer.nodule.place);
    let shifted = shifted(removed, one, last, study);
    let place = if shifted {
        same_side(one, other)
    } else {
        one.touches_place(other.place()).or(in_fissure(one, other))
    };
    if place.is_false() || is_taken_out(facts, removed, known, study) || seen_together(known, newcomer) {
        return None;
    }
    let mut tally = Tally { score: 0, reasons: Vec::new() };
    tally.place(place, shifted, one, other);
    let distance = before_it.position.zip(finding.position).filter(|_| !shifted);
    let distance = distance.map(|(one, other)| one.distance_mm(other));
    if distance.is_some_and(|distance| distance > limits.ask_mm) {
        return None;
    }
    if let Some(distance) = distance {
        let points = if distance <= limits.propose_mm { NEAR } else { WITHIN_REACH };
        tally.add(points, format!("{distance:.0} mm apart after registration"));
    }
    let same_segment =
        one.segment().zip(other.segment()).filter(|_| !shifted).map(|(one, other)| one == other);
    match same_segment {
        Some(true) => tally.add(SEGMENT, "same segment".to_owned()),
        Some(false) => tally.add(-SEGMENT, "different segments".to_owned()),
        None => {}
    }
    match known.nodule.sub_location.zip(newcomer.nodule.sub_location) {
        Some((one, other)) if one == other => {
            tally.add(SUB_LOCATION, "same place within the lobe".to_owned())
        }
        Some(_) => tally.add(-SUB_LOCATION, "different places within the lobe".to_owned()),
        None => {}
    }
    tally.size((last, before_it), (study, finding), limits);
    let proposed = distance
        .map_or(place.is_true() && same_segment == Some(true), |distance| distance <= limits.propose_mm);
    if distance.is_none() && tally.score < LEAST {
        return None;
    }
    let no_baseline = without_baseline(facts, other, study);
    if no_baseline {
        tally.reasons.push("operated on in between, and no later CT serves as baseline".to_owned());
    }
    let score = u32::try_from(tally.score.clamp(0, 100)).unwrap_or(0);
    Some((last, Fit { score, proposed, low_confidence: shifted || no_baseline, reasons: tally.reasons }))
}

struct Tally {
    score: i32,
    reasons: Vec<String>,
}

impl Tally {
    fn add(&mut self, points: i32, reason: String) {
        self.score += points;
        self.reasons.push(reason);
    }

    fn place(&mut self, place: Truth, shifted: bool, one: NodulePlace, other: NodulePlace) {
        let points = if place.is_true() && !shifted { SAME_LOBE } else { PERHAPS_SAME_LOBE };
        let reason = match (shifted, place) {
            (true, _) => {
                "a lobe of this side was removed in between, so lobes and distances do not compare".to_owned()
            }
            (false, Truth::True) => format!("both in {}", one.place()),
            (false, _) => format!("{} and {} may be one lobe", one.place(), other.place()),
        };
        self.add(points, reason);
    }

    fn size(&mut self, (last, one): Sighting<'_>, (study, other): Sighting<'_>, limits: &MatchingThresholds) {
        let Some((then, now)) = one.mean_mm().zip(other.mean_mm()) else { return };
        let sizes = format!("{then} mm, then {now} mm");
        if (now - then).abs() < MEASUREMENT_ERROR_MM {
            self.add(SIZE_FITS, format!("the size fits: {sizes}"));
        } else if now > then
            && doubling_days(last, one, study, other).is_some_and(|days| days < limits.fastest_doubling_days)
        {
            self.add(SIZE_DOES_NOT_FIT, format!("too fast a growth for one nodule: {sizes}"));
        } else {
            self.reasons.push(format!("the size changed: {sizes}"));
        }
    }
}

/// The longest time in which the volume may have doubled, days.
fn doubling_days(last: &ImagingStudy, one: &Finding, study: &ImagingStudy, other: &Finding) -> Option<f64> {
    let days = f64::from(i32::try_from(last.on?.days_until(study.on?).max?).ok()?);
    Some(days * LN_2 / (3.0 * (other.mean_mm()? / one.mean_mm()?).ln()))
}

/// Two nodules on one study are two.
fn seen_together(one: &NoduleFacts<'_>, other: &NoduleFacts<'_>) -> bool {
    let seen = |known: &NoduleFacts<'_>, study: &ImagingStudy| {
        known.sightings.iter().any(|(own, finding)| std::ptr::eq(*own, study) && is_seen(finding.fate))
    };
    other.sightings.iter().any(|(study, finding)| is_seen(finding.fate) && seen(one, study))
}

/// Whether the nodule, or its whole lobe, was certainly out before the study.
fn is_taken_out(
    facts: &Facts<'_>,
    removed: &[RemovedLobe<'_>],
    known: &NoduleFacts<'_>,
    study: &ImagingStudy,
) -> bool {
    let operations = known.removals(&facts.operations).filter_map(|(at, _)| facts.operations.get(at));
    let mut days = operations.map(|operation| operation.on);
    let lobe = known.nodule.place.place().lobe().filter(|_| known.nodule.place.fissural_with().is_none());
    days.any(|on| on_or_before(on, study.on).is_true())
        || removed.iter().any(|one| Some(one.lobe) == lobe && on_or_before(one.on, study.on).is_true())
}

/// Whether a lobe of the side was, or may have been, removed between the two studies: the others move.
fn shifted(
    removed: &[RemovedLobe<'_>],
    place: NodulePlace,
    last: &ImagingStudy,
    study: &ImagingStudy,
) -> bool {
    removed.iter().any(|one| {
        place.place().is_on(one.lobe.side()).may_be_true()
            && on_or_before(last.on, one.on).may_be_true()
            && on_or_before(one.on, study.on).may_be_true()
    })
}

fn same_side(one: NodulePlace, other: NodulePlace) -> Truth {
    one.place().side().map_or(Truth::Unknown, |side| other.place().is_on(side))
}

/// Whether the later one lies in a fissure that the known one touches.
fn in_fissure(one: NodulePlace, other: NodulePlace) -> Truth {
    other.fissural_with().map_or(Truth::False, |lobe| one.touches(lobe))
}

/// Whether the lobe was, or may have been, operated on before the study, and no CT lies in between.
fn without_baseline(facts: &Facts<'_>, place: NodulePlace, study: &ImagingStudy) -> bool {
    facts.operations.iter().any(|operation| {
        let there = operation
            .resections
            .iter()
            .any(|resection| place.touches_place(place_of(facts, resection)).may_be_true());
        let baseline = |one: &&&ImagingStudy| {
            is_ct(one) && before(operation.on, one.on).is_true() && before(one.on, study.on).is_true()
        };
        there
            && on_or_before(operation.on, study.on).may_be_true()
            && facts.studies.iter().find(baseline).is_none()
    })
}
