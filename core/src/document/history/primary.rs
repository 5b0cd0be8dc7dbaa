//! Wire form of the primary tumour and of the first diagnosis of lung metastases.

use crate::{
    document::{
        field::{Field, List},
        slot::wire,
    },
    domain::{
        dates::PartialDate,
        measure::Centimetres,
        primary::{LocalRecurrence, LungMetastases, Morphology, Primary},
        text::{PrimaryId, Text},
        vocabulary::{
            Grade, Margin, PrimaryDepth, PrimarySide, PrimaryTreatment, StagingImaging, TumourFamily,
        },
    },
};

wire! {
    /// A primary tumour.
    PrimaryEntry ("PrimaryEntry") for Primary {
        /// Its name, for a further primary, where it must be given; the first one is called `primary`.
        id: Option<Field<PrimaryId>>,
        /// Histology in words.
        histology: Option<Field<Text>>,
        /// ICD-O-3 morphology with behaviour digit.
        icd_o_3: Option<Field<Morphology>>,
        /// ICD-O-3 topography.
        topography: Option<Field<Text>>,
        /// Family of the tumour; derived from `icd_o_3` where absent.
        family: Option<Field<TumourFamily>>,
        /// Site in words.
        site: Option<Field<Text>>,
        /// Side of the body.
        side: Option<Field<PrimarySide>>,
        /// Depth relative to the fascia.
        depth: Option<Field<PrimaryDepth>>,
        /// Grade in words, or FNCLCC as text.
        grade: Option<Field<Grade>>,
        /// Stage in words.
        stage: Option<Field<Text>>,
        /// Largest size, centimetres.
        size_cm: Option<Field<Centimetres>>,
        /// First histology.
        diagnosed_on: Option<Field<PartialDate>>,
        /// Definitive local treatment with curative intent.
        treated_on: Option<Field<PartialDate>>,
        /// Last day of all planned primary treatment.
        treatment_ended_on: Option<Field<PartialDate>>,
        /// Kinds of treatment given.
        treatments: List<Field<PrimaryTreatment>>,
        /// Margin of the primary resection.
        margin: Option<Field<Margin>>,
        /// What the initial staging showed in the lungs.
        staging_imaging: Option<Field<StagingImaging>>,
        /// Recurrences at the primary site.
        local_recurrences: List<LocalRecurrenceEntry>,
    }
}

wire! {
    /// A recurrence at the primary site.
    LocalRecurrenceEntry ("LocalRecurrenceEntry") for LocalRecurrence {
        /// Day of diagnosis.
        on: Option<Field<PartialDate>>,
        /// Whether it was resected.
        resected: Option<Field<bool>>,
    }
}

wire! {
    /// The first diagnosis of lung metastases.
    LungMetastasesEntry ("LungMetastasesEntry") for LungMetastases {
        /// Study date of the first imaging that called a nodule metastatic or suspicious.
        diagnosed_on: Option<Field<PartialDate>>,
        /// Earliest study on which it can be seen in hindsight.
        first_visible_on: Option<Field<PartialDate>>,
        /// Whether they were there at the staging of the primary, as reported.
        synchronous: Option<Field<bool>>,
        /// The primary they come from, as a person states it: `primary`, or the id of one of `other_primaries`.
        from_primary: Option<Field<PrimaryId>>,
        /// ICD-O-3 morphology of the metastases; where no primary is stated, it decides if only one matches.
        icd_o_3: Option<Field<Morphology>>,
    }
}

#[cfg(test)]
mod tests {
    use crate::document::read;

    /// Where the parts of a document do not fit together.
    fn problems(parts: &str) -> Vec<String> {
        let text = format!(r#"{{"format": "lobewatch.history/1", "patient": {{"study_id": "P"}}, {parts}}}"#);
        let refused = read::read(&text).err();
        refused.into_iter().flat_map(|refusal| refusal.problems).map(|problem| problem.path).collect()
    }

    #[test]
    fn every_primary_has_its_own_name() {
        for (parts, at) in [
            (r#""primary": {"id": "p"}"#, "$.primary.id"),
            (r#""other_primaries": [{"icd_o_3": "9040/3"}]"#, "$.other_primaries[0].id"),
            (r#""other_primaries": [{"id": "primary"}]"#, "$.other_primaries[0].id"),
            (r#""other_primaries": [{"id": "p"}, {"id": "p"}]"#, "$.other_primaries[1].id"),
            (
                r#""other_primaries": [{"id": "p"}], "lung_metastases": {"from_primary": "q"}"#,
                "$.lung_metastases.from_primary",
            ),
        ] {
            assert_eq!(problems(parts), [at], "{parts}");
        }
        for parts in [
            r#""other_primaries": [{"id": "p"}, {"id": "q"}], "lung_metastases": {"from_primary": "q"}"#,
            r#""primary": {}, "lung_metastases": {"from_primary": "primary"}"#,
        ] {
            assert_eq!(problems(parts), Vec::<String>::new(), "{parts}");
        }
    }
}
