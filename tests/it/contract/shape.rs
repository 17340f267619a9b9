//! What of an answer is compared.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

/// Headers whose presence or value clients rely on.
const HEADERS: [&str; 8] = [
    "content-type",
    "location",
    "www-authenticate",
    "x-subject-token",
    "x-openstack-request-id",
    "openstack-api-version",
    "x-openstack-nova-api-version",
    "vary",
];

/// Objects whose keys are data, not fields.
const MAPS: [&str; 8] =
    ["addresses", "parameters", "Parameters", "metadata", "files", "resources", "extra_specs", "resource_properties"];

/// A value's shape: fields and types, no values.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Shape {
    /// Never seen (items of an empty list).
    Unknown,
    Null,
    Plain(&'static str),
    List(Box<Shape>),
    /// Keys are data; the shape is that of every value.
    Map(Box<Shape>),
    Object(BTreeMap<String, Shape>),
    /// Null here, something there.
    Optional(Box<Shape>),
}

impl Shape {
    pub fn of(value: &Value, name: &str) -> Self {
        match value {
            Value::Null => Self::Null,
            Value::Bool(_) => Self::Plain("boolean"),
            Value::Number(_) => Self::Plain("number"),
            Value::String(_) => Self::Plain("string"),
            Value::Array(items) => {
                Self::List(Box::new(items.iter().map(|item| Self::of(item, "")).fold(Self::Unknown, Self::join)))
            }
            Value::Object(map) if MAPS.contains(&name) => {
                Self::Map(Box::new(map.values().map(|item| Self::of(item, "")).fold(Self::Unknown, Self::join)))
            }
            Value::Object(map) => {
                let quotas = name == "quota_set";
                let fields = map.iter().filter(|(key, _)| !(is_image_property(key) || quotas && is_of_a_type(key)));
                Self::Object(fields.map(|(key, item)| (key.clone(), Self::of(item, key))).collect())
            }
        }
    }

    fn join(self, other: Self) -> Self {
        match (self, other) {
            (Self::Unknown, other) | (other, Self::Unknown) => other,
            (Self::Null, Self::Null) => Self::Null,
            (Self::Null, Self::Optional(inner)) | (Self::Optional(inner), Self::Null) => Self::Optional(inner),
            (Self::Null, other) | (other, Self::Null) => Self::Optional(Box::new(other)),
            (Self::Optional(a), Self::Optional(b)) => Self::Optional(Box::new(a.join(*b))),
            (Self::Optional(a), b) | (b, Self::Optional(a)) => Self::Optional(Box::new(a.join(b))),
            (Self::List(a), Self::List(b)) => Self::List(Box::new(a.join(*b))),
            (Self::Map(a), Self::Map(b)) => Self::Map(Box::new(a.join(*b))),
            (Self::Object(mut a), Self::Object(b)) => {
                for (key, shape) in b {
                    let joined = a.remove(&key).map_or(shape.clone(), |have| have.join(shape));
                    a.insert(key, joined);
                }
                Self::Object(a)
            }
            // Of several kinds: any of them will do.
            (a, b) => {
                if a == b {
                    a
                } else {
                    Self::Plain("any")
                }
            }
        }
    }

    /// `self` is the real one.
    fn differences(&self, ours: &Self, path: &str, found: &mut Vec<String>) {
        match (self, ours) {
            (a, b) if a == b => {}
            (Self::Unknown | Self::Plain("any"), _) | (_, Self::Unknown | Self::Plain("any")) => {}
            // Null says nothing of what may come.
            (Self::Null, _) | (_, Self::Null) => {}
            (Self::Optional(a), Self::Optional(b)) => a.differences(b, path, found),
            (Self::Optional(a), b) => a.differences(b, path, found),
            (a, Self::Optional(b)) => a.differences(b, path, found),
            (Self::List(a), Self::List(b)) => a.differences(b, &format!("{path}[]"), found),
            (Self::Map(a), Self::Map(b)) => a.differences(b, &format!("{path}.*"), found),
            (Self::Object(a), Self::Object(b)) => {
                for (key, shape) in a {
                    match b.get(key) {
                        None => found.push(format!("{path}.{key} is missing")),
                        Some(ours) => shape.differences(ours, &format!("{path}.{key}"), found),
                    }
                }
                for key in b.keys().filter(|key| !a.contains_key(*key)) {
                    found.push(format!("{path}.{key} is too much"));
                }
            }
            (a, b) => found.push(format!("{path} should be {}, is {}", a.write(), b.write())),
        }
    }

    fn write(&self) -> Value {
        match self {
            Self::Unknown => json!("unknown"),
            Self::Null => json!("null"),
            Self::Plain(kind) => json!(kind),
            Self::List(inner) => json!([inner.write()]),
            Self::Map(inner) => json!({"*": inner.write()}),
            Self::Object(map) => {
                map.iter().map(|(key, shape)| (key.clone(), shape.write())).collect::<Map<_, _>>().into()
            }
            Self::Optional(inner) => json!({"?": inner.write()}),
        }
    }

    fn read(raw: &Value) -> Self {
        match raw {
            Value::String(kind) => match kind.as_str() {
                "null" => Self::Null,
                "boolean" => Self::Plain("boolean"),
                "number" => Self::Plain("number"),
                "string" => Self::Plain("string"),
                "any" => Self::Plain("any"),
                _ => Self::Unknown,
            },
            Value::Array(items) => Self::List(Box::new(items.first().map_or(Self::Unknown, Self::read))),
            Value::Object(map) => match map.iter().next() {
                Some((key, inner)) if key == "*" => Self::Map(Box::new(Self::read(inner))),
                Some((key, inner)) if key == "?" => Self::Optional(Box::new(Self::read(inner))),
                _ => Self::Object(map.iter().map(|(key, raw)| (key.clone(), Self::read(raw))).collect()),
            },
            _ => Self::Unknown,
        }
    }
}

/// What somebody wrote on an image beside Glance's own fields.
fn is_image_property(key: &str) -> bool {
    key.starts_with("owner_specified.") || ["os_distro", "os_version", "kube_version"].contains(&key)
}

/// A quota of one volume type, named after it.
fn is_of_a_type(key: &str) -> bool {
    ["volumes_", "gigabytes_", "snapshots_"].iter().any(|sort| key.starts_with(sort))
}

/// What is kept of an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    status: u16,
    headers: BTreeMap<String, String>,
    /// Of a refusal: its type and words, ids and addresses left out.
    words: Option<String>,
    body: Shape,
}

impl Answer {
    pub fn of(status: u16, headers: &reqwest::header::HeaderMap, text: &str, hide: &[(String, &str)]) -> Self {
        let masked = |text: &str| {
            let text = hide.iter().fold(text.to_owned(), |text, (what, with)| text.replace(what.as_str(), with));
            let story = regex_lite::Regex::new("(contract|refused)-[0-9a-f]{8}").unwrap();
            story.replace_all(&text, "STACK").into_owned()
        };
        let mut kept = BTreeMap::new();
        for name in HEADERS {
            if let Some(value) = headers.get(name).and_then(|value| value.to_str().ok()) {
                let value = match name {
                    "content-type" => value.split(';').next().unwrap_or_default().to_owned(),
                    "openstack-api-version" | "x-openstack-nova-api-version" | "vary" => value.to_owned(),
                    "www-authenticate" => value.split(' ').next().unwrap_or_default().to_owned(),
                    _ => "given".to_owned(),
                };
                kept.insert(name.to_owned(), value);
            }
        }
        let json: Option<Value> = serde_json::from_str(text).ok();
        let words = (status >= 400).then(|| masked(&words(json.as_ref(), text)));
        let body = match (&json, text.is_empty()) {
            (Some(json), _) => Shape::of(json, ""),
            (None, true) => Shape::Null,
            (None, false) => Shape::Plain("string"),
        };
        Self { status, headers: kept, words, body }
    }

    pub fn differences(&self, ours: &Self) -> Vec<String> {
        let mut found = Vec::new();
        if self.status != ours.status {
            found.push(format!("status should be {}, is {} ({:?})", self.status, ours.status, ours.words));
            return found;
        }
        for (name, value) in &self.headers {
            if ours.headers.get(name) != Some(value) {
                found.push(format!("header {name} should be {value:?}, is {:?}", ours.headers.get(name)));
            }
        }
        if self.words != ours.words {
            found.push(format!("words should be {:?}, are {:?}", self.words, ours.words));
        }
        self.body.differences(&ours.body, "", &mut found);
        found
    }

    pub fn write(&self) -> Value {
        json!({"status": self.status, "headers": self.headers, "words": self.words, "body": self.body.write()})
    }

    pub fn read(raw: &Value) -> Self {
        let headers = raw["headers"].as_object().into_iter().flatten();
        Self {
            status: u16::try_from(raw["status"].as_u64().unwrap_or_default()).unwrap_or_default(),
            headers: headers
                .map(|(name, value)| (name.clone(), value.as_str().unwrap_or_default().to_owned()))
                .collect(),
            words: raw["words"].as_str().map(str::to_owned),
            body: Shape::read(&raw["body"]),
        }
    }
}

/// A refusal's type and message, wherever its service puts them.
fn words(json: Option<&Value>, text: &str) -> String {
    let Some(json) = json else {
        let plain = text.split("</h1>").nth(1).unwrap_or(text).replace("<br />", " ");
        return plain.split('<').next().unwrap_or_default().split_whitespace().collect::<Vec<_>>().join(" ");
    };
    let inner = match json.get("error") {
        Some(error) => error,
        None => match json.get("NeutronError") {
            Some(error) => error,
            None if json.get("faultstring").is_some() => json,
            None => json.as_object().and_then(|map| map.values().next()).unwrap_or(json),
        },
    };
    let part = |key: &str| inner.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
    [part("type"), part("title"), part("message"), part("faultstring")]
        .into_iter()
        .filter(|p| !p.is_empty())
        .collect::<Vec<_>>()
        .join(": ")
}
