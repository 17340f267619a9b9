//! Property schemas of the resource types (as a real Heat publishes them under
//! `resource_types`), constraints, and the check of one value against one schema.

use std::sync::LazyLock;

use serde_json::{Map, Value};

use super::parameters::{Kind as ParameterKind, Parameter, boolean, number};
use super::python;

/// What exists in the cloud a stack is made for.
pub trait Lookup {
    /// Whether `value` names a thing of the constraint's kind (`glance.image`, `neutron.network`, …);
    /// the error is Heat's words. Unknown kinds pass.
    fn exists(&self, kind: &str, value: &str) -> Result<(), String>;
}

/// A constraint on a parameter or property.
#[derive(Debug, Clone)]
pub struct Constraint {
    rule: Rule,
    description: Option<String>,
}

#[derive(Debug, Clone)]
enum Rule {
    Length { min: Option<f64>, max: Option<f64> },
    Range { min: Option<f64>, max: Option<f64> },
    Allowed(Vec<Value>),
    Pattern(String),
    Modulo { step: i64, offset: i64 },
    Custom(String),
}

impl Constraint {
    /// The error is Heat's words.
    pub fn parse(raw: &Value) -> Result<Self, String> {
        let Some(map) = raw.as_object() else {
            return Err("Invalid parameter constraints, expected a mapping".to_owned());
        };
        let known =
            ["range", "length", "allowed_values", "allowed_pattern", "custom_constraint", "modulo", "description"];
        if let Some(key) = map.keys().find(|key| !known.contains(&key.as_str())) {
            return Err(format!("Invalid key '{key}' for parameter constraints"));
        }
        let bounds = |raw: &Value, what: &str| -> Result<(Option<f64>, Option<f64>), String> {
            let Some(map) = raw.as_object() else {
                return Err(format!("Invalid {what} constraint, expected a mapping"));
            };
            if let Some(key) = map.keys().find(|key| !["min", "max"].contains(&key.as_str())) {
                return Err(format!("Invalid key '{key}' for {what} constraint"));
            }
            let side = |key: &str| map.get(key).filter(|v| !v.is_null()).map(number).transpose();
            Ok((side("min")?.and_then(|v| v.as_f64()), side("max")?.and_then(|v| v.as_f64())))
        };
        let rule = if let Some(raw) = map.get("range") {
            let (min, max) = bounds(raw, "range")?;
            Rule::Range { min, max }
        } else if let Some(raw) = map.get("length") {
            let (min, max) = bounds(raw, "length")?;
            Rule::Length { min, max }
        } else if let Some(Value::Array(values)) = map.get("allowed_values") {
            Rule::Allowed(values.clone())
        } else if let Some(Value::String(pattern)) = map.get("allowed_pattern") {
            Rule::Pattern(pattern.clone())
        } else if let Some(Value::String(kind)) = map.get("custom_constraint") {
            Rule::Custom(kind.clone())
        } else if let Some(raw) = map.get("modulo") {
            let part = |key: &str| raw.get(key).and_then(Value::as_i64).unwrap_or_default();
            Rule::Modulo { step: part("step").max(1), offset: part("offset") }
        } else {
            return Err("No constraint expressed".to_owned());
        };
        Ok(Self { rule, description: map.get("description").map(python::text) })
    }

    /// Whether a constraint of this kind can be laid on a parameter of this type.
    pub fn suits(&self, kind: ParameterKind) -> Result<(), String> {
        use ParameterKind as Kind;
        let (name, good) = match &self.rule {
            Rule::Range { .. } => ("Range", kind == Kind::Number),
            Rule::Modulo { .. } => ("Modulo", kind == Kind::Number),
            Rule::Length { .. } => ("Length", matches!(kind, Kind::String | Kind::List | Kind::Json)),
            Rule::Pattern(_) => ("AllowedPattern", kind == Kind::String),
            Rule::Allowed(_) => ("AllowedValues", kind != Kind::Json),
            Rule::Custom(_) => ("CustomConstraint", kind != Kind::Json),
        };
        if good { Ok(()) } else { Err(format!("{name} constraint invalid for {}", kind.word())) }
    }

    /// The error is Heat's words, or the constraint's own description when it has one.
    pub fn check(&self, value: &Value, lookup: &dyn Lookup) -> Result<(), String> {
        if let Rule::Custom(kind) = &self.rule {
            // Heat does not look up what is empty.
            let name = python::text(value);
            if name.is_empty() || value.is_null() {
                return Ok(());
            }
            return lookup.exists(kind, &name).map_err(|words| {
                self.description
                    .clone()
                    .unwrap_or_else(|| format!("Error validating value {}: {words}", python::repr(&name.into())))
            });
        }
        let broken = match &self.rule {
            Rule::Length { min, max } => {
                let length = match value {
                    Value::String(text) => text.chars().count(),
                    Value::Array(items) => items.len(),
                    Value::Object(map) => map.len(),
                    _ => return Ok(()),
                };
                (!within(length as f64, *min, *max))
                    .then(|| format!("length ({length}) is out of range ({})", limits(*min, *max)))
            }
            Rule::Range { min, max } => {
                let at = number(value)?;
                let fits = at.as_f64().is_some_and(|n| within(n, *min, *max));
                (!fits).then(|| format!("{} is out of range ({})", python::text(value), limits(*min, *max)))
            }
            Rule::Allowed(values) => {
                let fits = match value {
                    Value::Array(items) => items.iter().all(|item| values.contains(item)),
                    value => values.iter().any(|allowed| allowed == value || same_number(allowed, value)),
                };
                let list: Vec<_> = values.iter().map(python::dumps).collect();
                (!fits).then(|| format!("\"{}\" is not an allowed value [{}]", python::text(value), list.join(", ")))
            }
            Rule::Pattern(pattern) => {
                let text = python::text(value);
                let whole = regex_lite::RegexBuilder::new(&format!("^(?:{pattern})$"))
                    .size_limit(1 << 20)
                    .build()
                    .map_err(|_| format!("Invalid AllowedPattern \"{pattern}\""))?;
                (!whole.is_match(&text)).then(|| format!("\"{text}\" does not match pattern \"{pattern}\""))
            }
            Rule::Modulo { step, offset } => {
                let fits = number(value)?.as_i64().is_some_and(|n| n.rem_euclid(*step) == *offset);
                (!fits)
                    .then(|| format!("{} is not a multiple of {step} with an offset of {offset})", python::text(value)))
            }
            Rule::Custom(_) => None,
        };
        match broken {
            None => Ok(()),
            Some(words) => Err(self.description.clone().unwrap_or(words)),
        }
    }

    /// Adds its keys as `template validate` shows them.
    pub fn describe(&self, out: &mut Map<String, Value>) {
        let mut put = |key: &str, value: Option<Value>| {
            if let Some(value) = value {
                out.insert(key.to_owned(), value);
            }
        };
        match &self.rule {
            Rule::Length { min, max } => {
                put("MinLength", min.map(whole));
                put("MaxLength", max.map(whole));
            }
            Rule::Range { min, max } => {
                put("MinValue", min.map(whole));
                put("MaxValue", max.map(whole));
            }
            Rule::Allowed(values) => put("AllowedValues", Some(Value::Array(values.clone()))),
            Rule::Pattern(pattern) => put("AllowedPattern", Some(pattern.clone().into())),
            Rule::Custom(kind) => put("CustomConstraint", Some(kind.clone().into())),
            Rule::Modulo { .. } => {}
        }
        put("ConstraintDescription", self.description.clone().map(Value::from));
    }
}

fn within(n: f64, min: Option<f64>, max: Option<f64>) -> bool {
    min.is_none_or(|min| n >= min) && max.is_none_or(|max| n <= max)
}

fn same_number(a: &Value, b: &Value) -> bool {
    matches!((a, b), (Value::Number(a), Value::Number(b)) if a.as_f64() == b.as_f64())
}

#[allow(clippy::cast_possible_truncation, reason = "only whole numbers within range are shortened")]
fn whole(n: f64) -> Value {
    if n.fract() == 0.0 && n.abs() < 1e15 { Value::from(n as i64) } else { Value::from(n) }
}

fn limits(min: Option<f64>, max: Option<f64>) -> String {
    let side = |n: Option<f64>| n.map_or_else(|| "None".to_owned(), |n| whole(n).to_string());
    format!("min: {}, max: {}", side(min), side(max))
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    Text,
    Integer,
    Number,
    Boolean,
    List,
    Map,
    Any,
}

/// One property, or one part of one.
#[derive(Debug)]
pub struct Schema {
    pub shape: Shape,
    pub required: bool,
    pub default: Option<Value>,
    /// Of a map's keys, or `*` for a list's items.
    pub parts: Vec<(String, Schema)>,
    pub constraints: Vec<Constraint>,
}

/// A resource type.
#[derive(Debug)]
pub struct Type {
    pub name: String,
    pub properties: Vec<(String, Schema)>,
    pub attributes: Vec<String>,
    /// Properties that can change without the thing being replaced.
    pub changeable: Vec<String>,
}

static TYPES: LazyLock<Vec<Type>> = LazyLock::new(|| {
    let raw: Map<String, Value> = serde_json::from_str(include_str!("types.json")).unwrap_or_default();
    raw.iter()
        .map(|(name, raw)| Type {
            name: name.clone(),
            properties: schemas(raw.get("properties")),
            attributes: raw
                .get("attributes")
                .and_then(Value::as_object)
                .map(|map| map.keys().cloned().collect())
                .unwrap_or_default(),
            changeable: raw
                .get("update_allowed")
                .and_then(Value::as_array)
                .map(|names| names.iter().map(python::text).collect())
                .unwrap_or_default(),
        })
        .collect()
});

fn schemas(raw: Option<&Value>) -> Vec<(String, Schema)> {
    let empty = Map::new();
    let map = raw.and_then(Value::as_object).unwrap_or(&empty);
    map.iter().map(|(name, raw)| (name.clone(), Schema::read(raw))).collect()
}

impl Schema {
    fn read(raw: &Value) -> Self {
        let constraints = raw.get("constraints").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        Self {
            shape: match raw.get("type").and_then(Value::as_str) {
                Some("integer") => Shape::Integer,
                Some("number") => Shape::Number,
                Some("boolean") => Shape::Boolean,
                Some("list") => Shape::List,
                Some("map") => Shape::Map,
                Some("any") => Shape::Any,
                _ => Shape::Text,
            },
            required: raw.get("required").and_then(Value::as_bool).unwrap_or_default(),
            default: raw.get("default").cloned(),
            parts: schemas(raw.get("schema")),
            constraints: constraints.iter().filter_map(|c| Constraint::parse(c).ok()).collect(),
        }
    }

    /// Of the property that a nested template's parameter is.
    pub fn of_parameter(parameter: &Parameter) -> Self {
        Self {
            shape: match parameter.kind {
                ParameterKind::String => Shape::Text,
                ParameterKind::Number => Shape::Number,
                ParameterKind::Boolean => Shape::Boolean,
                ParameterKind::List => Shape::List,
                ParameterKind::Json => Shape::Map,
            },
            required: parameter.default.is_none(),
            default: None,
            parts: Vec::new(),
            constraints: parameter.constraints.clone(),
        }
    }

    /// The value in the property's own type; the error is Heat's words.
    pub fn convert(&self, value: &Value) -> Result<Value, String> {
        match self.shape {
            Shape::Any => Ok(value.clone()),
            Shape::Text => match value {
                Value::Array(_) | Value::Object(_) => {
                    Err(format!("Value must be a string; got {}", python::repr(value)))
                }
                plain => Ok(Value::String(python::text(plain))),
            },
            Shape::Integer => match number(value) {
                Ok(Value::Number(n)) if n.is_i64() || n.is_u64() => Ok(Value::Number(n)),
                Ok(Value::Number(n)) if n.as_f64().is_some_and(|n| n.fract() == 0.0) => {
                    Ok(whole(n.as_f64().unwrap_or_default()))
                }
                _ => Err(format!("Value '{}' is not an integer", python::text(value))),
            },
            Shape::Number => number(value).map_err(|_| format!("Value '{}' is not a number", python::text(value))),
            Shape::Boolean => boolean(value)
                .map(Value::Bool)
                .map_err(|_| format!("\"{}\" is not a valid boolean", python::text(value))),
            Shape::Map => match value {
                Value::Object(_) => Ok(value.clone()),
                Value::String(text) if text.is_empty() => Ok(Value::Object(Map::new())),
                Value::String(text) => serde_json::from_str::<Map<String, Value>>(text)
                    .map(Value::Object)
                    .map_err(|_| format!("\"{text}\" is not a map")),
                other => Err(format!("\"{}\" is not a map", python::text(other))),
            },
            Shape::List => match value {
                Value::Array(_) => Ok(value.clone()),
                Value::String(text) if self.parts.iter().all(|(_, item)| item.shape == Shape::Text) => {
                    Ok(text.split(',').map(Value::from).collect())
                }
                other => Err(format!("\"{}\" is not a list", python::text(other))),
            },
        }
    }
}

impl Type {
    pub fn named(name: &str) -> Option<&'static Self> {
        TYPES.iter().find(|kind| kind.name == name)
    }

    pub fn names() -> impl Iterator<Item = &'static str> {
        TYPES.iter().map(|kind| kind.name.as_str())
    }
}
