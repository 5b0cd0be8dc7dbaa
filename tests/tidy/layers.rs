//! Which folder may name what: the direction of imports, and where the outer world begins.

use std::collections::BTreeSet;

use super::{
    paths::{self, Named},
    tree::{Problem, SourceFile},
};

/// Folders that decide and touch nothing; each with the folders of this crate, and the crates, it may name besides
/// [`PURE_CRATES`].
const PURE: [(&str, &[&str], &[&str]); 8] = [
    ("domain", &[], &[]),
    // A protocol is read from text, which touches nothing either.
    ("protocol", &["domain"], &["toml"]),
    // Published figures are for readers: no rule and no reminder may name them.
    ("literature", &[], &["toml"]),
    ("statistics", &[], &[]),
    ("rules", &["domain", "protocol", "statistics"], &[]),
    ("surveillance", &["domain", "protocol"], &[]),
    // Keys and Message-IDs are hashes.
    ("reminders", &["domain", "protocol"], &["hmac", "sha2", "uuid"]),
    ("assessment", &["domain", "protocol", "rules", "surveillance", "reminders"], &[]),
];

/// Crates that every pure folder may name: values and their forms, no runtime, no IO, no log.
const PURE_CRATES: [&str; 3] = ["chrono", "serde", "thiserror"];

/// Parts of std that read or change the world.
const IMPURE_STD: [&str; 7] = ["env", "fs", "io", "net", "os", "process", "thread"];

/// Outer folders, each with the folders of this crate it must not name.
const FORBIDDEN: [(&str, &[&str]); 9] = [
    ("document", &["app", "cli", "config", "import", "jobs", "mail", "store", "web"]),
    ("import", &["cli", "jobs", "mail", "store", "web"]),
    ("store", &["app", "cli", "import", "jobs", "mail", "web"]),
    ("mail", &["app", "cli", "import", "jobs", "literature", "store", "web"]),
    ("config", &["app", "cli", "import", "jobs", "store", "web"]),
    ("app", &["cli", "jobs", "web"]),
    ("web", &["cli", "import", "jobs", "mail", "store"]),
    ("jobs", &["cli", "import", "store", "web"]),
    ("cli", &[]),
];

/// Every path in a file of `src/` that its folder must not name. Test code may name anything.
pub fn check(file: &SourceFile, dependencies: &BTreeSet<String>) -> Vec<Problem> {
    let Some(module) = file.module() else { return Vec::new() };
    let mut problems = Vec::new();
    for named in paths::named(file) {
        if file.is_test_line(named.line) {
            continue;
        }
        let shown = named.path.join("::");
        if let Some(reason) = forbidden(module, &named, dependencies) {
            problems.push(file.problem(named.line, format!("`{module}` must not name `{shown}`: {reason}")));
        }
    }
    if PURE.iter().any(|(pure, ..)| *pure == module) {
        let waits = file.lexed.tokens.iter().filter(|token| matches!(token.text.as_str(), "async" | "await"));
        let waits = waits.filter(|token| !file.is_test_line(token.line));
        problems.extend(
            waits.map(|token| file.problem(token.line, format!("`{module}` is pure and never waits"))),
        );
    }
    problems
}

fn forbidden(module: &str, named: &Named, dependencies: &BTreeSet<String>) -> Option<&'static str> {
    let first = named.path.first()?.as_str();
    let second = named.path.get(1).map_or("", String::as_str);
    if matches!(first, "sea_orm" | "entities") && module != "store" {
        return Some("only `store` knows the tables");
    }
    if matches!(first, "migrations" | "sea_orm_migration") && !matches!(module, "store" | "cli") {
        return Some("only `store` and `cli` know the schema's history");
    }
    if let Some((_, folders, crates)) = PURE.iter().find(|(pure, ..)| *pure == module) {
        let own = second == module || folders.contains(&second);
        return match first {
            "crate" if !own => Some("imports point from the outside in"),
            "std" if IMPURE_STD.contains(&second) => Some("a pure folder does no IO"),
            "std" if named.starts_with(&["std", "time", "SystemTime"]) => Some("a pure folder has no clock"),
            "std" if named.starts_with(&["std", "time", "Instant"]) => Some("a pure folder has no clock"),
            "sqlx" | "tokio" | "tracing" | "axum" | "lettre" => {
                Some("a pure folder has no runtime, log or transport")
            }
            other
                if dependencies.contains(other)
                    && !PURE_CRATES.contains(&other)
                    && !crates.contains(&other) =>
            {
                Some("a pure folder uses values only; tests/tidy/layers.rs lists its crates")
            }
            _ => None,
        };
    }
    let (_, outer) = FORBIDDEN.iter().find(|(outer, _)| *outer == module)?;
    (first == "crate" && outer.contains(&second)).then_some("imports point from the outside in")
}

#[cfg(test)]
mod tests {
    use super::{super::tree::Tree, *};

    fn problems(path: &str, text: &str) -> Vec<Problem> {
        let dependencies = ["tokio", "sea_orm", "chrono", "rand", "toml", "sha2"].map(str::to_owned).into();
        check(&SourceFile::new(path, text), &dependencies)
    }

    #[test]
    fn what_a_folder_must_not_name_is_caught() {
        for (path, text) in [
            ("src/domain/dates.rs", "use crate::rules::Tier;"),
            ("src/domain/dates.rs", "use super::super::clock::Clock;"),
            ("src/domain/dates.rs", "fn a() { std::fs::read(path); }"),
            ("src/domain/dates.rs", "use std::{collections::HashMap, env};"),
            ("src/domain/dates.rs", "use std::time::{Duration, Instant};"),
            ("src/protocol/mod.rs", "use crate::{domain::Lobe, rules};"),
            ("src/rules/mod.rs", "use crate::surveillance::Plan;"),
            ("src/rules/mod.rs", "use crate::document::History;"),
            ("src/rules/tier.rs", "use crate::literature::Register;"),
            ("src/reminders/digest.rs", "use crate::literature::Register;"),
            ("src/mail/templates.rs", "use crate::literature::Register;"),
            ("src/rules/tier.rs", "use tracing::info;"),
            ("src/rules/tier.rs", "use rand::Rng;"),
            ("src/rules/tier.rs", "use toml::Value;"),
            ("src/rules/tier.rs", "async fn a() {}"),
            ("src/surveillance/plan.rs", "#[tokio::main] fn a() {}"),
            ("src/reminders/digest.rs", "use crate::mail::Message;"),
            ("src/reminders/digest.rs", "use crate::config;"),
            ("src/assessment/mod.rs", "use crate::app::Sweep;"),
            ("src/assessment/mod.rs", "fn a() { lettre::send() }"),
            ("src/app/sweep.rs", "use crate::web::Metrics;"),
            ("src/app/sweep.rs", "use sea_orm::EntityTrait;"),
            ("src/web/mod.rs", "use crate::store::Store;"),
            ("src/jobs/nightly.rs", "fn a() { crate::store::open() }"),
            ("src/import/check.rs", "use super::super::store;"),
            ("src/cli/demo.rs", "use entities::patients;"),
            ("src/main.rs", "use sea_orm::Database;"),
            ("src/jobs/nightly.rs", "use migrations::Migrator;"),
            ("src/store/mod.rs", "use crate::app::Sweep;"),
            ("src/mail/mod.rs", "use crate::store::Outbox;"),
        ] {
            assert_eq!(problems(path, text).len(), 1, "{path}: {text}");
        }
    }

    #[test]
    fn what_a_folder_may_name_passes() {
        for (path, text) in [
            (
                "src/domain/dates.rs",
                "use chrono::NaiveDate; use super::truth::Truth; use std::time::Duration;",
            ),
            (
                "src/domain/dates.rs",
                "#[cfg(test)]\nmod tests { use crate::rules; use proptest::prelude::*; }",
            ),
            ("src/rules/tier.rs", "/// Like tokio::spawn.\nconst A: &str = \"std::fs::read\";"),
            ("src/assessment/mod.rs", "use crate::{rules::evaluate, surveillance, domain::lung::Lobe};"),
            ("src/protocol/mod.rs", "fn a() { toml::from_str(text) }"),
            ("src/reminders/message_id.rs", "use sha2::Sha256;"),
            ("src/app/import.rs", "use crate::{store::Store, mail, document, config};"),
            (
                "src/store/facts.rs",
                "use sea_orm::EntityTrait; use entities::facts; use migrations::Migrator;",
            ),
            ("src/cli/migrate.rs", "use crate::store::Store; use migrations::Migrator;"),
            ("tests/registry.rs", "use sea_orm::EntityTrait; use lobewatch::store::Store;"),
        ] {
            assert_eq!(problems(path, text), [], "{path}: {text}");
        }
    }

    #[test]
    fn every_folder_of_src_has_a_layer() {
        let pure = PURE.iter().map(|(module, ..)| *module);
        let known: Vec<&str> = pure.chain(FORBIDDEN.iter().map(|(module, _)| *module)).collect();
        for file in Tree::read().rust().filter(|file| !file.is_test) {
            let Some((folder, _)) = file.below_src().and_then(|below| below.split_once('/')) else {
                continue;
            };
            assert!(known.contains(&folder), "{}: `{folder}` has no layer, give it one here", file.path);
        }
    }
}
