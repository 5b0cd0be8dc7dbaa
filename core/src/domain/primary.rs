//! The primary tumour and the first diagnosis of lung metastases.

use super::{
    dates::PartialDate,
    measure::Centimetres,
    text::{PrimaryId, Text},
    vocabulary::{Grade, Margin, PrimaryDepth, PrimarySide, PrimaryTreatment, StagingImaging, TumourFamily},
};

/// What `from_primary` calls the first primary, which has no name of its own.
pub const FIRST_PRIMARY: &str = "primary";

/// A primary tumour.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Primary {
    /// Its name within the patient: always there for a further primary, never for the first one.
    pub id: Option<PrimaryId>,
    /// Histology in words.
    pub histology: Option<Text>,
    /// Morphology code with behaviour digit.
    pub icd_o_3: Option<Morphology>,
    /// Topography code, such as `C49.2`.
    pub topography: Option<Text>,
    /// Family as reported; [`Primary::family`] derives it where absent.
    pub family: Option<TumourFamily>,
    /// Site in words.
    pub site: Option<Text>,
    /// Side of the body.
    pub side: Option<PrimarySide>,
    /// Depth relative to the fascia.
    pub depth: Option<PrimaryDepth>,
    /// Grade.
    pub grade: Option<Grade>,
    /// Stage in words.
    pub stage: Option<Text>,
    /// Largest size in centimetres.
    pub size_cm: Option<Centimetres>,
    /// First histology (T0d).
    pub diagnosed_on: Option<PartialDate>,
    /// Definitive local treatment with curative intent (T0).
    pub treated_on: Option<PartialDate>,
    /// Last day of all planned primary treatment (T0e).
    pub treatment_ended_on: Option<PartialDate>,
    /// Kinds of treatment given.
    pub treatments: Vec<PrimaryTreatment>,
    /// Margin of the primary resection.
    pub margin: Option<Margin>,
    /// What the initial staging showed in the lungs.
    pub staging_imaging: Option<StagingImaging>,
    /// Recurrences at the primary site; none of them resets the disease-free interval.
    pub local_recurrences: Vec<LocalRecurrence>,
}

/// A recurrence at the primary site.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LocalRecurrence {
    /// Day of diagnosis.
    pub on: Option<PartialDate>,
    /// Whether it was resected.
    pub resected: Option<bool>,
}

impl Primary {
    /// The family as reported, else as the morphology code says; `None` where neither decides.
    #[must_use]
    pub fn family(&self) -> Option<TumourFamily> {
        self.family.or_else(|| self.icd_o_3.and_then(Morphology::family))
    }
}

/// An ICD-O-3 morphology: four digits and the behaviour digit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Morphology {
    code: u16,
    behaviour: u8,
}

impl Morphology {
    /// Parses `9180/3`. Behaviour is 0, 1, 2, 3, 6 or 9.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (code, behaviour) = text.split_once('/')?;
        let all_digits =
            |part: &str, length| part.len() == length && part.bytes().all(|b| b.is_ascii_digit());
        if !all_digits(code, 4) || !all_digits(behaviour, 1) {
            return None;
        }
        let parsed = Self { code: code.parse().ok()?, behaviour: behaviour.parse().ok()? };
        (parsed.code >= 8000 && matches!(parsed.behaviour, 0..=3 | 6 | 9)).then_some(parsed)
    }

    /// The four digits.
    #[must_use]
    pub const fn code(self) -> u16 {
        self.code
    }

    /// Whether it is a malignant peripheral nerve sheath tumour (9540, 9542, 9561).
    #[must_use]
    pub const fn is_mpnst(self) -> bool {
        matches!(self.code, 9540 | 9542 | 9561)
    }

    /// Whether the type is prone to lymph-node metastases (angiosarcoma, epithelioid, clear cell, small cell).
    #[must_use]
    pub const fn is_node_prone(self) -> bool {
        matches!(self.code, 9120 | 8804 | 9044 | 8803)
    }

    /// The family by the histology list of the clinical reference; `None` for codes it does not list.
    #[must_use]
    pub const fn family(self) -> Option<TumourFamily> {
        match self.code {
            9180..=9187
            | 9192..=9195
            | 9220
            | 9221
            | 9240
            | 9242
            | 9243
            | 9260
            | 9364
            | 9365
            | 9250
            | 9261
            | 9370
            | 9372 => Some(TumourFamily::BoneSarcoma),
            8800..=8806
            | 8830
            | 8890
            | 8891
            | 8896
            | 9040..=9043
            | 8850..=8855
            | 8858
            | 8810
            | 8811
            | 8814
            | 8815
            | 8832
            | 8840
            | 9150
            | 9540
            | 9542
            | 9561
            | 9580
            | 8900
            | 8901
            | 8910
            | 8912
            | 8920
            | 9120
            | 9130
            | 9133
            | 9137
            | 9170
            | 8930
            | 8931
            | 8933
            | 8980
            | 9044
            | 9581
            | 9231
            | 8963
            | 9020
            | 9251
            | 8936 => Some(TumourFamily::SoftTissueSarcoma),
            _ => None,
        }
    }
}

impl std::fmt::Display for Morphology {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:04}/{}", self.code, self.behaviour)
    }
}

/// The first diagnosis of lung metastases.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct LungMetastases {
    /// The primary they come from, as a person stated it: [`FIRST_PRIMARY`], or the name of a further one.
    pub from_primary: Option<PrimaryId>,
    /// Morphology of the metastases, by which they are matched with a primary.
    pub icd_o_3: Option<Morphology>,
    /// Study date of the first imaging that called a nodule metastatic or suspicious (T1).
    pub diagnosed_on: Option<PartialDate>,
    /// Earliest study on which it can be seen in hindsight (T1v); stored, never used for the interval.
    pub first_visible_on: Option<PartialDate>,
    /// Whether they were there at the staging of the primary, as reported.
    pub synchronous: Option<bool>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_family_follows_from_the_code_where_it_was_not_reported() {
        let family = |code| Morphology::parse(code).and_then(Morphology::family);
        assert_eq!(family("9180/3"), Some(TumourFamily::BoneSarcoma));
        assert_eq!(family("8890/3"), Some(TumourFamily::SoftTissueSarcoma));
        assert_eq!(family("8140/3"), None);
        let stated = Primary {
            family: Some(TumourFamily::Other),
            icd_o_3: Morphology::parse("9180/3"),
            ..Primary::default()
        };
        assert_eq!(stated.family(), Some(TumourFamily::Other));
    }

    #[test]
    fn a_morphology_needs_four_digits_and_a_behaviour() {
        for text in ["9180", "918/3", "9180/", "9180/4", "9180/33", "0000/3", "９180/3"] {
            assert_eq!(Morphology::parse(text), None, "{text}");
        }
        assert_eq!(
            Morphology::parse("9561/3").map(|code| (code.is_mpnst(), code.to_string())),
            Some((true, "9561/3".to_owned()))
        );
    }
}
