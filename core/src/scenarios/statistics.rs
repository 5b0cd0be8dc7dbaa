//! The files of `tests/scenarios/statistics`: shares with their intervals.

use serde::Deserialize;

use crate::statistics::Proportion;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(rename = "title")]
    _title: String,
    share: Vec<Share>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Share {
    count: u32,
    whole: u32,
    /// Absent where there is no share.
    says: Option<String>,
    small: Option<bool>,
}

#[test]
fn every_share_has_its_interval() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/scenarios/statistics/wilson.toml");
    let file: File = toml::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    assert!(!file.share.is_empty());
    for share in file.share {
        let shown = Proportion::new(share.count, share.whole);
        assert_eq!(shown.map(Proportion::in_words), share.says, "{} of {}", share.count, share.whole);
        assert_eq!(shown.map(Proportion::is_small), share.small, "{} of {}", share.count, share.whole);
    }
}
