//! Runs the benchmark of the registry small, so that it cannot rot. Its times mean nothing here.

#[cfg(test)]
#[path = "../benches/support/registry.rs"]
mod registry;
#[cfg(test)]
#[path = "../benches/support/synthetic.rs"]
mod synthetic;

#[cfg(test)]
mod smoke {
    use super::registry::{Extent, run};

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
}
