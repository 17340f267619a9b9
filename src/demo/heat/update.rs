//! Changing a stack: PUT says all anew, PATCH only what is to be different; actions.

use std::sync::Arc;

use serde_json::{Map, Value};

use super::stacks::{body, draw, posted, tags, timeout};
use super::{bad, fault, stack};
use crate::demo::engine::Engine;
use crate::demo::web::{Answer, Call, Reply};
use crate::hot::python;

fn unsupported(what: &str) -> Reply {
    fault(400, "NotSupported", format!("{what} is not supported."))
}

pub fn update(engine: &Engine, call: &Call, name: &str, id: &str) -> Answer {
    let body = body(call)?;
    let patch = call.method == "PATCH";
    let (source, blueprint) = {
        let mut world = engine.world();
        let stack = stack(&world, name, id)?;
        let before = stack.source.clone();
        let mut posted = posted(&body, patch.then_some(&before))?;
        match stack.action {
            "SUSPEND" => return Err(unsupported("Updating a stack when it is suspended")),
            "DELETE" => return Err(unsupported("Updating a stack when it is deleting")),
            _ => {}
        }
        if patch {
            let declared = posted.template.get("parameters").and_then(Value::as_object);
            let cleared: Vec<String> = body
                .get("clear_parameters")
                .and_then(Value::as_array)
                .into_iter()
                .flatten()
                .map(python::text)
                .collect();
            let keep = |name: &String| declared.is_some_and(|all| all.contains_key(name)) && !cleared.contains(name);
            posted.environment.patch(&before.environment, keep);
            // What the template does not know is let go, not refused.
            posted.parameters.retain(|name, _| declared.is_some_and(|all| all.contains_key(name)));
        }
        let (timeout, tags) = (timeout(&body)?, tags(body.get("tags"))?);
        let blueprint = draw(&world, &mut posted, name, id)?;
        if let Some(stack) = world.stack_mut(id) {
            stack.timeout = timeout.or(stack.timeout);
            if let Some(disable) = body.get("disable_rollback") {
                stack.disable_rollback = python::truth(disable);
            }
            // A PUT without tags takes them away.
            if !patch || body.contains_key("tags") {
                stack.tags = tags;
            }
        }
        (posted.source(), Arc::new(blueprint))
    };
    engine.start_update(id.to_owned(), "UPDATE", source, blueprint);
    Ok(Reply::page(202, "The request is accepted for processing."))
}

const ACTIONS: [&str; 5] = ["suspend", "resume", "check", "cancel_update", "cancel_without_rollback"];

pub fn act(engine: &Engine, call: &Call, name: &str, id: &str) -> Answer {
    let body: Map<String, Value> = body(call).unwrap_or_default();
    let mut actions = body.keys();
    let action = match (actions.next(), actions.next()) {
        (None, _) => return Err(bad("No action specified")),
        (Some(action), None) if ACTIONS.contains(&action.as_str()) => action.clone(),
        (Some(action), None) => return Err(bad(format!("Invalid action {action} specified"))),
        (Some(_), Some(_)) => return Err(bad("Multiple actions specified")),
    };
    let status = {
        let world = engine.world();
        let stack = stack(&world, name, id)?;
        (stack.action, stack.state)
    };
    match (action.as_str(), status) {
        ("cancel_update", ("UPDATE", "IN_PROGRESS")) => engine.cancel_update(id.to_owned()),
        ("cancel_without_rollback", ("UPDATE" | "CREATE", "IN_PROGRESS")) => engine.leave_as_is(id),
        ("cancel_update" | "cancel_without_rollback", (action, state)) => {
            return Err(unsupported(&format!("Cancelling update when stack is {action}_{state}")));
        }
        // An operator may forbid these to members of a project, and this one does.
        _ => return Err(fault(403, "Forbidden", format!("You are not authorized to use actions:{action}."))),
    }
    Ok(Reply::json(200, Value::Null))
}
