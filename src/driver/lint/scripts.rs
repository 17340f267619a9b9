//! What lands on nodes: every word that is to be replaced and every setting that is read
//! must come from somewhere.
//!
//! Two conventions are known: words between double underscores, which a `str_replace` fills
//! in; and settings, `NAME=` lines that the manifest, a template or a text with such words makes
//! and scripts read by `setting NAME [DEFAULT]`.

use std::collections::{BTreeMap, BTreeSet};

use regex_lite::Regex;
use serde_json::Value;

use super::template::{calls, values};
use super::{Findings, MANIFEST, Subject};

pub fn check(subject: &Subject<'_>, used: &BTreeSet<String>, found: &mut Findings) {
    let (mut replaced, mut provided) = (BTreeSet::new(), BTreeMap::new());
    let (Ok(word), Ok(setting), Ok(line), Ok(filled)) = (
        Regex::new("__[A-Z][A-Z0-9_]*?__"),
        Regex::new(r"\bsetting ([A-Z][A-Z0-9_]*)( +[^\s)|;&]+)?"),
        Regex::new("(?m)^([A-Z][A-Z0-9_]*)="),
        Regex::new("([A-Z][A-Z0-9_]*)=__[A-Z]"),
    ) else {
        return;
    };
    for (name, template) in subject.templates.iter().filter(|(name, _)| used.contains(**name)) {
        for (place, value) in values(template) {
            calls(value, &place, &mut |function, args, _| {
                if function.starts_with("str_replace")
                    && let Some(params) = args.get("params").and_then(Value::as_object)
                {
                    replaced.extend(params.keys().map(String::as_str));
                }
            });
            strings(value, &mut |text| {
                let names = line.captures_iter(text).filter_map(|found| found.get(1));
                provided.extend(names.map(|setting| (setting.as_str().to_owned(), *name)));
            });
        }
    }
    provided.extend(subject.manifest.settings.keys().map(|setting| (setting.clone(), MANIFEST)));
    let is_text = |name: &str| !subject.templates.contains_key(name);
    let texts: Vec<(&String, &String)> =
        subject.files.iter().filter(|(name, _)| used.contains(*name) && is_text(name)).collect();
    for (name, text) in &texts {
        let names = filled.captures_iter(text).filter_map(|found| found.get(1));
        provided.extend(names.map(|setting| (setting.as_str().to_owned(), name.as_str())));
    }
    for (name, text) in &texts {
        for (nth, code) in text.lines().enumerate() {
            for word in word.find_iter(code).map(|word| word.as_str()).filter(|word| !replaced.contains(word)) {
                found.error(name, format!("line {}: nothing replaces {word}", nth + 1));
            }
            let code = if code.trim_start().starts_with('#') { "" } else { code };
            for read in setting.captures_iter(code) {
                let (Some(wanted), default) = (read.get(1), read.get(2)) else { continue };
                if default.is_none() && !provided.contains_key(wanted.as_str()) {
                    let wanted = wanted.as_str();
                    found.error(name, format!("line {}: nothing provides the setting {wanted}", nth + 1));
                }
            }
        }
    }
    let own = |setting: &String, file: &str| {
        if file == MANIFEST { subject.own_settings.contains(setting) } else { subject.own.contains(file) }
    };
    for (setting, template) in provided.into_iter().filter(|entry| own(&entry.0, entry.1)) {
        // Names can be put together in a script: `setting "$1_VOLUME_SIZE"`.
        let tail = setting.split_once('_').map(|(_, tail)| format!("_{tail}"));
        let read = |text: &str| text.contains(&setting) || tail.as_ref().is_some_and(|tail| text.contains(tail));
        if !texts.iter().any(|(_, text)| read(text)) {
            found.warning(template, format!("no script reads the setting {setting}"));
        }
    }
}

fn strings<'v>(value: &'v Value, seen: &mut dyn FnMut(&'v str)) {
    match value {
        Value::String(text) => seen(text),
        Value::Array(items) => items.iter().for_each(|item| strings(item, seen)),
        Value::Object(map) => map.values().for_each(|item| strings(item, seen)),
        _ => {}
    }
}
