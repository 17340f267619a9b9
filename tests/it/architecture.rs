//! The import rule of ARCHITECTURE.md, read off the sources.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// Module -> what it may import: other top-level modules, or paths below them. `*`: everything.
const RULES: &[(&str, &[&str])] = &[
    ("model", &[]),
    ("hot", &["model"]),
    ("driver", &["model", "hot"]),
    ("cloud", &["model", "driver"]),
    ("config", &["model"]),
    ("openstack", &["cloud", "model", "driver", "config"]),
    ("store", &["model", "driver", "cloud::Scope"]),
    ("pki", &["model"]),
    ("kube", &["model"]),
    ("notify", &["model"]),
    ("ssh", &["model"]),
    ("conductor", &["model", "driver", "cloud", "store", "pki", "kube", "notify"]),
    ("service", &["model", "driver", "hot::Made", "cloud", "store", "pki", "kube", "notify", "conductor"]),
    ("cli", &["model", "driver", "service", "config", "kube", "ssh", "runtime"]),
    ("ui", &["model", "service", "cloud::Identity", "cloud::Scope"]),
    ("runtime", &["*"]),
    ("demo", &["*"]),
    ("wiring", &["*"]),
    ("main", &["*"]),
    ("lib", &["*"]),
];

/// Crates that a pure layer must not even name.
const FOREIGN: &[(&str, &[&str])] = &[
    ("model", &["tokio", "reqwest", "sqlx", "ratatui", "crossterm", "async_trait"]),
    ("hot", &["tokio", "reqwest", "sqlx", "ratatui", "crossterm", "async_trait"]),
    ("driver", &["tokio", "reqwest", "sqlx", "ratatui", "crossterm", "async_trait"]),
    ("ssh", &["tokio", "reqwest", "sqlx", "ratatui", "crossterm", "async_trait"]),
    ("ui", &["tokio", "reqwest", "sqlx", "axum", "async_trait"]),
    ("cloud", &["tokio", "reqwest", "sqlx"]),
    ("conductor", &["reqwest", "sqlx", "ratatui", "crossterm"]),
    ("cli", &["reqwest", "sqlx", "ratatui"]),
];

/// Longest a source file may be.
const LINES_MAX: usize = 600;

fn sources(dir: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|e| e == "rs") {
            found.push(path);
        }
    }
}

fn all_sources() -> Vec<(PathBuf, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut paths = Vec::new();
    sources(&root, &mut paths);
    paths.sort();
    paths
        .into_iter()
        .map(|p| (p.strip_prefix(&root).unwrap().to_owned(), std::fs::read_to_string(&p).unwrap()))
        .collect()
}

/// The top-level module a file belongs to.
fn module(path: &Path) -> String {
    path.iter().next().unwrap().to_string_lossy().trim_end_matches(".rs").to_owned()
}

/// Production code only: tests may reach further.
fn is_test(path: &Path) -> bool {
    path.components().any(|part| matches!(part.as_os_str().to_str(), Some("tests" | "tests.rs" | "testing.rs")))
}

fn production(text: &str) -> String {
    let code = text.split("#[cfg(test)]").next().unwrap_or_default();
    code.lines().filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n")
}

/// Every `crate::a::b` and `crate::{a::x, b}` as `a::x`.
fn imports(code: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for (at, _) in code.match_indices("crate::") {
        if code[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_') {
            continue;
        }
        let rest = &code[at + "crate::".len()..];
        if let Some(group) = rest.strip_prefix('{') {
            let mut depth = 0;
            let mut item = String::new();
            for c in group.chars() {
                match c {
                    '{' => depth += 1,
                    '}' if depth == 0 => break,
                    '}' => depth -= 1,
                    ',' if depth == 0 => {
                        found.insert(std::mem::take(&mut item).trim().to_owned());
                    }
                    c if depth == 0 => item.push(c),
                    _ => {}
                }
            }
            found.insert(item.trim().to_owned());
        } else {
            found.insert(rest.chars().take_while(|c| c.is_alphanumeric() || "_:".contains(*c)).collect());
        }
    }
    found.remove("");
    found
}

fn allowed(rules: &[&str], own: &str, import: &str) -> bool {
    let top = import.split("::").next().unwrap_or_default();
    top == own || rules.iter().any(|rule| *rule == "*" || *rule == top || import.starts_with(rule))
}

#[test]
fn every_import_follows_the_rule() {
    let mut broken = Vec::new();
    for (path, text) in all_sources().iter().filter(|(path, _)| !is_test(path)) {
        let own = module(path);
        let Some((_, rules)) = RULES.iter().find(|(name, _)| *name == own) else {
            broken.push(format!("{}: module {own} has no rule in this test", path.display()));
            continue;
        };
        let code = production(text);
        for import in imports(&code).iter().filter(|import| !allowed(rules, &own, import)) {
            broken.push(format!("{}: {own} must not import {import}", path.display()));
        }
        let foreign = FOREIGN.iter().find(|(name, _)| *name == own).map_or(&[][..], |(_, crates)| *crates);
        for name in foreign {
            if code.contains(&format!("{name}::")) {
                broken.push(format!("{}: {own} must not use {name}", path.display()));
            }
        }
    }
    assert!(broken.is_empty(), "\n{}", broken.join("\n"));
}

#[test]
fn files_stay_readable() {
    let long: Vec<String> = all_sources()
        .iter()
        .filter(|(_, text)| text.lines().count() > LINES_MAX)
        .map(|(path, text)| format!("{} has {} lines", path.display(), text.lines().count()))
        .collect();
    assert!(long.is_empty(), "{long:?}");
    let named_mod: Vec<_> = all_sources().into_iter().map(|(p, _)| p).filter(|p| p.ends_with("mod.rs")).collect();
    assert!(named_mod.is_empty(), "foo.rs beside foo/, not foo/mod.rs: {named_mod:?}");
}

#[test]
fn every_module_says_what_it_is() {
    let silent: Vec<_> = all_sources()
        .into_iter()
        .filter(|(path, text)| !is_test(path) && !text.starts_with("//!"))
        .map(|(path, _)| path)
        .collect();
    assert!(silent.is_empty(), "no //! at the top of {silent:?}");
}

/// The scanner itself can fail: what it must and must not see.
#[test]
fn the_scanner_sees_imports() {
    let code = "use crate::model::Problem;\nuse crate::{cloud::{Cloud, Scope}, store};\nfn f() { crate::kube::write(); mycrate::x(); }";
    let seen: Vec<String> = imports(code).into_iter().collect();
    assert_eq!(seen, ["cloud::", "kube::write", "model::Problem", "store"]);
    assert!(
        allowed(&["cloud::Scope"], "store", "cloud::Scope") && !allowed(&["cloud::Scope"], "store", "cloud::Cloud")
    );
    assert!(production("a\n// crate::x\n#[cfg(test)]\nuse crate::y;").trim() == "a");
}
