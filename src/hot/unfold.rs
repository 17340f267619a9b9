//! Every resource a stack will be made of, nested stacks and groups unfolded: what
//! Heat would make, told before it is asked.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::blueprint::nested;
use super::functions::{self, Eval, Scope, Stop};
use super::schema::Lookup;
use super::validate::{self, Kind};
use super::{Blueprint, Inputs, Refusal, group};

/// Nested stacks and groups deeper than this are refused; Heat stops at five.
const DEEPEST: usize = 10;
/// Stacks of all levels together: what a template that names itself may cost.
const MOST: usize = 20_000;
/// Stands in a group's definition for what is known only later.
const LATER: &str = "OS::later";

/// A resource that will be made. Nested stacks and groups are not in themselves.
#[derive(Debug, Clone, PartialEq)]
pub struct Made {
    /// Names of the stacks it lies in, from the outside in, and its own at the end.
    pub path: Vec<String>,
    /// What its type stands for: `OS::Nova::Server`.
    pub kind: String,
    /// What is known before anything is made; the rest is `null`. A reference to another
    /// resource is that one's path.
    pub properties: Map<String, Value>,
}

/// Takes every name for granted: what the cloud has is another question.
pub struct Anything;

impl Lookup for Anything {
    fn exists(&self, _: &str, _: &str) -> Result<(), String> {
        Ok(())
    }
}

/// All resources of the template, those of nested stacks included.
pub fn unfold(raw: &Value, inputs: &Inputs<'_>) -> Result<Vec<Made>, Refusal> {
    let mut work = Work { made: Vec::new(), read: BTreeMap::new(), stacks: 0 };
    work.level(raw, inputs, &[])?;
    Ok(work.made)
}

struct Work {
    made: Vec<Made>,
    /// Nested templates by name: a group of a thousand reads its member's once.
    read: BTreeMap<String, Value>,
    stacks: usize,
}

impl Work {
    fn level(&mut self, raw: &Value, inputs: &Inputs<'_>, path: &[String]) -> Result<(), Refusal> {
        self.stacks += 1;
        if path.len() > DEEPEST || self.stacks > MOST {
            return Err(Refusal::new("RequestLimitExceeded", "Request limit exceeded: stacks are nested without end."));
        }
        let blueprint = Blueprint::draw(raw, inputs)?;
        let scope = Before { blueprint: &blueprint, files: inputs.files, path };
        for node in &blueprint.nodes {
            let mut here = path.to_vec();
            here.push(node.name.clone());
            match validate::kind(node, inputs.environment, inputs.files)? {
                Kind::Builtin(builtin) if builtin.name == "OS::Heat::None" => {}
                Kind::Builtin(builtin) if builtin.name == "OS::Heat::ResourceGroup" => {
                    self.group(&node.properties, &scope, inputs, &here)?;
                }
                Kind::Builtin(builtin) => {
                    let properties = node.properties.iter();
                    let properties = properties.map(|(key, value)| (key.clone(), scope.known(value, &Value::Null)));
                    self.made.push(Made { kind: builtin.name.clone(), properties: properties.collect(), path: here });
                }
                Kind::Template { name, text } => {
                    let raw = match self.read.get(&name) {
                        Some(raw) => raw.clone(),
                        None => nested(text, &name)?,
                    };
                    self.read.entry(name).or_insert_with(|| raw.clone());
                    let mut given = BTreeMap::new();
                    for (key, value) in &node.properties {
                        given.insert(key.clone(), functions::resolve(&scope, value).ok());
                    }
                    self.inner(&raw, &given, inputs, &here)?;
                }
            }
        }
        Ok(())
    }

    fn group(
        &mut self,
        properties: &Map<String, Value>,
        scope: &Before<'_>,
        inputs: &Inputs<'_>,
        path: &[String],
    ) -> Result<(), Refusal> {
        let later = serde_json::json!({"get_param": LATER});
        let properties: Map<String, Value> =
            properties.iter().map(|(key, value)| (key.clone(), scope.known(value, &later))).collect();
        let count = properties.get("count").and_then(|count| super::parameters::number(count).ok()?.as_u64());
        if count.unwrap_or(1) > group::MOST {
            return Err(Refusal::new(
                "RequestLimitExceeded",
                format!("Request limit exceeded: Maximum resources per stack exceeded. ({})", group::MOST),
            ));
        }
        let raw = group::assemble(&properties, &group::removed(&properties, None, None));
        self.inner(&raw, &BTreeMap::new(), inputs, path)
    }

    fn inner(
        &mut self,
        raw: &Value,
        given: &BTreeMap<String, Option<Value>>,
        inputs: &Inputs<'_>,
        path: &[String],
    ) -> Result<(), Refusal> {
        let environment = inputs.environment.for_nested();
        self.level(raw, &Inputs { parameters: given, environment: &environment, ..*inputs }, path)
    }
}

/// Parameters and files are known; of resources, only that they will be there.
struct Before<'a> {
    blueprint: &'a Blueprint,
    files: &'a BTreeMap<String, String>,
    path: &'a [String],
}

impl Before<'_> {
    /// The value with every function that cannot be carried out yet replaced.
    fn known(&self, value: &Value, unknown: &Value) -> Value {
        if functions::call(value).is_some() {
            return functions::resolve(self, value).unwrap_or_else(|_| unknown.clone());
        }
        match value {
            Value::Array(items) => items.iter().map(|item| self.known(item, unknown)).collect(),
            Value::Object(map) => map.iter().map(|(key, item)| (key.clone(), self.known(item, unknown))).collect(),
            other => other.clone(),
        }
    }
}

impl Scope for Before<'_> {
    fn param(&self, name: &str) -> Eval<Option<Value>> {
        match self.blueprint.parameters.get(name) {
            Some(Some(value)) => Ok(Some(value.clone())),
            None if name != LATER => Ok(None),
            _ => Err(Stop::Pending),
        }
    }

    fn condition(&self, _: &str) -> Eval<Option<bool>> {
        // Every `if` that could be decided was taken when the stack was drawn.
        Err(Stop::Pending)
    }

    fn reference(&self, resource: &str) -> Eval<Value> {
        let path: Vec<&str> = self.path.iter().map(String::as_str).chain([resource]).collect();
        Ok(path.join(".").into())
    }

    fn attribute(&self, _: &str, _: &str, _: &[Value]) -> Eval<Value> {
        Err(Stop::Pending)
    }

    fn file(&self, name: &str) -> Option<String> {
        self.files.get(name).cloned()
    }
}
