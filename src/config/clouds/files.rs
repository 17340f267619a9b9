//! Finding, reading and merging the YAML files. The first clouds.yaml found is
//! the only one; secure.yaml and clouds-public.yaml are looked for the same way.

use std::io::{self, Read};
use std::path::{Path, PathBuf};

use serde_json::{Map, Value};

use super::{Reader, Selection};
use crate::model::{Problem, ProblemKind, text};

/// A clouds.yaml larger than this is not one.
const MAX_BYTES: u64 = 4 << 20;

pub fn read(path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let file = std::fs::File::open(path).map_err(|error| match error.kind() {
        // In a folder that may not even be looked into, as a service's view of homes, nothing is.
        io::ErrorKind::PermissionDenied if !path.exists() => io::ErrorKind::NotFound.into(),
        _ => error,
    })?;
    file.take(MAX_BYTES + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > MAX_BYTES {
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, "larger than 4 MB"));
    }
    Ok(bytes)
}

/// What was found on disk.
pub struct Found {
    /// Where clouds.yaml was looked for, in order.
    looked: Vec<PathBuf>,
    /// Files that were read.
    read: Vec<PathBuf>,
    clouds: Map<String, Value>,
    profiles: Map<String, Value>,
}

impl Found {
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.clouds.keys().map(String::as_str)
    }

    /// The files read, for messages.
    pub fn described(&self) -> String {
        list(&self.read)
    }
}

pub fn find(selection: &Selection, reader: Reader<'_>) -> Result<Found, Problem> {
    let mut found = Found { looked: Vec::new(), read: Vec::new(), clouds: Map::new(), profiles: Map::new() };
    let looked = candidates(selection, "clouds", selection.var("OS_CLIENT_CONFIG_FILE"));
    if let Some(file) = first(&looked, reader)? {
        found.clouds = section(file, "clouds", &mut found.read)?;
    } else if let Some(named) = selection.var("OS_CLIENT_CONFIG_FILE") {
        return Err(Problem::not_found(format!("OS_CLIENT_CONFIG_FILE names {named}, which does not exist"))
            .advise("Correct or unset the variable"));
    }
    found.looked = looked;
    let secure = candidates(selection, "secure", selection.var("OS_CLIENT_SECURE_FILE"));
    if let Some(file) = first(&secure, reader)? {
        overlay(&mut found.clouds, section(file, "clouds", &mut found.read)?);
    }
    if let Some(file) = first(&candidates(selection, "clouds-public", None), reader)? {
        found.profiles = section(file, "public-clouds", &mut found.read)?;
    }
    Ok(found)
}

/// The cloud to use: the named one, else the only one there is.
pub fn choose(found: &Found, named: Option<&str>) -> Result<String, Problem> {
    let names: Vec<&str> = found.clouds.keys().map(String::as_str).collect();
    if found.read.is_empty() {
        let told = match named {
            Some(name) => format!("cloud \"{name}\" is asked for, but there is no clouds.yaml"),
            None => "no cloud is named, and there is no clouds.yaml".to_owned(),
        };
        return Err(Problem::not_found(told).advise(format!(
            "Looked for {}; write one, or set OS_AUTH_URL and the other OS_* variables",
            list(&found.looked)
        )));
    }
    let known = if names.is_empty() { "It names no cloud".to_owned() } else { format!("It has: {}", names.join(", ")) };
    match (named, names.as_slice()) {
        (Some(name), _) if found.clouds.contains_key(name) => Ok(name.to_owned()),
        (Some(name), _) => {
            Err(Problem::not_found(format!("cloud \"{name}\" is not in {}", found.described())).advise(known))
        }
        (None, [only]) => Ok((*only).to_owned()),
        (None, _) => Err(Problem::invalid(format!("no cloud is chosen from {}", found.described()))
            .advise(format!("Name one with --os-cloud or OS_CLOUD. {known}"))),
    }
}

/// The cloud's entry over its profile. A missing profile matters only when the entry has no `auth_url`.
pub fn merged(found: &Found, name: &str) -> Result<Map<String, Value>, Problem> {
    let own = match found.clouds.get(name) {
        Some(Value::Object(own)) => own.clone(),
        Some(Value::Null) | None => Map::new(),
        Some(_) => {
            return Err(Problem::invalid(format!(
                "cloud \"{name}\" in {} is not a list of settings",
                found.described()
            )));
        }
    };
    let Some(profile) = ["profile", "cloud"].iter().find_map(|key| own.get(*key)).and_then(Value::as_str) else {
        return Ok(own);
    };
    let mut merged = match found.profiles.get(profile) {
        Some(Value::Object(base)) => base.clone(),
        _ if own.get("auth").and_then(|auth| auth.get("auth_url")).is_some() => Map::new(),
        _ => {
            let told = format!("cloud \"{name}\" refers to profile \"{profile}\", which no clouds-public.yaml has");
            return Err(
                Problem::not_found(told).advise("Write auth_url into the cloud's auth section, or add the profile")
            );
        }
    };
    overlay(&mut merged, own);
    Ok(merged)
}

/// `over` wins; maps are merged key by key.
pub fn overlay(base: &mut Map<String, Value>, over: Map<String, Value>) {
    for (key, value) in over {
        match (base.get_mut(&key), value) {
            (Some(Value::Object(under)), Value::Object(value)) => overlay(under, value),
            (_, value) => {
                base.insert(key, value);
            }
        }
    }
}

fn candidates(selection: &Selection, stem: &str, named: Option<&str>) -> Vec<PathBuf> {
    if let Some(named) = named {
        return vec![selection.cwd.join(named)];
    }
    let user = selection.var("XDG_CONFIG_HOME").map(PathBuf::from);
    let user = user.or_else(|| selection.var("HOME").map(|home| Path::new(home).join(".config")));
    let dirs = [Some(selection.cwd.clone()), user.map(|dir| dir.join("openstack")), Some("/etc/openstack".into())];
    let names = [format!("{stem}.yaml"), format!("{stem}.yml"), format!("{stem}.json")];
    dirs.iter().flatten().flat_map(|dir| names.iter().map(move |name| dir.join(name))).collect()
}

type File = (PathBuf, Value);

fn first(candidates: &[PathBuf], reader: Reader<'_>) -> Result<Option<File>, Problem> {
    for path in candidates {
        match reader(path) {
            Ok(bytes) => return parse(path, &bytes).map(|value| Some((path.clone(), value))),
            Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {}
            Err(error) => {
                return Err(Problem::new(ProblemKind::Local, format!("cannot read {}: {error}", path.display()))
                    .advise("Make it readable, or name another with OS_CLIENT_CONFIG_FILE"));
            }
        }
    }
    Ok(None)
}

/// YAML or JSON (which is YAML). Never quotes the file: there are passwords in it.
fn parse(path: &Path, bytes: &[u8]) -> Result<Value, Problem> {
    let at = |place: String, why: String| {
        Problem::invalid(format!("{}{place} cannot be parsed: {why}", path.display()))
            .advise("Correct the file; it must be YAML as python-openstackclient reads it")
    };
    let text = std::str::from_utf8(bytes).map_err(|error| {
        let line = bytes[..error.valid_up_to()].iter().filter(|byte| **byte == b'\n').count() + 1;
        at(format!(":{line}"), "it is not UTF-8".into())
    })?;
    // Spellings that YAML would bend (0123, 1_000, yes) stay as written, since passwords look like that.
    let options = serde_saphyr::options! {
        with_snippet: false,
        strict_booleans: true,
        leading_zero_numbers_as_strings: true,
        underscored_numbers_as_strings: true,
    };
    serde_saphyr::from_str_with_options::<Option<Value>>(text, options).map(Option::unwrap_or_default).map_err(
        |error| {
            let place = error.location().map(|l| format!(":{}:{}", l.line(), l.column())).unwrap_or_default();
            let why = text::clean(&error.to_string());
            at(place, why)
        },
    )
}

/// The map under the file's top key; an empty file has none.
fn section((path, value): File, key: &str, read: &mut Vec<PathBuf>) -> Result<Map<String, Value>, Problem> {
    let shape = |what: &str| Problem::invalid(format!("{}: {what}", path.display()));
    let found = match value {
        Value::Null => Map::new(),
        Value::Object(mut top) => match top.remove(key) {
            Some(Value::Object(map)) => map,
            None | Some(Value::Null) => Map::new(),
            Some(_) => return Err(shape(&format!("\"{key}\" is not a map of clouds by name"))),
        },
        _ => return Err(shape(&format!("there is no \"{key}:\" at its top"))),
    };
    read.push(path);
    Ok(found)
}

fn list(paths: &[PathBuf]) -> String {
    paths.iter().map(|path| path.display().to_string()).collect::<Vec<_>>().join(", ")
}
