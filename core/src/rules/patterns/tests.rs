//! The catalogue as a whole. What each pattern flags is shown by the files of `tests/scenarios/patterns`.

use super::{ALL, Effect};

#[test]
fn the_catalogue_is_complete_and_in_order() {
    let ids: Vec<_> = ALL.iter().map(|pattern| pattern.info.id.to_owned()).collect();
    assert_eq!(ids, (1..=20).map(|number| format!("P{number:02}")).collect::<Vec<_>>());
    for pattern in ALL {
        let info = pattern.info;
        for text in [info.name, info.flags, info.why, info.inputs, info.not_evaluable, info.source] {
            assert!(!text.is_empty(), "{}", info.id);
        }
    }
    assert_eq!(Effect::INFO.code(), "info");
    assert_eq!(Effect::ACTIVE_BOARD.or(Effect::TASK).code(), "tier-a mdt task");
}
