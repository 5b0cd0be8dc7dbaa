//! Runs the benchmarks small, so that they cannot rot. Their times mean nothing here.

#[cfg(test)]
#[path = "../benches/support/assess.rs"]
mod assess;
#[cfg(test)]
#[path = "../benches/support/cohort_file.rs"]
mod cohort_file;
#[cfg(test)]
#[path = "../benches/support/figures.rs"]
mod figures;
#[cfg(test)]
#[path = "../benches/support/process.rs"]
mod process;
#[cfg(test)]
#[path = "../benches/support/registry.rs"]
mod registry;
#[cfg(test)]
#[path = "../benches/support/synthetic.rs"]
mod synthetic;

#[cfg(test)]
mod smoke {
    use std::path::Path;

    use super::{
        assess,
        registry::{Extent, run},
    };

    const PATIENTS: u64 = 200;

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn a_small_cohort_is_imported_scanned_and_swept() {
        let outcome = run(Extent { patients: PATIENTS, imports: 1, sweeps: 1 }).await.unwrap();
        assert_eq!((outcome.scanned.patients, outcome.scanned.assessments), (PATIENTS, PATIENTS));
        // 25 nodules, 10 studies, 3 operations and more.
        assert!(outcome.scanned.facts > 38 * PATIENTS, "{:?}", outcome.scanned);
        let table = outcome.to_string();
        let [quiet, next_day, rewritten] = outcome.changed;
        assert_eq!((quiet, rewritten), (vec![0], vec![PATIENTS]));
        assert!(next_day[0] < PATIENTS, "a day alone changed everybody: {next_day:?}");
        for row in
            ["import, both readings", "ratio, nothing to write", "ratio, a day later", "ratio, rewritten"]
        {
            assert!(table.contains(row), "{row} is missing:\n{table}");
        }
    }

    /// The memory is as flat as it has to be; how the times compare shows only on a quiet machine, so it is told and
    /// not judged.
    #[test]
    fn assessing_a_longer_file_takes_no_more_memory() {
        let program = Path::new(env!("CARGO_BIN_EXE_lobewatch"));
        let outcome = assess::run(program, assess::Extent { patients: [200, 2_000], runs: 1 }).unwrap();
        let table = outcome.to_string();
        assert!(outcome.is_flat() && outcome.peaks[0] > 0, "{table}");
        assert!(
            outcome.ratio > 1.0,
            "assessing includes the reading, so this was measured wrongly:\n{table}"
        );
        for row in ["assess, processor time", "ratio, time on the clock", "assess, peak memory, long file"] {
            assert!(table.contains(row), "{row} is missing:\n{table}");
        }
    }
}
