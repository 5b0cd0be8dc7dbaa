//! Links between Markdown documents: each leads to a file, and to a heading where it names one.

use std::path::Path;

use super::tree::{Problem, SourceFile, Tree};

/// Links of a Markdown file that lead nowhere. Addresses on the internet are not looked at.
pub fn check(file: &SourceFile, tree: &Tree) -> Vec<Problem> {
    if !file.path.ends_with(".md") {
        return Vec::new();
    }
    let folder = file.path.rsplit_once('/').map_or("", |(folder, _)| folder);
    let mut problems = Vec::new();
    for (line, target) in links(&file.text) {
        if target.contains("://") || target.starts_with("mailto:") {
            continue;
        }
        let (path, heading) = target.split_once('#').unwrap_or((&target, ""));
        let resolved = if path.is_empty() { Some(file.path.clone()) } else { resolve(folder, path) };
        let Some(resolved) = resolved else {
            problems.push(file.problem(line, format!("`{target}` leads out of the repository")));
            continue;
        };
        let document = tree.files.iter().find(|other| other.path == resolved);
        if document.is_none() && !exists(&Tree::root(), &resolved) {
            problems.push(file.problem(line, format!("`{target}` leads to no file")));
        } else if !heading.is_empty()
            && !document.is_some_and(|document| has_heading(&document.text, heading))
        {
            problems.push(file.problem(line, format!("`{target}` leads to no heading")));
        }
    }
    problems
}

/// A file that is no text, such as a picture, or a folder.
fn exists(root: &Path, path: &str) -> bool {
    !path.is_empty() && root.join(path).exists()
}

fn resolve(folder: &str, path: &str) -> Option<String> {
    let mut parts: Vec<&str> = folder.split('/').filter(|part| !part.is_empty()).collect();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()?),
            other => parts.push(other),
        }
    }
    Some(parts.join("/"))
}

/// Lines outside fenced code, with inline code taken out.
fn prose(text: &str) -> impl Iterator<Item = (usize, String)> {
    let mut fenced = false;
    text.lines().enumerate().filter_map(move |(at, line)| {
        let fence = line.trim_start().starts_with("```");
        fenced ^= fence;
        let outside = line.split('`').step_by(2).collect::<Vec<_>>().join("`");
        (!fenced && !fence).then_some((at + 1, outside))
    })
}

/// Targets of `[text](target)`, `![text](target "title")` and `[name]: target`.
fn links(text: &str) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    for (line, text) in prose(text) {
        for (start, _) in text.match_indices("](") {
            let target = text[start + 2..].split([')', ' ']).next().unwrap_or_default();
            found.push((line, target.trim_matches(['<', '>']).to_owned()));
        }
        if let Some((name, target)) = text.split_once("]: ")
            && name.starts_with('[')
        {
            found.push((line, target.split(' ').next().unwrap_or_default().to_owned()));
        }
    }
    found
}

/// The anchor that forges make of a heading: lower case, blanks to hyphens, no punctuation.
fn has_heading(text: &str, anchor: &str) -> bool {
    text.lines().filter(|line| line.starts_with('#')).any(|line| {
        let title = line.trim_start_matches('#').trim().to_lowercase();
        let kept = title.chars().filter(|one| one.is_alphanumeric() || matches!(one, ' ' | '-' | '_'));
        kept.map(|one| if one == ' ' { '-' } else { one }).collect::<String>() == anchor
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problems(path: &str, text: &str) -> Vec<String> {
        let files = vec![
            SourceFile::new(path, text),
            SourceFile::new("docs/rules.md", "# Rules\n\n## Who is due, and when?\n"),
        ];
        let tree = Tree { files };
        check(&tree.files[0], &tree).into_iter().map(|problem| problem.problem).collect()
    }

    #[test]
    fn a_link_to_nowhere_is_caught() {
        assert_eq!(problems("README.md", "See [a](docs/absent.md)."), ["`docs/absent.md` leads to no file"]);
        assert_eq!(
            problems("docs/a.md", "![a](absent.png \"A picture\")"),
            ["`absent.png` leads to no file"]
        );
        assert_eq!(problems("README.md", "[a]: docs/absent.md"), ["`docs/absent.md` leads to no file"]);
        assert_eq!(
            problems("README.md", "[a](../elsewhere.md)"),
            ["`../elsewhere.md` leads out of the repository"]
        );
        assert_eq!(problems("docs/a.md", "[a](rules.md#who)"), ["`rules.md#who` leads to no heading"]);
        assert_eq!(problems("README.md", "[a](#who)"), ["`#who` leads to no heading"]);
    }

    #[test]
    fn a_link_that_leads_somewhere_passes() {
        let text = "# Top\n[a](rules.md) [b](rules.md#who-is-due-and-when) [c](../Cargo.toml) [d](../src) [e](#top)\n\
            [f](https://example.org/absent.md) [g](mailto:a@example.org) `[h](absent.md)`\n```\n[i](absent.md)\n```\n";
        assert_eq!(problems("docs/a.md", text), Vec::<String>::new());
    }
}
