//! The made-up patients and hostile inputs of the benchmarks: are they what they claim to be?
//!
//! Reads them as plain JSON, through the domain's own vocabulary, and as documents; it does not need the importer.

#[cfg(test)]
#[path = "../benches/support/hostile.rs"]
mod hostile;
#[cfg(test)]
#[path = "../benches/support/synthetic.rs"]
mod synthetic;

#[cfg(test)]
mod cohort {
    use std::{
        collections::{BTreeMap, BTreeSet},
        io::{self, Write},
    };

    use chrono::{Days, NaiveDate};
    use lobewatch::{
        document::{read::read, write::compact},
        domain::{
            dates::PartialDate,
            lung::{Lobe, Segment, Side},
            primary::Morphology,
            vocabulary::{Approach, Completeness, Extent, Fate, Indication, Modality, Pathology, Vocabulary},
        },
    };
    use serde_json::Value;

    use super::{
        hostile::{GIBIBYTE, a_million_nodules, one_gibibyte},
        synthetic::{calendar::Day, patient},
    };

    const REFERENCE: Day = Day::new(2026, 3, 31);

    fn cohort() -> impl Iterator<Item = Value> {
        (0..500).map(|index| serde_json::from_str(&patient(7, index, REFERENCE)).unwrap())
    }

    fn items<'a>(value: &'a Value, key: &str) -> &'a [Value] {
        value[key].as_array().map_or(&[], Vec::as_slice)
    }

    fn text<'a>(value: &'a Value, key: &str) -> &'a str {
        value[key].as_str().unwrap_or_else(|| panic!("no text `{key}` in {value}"))
    }

    fn day(value: &Value, key: &str) -> NaiveDate {
        text(value, key).parse().unwrap()
    }

    fn parse<T: Vocabulary>(value: &Value, key: &str) -> T {
        T::parse(text(value, key)).unwrap_or_else(|| panic!("`{key}` is no {}: {value}", T::NAME))
    }

    #[test]
    fn the_same_seed_and_index_give_the_same_patient() {
        assert_eq!(patient(1, 2, REFERENCE), patient(1, 2, REFERENCE));
        assert_ne!(patient(1, 2, REFERENCE), patient(1, 3, REFERENCE));
        assert_ne!(patient(1, 2, REFERENCE), patient(2, 2, REFERENCE));
        let ids: BTreeSet<String> =
            cohort().map(|one| text(&one["patient"], "study_id").to_owned()).collect();
        assert_eq!(ids.len(), 500);
    }

    #[test]
    fn a_patient_is_one_line_without_nulls_and_empty_lists() {
        for index in 0..500 {
            let line = patient(7, index, REFERENCE);
            let unwanted = ["\n", "null", "[]", "{}", ": ", ", \""];
            assert!(unwanted.iter().all(|text| !line.contains(text)), "{line}");
        }
    }

    #[test]
    fn a_patient_is_read_and_written_again_byte_for_byte() {
        for index in 0..500 {
            let line = patient(7, index, REFERENCE);
            let history = read(&line).unwrap_or_else(|refusal| panic!("{refusal:?}\n{line}"));
            assert_eq!(compact(&history).trim_end(), line);
        }
    }

    #[test]
    fn everybody_has_ten_studies_three_operations_and_twenty_five_nodules() {
        for one in cohort() {
            let sizes = ["imaging", "operations", "nodules"].map(|key| items(&one, key).len());
            assert_eq!(sizes, [10, 3, 25]);
            let lobes: BTreeSet<&str> =
                items(&one, "nodules").iter().map(|nodule| text(nodule, "lobe")).collect();
            assert!(lobes.len() >= 2, "{lobes:?}");
            assert!(
                items(&one, "imaging").iter().all(|study| study["lobes"].as_object().unwrap().len() == 5)
            );
        }
    }

    #[test]
    fn values_are_those_of_the_record() {
        for one in cohort() {
            let morphology = Morphology::parse(text(&one["primary"], "icd_o_3")).unwrap();
            assert_eq!(morphology.family().map(Vocabulary::code), one["primary"]["family"].as_str());
            for nodule in items(&one, "nodules") {
                let lobe = Lobe::parse(text(nodule, "lobe")).unwrap();
                if let Some(code) = nodule["segment"].as_str() {
                    assert_eq!(Segment::parse(code).unwrap().lobe_on(lobe.side()), Some(lobe), "{nodule}");
                }
            }
            for study in items(&one, "imaging") {
                let _: (Modality, Indication) = (parse(study, "modality"), parse(study, "indication"));
                for finding in items(study, "findings") {
                    let _: Fate = parse(finding, "status");
                }
            }
            for operation in items(&one, "operations") {
                let _: Approach = parse(operation, "approach");
                assert!(
                    operation["completeness"].as_str().is_none_or(|code| Completeness::parse(code).is_some())
                );
                for resection in items(operation, "resections") {
                    let _: (Extent, Pathology) = (parse(resection, "extent"), parse(resection, "pathology"));
                }
            }
        }
    }

    #[test]
    fn nodules_are_where_studies_and_operations_say() {
        for one in cohort() {
            let nodules: BTreeMap<&str, Lobe> = items(&one, "nodules")
                .iter()
                .map(|nodule| (text(nodule, "id"), Lobe::parse(text(nodule, "lobe")).unwrap()))
                .collect();
            let mut removed = BTreeMap::new();
            for operation in items(&one, "operations") {
                assert!(!items(operation, "resections").is_empty());
                for resection in items(operation, "resections") {
                    let id = text(resection, "nodule");
                    let side = nodules[id].side();
                    let operated = text(operation, "side");
                    let own = if side == Side::Left { "left" } else { "right" };
                    assert!(operated == "bilateral" || operated == own, "{operation}");
                    assert!(removed.insert(id, day(operation, "on")).is_none(), "{id} was taken out twice");
                }
            }
            for study in items(&one, "imaging") {
                let mut shown = BTreeSet::new();
                for finding in items(study, "findings") {
                    let id = text(finding, "nodule");
                    assert!(
                        removed.get(id).is_none_or(|gone| day(study, "on") < *gone),
                        "{id} is seen after it was taken out"
                    );
                    assert!(finding["long_mm"].as_f64() >= finding["short_mm"].as_f64());
                    shown.insert(nodules[id].code());
                }
                for (lobe, statement) in study["lobes"].as_object().unwrap() {
                    assert_eq!(statement == "nodules", shown.contains(lobe.as_str()), "{study}");
                }
            }
        }
    }

    #[test]
    fn dates_are_in_order_and_end_shortly_before_the_reference_day() {
        let reference = NaiveDate::from_ymd_opt(2026, 3, 31).unwrap();
        for one in cohort() {
            let last = day(&one["follow_up"], "last_contact_on");
            assert!(last < reference && last >= reference - Days::new(60), "{last}");
            for key in ["imaging", "operations"] {
                let days: Vec<NaiveDate> = items(&one, key).iter().map(|item| day(item, "on")).collect();
                assert!(days.is_sorted() && days.iter().all(|day| *day < last), "{days:?}");
            }
            let first = day(&items(&one, "operations")[0], "on");
            assert!(day(&one["lung_metastases"], "diagnosed_on") < first);
            for (key, value) in
                one["primary"].as_object().unwrap().iter().filter(|(key, _)| key.ends_with("_on"))
            {
                let date: PartialDate = value.as_str().unwrap().parse().unwrap();
                assert!(date.earliest() < Some(last), "{key}");
            }
        }
    }

    #[test]
    fn the_cohort_is_a_mixture() {
        let mut seen = BTreeMap::<String, usize>::new();
        for one in cohort() {
            let treated: PartialDate = text(&one["primary"], "treated_on").parse().unwrap();
            let found: PartialDate = text(&one["lung_metastases"], "diagnosed_on").parse().unwrap();
            let class = match (
                one["lung_metastases"]["synchronous"].as_bool(),
                treated.lt_months(found, 12).code(),
            ) {
                (Some(true), _) => "synchronous",
                (_, "true") => "below a year",
                (_, "false") => "above a year",
                _ => "not known to be above a year",
            };
            let partial = if treated.exact().is_some() { "exact" } else { "partial" };
            let staged =
                items(&one, "operations").iter().any(|operation| operation.get("stage_of").is_some());
            let staged = if staged { "staged" } else { "not staged" };
            for feature in [class, partial, staged, text(&one["primary"], "family")] {
                *seen.entry(feature.to_owned()).or_default() += 1;
            }
        }
        for (feature, least) in [
            ("synchronous", 50),
            ("below a year", 80),
            ("above a year", 150),
            ("not known to be above a year", 1),
            ("exact", 300),
            ("partial", 50),
            ("staged", 80),
            ("not staged", 300),
            ("soft_tissue_sarcoma", 150),
            ("bone_sarcoma", 100),
        ] {
            assert!(seen.get(feature).is_some_and(|count| *count >= least), "{feature}: {seen:?}");
        }
    }

    #[test]
    fn days_agree_with_the_calendar() {
        let mut day = NaiveDate::from_ymd_opt(1895, 12, 30).unwrap();
        let mut own = Day::new(1895, 12, 30);
        while day < NaiveDate::from_ymd_opt(2105, 1, 2).unwrap() {
            assert_eq!(own.to_string(), day.to_string());
            day = day.succ_opt().unwrap();
            own = own.plus(1);
        }
        assert_eq!(Day::new(2024, 2, 29).plus(1), Day::new(2024, 3, 1));
    }

    /// Counts bytes and keeps the first and the last piece.
    #[derive(Default)]
    struct Counter {
        bytes: u64,
        first: Vec<u8>,
        last: Vec<u8>,
    }

    impl Write for Counter {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            if self.bytes == 0 {
                self.first = bytes.to_vec();
            }
            self.bytes += bytes.len() as u64;
            self.last.clear();
            self.last.extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_million_nodules_are_a_million() {
        let mut document = Vec::new();
        a_million_nodules(&mut document).unwrap();
        let document: Value = serde_json::from_slice(&document).unwrap();
        assert_eq!(items(&document, "nodules").len(), 1_000_000);
        assert_eq!(text(&items(&document, "nodules")[999_999], "id"), "n1000000");
    }

    #[test]
    fn a_gibibyte_is_a_gibibyte_of_one_document() {
        let mut counter = Counter::default();
        one_gibibyte(&mut counter).unwrap();
        assert_eq!(counter.bytes, GIBIBYTE);
        let without_the_text: Value =
            serde_json::from_slice(&[counter.first, counter.last].concat()).unwrap();
        assert_eq!(without_the_text["primary"]["histology"], "");
    }
}
