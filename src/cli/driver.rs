//! `jeroboam driver …`: needs no cloud, only what comes with the program and the user's own folders.

use std::path::Path;
use std::process::{Command, Stdio};

use serde::Serialize;
use serde_json::{Value, json};

use super::args::{self, Format};
use super::fault::{Done, Exit, Fault};
use super::output::{Column, Terminal, or_dash};
use crate::config;
use crate::driver::lint::{self, Finding, Level};
use crate::driver::{Driver, Drivers, Origin};
use crate::model::{Problem, text};

/// A driver in the list; one that is broken says so and little else.
#[derive(Serialize)]
struct Listed {
    name: String,
    coe: Option<String>,
    server_type: Option<String>,
    os_distro: Vec<String>,
    origin: &'static str,
    summary: Option<String>,
    problem: Option<Problem>,
}

const COLUMNS: [Column<Listed>; 6] = [
    ("NAME", |row| row.name.clone()),
    ("COE", |row| or_dash(row.coe.as_deref())),
    ("SERVER TYPE", |row| or_dash(row.server_type.as_deref())),
    ("OS DISTRO", |row| or_dash(Some(&row.os_distro.join(",")))),
    ("ORIGIN", |row| row.origin.to_owned()),
    ("SUMMARY", |row| match &row.problem {
        Some(problem) => format!("broken: {}", problem.line()),
        None => or_dash(row.summary.as_deref()),
    }),
];

pub fn run(wanted: &args::Driver, terminal: &mut Terminal<'_>, drivers: &Drivers) -> Done {
    match wanted {
        args::Driver::List => list(terminal, drivers),
        args::Driver::Show(wanted) => show(terminal, drivers, &wanted.name),
        args::Driver::Check(wanted) => check(terminal, drivers, &wanted.dir),
    }
}

fn list(terminal: &mut Terminal<'_>, drivers: &Drivers) -> Done {
    let good = drivers.iter().map(|driver| Listed {
        name: driver.manifest.name.clone(),
        coe: Some(driver.manifest.coe.clone()),
        server_type: Some(driver.manifest.server_type.clone()),
        os_distro: driver.manifest.os_distro.clone(),
        origin: origin(driver.origin),
        summary: Some(driver.manifest.summary.clone()),
        problem: None,
    });
    let broken = drivers.broken().map(|(name, problem)| Listed {
        name: name.to_owned(),
        coe: None,
        server_type: None,
        os_distro: Vec::new(),
        origin: origin(Origin::User),
        summary: None,
        problem: Some(problem.clone()),
    });
    let mut rows: Vec<Listed> = good.chain(broken).collect();
    rows.sort_by(|a, b| a.name.cmp(&b.name));
    terminal.list(&rows, &COLUMNS)
}

/// The manifest with what it takes from the driver it extends, and the files by name.
fn show(terminal: &mut Terminal<'_>, drivers: &Drivers, name: &str) -> Done {
    if let Some((_, problem)) = drivers.broken().find(|(broken, _)| *broken == name) {
        return Err(problem.clone().into());
    }
    let driver = drivers.get(name).ok_or_else(|| {
        let names: Vec<&str> = drivers.iter().map(|driver| driver.manifest.name.as_str()).collect();
        let told = Problem::not_found(format!("driver \"{name}\" was not found"));
        Fault::with(Exit::NotFound, told.advise(format!("There are: {}", names.join(", "))))
    })?;
    terminal.show(&shown(driver))
}

const FINDINGS: [Column<Finding>; 3] = [
    ("LEVEL", |finding| match finding.level {
        Level::Error => "error".to_owned(),
        Level::Warning => "warning".to_owned(),
    }),
    ("FILE", |finding| finding.file.clone()),
    ("FINDING", |finding| finding.text.clone()),
];

/// Fails when the driver could not be used.
fn check(terminal: &mut Terminal<'_>, drivers: &Drivers, dir: &Path) -> Done {
    let folder = config::drivers::folder(dir).map_err(Fault::usage)?;
    let scripts: Vec<String> = folder.keys().filter(|name| name.ends_with(".sh")).cloned().collect();
    let mut found = lint::check(drivers, folder);
    for script in scripts {
        found.extend(shell(dir, &script));
    }
    found.sort();
    if found.is_empty() {
        terminal.note("Nothing is wrong")?;
        if terminal.format == Format::Table {
            return Ok(());
        }
    }
    terminal.list(&found, &FINDINGS)?;
    match found.iter().filter(|finding| finding.level == Level::Error).count() {
        0 => Ok(()),
        1 => Err(Problem::invalid(format!("{} has 1 error", dir.display())).into()),
        errors => Err(Problem::invalid(format!("{} has {errors} errors", dir.display())).into()),
    }
}

/// What a shell and shellcheck say of a script, as far as they are installed. Neither runs it.
fn shell(dir: &Path, script: &str) -> Vec<Finding> {
    const FORMAT: [&str; 4] = ["--shell=bash", "--severity=error", "--format=gcc", "--"];
    let path = dir.join(script);
    let said = [("bash", &["-n", "--"][..]), ("shellcheck", &FORMAT[..])].into_iter().filter_map(|(program, args)| {
        let ran = Command::new(program).args(args).arg(&path).stdin(Stdio::null()).output().ok()?;
        let words = [ran.stdout, ran.stderr].concat();
        (!ran.status.success()).then(|| String::from_utf8_lossy(&words).replace(&format!("{}:", path.display()), ""))
    });
    let lines = said.flat_map(|words| words.lines().map(|line| line.trim().to_owned()).collect::<Vec<_>>());
    let told = lines.filter(|line| !line.is_empty());
    told.map(|line| Finding { level: Level::Error, file: script.to_owned(), text: text::clean(&line) }).collect()
}

fn shown(driver: &Driver) -> Value {
    let mut value = json!(driver.manifest);
    if let Some(fields) = value.as_object_mut() {
        fields.insert("origin".into(), origin(driver.origin).into());
        fields.insert("folder".into(), driver.files.keys().cloned().collect());
    }
    value
}

fn origin(origin: Origin) -> &'static str {
    match origin {
        Origin::BuiltIn => "built-in",
        Origin::User => "user",
    }
}
