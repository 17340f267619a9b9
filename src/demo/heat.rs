//! Heat's face: stacks, resources, events, outputs, templates, signals.
//! <https://docs.openstack.org/api-ref/orchestration/v1/>
//! Start reading at [`answer`]; making a stack is in [`stacks`], changing one in [`update`].

mod events;
mod resources;
mod show;
mod stacks;
mod update;

use serde_json::{Value, json};

use super::engine::Engine;
use super::web::{Answer, Body, Call, Reply};
use super::world::World;
use super::world::heat::Stack;
use crate::hot::Refusal;
use crate::hot::schema::Type;

const MALFORMED: &str =
    "The server could not comply with the request since it is either malformed or otherwise incorrect.";
const BROKEN: &str = "The server has either erred or is incapable of performing the requested operation.";

/// An error as Heat's API words it.
fn fault(code: u16, kind: &str, message: impl Into<String>) -> Reply {
    let (title, explanation) = match code {
        400 => ("Bad Request", MALFORMED),
        403 => ("Forbidden", "Access was denied to this resource."),
        404 => ("Not Found", "The resource could not be found."),
        405 => ("Method Not Allowed", MALFORMED),
        409 => ("Conflict", "There was a conflict when trying to complete your request."),
        _ => ("Internal Server Error", BROKEN),
    };
    let error = json!({"type": kind, "traceback": null, "message": message.into()});
    Reply::json(code, json!({"code": code, "title": title, "explanation": explanation, "error": error}))
}

fn refused(refusal: &Refusal) -> Reply {
    // Where a real Heat stumbles it says no words, and mostly means 500.
    let code = if ["RemoteError", "KeyError"].contains(&refusal.kind) { 500 } else { 400 };
    let mut reply = fault(code, refusal.kind, refusal.message());
    if let Body::Json(body) = &mut reply.body
        && let Some(error) = body.get_mut("error").and_then(Value::as_object_mut)
    {
        error.retain(|key, words| key != "message" || *words != "");
    }
    reply
}

fn bad(message: impl Into<String>) -> Reply {
    fault(400, "HTTPBadRequest", message)
}

fn no_stack(name: &str) -> Reply {
    fault(404, "EntityNotFound", format!("The Stack ({name}) could not be found."))
}

/// What may follow a stack's name when its id is left out.
const BELOW: [&str; 8] = ["resources", "events", "outputs", "template", "environment", "files", "actions", "snapshots"];

pub fn answer(engine: &Engine, call: &Call) -> Answer {
    let steps = call.steps();
    let (project, rest) = match steps.as_slice() {
        [] | ["v1"] => return Ok(Reply::json(300, versions(&engine.world().base))),
        ["v1", project, rest @ ..] => (*project, rest),
        _ => return Err(Reply::no_route()),
    };
    {
        let world = engine.world();
        let signals = rest.last() == Some(&"signal");
        if project != world.ids.project && !(signals && project == world.ids.stack_project) {
            return Err(fault(403, "HTTPForbidden", "Access was denied to this resource."));
        }
    }
    match (call.method.as_str(), rest) {
        ("GET", ["build_info"]) => {
            Ok(Reply::json(200, json!({"api": {"revision": "unknown"}, "engine": {"revision": "unknown"}})))
        }
        ("GET", ["services"]) => Err(fault(403, "Forbidden", "You are not authorized to use service:index.")),
        ("GET", ["software_configs"]) => Ok(Reply::json(200, json!({"software_configs": []}))),
        ("GET", ["resource_types"]) => {
            Ok(Reply::json(200, json!({"resource_types": Type::names().collect::<Vec<_>>()})))
        }
        ("GET", ["resource_types", name]) => match Type::named(name) {
            Some(kind) => Ok(Reply::json(200, show::resource_type(kind))),
            None => Err(fault(404, "EntityNotFound", format!("The Resource Type ({name}) could not be found."))),
        },
        ("GET", ["template_versions"]) => Ok(Reply::json(200, show::template_versions())),
        ("POST", ["validate"]) => stacks::validate(engine, call),
        ("GET", ["stacks"]) => stacks::list(&engine.world(), call),
        ("POST", ["stacks"]) => stacks::create(engine, call),
        (_, ["stacks", name]) => redirect(&engine.world(), call, name, &[]),
        (_, ["stacks", name, below, more @ ..]) if BELOW.contains(below) => {
            let mut tail = vec![*below];
            tail.extend_from_slice(more);
            redirect(&engine.world(), call, name, &tail)
        }
        ("POST", ["stacks", name, id, "resources", resource, "signal"]) => {
            resources::signal(engine, call, name, id, resource)
        }
        (_, ["stacks", _, _, "resources", _, "signal"]) => Err(fault(405, "HTTPMethodNotAllowed", MALFORMED)),
        ("DELETE", ["stacks", name, id]) => {
            {
                let world = engine.world();
                let stack = stack(&world, name, id)?;
                if stack.deleted.is_some() {
                    return Err(no_stack(name));
                }
            }
            engine.start_delete(id);
            Ok(Reply::empty(204))
        }
        ("GET", ["stacks", name, id, rest @ ..]) => {
            let world = engine.world();
            let stack = stack(&world, name, id)?;
            read(&world, call, stack, rest)
        }
        ("PUT" | "PATCH", ["stacks", name, id]) => update::update(engine, call, name, id),
        ("POST", ["stacks", name, id, "actions"]) => update::act(engine, call, name, id),
        _ => Err(Reply::no_route()),
    }
}

fn versions(base: &str) -> Value {
    json!({"versions": [{
        "id": "v1.0", "status": "CURRENT", "links": [{"rel": "self", "href": format!("{base}/orchestration/v1/")}],
    }]})
}

/// The stack at this name and id; both must fit.
fn stack<'w>(world: &'w World, name: &str, id: &str) -> Result<&'w Stack, Reply> {
    world.stack(id).filter(|stack| stack.name == name).ok_or_else(|| no_stack(name))
}

/// Where the stack's own URL is, without a query.
fn url(world: &World, stack: &Stack) -> String {
    format!("{}/orchestration/v1/{}/stacks/{}/{}", world.base, world.ids.project, stack.name, stack.id)
}

/// By name (or bare id) one is sent to name and id.
fn redirect(world: &World, call: &Call, name: &str, tail: &[&str]) -> Answer {
    let Some(stack) = world.find_stack(name) else { return Err(no_stack(name)) };
    let mut target = url(world, stack);
    for step in tail {
        target.push('/');
        target.push_str(step);
    }
    if !call.raw_query.is_empty() {
        target.push('?');
        target.push_str(&call.raw_query);
    }
    let words = format!(
        "The resource was found at <a href=\"{target}\">{target}</a>;\nyou should be redirected automatically."
    );
    Ok(Reply::page(302, words).with("Location", target))
}

/// Everything that only looks at one stack.
fn read(world: &World, call: &Call, stack: &Stack, rest: &[&str]) -> Answer {
    match rest {
        [] => {
            let outputs = call.query.get("resolve_outputs").is_none_or(|v| !v.eq_ignore_ascii_case("false"));
            Ok(Reply::json(200, json!({"stack": show::stack(world, stack, outputs)})))
        }
        ["resources"] => resources::list(world, call, stack),
        ["resources", name] => {
            let resource = stack.resource(name).ok_or_else(|| resources::missing(stack, name))?;
            let mut shown = resources::show(world, stack, resource, None);
            resources::add_detail(world, stack, resource, &mut shown);
            Ok(Reply::json(200, json!({"resource": shown})))
        }
        ["resources", name, "metadata"] => {
            let resource = stack.resource(name).ok_or_else(|| resources::missing(stack, name))?;
            Ok(Reply::json(200, json!({"metadata": resource.metadata})))
        }
        ["events"] => events::list(world, call, stack, None),
        ["resources", name, "events"] => {
            stack.resource(name).ok_or_else(|| resources::missing(stack, name))?;
            events::list(world, call, stack, Some(name))
        }
        ["resources", name, "events", id] => events::show(world, stack, name, id),
        ["outputs"] => {
            let list: Value = stack
                .blueprint
                .outputs
                .iter()
                .map(|output| json!({"output_key": output.name, "description": output.description}))
                .collect();
            Ok(Reply::json(200, json!({"outputs": list})))
        }
        ["outputs", name] => match stack.blueprint.outputs.iter().find(|output| output.name == *name) {
            Some(output) => Ok(Reply::json(200, json!({"output": show::output(world, stack, output)}))),
            None => Err(fault(404, "NotFound", format!("Specified output key {name} not found."))),
        },
        ["template"] => Ok(Reply::json(200, (*stack.source.template).clone())),
        ["environment"] => Ok(Reply::json(200, stack.source.environment.shown())),
        ["files"] => Ok(Reply::json(200, json!(*stack.source.files))),
        _ => Err(Reply::no_route()),
    }
}
