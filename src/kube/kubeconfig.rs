//! kubeconfig files: [`build`] and [`merge`] work on text alone; [`write()`] and
//! [`merge_into`] bring it to disk. The texts hold private keys: they never go into
//! a message, and an error names a place in a file, never what stands there.
//! <https://kubernetes.io/docs/reference/config-api/kubeconfig.v1/>

mod file;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Map, Value, json};

use crate::model::Problem;

pub use file::{Existing, Outcome, default_path, merge_into, write};

/// Which context is the current one after a merge.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Current {
    /// Stays as it is; a file that names none takes the new one.
    Keep,
    /// Becomes the new one.
    Switch,
}

/// Two kubeconfigs in one.
#[derive(Clone, PartialEq, Eq)]
pub struct Merged {
    /// Holds keys, of strangers too.
    pub text: String,
    /// What had been there under the same name and is replaced, `user "prod-admin"`.
    pub replaced: Vec<String>,
}

/// A complete kubeconfig: cluster and context are named `name`, the user `<name>-<user>`.
pub fn build(
    name: &str,
    user: &str,
    server: &str,
    ca_pem: &str,
    client_cert_pem: &str,
    client_key: &SecretString,
) -> Result<String, Problem> {
    let user = format!("{name}-{user}");
    render(&json!({
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{
            "name": name,
            "cluster": { "server": server, "certificate-authority-data": STANDARD.encode(ca_pem) },
        }],
        "users": [{
            "name": user,
            "user": {
                "client-certificate-data": STANDARD.encode(client_cert_pem),
                "client-key-data": STANDARD.encode(client_key.expose_secret()),
            },
        }],
        "contexts": [{ "name": name, "context": { "cluster": name, "user": user } }],
        "current-context": name,
    }))
}

/// The same, through a port of this machine. The server must still show its certificate: by the
/// name that every API server has.
pub fn through(text: &str, port: u16) -> Result<String, Problem> {
    let mut whole = read(text)?;
    for entry in whole.get_mut("clusters").and_then(Value::as_array_mut).into_iter().flatten() {
        entry["cluster"]["server"] = format!("https://127.0.0.1:{port}").into();
        entry["cluster"]["tls-server-name"] = super::api::NAME.into();
    }
    render(&Value::Object(whole))
}

/// Lays `new` over `existing`. Everything else in `existing` stays, unknown fields too; comments
/// are lost, as with kubectl. A replaced context keeps fields of the user's own, such as `namespace`.
pub fn merge(existing: &str, new: &str, current: Current) -> Result<Merged, Problem> {
    let mut whole = read(existing)?;
    let mut new = read(new)?;
    let mut replaced = Vec::new();
    for (section, what) in SECTIONS {
        let Some(Value::Array(entries)) = new.remove(section) else { continue };
        let list = whole.entry(section).or_insert(Value::Null);
        if list.is_null() {
            *list = json!([]);
        }
        let Value::Array(list) = list else { continue };
        for entry in entries {
            if let Some(name) = lay(list, entry, what) {
                replaced.push(format!("{what} \"{}\"", crate::model::text::clean(&name)));
            }
        }
    }
    let names_none = whole.get("current-context").and_then(Value::as_str).unwrap_or("").is_empty();
    if (current == Current::Switch || names_none)
        && let Some(name) = new.remove("current-context")
    {
        whole.insert("current-context".into(), name);
    }
    for (field, value) in new {
        whole.entry(field).or_insert(value);
    }
    Ok(Merged { text: render(&Value::Object(whole))?, replaced })
}

/// The lists of named entries, with the key that holds each entry's content.
const SECTIONS: [(&str, &str); 3] = [("clusters", "cluster"), ("users", "user"), ("contexts", "context")];

/// Puts one entry into its list; returns its name when it replaced another.
fn lay(list: &mut Vec<Value>, mut entry: Value, what: &str) -> Option<String> {
    let name = entry.get("name").and_then(Value::as_str)?.to_owned();
    let same = |have: &Value| have.get("name").and_then(Value::as_str) == Some(&name);
    let Some(at) = list.iter().position(same) else {
        list.push(entry);
        return None;
    };
    if what == "context" {
        let old = list[at].get(what).and_then(Value::as_object).cloned().unwrap_or_default();
        if let Some(content) = entry.get_mut(what).and_then(Value::as_object_mut) {
            for (field, value) in old {
                content.entry(field).or_insert(value);
            }
        }
    }
    if list[at] == entry {
        return None;
    }
    list[at] = entry;
    // A second one of the name would be dead or, worse, the one a client picks.
    let mut seen = false;
    list.retain(|have| !same(have) || !std::mem::replace(&mut seen, true));
    Some(name)
}

/// Parses a kubeconfig; an empty file is an empty one.
fn read(text: &str) -> Result<Map<String, Value>, Problem> {
    let refuse = |why: String| Err(Problem::invalid(format!("this is not a kubeconfig: {why}")));
    let options = serde_saphyr::options! {
        // A snippet of the file in an error could be somebody's key.
        with_snippet: false,
        // As kubectl's parser reads them; a number would lose its spelling.
        leading_zero_numbers_as_strings: true,
        underscored_numbers_as_strings: true,
    };
    let mut whole = match serde_saphyr::from_str_with_options::<Value>(text, options) {
        Ok(Value::Object(whole)) => whole,
        Ok(Value::Null) => Map::new(),
        Ok(_) => return refuse("its top level is not a mapping".into()),
        Err(_) if text.trim().is_empty() => Map::new(),
        Err(error) => {
            return refuse(match error.location() {
                Some(place) => format!("YAML breaks at line {}, column {}", place.line(), place.column()),
                None => "it is not valid YAML".into(),
            });
        }
    };
    for (field, wanted) in [("apiVersion", "v1"), ("kind", "Config")] {
        match whole.get(field) {
            None | Some(Value::Null) => {}
            Some(Value::String(word)) if word == wanted || word.is_empty() => {}
            Some(_) => return refuse(format!("its {field} is not {wanted}")),
        }
    }
    for (section, _) in SECTIONS {
        match whole.get(section) {
            None | Some(Value::Null) => {}
            Some(Value::Array(entries)) => {
                if entries.iter().any(|entry| !entry.get("name").is_some_and(Value::is_string)) {
                    return refuse(format!("an entry of {section} has no name"));
                }
            }
            Some(_) => return refuse(format!("{section} is not a list")),
        }
    }
    for (field, wanted) in [("apiVersion", "v1"), ("kind", "Config")] {
        if whole.get(field).is_none_or(|word| !word.is_string()) {
            whole.insert(field.into(), wanted.into());
        }
    }
    Ok(whole)
}

fn render(whole: &Value) -> Result<String, Problem> {
    // Keys in base64 stay on one line: a block scalar would end with a line break of its own.
    let options = serde_saphyr::ser_options! { prefer_block_scalars: false };
    serde_saphyr::to_string_with_options(whole, options)
        .map_err(|_| Problem::local("the kubeconfig could not be written as YAML"))
}

#[cfg(test)]
mod tests;
