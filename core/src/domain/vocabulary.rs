//! The closed value lists of the record, each with its wire code.
//!
//! One line per value: the field's own term and the code of `lobewatch.history/1`. An absent value is an
//! `Option` at the place of use ("not reported"); the code `unknown`, where a list has it, was reported as such.

/// A closed list of values with stable codes.
pub trait Vocabulary: Copy + Eq + Sized + 'static {
    /// What the list is called in messages and schemas.
    const NAME: &'static str;
    /// Every value, in the order of the contract.
    const ALL: &'static [Self];

    /// The wire code.
    fn code(self) -> &'static str;

    /// The value of a wire code; `None` for any other text.
    fn parse(code: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|value| value.code() == code)
    }
}

macro_rules! vocabulary {
    ($($(#[$meta:meta])* $name:ident { $($(#[$value_meta:meta])* $value:ident = $code:literal,)+ })+) => {
        $(
            $(#[$meta])*
            #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
            pub enum $name {
                $(#[doc = concat!("`", $code, "`")] $(#[$value_meta])* $value,)+
            }

            impl Vocabulary for $name {
                const NAME: &'static str = stringify!($name);
                const ALL: &'static [Self] = &[$(Self::$value,)+];

                fn code(self) -> &'static str {
                    match self { $(Self::$value => $code,)+ }
                }
            }
        )+

        #[cfg(test)]
        mod tests {
            use super::*;

            #[test]
            fn every_code_is_read_back_and_unique() {
                $(
                    for value in $name::ALL {
                        assert_eq!($name::parse(value.code()), Some(*value));
                    }
                    assert_eq!($name::parse("no such code"), None);
                )+
            }
        }
    };
}

vocabulary! {
    /// Sex as recorded.
    Sex { Female = "female", Male = "male", Other = "other", Unknown = "unknown", }
    /// Family of the primary tumour.
    TumourFamily { SoftTissueSarcoma = "soft_tissue_sarcoma", BoneSarcoma = "bone_sarcoma", Other = "other", }
    /// Side of the primary tumour.
    PrimarySide { Left = "left", Right = "right", Bilateral = "bilateral", Midline = "midline", Unknown = "unknown", }
    /// Grade of the primary, in words or FNCLCC.
    Grade {
        Low = "low", Intermediate = "intermediate", High = "high", Unknown = "unknown",
        Fnclcc1 = "1", Fnclcc2 = "2", Fnclcc3 = "3",
    }
    /// Depth of a soft-tissue primary relative to the fascia.
    PrimaryDepth { Superficial = "superficial", Deep = "deep", Unknown = "unknown", }
    /// How the primary was treated.
    PrimaryTreatment {
        Surgery = "surgery", Radiotherapy = "radiotherapy", Chemotherapy = "chemotherapy",
        TargetedTherapy = "targeted_therapy", Other = "other",
    }
    /// What the initial staging of the primary showed in the lungs.
    StagingImaging { NoLungNodule = "no_lung_nodule", LungNodule = "lung_nodule", NotDone = "not_done", Unknown = "unknown", }
    /// Who a contact person is to the patient.
    ContactRole { Patient = "patient", Guardian = "guardian", Relative = "relative", GeneralPractitioner = "general_practitioner", Other = "other", }
    /// What is known of an e-mail address.
    EmailStatus { Verified = "verified", Unverified = "unverified", Bounced = "bounced", Changed = "changed", }
    /// Smoking history.
    Smoking { Never = "never", Former = "former", Current = "current", Unknown = "unknown", }
    /// How a nodule came to be known.
    NoduleOrigin { Imaging = "imaging", Palpation = "palpation", Specimen = "specimen", }
    /// Where in the lobe a nodule lies.
    SubLocation { Peripheral = "peripheral", Central = "central", Pleural = "pleural", Fissural = "fissural", }
    /// What a person decided of two nodules.
    LinkDecision { Same = "same", Different = "different", }
    /// Kind of imaging study.
    Modality {
        Ct = "ct", LowDoseCt = "low_dose_ct", PetCt = "pet_ct", Cxr = "cxr", Mri = "mri", Other = "other",
        Unknown = "unknown",
    }
    /// Why an imaging study was made.
    Indication {
        Staging = "staging", Surveillance = "surveillance", Preoperative = "preoperative", Baseline = "baseline",
        Symptom = "symptom", Restaging = "restaging", Other = "other", Unknown = "unknown",
    }
    /// What a study says about one lobe. An absent statement is never "clear".
    LobeStatement { Clear = "clear", Nodules = "nodules", NotAssessable = "not_assessable", }
    /// The fate of a nodule on one study.
    Fate {
        New = "new", Seen = "seen", Stable = "stable", Grown = "grown", Shrunk = "shrunk", Resolved = "resolved",
        NotSeen = "not_seen", OutsideField = "outside_field", Obscured = "obscured", NotANodule = "not_a_nodule",
    }
    /// Density of a nodule.
    Density {
        Solid = "solid", PartSolid = "part_solid", GroundGlass = "ground_glass", Calcified = "calcified",
        Cavitary = "cavitary", Unknown = "unknown",
    }
    /// How sure the reader was that a nodule is a metastasis.
    Certainty { Definite = "definite", Probable = "probable", Indeterminate = "indeterminate", BenignLooking = "benign_looking", }
    /// What an operation was for.
    Purpose {
        Metastasectomy = "metastasectomy", Diagnostic = "diagnostic", Complication = "complication",
        OtherIndication = "other_indication", Unknown = "unknown",
    }
    /// Side of an operation.
    OperationSide { Right = "right", Left = "left", Bilateral = "bilateral", Unknown = "unknown", }
    /// Surgical approach.
    Approach {
        MedianSternotomy = "median_sternotomy", Clamshell = "clamshell",
        PosterolateralThoracotomy = "posterolateral_thoracotomy", MuscleSparingThoracotomy = "muscle_sparing_thoracotomy",
        Thoracotomy = "thoracotomy", Vats = "vats", Rats = "rats", Hybrid = "hybrid", Other = "other",
        Unknown = "unknown",
    }
    /// Completeness of resection; `complete` is macroscopically complete with margins not reported (R0 or R1).
    Completeness { R0 = "R0", R1 = "R1", R2 = "R2", Rx = "RX", Complete = "complete", }
    /// Whether the whole lung was palpated.
    Palpation { Full = "full", Partial = "partial", None = "none", Unknown = "unknown", }
    /// Extent of lymph-node removal.
    Lymphadenectomy { None = "none", Sampling = "sampling", Dissection = "dissection", Unknown = "unknown", }
    /// Nodal status; not sampled is `NX`, never `N0`.
    NodalStatus { N0 = "N0", N1 = "N1", N2 = "N2", Nx = "NX", }
    /// A structure removed with the lung.
    EnBloc {
        ChestWall = "chest_wall", Pericardium = "pericardium", Diaphragm = "diaphragm", GreatVessels = "great_vessels",
        Heart = "heart", Other = "other",
    }
    /// How much lung a resection took.
    Extent {
        Wedge = "wedge", Precision = "precision", Segmentectomy = "segmentectomy", Lobectomy = "lobectomy",
        Bilobectomy = "bilobectomy", Pneumonectomy = "pneumonectomy", Sleeve = "sleeve", Laser = "laser",
        Biopsy = "biopsy", Other = "other", Unknown = "unknown",
    }
    /// What pathology found in a specimen.
    Pathology {
        MetViable = "met_viable", MetNonviable = "met_nonviable", Benign = "benign",
        PrimaryLungCancer = "primary_lung_cancer", OtherMalignancy = "other_malignancy",
        Indeterminate = "indeterminate", NotSent = "not_sent", Unknown = "unknown",
    }
    /// What a specimen without a recorded nodule is; only `nodule` counts as a nodule.
    SpecimenKind { Nodule = "nodule", Bleb = "bleb", Node = "node", Parenchyma = "parenchyma", Other = "other", }
    /// Margin of one specimen.
    Margin { Free = "free", Involved = "involved", NotAssessable = "not_assessable", Unknown = "unknown", }
    /// How a metastasis grows into the lung.
    GrowthPattern { Pushing = "pushing", Interstitial = "interstitial", Lepidic = "lepidic", Mixed = "mixed", Unknown = "unknown", }
    /// Clavien–Dindo grade of a complication.
    ClavienDindo {
        I = "I", II = "II", IIIa = "IIIa", IIIb = "IIIb", III = "III", IVa = "IVa", IVb = "IVb", IV = "IV", V = "V",
    }
    /// Intent of systemic therapy, relative to metastasectomy.
    SystemicIntent {
        Neoadjuvant = "neoadjuvant", Adjuvant = "adjuvant", Palliative = "palliative", Primary = "primary",
        Unknown = "unknown",
    }
    /// Best response by RECIST 1.1.
    BestResponse {
        CompleteResponse = "CR", PartialResponse = "PR", StableDisease = "SD", ProgressiveDisease = "PD",
        NotEvaluable = "NE",
    }
    /// Kind of local therapy other than resection.
    LocalTherapyKind {
        Sbrt = "sbrt", WholeLungIrradiation = "wli", Radiotherapy = "radiotherapy", Radiofrequency = "rfa",
        Microwave = "microwave", Cryo = "cryo",
    }
    /// Intent of local therapy.
    LocalIntent { Curative = "curative", Palliative = "palliative", Unknown = "unknown", }
    /// Local state of a treated nodule on a study.
    LocalStatus { Controlled = "controlled", Progressed = "progressed", NotAssessable = "not_assessable", Unknown = "unknown", }
    /// Site of disease inside the thorax but outside the lung.
    ThoracicSite {
        Mediastinum = "mediastinum", HilarNodes = "hilar_nodes", Pleura = "pleura", ChestWall = "chest_wall",
        Diaphragm = "diaphragm", Other = "other",
    }
    /// Kind of disease outside the thorax.
    ExtrathoracicKind { LocalPrimary = "local_primary", Distant = "distant", }
    /// What a tumour board decided.
    BoardChoice {
        Metastasectomy = "metastasectomy", StagedMetastasectomy = "staged_metastasectomy", Systemic = "systemic",
        Sbrt = "sbrt", Ablation = "ablation", Observe = "observe", Palliative = "palliative", Other = "other",
    }
    /// A discipline present at a tumour board.
    Discipline {
        Surgery = "surgery", Oncology = "oncology", Radiotherapy = "radiotherapy", Radiology = "radiology",
        Pathology = "pathology", Other = "other",
    }
    /// Answer to one of the five preconditions; the software never computes one.
    Precondition { Yes = "yes", No = "no", NotAssessed = "not_assessed", }
    /// Whether the patient lives.
    VitalStatus { Alive = "alive", Dead = "dead", Unknown = "unknown", }
    /// What is known of metastasectomies in other hospitals: none, all entered here, not all entered, or not found out.
    OtherMetastasectomies {
        None = "none", Entered = "entered", NotEntered = "not_entered", Unknown = "unknown",
    }
    /// Cause of death.
    CauseOfDeath { Sarcoma = "sarcoma", Treatment = "treatment", Other = "other", Unknown = "unknown", }
    /// Why follow-up ended.
    EndReason {
        Death = "death", Transfer = "transfer", Refusal = "refusal", Palliative = "palliative", Emigrated = "emigrated",
        Unreachable = "unreachable", Other = "other",
    }
    /// What somebody recorded about a planned scan or decision.
    SlotActionKind {
        Booked = "booked", Done = "done", DoneElsewhere = "done_elsewhere", Postponed = "postponed",
        NotNeeded = "not_needed", Reviewed = "reviewed", ModalityConfirmed = "modality_confirmed",
    }
}
