//! What Heat checks before it makes anything: types, properties, attributes,
//! nested stacks and groups.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::blueprint::{nested, place};
use super::functions::{self, Scope, Stop};
use super::schema::{Schema, Shape, Type};
use super::template::Template;
use super::{Blueprint, Environment, Inputs, Node, Refusal, group};

/// Stacks nested deeper than this are refused, as by Heat.
const DEEPEST: usize = 5;

/// What a resource's type stands for.
pub enum Kind<'a> {
    Builtin(&'static Type),
    /// A template among the files.
    Template {
        name: String,
        text: &'a str,
    },
}

/// Follows the registry from the type as written to what it stands for.
pub fn kind<'a>(
    node: &Node,
    environment: &Environment,
    files: &'a BTreeMap<String, String>,
) -> Result<Kind<'a>, Refusal> {
    let target = environment.target(&node.kind, &node.name);
    if let Some(builtin) = Type::named(&target) {
        return Ok(Kind::Builtin(builtin));
    }
    if [".yaml", ".yml", ".template"].iter().any(|end| target.ends_with(end)) {
        return match files.get(&target) {
            Some(text) => Ok(Kind::Template { name: target, text }),
            None => Err(Refusal::invalid(format!("Could not fetch remote template \"{target}\": Invalid URL scheme "))),
        };
    }
    Err(Refusal::invalid(format!("The Resource Type ({target}) could not be found.")))
}

/// Everything that can be wrong with a drawn stack.
pub fn check(blueprint: &Blueprint, inputs: &Inputs<'_>) -> Result<(), Refusal> {
    check_level(blueprint, inputs, 0)
}

fn check_level(blueprint: &Blueprint, inputs: &Inputs<'_>, depth: usize) -> Result<(), Refusal> {
    if depth > DEEPEST {
        return Err(Refusal::new(
            "RequestLimitExceeded",
            format!("Request limit exceeded: Recursion depth exceeds {DEEPEST}."),
        ));
    }
    let scope = Later { parameters: &blueprint.parameters, files: inputs.files };
    let mut kinds = Vec::with_capacity(blueprint.nodes.len());
    for node in &blueprint.nodes {
        kinds.push(kind(node, inputs.environment, inputs.files)?);
    }
    for name in blueprint.order()? {
        let Some(at) = blueprint.nodes.iter().position(|node| node.name == name) else { continue };
        let (node, kind) = (&blueprint.nodes[at], &kinds[at]);
        let path = place(name);
        for (key, value) in &node.properties {
            check_functions(value, &format!("{path}.properties.{key}"), blueprint, &kinds)?;
        }
        check_functions(&node.metadata, &format!("{path}.metadata"), blueprint, &kinds)?;
        let properties = format!("{path}.properties");
        match kind {
            Kind::Builtin(builtin) => {
                // Anything at all may be said to a resource that is none.
                if builtin.name != "OS::Heat::None" {
                    check_map(&node.properties, &builtin.properties, &properties, &scope, inputs)?;
                }
                if builtin.name == "OS::Nova::Server"
                    && !["image", "block_device_mapping", "block_device_mapping_v2"]
                        .iter()
                        .any(|key| node.properties.contains_key(*key))
                {
                    return Err(Refusal::invalid(format!(
                        "Neither image nor bootable volume is specified for instance {name}"
                    )));
                }
                if builtin.name == "OS::Heat::Value" {
                    check_typed_value(&node.properties, &properties, &scope, inputs)?;
                }
                if builtin.name == "OS::Heat::ResourceGroup" {
                    check_group(node, &path, &scope, inputs, depth)?;
                }
            }
            Kind::Template { name: file, text } => {
                let outer = format!("{path}<{file}>");
                let raw = nested(text, &outer)?;
                let parsed = Template::parse(&raw).map_err(|refusal| refusal.inside(&outer))?;
                check_parameters(node, &parsed, &properties, &scope, inputs)?;
                let mut given = BTreeMap::new();
                for (key, value) in &node.properties {
                    given.insert(
                        key.clone(),
                        match functions::resolve(&scope, value) {
                            Ok(value) => Some(value),
                            Err(Stop::Pending) => None,
                            Err(Stop::Wrong(words)) => {
                                return Err(Refusal::property(&format!("{properties}.{key}"), words));
                            }
                        },
                    );
                }
                check_inner(&raw, &given, inputs, depth).map_err(|refusal| refusal.inside(&outer))?;
            }
        }
    }
    for output in &blueprint.outputs {
        check_functions(&output.value, &format!("outputs.{}.value", output.name), blueprint, &kinds)?;
    }
    Ok(())
}

/// The value of an `OS::Heat::Value` must be of the type said beside it.
fn check_typed_value(
    properties: &Map<String, Value>,
    path: &str,
    scope: &dyn Scope,
    inputs: &Inputs<'_>,
) -> Result<(), Refusal> {
    let shape = match properties.get("type").and_then(Value::as_str) {
        Some("string") => Shape::Text,
        Some("number") => Shape::Number,
        Some("boolean") => Shape::Boolean,
        Some("comma_delimited_list") => Shape::List,
        Some("json") => Shape::Map,
        _ => return Ok(()),
    };
    let schema = Schema { shape, required: true, default: None, parts: Vec::new(), constraints: Vec::new() };
    match properties.get("value") {
        Some(value) => check_value(value, &schema, &format!("{path}.value"), scope, inputs),
        None => Ok(()),
    }
}

fn check_inner(
    raw: &Value,
    given: &BTreeMap<String, Option<Value>>,
    inputs: &Inputs<'_>,
    depth: usize,
) -> Result<(), Refusal> {
    let environment = inputs.environment.for_nested();
    let inner = Inputs { parameters: given, environment: &environment, ..*inputs };
    let blueprint = Blueprint::draw(raw, &inner)?;
    check_level(&blueprint, &inner, depth + 1)
}

/// A nested template's parameters are its properties.
fn check_parameters(
    node: &Node,
    template: &Template,
    path: &str,
    scope: &dyn Scope,
    inputs: &Inputs<'_>,
) -> Result<(), Refusal> {
    if let Some(unknown) = node.properties.keys().find(|key| !template.parameters.iter().any(|p| p.name == **key)) {
        return Err(Refusal::property(path, format!("Unknown Property {unknown}")));
    }
    for parameter in &template.parameters {
        match node.properties.get(&parameter.name) {
            Some(value) => {
                let schema = Schema::of_parameter(parameter);
                check_value(value, &schema, &format!("{path}.{}", parameter.name), scope, inputs)?;
            }
            None if parameter.default.is_none() => {
                return Err(Refusal::property(path, format!("Property {} not assigned", parameter.name)));
            }
            None => {}
        }
    }
    Ok(())
}

fn check_group(node: &Node, path: &str, scope: &Later<'_>, inputs: &Inputs<'_>, depth: usize) -> Result<(), Refusal> {
    let count = match node.properties.get("count").map(|count| functions::resolve(scope, count)) {
        Some(Ok(count)) => super::parameters::number(&count).ok().and_then(|n| n.as_u64()).unwrap_or_default(),
        _ => 1,
    };
    if count > group::MOST {
        return Err(Refusal::new(
            "RequestLimitExceeded",
            format!("Request limit exceeded: Maximum resources per stack exceeded. ({})", group::MOST),
        ));
    }
    let Some(definition) = node.properties.get("resource_def") else { return Ok(()) };
    let index = match node.properties.get("index_var") {
        Some(Value::String(index)) => index.as_str(),
        _ => "%index%",
    };
    // Members are alike: checking one is checking all.
    let definition = match functions::resolve(scope, definition) {
        Ok(whole) => whole,
        Err(_) => unknown_parts(definition, scope),
    };
    let raw = group::template(&definition, index, &["0".to_owned()]);
    if let Some(kind) = definition.get("type").and_then(Value::as_str) {
        let target = inputs.environment.target(kind, "0");
        if Type::named(&target).is_none() && !target.contains('.') {
            return Err(Refusal::invalid(format!("The Resource Type ({target}) could not be found.")));
        }
    }
    check_inner(&raw, &BTreeMap::new(), inputs, depth)
        .map_err(|refusal| refusal.inside(&format!("{path}<nested_stack>")))
}

/// Stands in a group's definition for what is known only later, so that the member's own check skips it.
const LATER: &str = "OS::later";

fn unknown_parts(value: &Value, scope: &Later<'_>) -> Value {
    if functions::call(value).is_some() {
        return functions::resolve(scope, value).unwrap_or_else(|_| serde_json::json!({"get_param": LATER}));
    }
    match value {
        Value::Array(items) => items.iter().map(|item| unknown_parts(item, scope)).collect(),
        Value::Object(map) => map.iter().map(|(key, item)| (key.clone(), unknown_parts(item, scope))).collect(),
        other => other.clone(),
    }
}

/// Parameters and files are known, resources come later.
struct Later<'a> {
    parameters: &'a BTreeMap<String, Option<Value>>,
    files: &'a BTreeMap<String, String>,
}

impl Scope for Later<'_> {
    fn param(&self, name: &str) -> functions::Eval<Option<Value>> {
        match self.parameters.get(name) {
            Some(Some(value)) => Ok(Some(value.clone())),
            None if name != LATER => Ok(None),
            _ => Err(Stop::Pending),
        }
    }

    fn condition(&self, _: &str) -> functions::Eval<Option<bool>> {
        // Every `if` that could be decided was taken when the stack was drawn.
        Err(Stop::Pending)
    }

    fn reference(&self, _: &str) -> functions::Eval<Value> {
        Err(Stop::Pending)
    }

    fn attribute(&self, _: &str, _: &str, _: &[Value]) -> functions::Eval<Value> {
        Err(Stop::Pending)
    }

    fn file(&self, name: &str) -> Option<String> {
        self.files.get(name).cloned()
    }
}

fn check_map(
    map: &Map<String, Value>,
    schemas: &[(String, Schema)],
    path: &str,
    scope: &dyn Scope,
    inputs: &Inputs<'_>,
) -> Result<(), Refusal> {
    if let Some(unknown) = map.keys().find(|key| !schemas.iter().any(|(name, _)| name == *key)) {
        return Err(Refusal::property(path, format!("Unknown Property {unknown}")));
    }
    for (name, schema) in schemas {
        match map.get(name) {
            Some(value) => check_value(value, schema, &format!("{path}.{name}"), scope, inputs)?,
            None if schema.required => return Err(Refusal::property(path, format!("Property {name} not assigned"))),
            None => {}
        }
    }
    Ok(())
}

fn check_value(
    value: &Value,
    schema: &Schema,
    path: &str,
    scope: &dyn Scope,
    inputs: &Inputs<'_>,
) -> Result<(), Refusal> {
    let refuse = |words: String| Refusal::property(path, words);
    if functions::call(value).is_some() {
        return match functions::resolve(scope, value) {
            Ok(known) => check_plain(&known, schema, path, scope, inputs),
            Err(Stop::Pending) => Ok(()),
            Err(Stop::Wrong(words)) => Err(refuse(words)),
        };
    }
    check_plain(value, schema, path, scope, inputs)
}

fn check_plain(
    value: &Value,
    schema: &Schema,
    path: &str,
    scope: &dyn Scope,
    inputs: &Inputs<'_>,
) -> Result<(), Refusal> {
    let refuse = |words: String| Refusal::property(path, words);
    if value.is_null() {
        return if schema.required {
            Err(refuse(format!("Property {} not assigned", path.rsplit('.').next().unwrap_or(path))))
        } else {
            Ok(())
        };
    }
    match (schema.shape, value) {
        (Shape::Map, Value::Object(map)) => {
            if schema.parts.is_empty() {
                return check_free(value, path, scope);
            }
            check_map(map, &schema.parts, path, scope, inputs)
        }
        (Shape::List, Value::Array(items)) => {
            if let Some((_, item)) = schema.parts.first() {
                for (nth, value) in items.iter().enumerate() {
                    check_value(value, item, &format!("{path}[{nth}]"), scope, inputs)?;
                }
            }
            match functions::resolve(scope, value) {
                Ok(known) => constraints(&known, schema, inputs).map_err(refuse),
                Err(Stop::Pending) => Ok(()),
                Err(Stop::Wrong(words)) => Err(refuse(words)),
            }
        }
        (Shape::Any, value) => check_free(value, path, scope),
        _ => {
            let value = schema.convert(value).map_err(refuse)?;
            match (&value, schema.shape) {
                // Text that became a list or map is checked as one.
                (Value::Array(_), Shape::List) | (Value::Object(_), Shape::Map) => {
                    check_plain(&value, schema, path, scope, inputs)
                }
                _ => constraints(&value, schema, inputs).map_err(refuse),
            }
        }
    }
}

fn constraints(value: &Value, schema: &Schema, inputs: &Inputs<'_>) -> Result<(), String> {
    schema.constraints.iter().try_for_each(|constraint| constraint.check(value, inputs.lookup))
}

/// A value without a schema still must be resolvable.
fn check_free(value: &Value, path: &str, scope: &dyn Scope) -> Result<(), Refusal> {
    match functions::resolve(scope, value) {
        Ok(_) | Err(Stop::Pending) => Ok(()),
        Err(Stop::Wrong(words)) => Err(Refusal::property(path, words)),
    }
}

/// Form of function arguments, and attributes that no resource of the type has.
fn check_functions(value: &Value, path: &str, blueprint: &Blueprint, kinds: &[Kind<'_>]) -> Result<(), Refusal> {
    if let Some((name, args)) = functions::call(value) {
        let path = format!("{path}.{name}");
        let wrong = |stop: Stop| match stop {
            Stop::Wrong(words) => Refusal::at(&path, words),
            Stop::Pending => Refusal::at(&path, "unresolved"),
        };
        match name {
            "get_resource" => {
                if let Some(target) = args.as_str().filter(|target| blueprint.node(target).is_none()) {
                    return Err(Refusal::at(
                        &path,
                        format!("The specified reference \"{target}\" (in unknown) is incorrect."),
                    ));
                }
            }
            "get_attr" if args.as_array().is_none_or(|list| list.iter().all(|arg| functions::call(arg).is_none())) => {
                let (target, attribute, _) = functions::attribute_arguments(args).map_err(wrong)?;
                let Some(at) = blueprint.nodes.iter().position(|node| node.name == target) else {
                    return Err(Refusal::at(
                        &path,
                        format!("The specified reference \"{target}\" (in unknown) is incorrect."),
                    ));
                };
                if let (Kind::Builtin(builtin), Some(attribute)) = (&kinds[at], attribute) {
                    // A group answers for any attribute of its members.
                    let open = ["OS::Heat::ResourceGroup", "OS::Heat::None"].contains(&builtin.name.as_str());
                    if !open && !builtin.attributes.iter().any(|name| name == attribute) {
                        return Err(Refusal::at(
                            &path,
                            format!("The Referenced Attribute ({target} {attribute}) is incorrect."),
                        ));
                    }
                }
            }
            "str_replace" | "str_replace_strict" | "str_replace_vstrict" => {
                functions::replace_arguments(name, args).map_err(wrong)?;
            }
            _ => {}
        }
        return check_parts(args, &path, blueprint, kinds);
    }
    check_parts(value, path, blueprint, kinds)
}

fn check_parts(value: &Value, path: &str, blueprint: &Blueprint, kinds: &[Kind<'_>]) -> Result<(), Refusal> {
    match value {
        Value::Array(items) => items
            .iter()
            .enumerate()
            .try_for_each(|(nth, item)| check_functions(item, &format!("{path}[{nth}]"), blueprint, kinds)),
        Value::Object(map) => {
            map.iter().try_for_each(|(key, item)| check_functions(item, &format!("{path}.{key}"), blueprint, kinds))
        }
        _ => Ok(()),
    }
}

/// A property map in its types and with defaults, ready to make the resource from.
/// Functions must have been carried out. The error is Heat's words.
pub fn complete(map: &Map<String, Value>, schemas: &[(String, Schema)]) -> Result<Map<String, Value>, String> {
    let mut out = Map::new();
    for (name, schema) in schemas {
        let value = match map.get(name) {
            None | Some(Value::Null) => schema.default.clone(),
            Some(value) => Some(schema.convert(value).map_err(|words| format!("Property error: {name}: {words}"))?),
        };
        let Some(value) = value else { continue };
        let value = match (&value, schema.parts.as_slice()) {
            (_, []) => value,
            (Value::Object(parts), schemas) => Value::Object(complete(parts, schemas)?),
            (Value::Array(items), [(_, item)]) => {
                let mut list = Vec::with_capacity(items.len());
                for value in items {
                    list.push(match value {
                        Value::Object(parts) if !item.parts.is_empty() => Value::Object(complete(parts, &item.parts)?),
                        other => item.convert(other).map_err(|words| format!("Property error: {name}: {words}"))?,
                    });
                }
                Value::Array(list)
            }
            _ => value,
        };
        out.insert(name.clone(), value);
    }
    Ok(out)
}

/// Names and texts of a resource's parameters when it is a nested stack.
pub fn nested_parameters(template: &Value, properties: &Map<String, Value>) -> BTreeMap<String, Option<Value>> {
    let declared = template.get("parameters").and_then(Value::as_object);
    properties
        .iter()
        .filter(|(name, value)| !value.is_null() && declared.is_none_or(|declared| declared.contains_key(*name)))
        .map(|(name, value)| (name.clone(), Some(value.clone())))
        .collect()
}
