//! Made-up patients for benchmarks and tests: `lobewatch.history/1`, plausible, and the same for the same seed.
//!
//! Each patient has 10 studies, 3 operations and 25 nodules, lives, and was last seen shortly before a given day.
//! Nothing here is taken from a real person. It must not depend on the crate under test, nor on chance or the clock.

use std::fmt::Write;

#[path = "synthetic/calendar.rs"]
pub mod calendar;
#[path = "synthetic/course.rs"]
mod course;
#[path = "synthetic/dice.rs"]
mod dice;

use calendar::Day;
use course::{Course, Lobe, Nodule, Operation, Study};
use dice::Dice;

/// Histology, its ICD-O-3 morphology, the family, and two usual sites.
const TUMOURS: [(&str, &str, &str, [&str; 2]); 10] = [
    ("leiomyosarcoma", "8890/3", "soft_tissue_sarcoma", ["retroperitoneum", "thigh"]),
    ("undifferentiated pleomorphic sarcoma", "8802/3", "soft_tissue_sarcoma", ["thigh", "upper arm"]),
    ("synovial sarcoma", "9040/3", "soft_tissue_sarcoma", ["knee", "foot"]),
    ("osteosarcoma", "9180/3", "bone_sarcoma", ["distal femur", "proximal tibia"]),
    ("osteosarcoma", "9180/3", "bone_sarcoma", ["proximal humerus", "pelvis"]),
    ("Ewing sarcoma", "9260/3", "bone_sarcoma", ["pelvis", "fibula"]),
    ("chondrosarcoma", "9220/3", "bone_sarcoma", ["pelvis", "proximal femur"]),
    ("myxofibrosarcoma", "8811/3", "soft_tissue_sarcoma", ["thigh", "forearm"]),
    ("malignant peripheral nerve sheath tumour", "9540/3", "soft_tissue_sarcoma", ["shoulder", "thigh"]),
    ("alveolar soft part sarcoma", "9581/3", "soft_tissue_sarcoma", ["thigh", "buttock"]),
];

/// One patient as one compact line of JSON, without a line break at its end.
///
/// The same `seed` and `index` give the same text; two indices of one seed differ in `study_id`. All dates lie before
/// `reference`, the last contact at most 60 days before.
pub fn patient(seed: u64, index: u64, reference: Day) -> String {
    let mut dice = Dice::new(seed, index);
    let course = Course::new(&mut dice, reference);
    let mut json = String::with_capacity(16 * 1024);
    json.push_str(r#"{"format":"lobewatch.history/1","#);
    let sex = dice.pick(&["female", "male"]);
    let born = course.treated.plus(-dice.between(14, 75) * 365);
    // A `String` takes all that is written to it: the results carry nothing.
    let _ = write!(
        json,
        r#""patient":{{"study_id":"SYN-{seed}-{index:06}","sex":"{sex}","birth_date":"{:04}","clinic":"default"}},"#,
        born.year()
    );
    primary(&mut json, &mut dice, &course);
    let _ = write!(
        json,
        r#""lung_metastases":{{"diagnosed_on":"{}","synchronous":{}}},"#,
        course.found, course.synchronous
    );
    list(&mut json, "nodules", &course.nodules, nodule);
    list(&mut json, "imaging", &course.studies, |json, study| imaging(json, &mut dice, &course, study));
    list(&mut json, "operations", &course.operations, |json, done| operation(json, &mut dice, &course, done));
    therapies(&mut json, &mut dice, &course);
    list(&mut json, "board_decisions", &course.operations, |json, done| board(json, &mut dice, done));
    let _ = write!(
        json,
        r#""follow_up":{{"last_contact_on":"{}","vital_status":"alive"}}}}"#,
        course.last_contact
    );
    json
}

/// Writes a list and the comma behind it.
fn list<T>(json: &mut String, key: &str, items: &[T], mut one: impl FnMut(&mut String, &T)) {
    let _ = write!(json, r#""{key}":["#);
    for (at, item) in items.iter().enumerate() {
        if at > 0 {
            json.push(',');
        }
        one(json, item);
    }
    json.push_str("],");
}

/// Tenths of a unit as a JSON number in its shortest form: 80 is `8`, 82 is `8.2`.
fn tenths(value: i64) -> String {
    if value % 10 == 0 { (value / 10).to_string() } else { format!("{}.{}", value / 10, value % 10) }
}

fn primary(json: &mut String, dice: &mut Dice, course: &Course) {
    let (histology, code, family, sites) = dice.pick(&TUMOURS);
    let site = dice.pick(&sites);
    let side =
        if matches!(site, "retroperitoneum" | "pelvis") { "midline" } else { dice.pick(&["left", "right"]) };
    let grade = dice.pick(&["high", "high", "intermediate", "3", "2"]);
    let size = tenths(dice.between(25, 180));
    let diagnosed = course.treated.plus(-dice.between(20, 120)).month();
    // Referral letters often name the month only, some the year.
    let treated = match dice.between(1, 20) {
        1 => format!("{:04}", course.treated.year()),
        2..=4 => course.treated.month(),
        5 => format!("[{}..{}]", course.treated.plus(-10), course.treated.plus(10)),
        _ => course.treated.to_string(),
    };
    let _ = write!(
        json,
        r#""primary":{{"histology":"{histology}","icd_o_3":"{code}","family":"{family}","site":"{site}","side":"{side}","grade":"{grade}","size_cm":{size},"diagnosed_on":"{diagnosed}","treated_on":"{treated}","#
    );
    if let Some(ended) = course.treatment_ended {
        let _ = write!(json, r#""treatment_ended_on":"{}","#, ended.month());
    }
    let staging = if course.synchronous { "lung_nodule" } else { "no_lung_nodule" };
    let _ = write!(json, r#""staging_imaging":"{staging}""#);
    if !course.synchronous && dice.chance(15) {
        let between = course.treated.plus(course.treated.days_until(course.found) / 2);
        let _ = write!(json, r#","local_recurrences":[{{"on":"{}","resected":true}}]"#, between.month());
    }
    json.push_str("},");
}

fn nodule(json: &mut String, nodule: &Nodule) {
    let _ = write!(json, r#"{{"id":"{}","lobe":"{}""#, nodule.id, nodule.lobe.code());
    if let Some(segment) = nodule.segment {
        let _ = write!(json, r#","segment":"{segment}""#);
    }
    let _ = write!(json, r#","origin":"{}"}}"#, nodule.origin);
}

fn imaging(json: &mut String, dice: &mut Dice, course: &Course, study: &Study) {
    let modality = dice.pick(&["ct", "ct", "ct", "ct", "low_dose_ct", "pet_ct"]);
    let slice = dice.pick(&["1", "1", "1.25", "2", "3"]);
    let reported = study.on.plus(dice.between(0, 3));
    let _ = write!(
        json,
        r#"{{"id":"{}","on":"{}","reported_on":"{reported}","modality":"{modality}","indication":"{}","slice_mm":{slice},"lobes":{{"#,
        study.id, study.on, study.indication
    );
    let seen: Vec<&Nodule> = course.nodules.iter().filter(|nodule| nodule.is_seen_on(study)).collect();
    for (at, lobe) in Lobe::ALL.into_iter().enumerate() {
        let after_operation = study.indication == "baseline";
        let statement = if seen.iter().any(|nodule| nodule.lobe == lobe) {
            "nodules"
        } else if after_operation && dice.chance(5) {
            "not_assessable"
        } else {
            "clear"
        };
        let comma = if at > 0 { "," } else { "" };
        let _ = write!(json, r#"{comma}"{}":"{statement}""#, lobe.code());
    }
    json.push('}');
    if !seen.is_empty() {
        json.push_str(r#","findings":["#);
        for (at, nodule) in seen.iter().enumerate() {
            if at > 0 {
                json.push(',');
            }
            finding(json, dice, study, nodule);
        }
        json.push(']');
    }
    json.push('}');
}

fn finding(json: &mut String, dice: &mut Dice, study: &Study, nodule: &Nodule) {
    let (status, long) = nodule.appearance_on(study);
    let short = long * dice.between(70, 100) / 100;
    let certainty = if nodule.removed_by.is_some() { "probable" } else { "indeterminate" };
    let density = if dice.chance(6) { "calcified" } else { "solid" };
    let _ = write!(
        json,
        r#"{{"nodule":"{}","status":"{status}","long_mm":{},"short_mm":{},"density":"{density}","certainty":"{certainty}"}}"#,
        nodule.id,
        tenths(long),
        tenths(short)
    );
}

fn operation(json: &mut String, dice: &mut Dice, course: &Course, operation: &Operation) {
    let _ = write!(
        json,
        r#"{{"id":"{}","on":"{}","side":"{}","approach":"{}""#,
        operation.id, operation.on, operation.side, operation.approach
    );
    if let Some(first) = operation.stage_of {
        let _ = write!(json, r#","stage_of":"{first}""#);
    }
    // What was not reported stays out, as in real histories.
    let completeness = dice.pick(&["R0", "R0", "R0", "R0", "R0", "R0", "R1", "complete", ""]);
    if !completeness.is_empty() {
        let _ = write!(json, r#","completeness":"{completeness}""#);
    }
    let palpation = if operation.approach == "vats" { "none" } else { "full" };
    let _ = write!(json, r#","palpation":"{palpation}","#);
    json.push_str(match dice.between(0, 3) {
        0 => r#""lymphadenectomy":"sampling","nodes":{"status":"N0","sampled":4,"positive":0},"#,
        _ => r#""lymphadenectomy":"none","nodes":{"status":"NX"},"#,
    });
    json.push_str(r#""resections":["#);
    let removed = course.nodules.iter().filter(|nodule| nodule.removed_by == Some(operation.id));
    for (at, nodule) in removed.enumerate() {
        let extent = dice.pick(&["wedge", "wedge", "wedge", "precision", "laser", "segmentectomy"]);
        // The first is always a metastasis: each of the three is a metastasectomy, not only by intent.
        let pathology = if at == 0 || dice.chance(80) {
            "met_viable"
        } else {
            dice.pick(&["met_nonviable", "met_nonviable", "benign", "benign", "indeterminate"])
        };
        let (margin, distance) = match completeness {
            "R1" if at == 0 => ("involved", 0),
            "R0" | "R1" => ("free", dice.between(2, 15)),
            _ => ("unknown", 0),
        };
        let comma = if at > 0 { "," } else { "" };
        let _ = write!(
            json,
            r#"{comma}{{"nodule":"{}","extent":"{extent}","pathology":"{pathology}","size_mm":{},"margin":"{margin}""#,
            nodule.id,
            tenths(nodule.specimen_size())
        );
        if distance > 0 {
            let _ = write!(json, r#","margin_mm":{distance}"#);
        }
        json.push('}');
    }
    json.push(']');
    if dice.chance(12) {
        let day = operation.on.plus(dice.between(1, 6));
        let kind = dice.pick(&["air_leak", "pneumonia", "atrial_fibrillation"]);
        let _ = write!(json, r#","complications":[{{"on":"{day}","kind":"{kind}","clavien_dindo":"II"}}]"#);
    }
    json.push('}');
}

fn therapies(json: &mut String, dice: &mut Dice, course: &Course) {
    let Some(ended) = course.treatment_ended else { return };
    let regimen = dice.pick(&["doxorubicin + ifosfamide", "doxorubicin", "gemcitabine + docetaxel"]);
    let response = dice.pick(&["CR", "PR", "SD", "NE"]);
    let _ = write!(
        json,
        r#""systemic_therapies":[{{"id":"s1","regimen":"{regimen}","intent":"primary","started_on":"{}","ended_on":"{}","best_response":"{response}"}}],"#,
        course.treated.plus(20).month(),
        ended.month()
    );
    if dice.chance(8) {
        let day = course.last_contact.plus(-dice.between(20, 60));
        let _ = write!(
            json,
            r#""extrathoracic_events":[{{"on":"{}","kind":"distant","site":"bone","resected":false}}],"#,
            day.month()
        );
    }
}

fn board(json: &mut String, dice: &mut Dice, operation: &Operation) {
    let staged = operation.planned_stages > 1;
    let decision = if staged { "staged_metastasectomy" } else { "metastasectomy" };
    let better = dice.pick(&["yes", "yes", "not_assessed"]);
    let _ = write!(
        json,
        r#"{{"on":"{}","decision":"{decision}","planned_stages":{},"preconditions":{{"tolerates_resection":"yes","primary_controlled":"yes","complete_resection_achievable":"yes","no_extrathoracic_disease":"yes","no_better_option":"{better}"}}}}"#,
        operation.on.plus(-dice.between(5, 15)),
        operation.planned_stages
    );
}
