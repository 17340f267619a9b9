//! One template by itself: its form, the functions its version has, and whether what is
//! named in it is there.

use std::collections::BTreeSet;

use serde_json::Value;

use super::{Findings, Folder};
use crate::hot::functions::{SINCE, call};
use crate::hot::schema::Lookup;
use crate::hot::template::{self, Template};

/// Whatever a template names may exist in some cloud.
pub struct Anything;

impl Lookup for Anything {
    fn exists(&self, _: &str, _: &str) -> Result<(), String> {
        Ok(())
    }
}

/// The template, or what is wrong with its form.
pub fn read(name: &str, text: &str, found: &mut Findings) -> Option<Template> {
    let read = template::yaml(text)
        .map_err(|words| format!("not YAML: {words}"))
        .and_then(|raw| Template::parse(&raw).map_err(|refusal| refusal.message()));
    read.map_err(|words| found.error(name, words)).ok()
}

/// Calls `seen` with the name, the arguments and the place of every function in a value.
pub fn calls<'v>(value: &'v Value, place: &str, seen: &mut dyn FnMut(&'v str, &'v Value, &str)) {
    match value {
        Value::Array(items) => items.iter().enumerate().for_each(|(nth, item)| {
            calls(item, &format!("{place}[{nth}]"), seen);
        }),
        Value::Object(map) => {
            if let Some((name, args)) = map.iter().next().filter(|_| map.len() == 1) {
                seen(name, args, place);
            }
            map.iter().for_each(|(key, item)| calls(item, &format!("{place}.{key}"), seen));
        }
        _ => {}
    }
}

/// Every value of a template that functions may stand in, with its place.
pub fn values(template: &Template) -> Vec<(String, &Value)> {
    let mut all: Vec<(String, &Value)> = Vec::new();
    for resource in &template.resources {
        all.push((format!("resources.{}.properties", resource.name), &resource.properties));
        all.push((format!("resources.{}.metadata", resource.name), &resource.metadata));
        all.extend(resource.condition.iter().map(|c| (format!("resources.{}.condition", resource.name), c)));
    }
    for output in &template.outputs {
        all.push((format!("outputs.{}.value", output.name), &output.value));
        all.extend(output.condition.iter().map(|c| (format!("outputs.{}.condition", output.name), c)));
    }
    all.extend(template.conditions.iter().map(|(name, value)| (format!("conditions.{name}"), value)));
    all
}

/// Names that a value takes parameters by.
pub fn parameters(template: &Template) -> BTreeSet<&str> {
    let mut names = BTreeSet::new();
    for (place, value) in values(template) {
        calls(value, &place, &mut |function, args, _| {
            if function == "get_param" {
                names.extend(first(args));
            }
        });
    }
    names
}

/// `get_param: a` and `get_param: [a, …]` alike.
pub fn first(args: &Value) -> Option<&str> {
    args.as_str().or_else(|| args.get(0)?.as_str())
}

pub fn check(name: &str, template: &Template, files: &Folder, found: &mut Findings) {
    for parameter in template.parameters.iter().filter(|parameter| parameter.default.is_some()) {
        if let Err(refusal) = parameter.bind(None, None, &Anything) {
            found.error(name, format!("parameters.{}: default: {}", parameter.name, refusal.message()));
        }
    }
    let conditions: BTreeSet<&str> = template.conditions.keys().map(String::as_str).collect();
    let mut asked = BTreeSet::new();
    for resource in &template.resources {
        for needed in &resource.depends_on {
            if !template.resources.iter().any(|resource| resource.name == *needed) {
                found.error(name, format!("resources.{}: depends_on {needed}, which is not there", resource.name));
            }
        }
    }
    for (place, value) in values(template) {
        if place.ends_with(".condition") || place.starts_with("conditions.") {
            let outermost = place.starts_with("conditions.").then_some(()).and(value.as_str()).is_none();
            named_conditions(value, outermost, &mut |condition| known(name, &place, condition, &conditions, found));
            named_conditions(value, outermost, &mut |condition| {
                asked.insert(condition.to_owned());
            });
        }
        calls(value, &place, &mut |function, args, place| {
            function_is_known(name, template, function, args, place, found);
            reference(name, template, files, function, args, place, found);
            if function == "if"
                && let Some(condition) = args.get(0)
            {
                named_conditions(condition, true, &mut |condition| {
                    known(name, place, condition, &conditions, found);
                    asked.insert(condition.to_owned());
                });
            }
        });
    }
    for idle in conditions.into_iter().filter(|condition| !asked.contains(*condition)) {
        found.warning(name, format!("conditions.{idle} is asked by nothing"));
    }
}

fn known(file: &str, place: &str, condition: &str, conditions: &BTreeSet<&str>, found: &mut Findings) {
    if !conditions.contains(condition) {
        found.error(file, format!("{place}: there is no condition \"{condition}\""));
    }
}

/// Names of other conditions in one; the arguments of `equals` and `contains` are values.
fn named_conditions(value: &Value, names_count: bool, seen: &mut dyn FnMut(&str)) {
    match value {
        Value::String(name) if names_count => seen(name),
        Value::Object(map) => {
            for (key, args) in map {
                match (key.as_str(), args) {
                    ("not", args) => named_conditions(args, true, seen),
                    ("and" | "or", Value::Array(args)) => args.iter().for_each(|arg| named_conditions(arg, true, seen)),
                    _ => {}
                }
            }
        }
        _ => {}
    }
}

fn function_is_known(file: &str, template: &Template, name: &str, args: &Value, place: &str, found: &mut Findings) {
    let name = match args.as_array() {
        Some(args) if name == "if" && args.len() == 2 => "if without else",
        _ => name,
    };
    if let Some((_, since)) = SINCE.iter().find(|(known, _)| *known == name) {
        // `not`, `or` and the like may be keys of a plain map too.
        if *since > template.version.as_str() && (call_like(name) || place.starts_with("conditions")) {
            found.error(
                file,
                format!("{place}: {name} came with template version {since}, this one says {}", template.version),
            );
        }
        return;
    }
    if name.starts_with("Fn::") || name == "Ref" {
        found.error(file, format!("{place}: {name} is no function of HOT"));
    } else if ["get_", "str_", "list_", "map_"].iter().any(|start| name.starts_with(start)) || misspelt(name) {
        let near = SINCE.iter().map(|(known, _)| *known).min_by_key(|known| distance(known, name));
        let near = near.map(|near| format!("; did you mean {near}?")).unwrap_or_default();
        found.error(file, format!("{place}: {name} is no function of HOT{near}"));
    }
}

fn call_like(name: &str) -> bool {
    name.starts_with("if") || call(&serde_json::json!({ name: null })).is_some()
}

/// One letter off a function's name that is too long to be met by chance.
fn misspelt(name: &str) -> bool {
    SINCE.iter().any(|(known, _)| known.len() >= 6 && distance(known, name) == 1)
}

/// Letters to change, add or leave out.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.chars().enumerate() {
        let mut corner = row[0];
        row[0] = i + 1;
        for (j, y) in b.iter().enumerate() {
            let change = corner + usize::from(x != *y);
            corner = row[j + 1];
            row[j + 1] = change.min(row[j] + 1).min(corner + 1);
        }
    }
    row[b.len()]
}

/// Whether what a function names is there.
fn reference(
    file: &str,
    template: &Template,
    files: &Folder,
    function: &str,
    args: &Value,
    place: &str,
    found: &mut Findings,
) {
    const PSEUDO: [&str; 3] = ["OS::stack_name", "OS::stack_id", "OS::project_id"];
    let is_parameter = |name: &str| template.parameters.iter().any(|parameter| parameter.name == name);
    let is_resource = |name: &str| template.resources.iter().any(|resource| resource.name == name);
    match (function, first(args)) {
        ("get_param", Some(name)) if PSEUDO.contains(&name) || is_parameter(name) => {}
        ("get_param", Some(name)) if name.starts_with("OS::") => {
            found.error(file, format!("{place}: there is no pseudo parameter {name}"));
        }
        ("get_param", Some(name)) => {
            found.error(file, format!("{place}: parameter {name} is used but not declared"));
        }
        ("get_resource" | "get_attr", Some(name)) if !is_resource(name) => {
            found.error(file, format!("{place}: there is no resource {name}"));
        }
        ("get_file", Some(name)) if !files.contains_key(name) => {
            found.error(file, format!("{place}: there is no file {name}"));
        }
        _ => {}
    }
}
