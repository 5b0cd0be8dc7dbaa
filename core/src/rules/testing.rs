//! Patient stories for tests: builders that read as prose and always give a history.

use chrono::NaiveDate;

use crate::{
    domain::{
        board::BoardDecision,
        dates::PartialDate,
        history::{History, HistoryParts},
        imaging::{Finding, ImagingStudy, LobeStatements},
        lung::{Lobe, NodulePlace, Place},
        measure::Millimetres,
        nodule::{Nodule, NoduleCount},
        operation::{Operation, Resection, ResectionTarget},
        patient::Patient,
        primary::{LungMetastases, Morphology, Primary},
        text::{NoduleId, OperationId, StudyId, StudyKey, TherapyId},
        therapy::{LocalTherapy, SystemicTherapy},
        vocabulary::{
            BoardChoice, Certainty, Completeness, Extent, LobeStatement, LocalIntent, LocalTherapyKind,
            Modality, NoduleOrigin, OperationSide, Pathology, Purpose, StagingImaging, Vocabulary,
        },
    },
    protocol::{Protocol, SHIPPED},
    rules::{Evaluation, evaluate},
};

/// The shipped protocol.
pub fn protocol() -> Protocol {
    Protocol::parse(SHIPPED).unwrap()
}

pub fn date(text: &str) -> PartialDate {
    text.parse().unwrap()
}

/// A CT of the chest without statements.
pub fn study(id: &str, on: &str) -> ImagingStudy {
    ImagingStudy {
        id: StudyKey::parse(id).unwrap(),
        on: Some(date(on)),
        reported_on: None,
        reviewed_on: None,
        modality: Some(Modality::Ct),
        indication: None,
        slice_mm: None,
        contrast: None,
        lobes: LobeStatements::default(),
        findings: Vec::new(),
        not_itemised: Vec::new(),
        largest_node_short_mm: None,
        pleural_effusion: None,
        incidental: None,
        recent_infection: None,
        comparator: None,
        device: None,
        kernel: None,
        dose_msv: None,
        performed_at: None,
    }
}

/// A nodule of this size, held for a metastasis.
pub fn finding(nodule: &str, long_mm: f64) -> Finding {
    Finding {
        nodule: NoduleId::parse(nodule).unwrap(),
        fate: None,
        long_mm: Millimetres::new(long_mm).ok(),
        short_mm: None,
        volume_mm3: None,
        volume_software: None,
        density: None,
        position: None,
        certainty: Some(Certainty::Probable),
        at_staple_line: None,
        distance_to_staple_line_mm: None,
        visible_before: None,
        reader: None,
    }
}

fn specimen(target: ResectionTarget, result: &str) -> Resection {
    Resection {
        target,
        extent: Some(Extent::Wedge),
        pathology: Pathology::parse(result),
        pathology_on: None,
        size_mm: None,
        margin: None,
        margin_mm: None,
        viable_percent: None,
        pleural_penetration: None,
        growth_pattern: None,
        vascular_invasion: None,
        molecular: None,
        pathology_count: None,
        segments: None,
    }
}

fn metastasectomy(id: &str, on: &str, side: &str, resections: Vec<Resection>) -> Operation {
    Operation {
        id: OperationId::parse(id).unwrap(),
        on: Some(date(on)),
        planned_on: None,
        purpose: Purpose::Metastasectomy,
        side: OperationSide::parse(side),
        approach: None,
        conversion: None,
        stage_of: None,
        completeness: None,
        palpation: None,
        localisation: None,
        lymphadenectomy: None,
        nodes: None,
        en_bloc: Vec::new(),
        vascular: None,
        bypass: None,
        resections,
        left_behind: Vec::new(),
        not_stage_of: Vec::new(),
        complications: Vec::new(),
        surgeon: None,
        unit: None,
        asa: None,
        blood_loss_ml: None,
        duration_minutes: None,
        stay_days: None,
        died_in_hospital: None,
    }
}

/// One patient's story.
#[derive(Debug, Clone)]
pub struct Story {
    pub parts: HistoryParts,
}

impl Story {
    /// A patient of whom nothing is known.
    pub fn new() -> Self {
        let patient = Patient {
            study_id: StudyId::parse("P-0001").unwrap(),
            sex: None,
            birth_date: None,
            clinic: None,
            clinician: None,
            deputy: None,
            syndrome: None,
        };
        Self {
            parts: HistoryParts {
                source: None,
                patient,
                identity: None,
                fitness: None,
                primary: None,
                other_primaries: Vec::new(),
                lung_metastases: None,
                nodules: Vec::new(),
                nodule_links: Vec::new(),
                imaging: Vec::new(),
                operations: Vec::new(),
                systemic_therapies: Vec::new(),
                local_therapies: Vec::new(),
                thoracic_events: Vec::new(),
                extrathoracic_events: Vec::new(),
                board_decisions: Vec::new(),
                tier_overrides: Vec::new(),
                slot_actions: Vec::new(),
                follow_up: None,
            },
        }
    }

    /// Nothing unfavourable: long interval, one metastasis, R0, free nodes, two years of clear CTs.
    pub fn favourable() -> Self {
        let mut story = Self::new()
            .primary("2015-01-10", "2015-06-01")
            .metastases("2020-03-01")
            .nodule("n1", "RLL")
            .ct("ct1", "2020-03-01", &[("n1", 8.0)])
            .operation("op1", "2020-04-01", "right", &[("n1", "met_viable")])
            .completeness("op1", Completeness::R0)
            .clear_ct("ct2", "2021-04-01")
            .clear_ct("ct3", "2022-04-02");
        if let Some(primary) = &mut story.parts.primary {
            primary.icd_o_3 = Morphology::parse("8890/3");
        }
        story
    }

    pub fn primary(mut self, treated: &str, ended: &str) -> Self {
        self.parts.primary = Some(Primary {
            treated_on: Some(date(treated)),
            treatment_ended_on: Some(date(ended)),
            staging_imaging: Some(StagingImaging::NoLungNodule),
            ..Primary::default()
        });
        self
    }

    pub fn metastases(mut self, on: &str) -> Self {
        self.parts.lung_metastases = Some(LungMetastases {
            diagnosed_on: Some(date(on)),
            synchronous: Some(false),
            ..LungMetastases::default()
        });
        self
    }

    fn add_nodule(mut self, id: &str, place: &str, count: NoduleCount, origin: Option<NoduleOrigin>) -> Self {
        self.parts.nodules.push(Nodule {
            id: NoduleId::parse(id).unwrap(),
            place: NodulePlace::new(Place::parse(place).unwrap(), None, None, false).unwrap(),
            count,
            origin,
            sub_location: None,
            comment: None,
            closed: None,
        });
        self
    }

    pub fn nodule(self, id: &str, place: &str) -> Self {
        self.add_nodule(id, place, NoduleCount::ONE, Some(NoduleOrigin::Imaging))
    }

    pub fn palpated(self, id: &str, place: &str) -> Self {
        self.add_nodule(id, place, NoduleCount::ONE, Some(NoduleOrigin::Palpation))
    }

    pub fn group(self, id: &str, place: &str, count: Option<u32>) -> Self {
        let count = match count {
            Some(count) => NoduleCount::Exactly(count.try_into().unwrap()),
            None => NoduleCount::Several,
        };
        self.add_nodule(id, place, count, Some(NoduleOrigin::Imaging))
    }

    /// A CT that shows these nodules, held for metastases.
    pub fn ct(mut self, id: &str, on: &str, nodules: &[(&str, f64)]) -> Self {
        let mut study = study(id, on);
        study.findings = nodules.iter().map(|(nodule, mm)| finding(nodule, *mm)).collect();
        self.parts.imaging.push(study);
        self
    }

    /// A CT that states all five lobes to be clear.
    pub fn clear_ct(self, id: &str, on: &str) -> Self {
        let mut story = self.ct(id, on, &[]);
        let study = story.parts.imaging.last_mut().unwrap();
        for lobe in Lobe::ALL {
            study.lobes = study.lobes.with(lobe, LobeStatement::Clear);
        }
        story
    }

    pub fn operation(mut self, id: &str, on: &str, side: &str, nodules: &[(&str, &str)]) -> Self {
        let resections = nodules
            .iter()
            .map(|(nodule, result)| {
                let nodule = NoduleId::parse(nodule).unwrap();
                specimen(ResectionTarget::Nodule { nodule, labelled: None }, result)
            })
            .collect();
        self.parts.operations.push(metastasectomy(id, on, side, resections));
        self
    }

    fn operation_mut(&mut self, id: &str) -> &mut Operation {
        self.parts.operations.iter_mut().find(|operation| operation.id.as_str() == id).unwrap()
    }

    pub fn completeness(mut self, id: &str, completeness: Completeness) -> Self {
        self.operation_mut(id).completeness = Some(completeness);
        self
    }

    pub fn stage(mut self, id: &str, of: &str) -> Self {
        self.operation_mut(id).stage_of = OperationId::parse(of).ok();
        self
    }

    /// Changes every result of an operation.
    pub fn pathology(mut self, id: &str, result: &str) -> Self {
        for resection in &mut self.operation_mut(id).resections {
            resection.pathology = Pathology::parse(result);
        }
        self
    }

    /// Stereotactic radiotherapy of these nodules on one day.
    pub fn therapy(mut self, id: &str, on: &str, intent: &str, nodules: &[&str]) -> Self {
        self.parts.local_therapies.push(LocalTherapy {
            id: TherapyId::parse(id).unwrap(),
            kind: Some(LocalTherapyKind::Sbrt),
            intent: LocalIntent::parse(intent),
            started_on: Some(date(on)),
            ended_on: Some(date(on)),
            nodules: nodules.iter().map(|nodule| NoduleId::parse(nodule).unwrap()).collect(),
            dose_gy: None,
            fractions: None,
            technique: None,
            local_statuses: Vec::new(),
            stage_of: None,
            not_stage_of: Vec::new(),
        });
        self
    }

    pub fn systemic(mut self, id: &str, from: &str, until: &str) -> Self {
        self.parts.systemic_therapies.push(SystemicTherapy {
            id: TherapyId::parse(id).unwrap(),
            regimen: None,
            line: None,
            intent: None,
            started_on: Some(date(from)),
            ended_on: (!until.is_empty()).then(|| date(until)),
            ongoing: None,
            stop_reason: None,
            best_response: None,
        });
        self
    }

    pub fn board(mut self, on: &str, decision: BoardChoice, stages: Option<u32>) -> Self {
        self.parts.board_decisions.push(BoardDecision {
            on: Some(date(on)),
            decision: Some(decision),
            planned_stages: stages,
            rescan_on: None,
            next_decision_on: None,
            preconditions: None,
            members: Vec::new(),
            disciplines: Vec::new(),
            comment: None,
        });
        self
    }

    pub fn history(&self) -> History {
        History::new(self.parts.clone()).unwrap()
    }

    pub fn evaluate(&self, as_of: &str) -> Evaluation {
        let as_of: NaiveDate = as_of.parse().unwrap();
        evaluate(&self.history(), &protocol(), as_of)
    }
}
