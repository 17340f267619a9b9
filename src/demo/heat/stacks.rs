//! Lists of stacks; checking and making one.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Map, Value, json};

use super::events::count;
use super::{bad, fault, refused, show, url};
use crate::demo::engine::Engine;
use crate::demo::web::{Answer, Call, Reply};
use crate::demo::world::heat::{NewStack, Source, Stack};
use crate::demo::world::{World, new_id};
use crate::hot::{Blueprint, Environment, Inputs, Refusal, python, template, validate as rules};

pub fn list(world: &World, call: &Call) -> Answer {
    let limit = count(call, "limit")?;
    let global = call.query.get("global_tenant");
    match global.map(str::to_lowercase).as_deref() {
        None | Some("false") => {}
        Some("true") => return Err(fault(403, "Forbidden", "You are not authorized to use stacks:global_index.")),
        Some(_) => {
            let raw = global.unwrap_or_default();
            return Err(bad(format!(
                "Unrecognized value \"{raw}\" for \"global_tenant\", acceptable values are: true, false."
            )));
        }
    }
    let nested = call.query.flag("show_nested");
    let deleted = call.query.flag("show_deleted");
    let mut stacks: Vec<&Stack> = world
        .heat
        .stacks
        .iter()
        .filter(|stack| (nested || stack.parent.is_none()) && (deleted || stack.deleted.is_none()) && fits(call, stack))
        .collect();
    stacks.sort_by(|a, b| order(call, a, b));
    let total = stacks.len();
    if let Some(at) = call.query.get("marker").and_then(|marker| stacks.iter().position(|stack| stack.id == marker)) {
        stacks.drain(..=at);
    }
    if let Some(limit) = limit {
        stacks.truncate(limit);
    }
    let shown: Value = stacks.iter().map(|stack| show::brief(world, stack)).collect();
    let mut body = json!({"stacks": shown});
    if let (Some(limit), Some(last)) = (limit, stacks.last())
        && stacks.len() == limit
    {
        let href = format!("{}{}?{}", world.base, call.url, call.query.after(&last.id));
        body["links"] = json!([{"rel": "next", "href": href}]);
    }
    if call.query.flag("with_count") {
        body["count"] = total.into();
    }
    Ok(Reply::json(200, body))
}

/// Newest first, unless told otherwise.
fn order(call: &Call, a: &Stack, b: &Stack) -> std::cmp::Ordering {
    let by_key = call.query.all("sort_keys").flat_map(|keys| keys.split(',')).map(|key| match key {
        "name" | "stack_name" => a.name.cmp(&b.name),
        "status" | "stack_status" => a.status().cmp(&b.status()),
        "updated_at" | "updated_time" => a.updated.cmp(&b.updated),
        "created_at" | "creation_time" => a.created.cmp(&b.created),
        _ => std::cmp::Ordering::Equal,
    });
    let found = by_key.fold(std::cmp::Ordering::Equal, std::cmp::Ordering::then);
    let ascending = match call.query.get("sort_dir") {
        Some("asc") => true,
        Some(_) => false,
        None => found.is_ne(),
    };
    let found = found.then(a.created.cmp(&b.created));
    if ascending { found } else { found.reverse() }
}

fn fits(call: &Call, stack: &Stack) -> bool {
    let any = |key: &str, value: &str| {
        let mut wanted = call.query.all(key).peekable();
        wanted.peek().is_none() || wanted.any(|wanted| wanted == value)
    };
    let tags = |key: &str| -> Option<Vec<&str>> { call.query.get(key).map(|tags| tags.split(',').collect()) };
    let has = |tag: &&str| stack.tags.iter().any(|have| have == tag);
    any("name", &stack.name)
        && any("stack_name", &stack.name)
        && any("id", &stack.id)
        && any("status", stack.state)
        && any("action", stack.action)
        && tags("tags").is_none_or(|tags| tags.iter().all(has))
        && tags("tags_any").is_none_or(|tags| tags.iter().any(has))
        && tags("not_tags").is_none_or(|tags| !tags.iter().all(has))
        && tags("not_tags_any").is_none_or(|tags| !tags.iter().any(has))
}

/// What came with a create, update or validate.
pub struct Posted {
    pub template: Value,
    pub environment: Environment,
    pub files: BTreeMap<String, String>,
    pub parameters: BTreeMap<String, Option<Value>>,
}

/// `before`: what a PATCH leaves out stays as it was.
pub fn posted(body: &Map<String, Value>, before: Option<&Source>) -> Result<Posted, Reply> {
    let template = match (body.get("template"), before) {
        (None | Some(Value::Null), None) => return Err(bad("No template specified")),
        (None | Some(Value::Null), Some(before)) => (*before.template).clone(),
        (Some(raw), _) => template::read(raw).map_err(|refusal| refused(&refusal))?,
    };
    let mut files = before.map(|before| (*before.files).clone()).unwrap_or_default();
    for (name, file) in body.get("files").and_then(Value::as_object).into_iter().flatten() {
        files.insert(name.clone(), python::text(file));
    }
    let names: Vec<String> =
        body.get("environment_files").and_then(Value::as_array).into_iter().flatten().map(python::text).collect();
    let environment =
        Environment::merge(body.get("environment"), &names, &files).map_err(|refusal| refused(&refusal))?;
    let parameters = match body.get("parameters") {
        None | Some(Value::Null) => BTreeMap::new(),
        Some(Value::Object(map)) => map.iter().map(|(name, value)| (name.clone(), Some(value.clone()))).collect(),
        Some(_) => return Err(bad("Parameters must be a map")),
    };
    Ok(Posted { template, environment, files, parameters })
}

pub fn body(call: &Call) -> Result<Map<String, Value>, Reply> {
    match call.json() {
        Ok(Value::Object(map)) => Ok(map),
        Ok(_) => Err(bad(super::MALFORMED)),
        Err(error) if error.is_eof() => {
            Err(bad("Expecting property name enclosed in double quotes: line 1 column 2 (char 1)"))
        }
        Err(error) => Err(bad(format!("Expecting value: line {} column {}", error.line(), error.column()))),
    }
}

pub fn create(engine: &Engine, call: &Call) -> Answer {
    let body = body(call)?;
    let name = match body.get("stack_name") {
        None | Some(Value::Null) => return Err(bad("No stack name specified")),
        Some(Value::String(name)) => name.clone(),
        Some(other) => {
            let words = format!("Invalid stack name {}, must be a string", python::text(other));
            return Err(refused(&Refusal::invalid(words)));
        }
    };
    let mut posted = posted(&body, None)?;
    let timeout = timeout(&body)?;
    let tags = tags(body.get("tags"))?;
    let mut world = engine.world();
    check_name(&world, &name)?;
    let id = new_id();
    let blueprint = draw(&world, &mut posted, &name, &id)?;
    world.insert_stack(NewStack {
        id: id.clone(),
        name,
        parent: None,
        source: posted.source(),
        blueprint,
        tags,
        timeout,
        disable_rollback: body.get("disable_rollback").is_none_or(python::truth),
    });
    let href = world.stack(&id).map(|stack| url(&world, stack)).unwrap_or_default();
    drop(world);
    engine.start_create(id.clone());
    let links = json!([{"href": href, "rel": "self"}]);
    Ok(Reply::json(201, json!({"stack": {"id": id, "links": links}})).with("Location", href))
}

impl Posted {
    pub fn source(mut self) -> Source {
        self.environment.note_templates(&self.files);
        Source {
            template: Arc::new(self.template),
            environment: Arc::new(self.environment),
            files: Arc::new(self.files),
        }
    }
}

/// What the stack is to be, or Heat's refusal.
pub fn draw(world: &World, posted: &mut Posted, name: &str, id: &str) -> Result<Blueprint, Reply> {
    // What is posted by itself wins over the environment.
    for (name, value) in &posted.parameters {
        if let Some(value) = value {
            posted.environment.parameters.insert(name.clone(), value.clone());
        }
    }
    let inputs = Inputs {
        stack_name: name,
        stack_id: id,
        project_id: &world.ids.project,
        parameters: &posted.parameters,
        environment: &posted.environment,
        files: &posted.files,
        lookup: world,
    };
    let blueprint = Blueprint::draw(&posted.template, &inputs).map_err(|refusal| refused(&refusal))?;
    rules::check(&blueprint, &inputs).map_err(|refusal| refused(&refusal))?;
    Ok(blueprint)
}

/// Minutes; `None`: not said, or none.
pub fn timeout(body: &Map<String, Value>) -> Result<Option<u64>, Reply> {
    match body.get("timeout_mins") {
        None | Some(Value::Null) => Ok(None),
        Some(raw) => match python::text(raw).parse::<i64>() {
            Ok(minutes) => Ok(u64::try_from(minutes).ok().filter(|minutes| *minutes > 0)),
            Err(_) => Err(bad("Only integer is acceptable by 'timeout_mins'.")),
        },
    }
}

fn check_name(world: &World, name: &str) -> Result<(), Reply> {
    let good = name.chars().next().is_some_and(|c| c.is_ascii_alphabetic())
        && name.chars().all(|c| c.is_ascii_alphanumeric() || "_-.".contains(c))
        && name.len() <= 255;
    if !good {
        return Err(refused(&Refusal::invalid(format!(
            "Invalid stack name {name} must contain only alphanumeric or \"_-.\" characters, must start with alpha and must be 255 characters or less."
        ))));
    }
    if world.heat.stacks.iter().any(|stack| stack.name == name && stack.deleted.is_none()) {
        return Err(fault(409, "StackExists", format!("The Stack ({name}) already exists.")));
    }
    Ok(())
}

pub fn tags(raw: Option<&Value>) -> Result<Vec<String>, Reply> {
    let tags: Vec<String> = match raw {
        None | Some(Value::Null) => Vec::new(),
        Some(Value::String(text)) => text.split(',').map(str::to_owned).collect(),
        Some(Value::Array(list)) => list.iter().map(python::text).collect(),
        Some(other) => return Err(bad(format!("Invalid tags, not a comma-delimited string: {}", python::text(other)))),
    };
    match tags.iter().find(|tag| tag.chars().count() > 80) {
        Some(tag) => Err(refused(&Refusal::invalid(format!("Invalid tag, \"{tag}\" is longer than 80 characters")))),
        None => Ok(tags),
    }
}

pub fn validate(engine: &Engine, call: &Call) -> Answer {
    let body = body(call)?;
    let mut posted = posted(&body, None)?;
    let world = engine.world();
    // A template is valid whatever its parameters will be.
    for name in posted.template.get("parameters").and_then(Value::as_object).into_iter().flat_map(Map::keys) {
        posted.parameters.entry(name.clone()).or_insert(None);
    }
    let inputs = Inputs {
        stack_name: "validate",
        stack_id: "",
        project_id: &world.ids.project,
        parameters: &posted.parameters,
        environment: &posted.environment,
        files: &posted.files,
        lookup: &*world,
    };
    let as_request = |refusal: &Refusal| match refusal.kind {
        "StackValidationFailed" => bad(refusal.message()),
        _ => refused(refusal),
    };
    let blueprint = Blueprint::draw(&posted.template, &inputs).map_err(|refusal| as_request(&refusal))?;
    rules::check(&blueprint, &inputs).map_err(|refusal| as_request(&refusal))?;
    let parameters: Map<String, Value> = blueprint.declared.iter().map(|p| (p.name.clone(), p.describe())).collect();
    let mut environment = posted.environment.shown();
    if let Value::Object(environment) = &mut environment {
        environment.shift_remove("encrypted_param_names");
    }
    Ok(Reply::json(
        200,
        json!({"Description": blueprint.description, "Parameters": parameters, "Environment": environment}),
    ))
}
