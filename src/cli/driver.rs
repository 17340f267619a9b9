//! `jeroboam driver …`: needs no cloud, only what comes with the program and the user's own folders.

use serde::Serialize;
use serde_json::{Value, json};

use super::args;
use super::fault::{Done, Exit, Fault};
use super::output::{Column, Terminal, or_dash};
use crate::driver::{Driver, Drivers, Origin};
use crate::model::Problem;

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
