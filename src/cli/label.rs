//! `jeroboam label …`: the catalogue of labels, and whose value of each holds. Needs no cloud.

use serde::Serialize;

use super::args::{self, Format};
use super::fault::{Done, Fault};
use super::output::{Column, Terminal, or_dash, table};
use crate::driver::{Drivers, sheet};
use crate::model::labels::catalogue::{self, Label, Sheet};
use crate::model::labels::origin::Effective;
use crate::model::{Problem, ProblemKind};

/// A label as it is for one driver, or for all.
#[derive(Serialize)]
struct Listed {
    name: String,
    /// What it takes.
    takes: String,
    default: String,
    /// Drivers that read it.
    drivers: Vec<String>,
    meaning: String,
}

const COLUMNS: [Column<Listed>; 5] = [
    ("NAME", |row| row.name.clone()),
    ("TAKES", |row| row.takes.clone()),
    ("DEFAULT", |row| or_dash(Some(&row.default))),
    ("READ BY", |row| or_dash(Some(&row.drivers.join(",")))),
    ("MEANING", |row| row.meaning.clone()),
];

#[derive(Serialize)]
struct Shown<'a> {
    name: &'a str,
    meaning: &'a str,
    takes: String,
    magnum_default: &'a str,
    since: Option<&'a str>,
    until: Option<&'a str>,
    /// `driver: default`.
    drivers: Vec<String>,
}

pub fn run(wanted: &args::Label, terminal: &mut Terminal<'_>, drivers: &Drivers) -> Done {
    let sheets: Vec<Sheet> = drivers.iter().map(sheet::sheet).collect();
    match wanted {
        args::Label::List(wanted) => list(terminal, &sheets, wanted.driver.as_deref()),
        args::Label::Show(wanted) => show(terminal, &sheets, &wanted.name),
    }
}

fn list(terminal: &mut Terminal<'_>, sheets: &[Sheet], driver: Option<&str>) -> Done {
    let only = driver.map(|name| find_driver(sheets, name)).transpose()?;
    let reads = |sheet: &&Sheet, name: &str| sheet.reads.contains_key(name);
    let known = catalogue::all().iter().filter(|(name, _)| only.is_none_or(|sheet| sheet.reads.contains_key(*name)));
    let rows: Vec<Listed> = known
        .map(|(name, label)| Listed {
            name: name.clone(),
            takes: label.takes(),
            default: only.and_then(|sheet| sheet.reads.get(name)).unwrap_or(&label.default).clone(),
            drivers: sheets.iter().filter(|sheet| reads(sheet, name)).map(|sheet| sheet.driver.clone()).collect(),
            meaning: label.meaning.clone(),
        })
        .collect();
    terminal.list(&rows, &COLUMNS)
}

fn find_driver<'a>(sheets: &'a [Sheet], name: &str) -> Result<&'a Sheet, Fault> {
    sheets.iter().find(|sheet| sheet.driver == name).ok_or_else(|| {
        let names: Vec<&str> = sheets.iter().map(|sheet| sheet.driver.as_str()).collect();
        Problem::not_found(format!("there is no driver \"{name}\""))
            .on_field("driver")
            .advise(format!("There are: {}", names.join(", ")))
            .into()
    })
}

fn show(terminal: &mut Terminal<'_>, sheets: &[Sheet], name: &str) -> Done {
    let Some(label) = catalogue::find(name) else {
        let problem = Problem::new(ProblemKind::NotFound, format!("label \"{name}\" is not known"));
        let near = catalogue::nearest(name, catalogue::all().keys().map(String::as_str));
        return Err(match near {
            Some(near) => problem.advise(format!("Is {near} meant?")),
            None => problem.advise("jeroboam label list names those there are"),
        }
        .into());
    };
    let Label { meaning, default, since, until, .. } = label;
    let said = |sheet: &Sheet| {
        let default = sheet.reads.get(name)?;
        let default = if default.is_empty() { "no value of its own".to_owned() } else { format!("default {default}") };
        Some(format!("{}: {default}", sheet.driver))
    };
    terminal.show(&Shown {
        name,
        meaning,
        takes: label.takes(),
        magnum_default: default,
        since: since.as_deref(),
        until: until.as_deref(),
        drivers: sheets.iter().filter_map(said).collect(),
    })
}

/// Labels in force, each with its origin.
pub fn origins(terminal: &mut Terminal<'_>, labels: &[Effective]) -> Done {
    if terminal.format == Format::Table {
        return Ok(table(terminal.out, origin_rows(labels))?);
    }
    terminal.value(&labels)
}

/// Rows of a table that says where each value comes from.
pub fn origin_rows(labels: &[Effective]) -> Vec<Vec<String>> {
    let head = ["NAME", "VALUE", "FROM", "READ"].map(str::to_owned).to_vec();
    let read = |read: Option<bool>| match read {
        Some(true) => "yes",
        Some(false) => "no: it has no effect",
        None => "-",
    };
    let row = |label: &Effective| {
        let group = label.node_group.as_ref().map(|group| format!(", in node group {group}")).unwrap_or_default();
        let from = format!("{}{group}", label.origin.word());
        vec![label.name.clone(), label.value.clone(), from, read(label.read).to_owned()]
    };
    std::iter::once(head).chain(labels.iter().map(row)).collect()
}
