//! Parameters: their schema, and what is made of the values given for them.

use serde_json::{Map, Number, Value};

use super::python;
use super::schema::{Constraint, Lookup};
use super::{Refusal, template};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    String,
    Number,
    List,
    Json,
    Boolean,
}

impl Kind {
    /// As templates write it.
    pub fn word(self) -> &'static str {
        match self {
            Self::String => "string",
            Self::Number => "number",
            Self::List => "comma_delimited_list",
            Self::Json => "json",
            Self::Boolean => "boolean",
        }
    }
}

/// A declared parameter.
#[derive(Debug, Clone)]
pub struct Parameter {
    pub name: String,
    pub kind: Kind,
    pub default: Option<Value>,
    pub hidden: bool,
    pub description: String,
    pub label: String,
    pub constraints: Vec<Constraint>,
}

const KEYS: [&str; 8] = ["type", "description", "default", "constraints", "hidden", "label", "immutable", "tags"];

impl Parameter {
    pub fn parse(name: &str, schema: &Value) -> Result<Self, Refusal> {
        let Some(map) = schema.as_object() else {
            return Err(Refusal::schema(format!("Invalid parameter ({name}), expected a mapping")));
        };
        if let Some(key) = map.keys().find(|key| !KEYS.contains(&key.as_str())) {
            return Err(Refusal::schema(format!("Invalid key '{key}' for parameter ({name})")));
        }
        let kind = match map.get("type") {
            None => return Err(Refusal::schema(format!("Missing parameter type for parameter: {name}"))),
            Some(Value::String(kind)) if kind == "string" => Kind::String,
            Some(Value::String(kind)) if kind == "number" => Kind::Number,
            Some(Value::String(kind)) if kind == "comma_delimited_list" => Kind::List,
            Some(Value::String(kind)) if kind == "json" => Kind::Json,
            Some(Value::String(kind)) if kind == "boolean" => Kind::Boolean,
            Some(other) => return Err(Refusal::schema(format!("Invalid type ({})", python::text(other)))),
        };
        let constraints = match map.get("constraints") {
            None | Some(Value::Null) => Vec::new(),
            Some(Value::Array(list)) => {
                list.iter().map(|one| Constraint::parse(one).map_err(Refusal::schema)).collect::<Result<_, _>>()?
            }
            Some(_) => {
                return Err(Refusal::schema(format!(
                    "Invalid parameter constraints for parameter {name}, expected a list"
                )));
            }
        };
        for constraint in &constraints {
            Constraint::suits(constraint, kind)
                .map_err(|words| Refusal::schema(format!("Parameter '{name}' is invalid: {words}")))?;
        }
        let flag = |key: &str| map.get(key).is_some_and(|v| python::text(v).eq_ignore_ascii_case("true"));
        Ok(Self {
            name: name.to_owned(),
            kind,
            default: map.get("default").filter(|v| !v.is_null()).cloned(),
            hidden: flag("hidden"),
            description: map.get("description").map(python::text).unwrap_or_default(),
            label: map.get("label").map_or_else(|| name.to_owned(), python::text),
            constraints,
        })
    }

    /// The value a template sees. `given` wins over the environment's default, that over the template's.
    pub fn bind(&self, given: Option<&Value>, default: Option<&Value>, lookup: &dyn Lookup) -> Result<Value, Refusal> {
        let raw = given.filter(|v| !v.is_null()).or(default).or(self.default.as_ref()).ok_or_else(|| {
            Refusal::new("UserParameterMissing", format!("The Parameter ({}) was not provided.", self.name))
        })?;
        let invalid = |words: String| Refusal::invalid(format!("Parameter '{}' is invalid: {words}", self.name));
        let value = self.convert(raw).map_err(invalid)?;
        for constraint in &self.constraints {
            constraint.check(&value, lookup).map_err(invalid)?;
        }
        Ok(value)
    }

    fn convert(&self, raw: &Value) -> Result<Value, String> {
        match self.kind {
            Kind::String => match raw {
                Value::Array(_) | Value::Object(_) => Ok(Value::String(python::dumps(raw))),
                plain => Ok(Value::String(python::text(plain))),
            },
            Kind::Number => number(raw),
            Kind::Boolean => boolean(raw).map(Value::Bool),
            Kind::List => Ok(match raw {
                Value::Array(_) => raw.clone(),
                Value::String(text) if text.is_empty() => Value::Array(Vec::new()),
                Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_) => {
                    return Err(format!(
                        "Value must be a comma-delimited list string: '{}' object has no attribute 'split'",
                        python::class(raw)
                    ));
                }
                Value::String(text) => text.split(',').map(|part| Value::from(part.trim())).collect(),
            }),
            Kind::Json => match raw {
                Value::Object(_) | Value::Array(_) => Ok(raw.clone()),
                Value::String(text) => serde_json::from_str(text)
                    .map_err(|error| format!("Value must be valid JSON: {}", json_words(text, &error))),
                other => Err(format!(
                    "Value must be valid JSON: the JSON object must be str, bytes or bytearray, not {}",
                    python::class(other)
                )),
            },
        }
    }

    /// As stacks show it: hidden ones starred, everything as text.
    pub fn shown(&self, value: &Value) -> String {
        if self.hidden {
            return "******".to_owned();
        }
        match (self.kind, value) {
            (Kind::List, Value::Array(items)) => items.iter().map(python::text).collect::<Vec<_>>().join(","),
            (Kind::Json, value) => python::dumps(value),
            (_, value) => python::text(value),
        }
    }

    /// As `template validate` describes it.
    pub fn describe(&self) -> Value {
        let kind = match self.kind {
            Kind::String => "String",
            Kind::Number => "Number",
            Kind::List => "CommaDelimitedList",
            Kind::Json => "Json",
            Kind::Boolean => "Boolean",
        };
        let mut out = Map::new();
        out.insert("Type".into(), kind.into());
        out.insert("Description".into(), self.description.clone().into());
        out.insert("NoEcho".into(), if self.hidden { "true" } else { "false" }.into());
        if let Some(default) = &self.default {
            out.insert("Default".into(), default.clone());
        }
        out.insert("Label".into(), self.label.clone().into());
        for constraint in &self.constraints {
            constraint.describe(&mut out);
        }
        Value::Object(out)
    }
}

/// A number, or text that is one.
pub fn number(raw: &Value) -> Result<Value, String> {
    match raw {
        Value::Number(_) => Ok(raw.clone()),
        Value::String(text) => {
            let text = text.trim();
            if let Ok(whole) = text.parse::<i64>() {
                return Ok(whole.into());
            }
            text.parse::<f64>()
                .ok()
                .and_then(Number::from_f64)
                .map(Value::Number)
                .ok_or_else(|| format!("could not convert string to float: {}", python::repr(&text.into())))
        }
        Value::Bool(yes) => Ok(i64::from(*yes).into()),
        other => Err(format!("float() argument must be a string or a real number, not '{}'", python::class(other))),
    }
}

/// A boolean, or one of the words for it.
pub fn boolean(raw: &Value) -> Result<bool, String> {
    match raw {
        Value::Bool(yes) => Ok(*yes),
        other => match python::text(other).to_lowercase().trim() {
            "1" | "t" | "true" | "on" | "y" | "yes" => Ok(true),
            "0" | "f" | "false" | "off" | "n" | "no" => Ok(false),
            _ => Err(format!(
                "Unrecognized value {}, acceptable values are: '0', '1', 'f', 'false', 'n', 'no', 'off', 'on', 't', 'true', 'y', 'yes'",
                python::repr(&Value::String(python::text(other)))
            )),
        },
    }
}

fn json_words(text: &str, error: &serde_json::Error) -> String {
    if error.is_eof() && text.trim() == "{" {
        return "Expecting property name enclosed in double quotes: line 1 column 2 (char 1)".to_owned();
    }
    let at = error.column().saturating_sub(1);
    format!("Expecting value: line {} column {} (char {at})", error.line(), error.column())
}

/// Text or map of an environment, or of a JSON value inside one.
pub fn mapping(value: &Value, what: &str) -> Result<Map<String, Value>, Refusal> {
    let value = match value {
        Value::String(text) if text.trim().is_empty() => return Ok(Map::new()),
        Value::String(text) => {
            template::yaml(text).map_err(|words| Refusal::request(format!("{what} not in valid format: {words}")))?
        }
        other => other.clone(),
    };
    match value {
        Value::Null => Ok(Map::new()),
        Value::Object(map) => Ok(map),
        _ => Err(Refusal::request(format!(
            "{what} not in valid format: The environment is not a valid YAML mapping data type."
        ))),
    }
}
