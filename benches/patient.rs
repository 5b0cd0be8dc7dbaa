//! One patient at a time on one core: read, check, split, put together, assess, write down.
//!
//! Each sample takes the next of a few hundred made-up patients, so that no single history decides the figure.

#![expect(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a benchmark that cannot go on has to stop"
)]

#[path = "support/synthetic.rs"]
mod synthetic;

use std::{
    fmt::Write as _,
    sync::atomic::{AtomicUsize, Ordering},
};

use chrono::NaiveDate;
use divan::{Bencher, black_box, counter::ItemsCount};
use lobewatch::{
    assessment::assess,
    document::{
        assemble::assemble, assessment::AssessmentDocument, compare::compare, facts::split, json, read::read,
        write::compact,
    },
    domain::history::History,
    import::{check::Checker, limits::Limits},
    protocol::{Protocol, SHIPPED},
};

use synthetic::{calendar::Day, patient};

const REFERENCE: Day = Day::new(2026, 3, 31);
const PATIENTS: u64 = 256;

fn main() {
    divan::main();
}

/// The inputs of a benchmark, taken in turn.
struct Round<T> {
    items: Vec<T>,
    next: AtomicUsize,
}

impl<T> Round<T> {
    fn of(make: impl Fn(&str) -> T) -> Self {
        let items = (0..PATIENTS).map(|index| make(&patient(7, index, REFERENCE))).collect();
        Self { items, next: AtomicUsize::new(0) }
    }

    fn next(&self) -> &T {
        &self.items[self.next.fetch_add(1, Ordering::Relaxed) % self.items.len()]
    }
}

fn history(text: &str) -> History {
    read(text).unwrap()
}

fn measure<T: Sync, R>(bencher: Bencher, round: &Round<T>, work: impl Fn(&T) -> R + Sync) {
    bencher.counter(ItemsCount::new(1_usize)).bench(|| work(black_box(round.next())));
}

#[divan::bench]
fn read_and_check(bencher: Bencher) {
    measure(bencher, &Round::of(str::to_owned), |text| read(text).unwrap());
}

/// As the import does it: found in a stream, counted, limited, read and checked. 64 patients at a time.
#[divan::bench]
fn read_and_check_from_a_stream(bencher: Bencher) {
    let mut lines = String::new();
    for index in 0..64 {
        let _ = writeln!(lines, "{}", patient(7, index, REFERENCE));
    }
    bencher.counter(ItemsCount::new(64_usize)).bench(|| {
        let mut checker = Checker::new(Limits::default());
        checker.documents(black_box(lines.as_bytes())).filter(Result::is_ok).count()
    });
}

#[divan::bench]
fn split_into_facts(bencher: Bencher) {
    measure(bencher, &Round::of(history), split);
}

#[divan::bench]
fn put_together_from_facts(bencher: Bencher) {
    measure(bencher, &Round::of(|text| split(&history(text))), |facts| assemble(facts).unwrap());
}

#[divan::bench]
fn compare_with_the_same_facts(bencher: Bencher) {
    measure(bencher, &Round::of(|text| split(&history(text))), |facts| compare(facts, facts));
}

#[divan::bench]
fn write_document(bencher: Bencher) {
    measure(bencher, &Round::of(history), compact);
}

#[divan::bench]
fn assess_and_plan(bencher: Bencher) {
    let protocol = Protocol::parse(SHIPPED).unwrap();
    let day = day();
    measure(bencher, &Round::of(history), |history| assess(history, &protocol, day));
}

#[divan::bench]
fn write_assessment(bencher: Bencher) {
    let protocol = Protocol::parse(SHIPPED).unwrap();
    let assessments = Round::of(|text| assess(&history(text), &protocol, day()));
    measure(bencher, &assessments, |assessment| {
        let mut text = Vec::new();
        json::write(&mut text, &AssessmentDocument::from(assessment)).unwrap();
        text
    });
}

fn day() -> NaiveDate {
    NaiveDate::from_ymd_opt(2026, 3, 31).unwrap()
}
