//! The paths that Rust code names, made absolute: `use` trees taken apart, `super` and `self` followed.

use super::{
    lexer::{Token, reads},
    tree::{SourceFile, below_src},
};

/// A path named by code, such as `crate::store::Store`, and its line.
#[derive(Debug, PartialEq, Eq)]
pub struct Named {
    pub line: usize,
    pub path: Vec<String>,
}

impl Named {
    pub fn starts_with(&self, segments: &[&str]) -> bool {
        self.path.len() >= segments.len() && self.path.iter().zip(segments).all(|(own, other)| own == other)
    }
}

/// All paths of two and more segments, and all of `use`. A first segment is a crate, `crate`, or a name in scope.
pub fn named(file: &SourceFile) -> Vec<Named> {
    let tokens = &file.lexed.tokens;
    let mut scope = Scope { file: module_path(&file.path), inline: Vec::new() };
    let mut depth = 0_usize;
    let mut found = Vec::new();
    let mut at = 0;
    while at < tokens.len() {
        match tokens[at].text.as_str() {
            "mod" if reads(tokens, at + 2, &["{"]) => scope.inline.push((depth, tokens[at + 1].text.clone())),
            "{" => depth += 1,
            "}" => {
                depth = depth.saturating_sub(1);
                if scope.inline.last().is_some_and(|(opened, _)| *opened == depth) {
                    scope.inline.pop();
                }
            }
            "use" => {
                at = tree(tokens, at + 1, &[], &mut |line, path| {
                    found.push(Named { line, path: scope.absolute(path) })
                });
                continue;
            }
            text if is_name(text) => {
                let continued = at > 0 && tokens[at - 1].text == "::";
                let (path, end) = path_at(tokens, at);
                if path.len() > 1 && !continued {
                    found.push(Named { line: tokens[at].line, path: scope.absolute(path) });
                }
                at = end;
                continue;
            }
            _ => {}
        }
        at += 1;
    }
    found
}

fn is_name(text: &str) -> bool {
    text.starts_with(|first: char| first.is_alphabetic() || first == '_')
}

/// The names joined by `::` from `at` on, and the place behind them.
fn path_at(tokens: &[Token], at: usize) -> (Vec<String>, usize) {
    let mut path = vec![tokens[at].text.clone()];
    let mut end = at + 1;
    while reads(tokens, end, &["::"]) && tokens.get(end + 1).is_some_and(|next| is_name(&next.text)) {
        path.push(tokens[end + 1].text.clone());
        end += 2;
    }
    (path, end)
}

/// Takes a `use` tree apart; gives the place behind it.
fn tree(
    tokens: &[Token],
    start: usize,
    prefix: &[String],
    found: &mut dyn FnMut(usize, Vec<String>),
) -> usize {
    let mut path = prefix.to_vec();
    let mut at = start;
    while let Some(token) = tokens.get(at) {
        match token.text.as_str() {
            "::" => at += 1,
            "{" => {
                at += 1;
                while at < tokens.len() && tokens[at].text != "}" {
                    at = tree(tokens, at, &path, found);
                    at += usize::from(reads(tokens, at, &[","]));
                }
                return at + 1;
            }
            "*" => {
                found(token.line, path);
                return at + 1;
            }
            name if is_name(name) => {
                path.push(name.to_owned());
                at += 1;
                if !reads(tokens, at, &["::"]) {
                    found(token.line, path);
                    return if reads(tokens, at, &["as"]) { at + 2 } else { at };
                }
            }
            // A macro's placeholder, or not a `use` tree at all: pass over it, so that reading goes on.
            _ => return at + 1,
        }
    }
    at
}

struct Scope {
    file: Vec<String>,
    inline: Vec<(usize, String)>,
}

impl Scope {
    fn absolute(&self, path: Vec<String>) -> Vec<String> {
        let mut base = self.file.clone();
        base.extend(self.inline.iter().map(|(_, name)| name.clone()));
        let mut rest = path.as_slice();
        match path[0].as_str() {
            "lobewatch" => base = vec!["crate".to_owned()],
            "self" => {}
            "super" => drop(base.pop()),
            _ => return path,
        }
        rest = &rest[1..];
        while rest.first().is_some_and(|name| name == "super") {
            base.pop();
            rest = &rest[1..];
        }
        base.extend_from_slice(rest);
        base
    }
}

/// `src/rules/tier.rs` is `crate::rules::tier`.
fn module_path(path: &str) -> Vec<String> {
    let inside = below_src(path).unwrap_or(path).trim_end_matches(".rs");
    let names = inside.split('/').filter(|name| !matches!(*name, "mod" | "lib" | "main"));
    std::iter::once("crate").chain(names).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(path: &str, text: &str, expected: &[&str]) {
        let paths: Vec<String> =
            named(&SourceFile::new(path, text)).into_iter().map(|named| named.path.join("::")).collect();
        assert_eq!(paths, expected);
    }

    #[test]
    fn use_trees_are_taken_apart() {
        check(
            "src/rules/tier.rs",
            "use std::{fs, collections::{HashMap as Map, *}};\nuse crate::{store::{self, Store}, domain};\npub use ::tokio;",
            &[
                "std::fs",
                "std::collections::HashMap",
                "std::collections",
                "crate::store::self",
                "crate::store::Store",
                "crate::domain",
                "tokio",
            ],
        );
    }

    #[test]
    fn relative_paths_are_followed() {
        check("src/rules/tier.rs", "use super::super::store::X;", &["crate::store::X"]);
        check("src/rules/mod.rs", "use super::store::X;", &["crate::store::X"]);
        check("src/rules/mod.rs", "fn a() { self::b::c(); }", &["crate::rules::b::c"]);
        check(
            "src/rules/tier.rs",
            "mod inner { use super::x; mod deep { fn a() { super::super::y(); } } } use super::z;",
            &["crate::rules::tier::x", "crate::rules::tier::y", "crate::rules::z"],
        );
        check("src/main.rs", "fn main() { lobewatch::cli::run() }", &["crate::cli::run"]);
    }

    #[test]
    fn paths_in_the_middle_of_code_are_found_once() {
        check(
            "src/a.rs",
            "#[tokio::main]\nfn a() -> std::fs::File { b.c::<d::E>(x) }",
            &["tokio::main", "std::fs::File", "d::E"],
        );
    }
}
