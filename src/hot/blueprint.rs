//! A template with its parameters bound, conditions decided and `if`s taken:
//! which resources there are, what each hangs on, and in which order they go.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

use super::functions::{self, Eval, Scope, Stop};
use super::parameters::Parameter;
use super::python;
use super::schema::Lookup;
use super::template::{self, Resource, Template};
use super::{Environment, Refusal};

/// What a stack is made from beside its template.
#[derive(Clone, Copy)]
pub struct Inputs<'a> {
    pub stack_name: &'a str,
    pub stack_id: &'a str,
    pub project_id: &'a str,
    /// `None`: known only when a resource is there (validating a nested stack).
    pub parameters: &'a BTreeMap<String, Option<Value>>,
    pub environment: &'a Environment,
    pub files: &'a BTreeMap<String, String>,
    pub lookup: &'a dyn Lookup,
}

/// A resource that will exist.
#[derive(Debug, Clone)]
pub struct Node {
    pub name: String,
    /// As written; [`Environment::target`] says what it stands for.
    pub kind: String,
    /// With `if`s taken, other functions still in.
    pub properties: Map<String, Value>,
    pub metadata: Value,
    pub description: String,
    pub retain: bool,
    /// Names of the resources that must be there first.
    pub needs: BTreeSet<String>,
}

/// An output that will exist.
#[derive(Debug, Clone)]
pub struct Output {
    pub name: String,
    pub description: String,
    pub value: Value,
}

/// What to build.
#[derive(Debug, Clone)]
pub struct Blueprint {
    pub description: String,
    pub declared: Vec<Parameter>,
    /// Bound, pseudo parameters included; `None`: not known yet.
    pub parameters: BTreeMap<String, Option<Value>>,
    pub nodes: Vec<Node>,
    pub outputs: Vec<Output>,
}

/// Looks up parameters, conditions and files; resources are not there yet.
pub(super) struct Draft<'a> {
    pub parameters: &'a BTreeMap<String, Option<Value>>,
    conditions: &'a Map<String, Value>,
    decided: RefCell<BTreeMap<String, Option<bool>>>,
    files: &'a BTreeMap<String, String>,
}

impl Scope for Draft<'_> {
    fn param(&self, name: &str) -> Eval<Option<Value>> {
        match self.parameters.get(name) {
            Some(Some(value)) => Ok(Some(value.clone())),
            Some(None) => Err(Stop::Pending),
            None => Ok(None),
        }
    }

    fn condition(&self, name: &str) -> Eval<Option<bool>> {
        if let Some(known) = self.decided.borrow().get(name) {
            // Undecided yet under decision: it asks for itself.
            return known.map_or_else(
                || functions::wrong(format!("Circular definition for condition \"{name}\"")),
                |yes| Ok(Some(yes)),
            );
        }
        let Some(value) = self.conditions.get(name) else { return Ok(None) };
        self.decided.borrow_mut().insert(name.to_owned(), None);
        let yes = functions::condition(self, value);
        match &yes {
            Ok(yes) => self.decided.borrow_mut().insert(name.to_owned(), Some(*yes)),
            Err(_) => self.decided.borrow_mut().remove(name),
        };
        yes.map(Some)
    }

    fn reference(&self, _: &str) -> Eval<Value> {
        Err(Stop::Pending)
    }

    fn attribute(&self, _: &str, _: &str, _: &[Value]) -> Eval<Value> {
        Err(Stop::Pending)
    }

    fn file(&self, name: &str) -> Option<String> {
        self.files.get(name).cloned()
    }
}

impl Blueprint {
    /// From a template as posted to what it asks for; checks form, parameters, conditions,
    /// references and order. [`super::validate::check`] checks the rest.
    pub fn draw(raw: &Value, inputs: &Inputs<'_>) -> Result<Self, Refusal> {
        let template = Template::parse(raw)?;
        let parameters = bind(&template, inputs)?;
        let draft = Draft {
            parameters: &parameters,
            conditions: &template.conditions,
            decided: RefCell::default(),
            files: inputs.files,
        };
        for (name, value) in &template.conditions {
            match draft.condition(name) {
                Ok(_) | Err(Stop::Pending) => {}
                Err(Stop::Wrong(words)) if words.starts_with("Circular definition") => {
                    return Err(Refusal::condition(words));
                }
                Err(Stop::Wrong(words)) => {
                    let function = value.as_object().and_then(|map| map.keys().next());
                    let path =
                        function.map_or_else(|| format!("conditions.{name}"), |f| format!("conditions.{name}.{f}"));
                    return Err(Refusal::at(&path, words));
                }
            }
        }
        let mut nodes = Vec::new();
        for resource in &template.resources {
            if enabled(&draft, resource.condition.as_ref(), &format!("{}.condition", place(&resource.name)))? {
                nodes.push(node(&draft, resource)?);
            }
        }
        let mut outputs = Vec::new();
        for output in &template.outputs {
            let path = format!("outputs.{}", output.name);
            if enabled(&draft, output.condition.as_ref(), &format!("{path}.condition"))? {
                let value = take_branches(&draft, &output.value, &format!("{path}.value"))?.unwrap_or(Value::Null);
                outputs.push(Output { name: output.name.clone(), description: output.description.clone(), value });
            }
        }
        let mut blueprint = Self {
            description: template.description.clone(),
            declared: template.parameters,
            parameters,
            nodes,
            outputs,
        };
        blueprint.connect(&template.resources)?;
        Ok(blueprint)
    }

    /// Finds what each resource needs, and refuses references to nothing and circles.
    fn connect(&mut self, written: &[Resource]) -> Result<(), Refusal> {
        let names: BTreeSet<&str> = self.nodes.iter().map(|node| node.name.as_str()).collect();
        let mut needs = Vec::with_capacity(self.nodes.len());
        for node in &self.nodes {
            let mut found = BTreeSet::new();
            for (key, value) in &node.properties {
                collect(value, &format!("{}.Properties.{key}", node.name), &names, &mut found)?;
            }
            collect(&node.metadata, &format!("{}.Metadata", node.name), &names, &mut found)?;
            for name in &node.needs {
                if names.contains(name.as_str()) {
                    found.insert(name.clone());
                } else if !written.iter().any(|resource| resource.name == *name) {
                    // A resource that is there but switched off is no fault.
                    return Err(Refusal::reference(name, &node.name));
                }
            }
            needs.push(found);
        }
        for (node, needs) in self.nodes.iter_mut().zip(needs) {
            node.needs = needs;
        }
        self.order().map(|_| ())
    }

    /// Names in an order in which they can be made.
    pub fn order(&self) -> Result<Vec<&str>, Refusal> {
        let mut order: Vec<&str> = Vec::with_capacity(self.nodes.len());
        let mut waiting: Vec<&Node> = self.nodes.iter().collect();
        while !waiting.is_empty() {
            let (ready, rest): (Vec<&Node>, Vec<&Node>) =
                waiting.iter().partition(|node| node.needs.iter().all(|need| order.contains(&need.as_str())));
            if ready.is_empty() {
                let names: Vec<_> = rest.iter().map(|node| node.name.as_str()).collect();
                tracing::debug!(circle = names.join(", "), "circular dependency");
                return Err(Refusal::stumble("RemoteError"));
            }
            order.extend(ready.iter().map(|node| node.name.as_str()));
            waiting = rest;
        }
        Ok(order)
    }

    pub fn node(&self, name: &str) -> Option<&Node> {
        self.nodes.iter().find(|node| node.name == name)
    }

    /// Who needs `name` directly.
    pub fn required_by(&self, name: &str) -> Vec<&str> {
        self.nodes.iter().filter(|node| node.needs.contains(name)).map(|node| node.name.as_str()).collect()
    }
}

/// `resources.a`, or `resources[0]` for members of a group.
pub fn place(name: &str) -> String {
    if !name.is_empty() && name.bytes().all(|b| b.is_ascii_digit()) {
        format!("resources[{name}]")
    } else {
        format!("resources.{name}")
    }
}

fn bind(template: &Template, inputs: &Inputs<'_>) -> Result<BTreeMap<String, Option<Value>>, Refusal> {
    let declared = |name: &str| template.parameters.iter().any(|p| p.name == name);
    let given = inputs.parameters.keys().chain(inputs.environment.parameters.keys());
    for parameter in &template.parameters {
        let posted = inputs.parameters.get(&parameter.name);
        if !matches!(posted, Some(None)) {
            check_known(parameter, posted.and_then(Option::as_ref), inputs)?;
        }
    }
    if let Some(unknown) = given.into_iter().find(|name| !declared(name)) {
        return Err(Refusal::new(
            "UnknownUserParameter",
            format!("The Parameter ({unknown}) was not defined in template."),
        ));
    }
    let mut bound = BTreeMap::new();
    for parameter in &template.parameters {
        let value = match inputs.parameters.get(&parameter.name) {
            Some(None) => None,
            posted => Some(check_known(parameter, posted.and_then(Option::as_ref), inputs)?),
        };
        bound.insert(parameter.name.clone(), value);
    }
    for (name, value) in [
        ("OS::stack_name", inputs.stack_name),
        ("OS::stack_id", inputs.stack_id),
        ("OS::project_id", inputs.project_id),
    ] {
        bound.insert(name.to_owned(), Some(value.into()));
    }
    Ok(bound)
}

fn check_known(parameter: &Parameter, posted: Option<&Value>, inputs: &Inputs<'_>) -> Result<Value, Refusal> {
    let given = posted.or_else(|| inputs.environment.parameters.get(&parameter.name));
    parameter.bind(given, inputs.environment.defaults.get(&parameter.name), inputs.lookup)
}

fn enabled(draft: &Draft<'_>, condition: Option<&Value>, path: &str) -> Result<bool, Refusal> {
    let Some(condition) = condition else { return Ok(true) };
    match functions::condition(draft, condition) {
        Ok(yes) => Ok(yes),
        Err(Stop::Pending) => Ok(true),
        Err(Stop::Wrong(words)) => Err(Refusal::at(path, words)),
    }
}

fn node(draft: &Draft<'_>, resource: &Resource) -> Result<Node, Refusal> {
    let path = place(&resource.name);
    let mut properties = Map::new();
    if let Value::Object(map) = &resource.properties {
        for (key, value) in map {
            if let Some(value) = take_branches(draft, value, &format!("{path}.properties.{key}"))? {
                properties.insert(key.clone(), value);
            }
        }
    }
    Ok(Node {
        name: resource.name.clone(),
        kind: resource.kind.clone(),
        properties,
        metadata: take_branches(draft, &resource.metadata, &format!("{path}.metadata"))?.unwrap_or(Value::Null),
        description: resource.description.clone(),
        retain: resource.retain,
        needs: resource.depends_on.iter().cloned().collect(),
    })
}

/// Replaces each `if` by the branch it takes; `None`: left out.
fn take_branches(draft: &Draft<'_>, value: &Value, path: &str) -> Result<Option<Value>, Refusal> {
    if let Some(("if", args)) = functions::call(value) {
        let path = format!("{path}.if");
        return match functions::branch(draft, args) {
            Ok(Some(taken)) => take_branches(draft, taken, &path),
            Ok(None) => Ok(None),
            Err(Stop::Pending) => Ok(Some(value.clone())),
            Err(Stop::Wrong(words)) => Err(Refusal::at(&path, words)),
        };
    }
    Ok(Some(match value {
        Value::Array(items) => {
            let mut out = Vec::with_capacity(items.len());
            for (nth, item) in items.iter().enumerate() {
                out.extend(take_branches(draft, item, &format!("{path}[{nth}]"))?);
            }
            Value::Array(out)
        }
        Value::Object(map) => {
            let mut out = Map::new();
            for (key, item) in map {
                if let Some(item) = take_branches(draft, item, &format!("{path}.{key}"))? {
                    out.insert(key.clone(), item);
                }
            }
            Value::Object(out)
        }
        other => other.clone(),
    }))
}

/// Gathers the resources a value refers to.
fn collect(value: &Value, path: &str, names: &BTreeSet<&str>, found: &mut BTreeSet<String>) -> Result<(), Refusal> {
    if let Some((function, args)) = functions::call(value) {
        let target = match function {
            "get_resource" => args.as_str(),
            "get_attr" => args.get(0).and_then(Value::as_str),
            _ => None,
        };
        if let Some(target) = target {
            if !names.contains(target) {
                return Err(Refusal::reference(target, path));
            }
            found.insert(target.to_owned());
        }
        return collect_parts(args, &format!("{path}.{function}"), names, found);
    }
    collect_parts(value, path, names, found)
}

fn collect_parts(
    value: &Value,
    path: &str,
    names: &BTreeSet<&str>,
    found: &mut BTreeSet<String>,
) -> Result<(), Refusal> {
    match value {
        Value::Array(items) => {
            items.iter().enumerate().try_for_each(|(nth, item)| collect(item, &format!("{path}[{nth}]"), names, found))
        }
        Value::Object(map) => {
            map.iter().try_for_each(|(key, item)| collect(item, &format!("{path}.{key}"), names, found))
        }
        _ => Ok(()),
    }
}

/// The text of a nested template, read.
pub fn nested(text: &str, path: &str) -> Result<Value, Refusal> {
    let value = template::yaml(text).map_err(|words| Refusal::at(path, format!("Error parsing template: {words}")))?;
    if value.is_object() {
        Ok(value)
    } else {
        Err(Refusal::at(path, format!("Found a [{}] instead of a template", python::class(&value))))
    }
}
