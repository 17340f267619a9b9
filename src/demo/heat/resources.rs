//! Resources of a stack, and signals to them.

use serde_json::{Value, json};

use super::{fault, url};
use crate::demo::engine::{Engine, attributes};
use crate::demo::web::{Answer, Call, Reply};
use crate::demo::world::heat::{Resource, Stack};
use crate::demo::world::{World, stamp};

pub fn missing(stack: &Stack, name: &str) -> Reply {
    fault(404, "ResourceNotFound", format!("The Resource ({name}) could not be found in Stack {}.", stack.name))
}

/// `parent`: name of the resource that the holding stack is, in lists with nested ones.
pub fn show(world: &World, stack: &Stack, resource: &Resource, parent: Option<&str>) -> Value {
    let own = url(world, stack);
    let mut links = vec![
        json!({"href": format!("{own}/resources/{}", resource.name), "rel": "self"}),
        json!({"href": own, "rel": "stack"}),
    ];
    if let Some(nested) = resource.nested.as_deref().and_then(|id| world.stack(id)) {
        links.push(json!({"href": url(world, nested), "rel": "nested"}));
    }
    // A wait condition has no thing of its own.
    let physical = if resource.stands_for == "OS::Heat::WaitCondition" && resource.state != "COMPLETE" {
        ""
    } else {
        &resource.physical
    };
    let mut shown = json!({
        "updated_time": stamp(resource.updated),
        "creation_time": stamp(resource.created),
        "logical_resource_id": resource.name,
        "resource_name": resource.name,
        "physical_resource_id": physical,
        "resource_status": resource.status(),
        "resource_status_reason": resource.reason,
        "resource_type": resource.kind,
        "links": links,
        "required_by": stack.blueprint.required_by(&resource.name),
    });
    if let Some(parent) = parent {
        shown["parent_resource"] = parent.into();
    }
    shown
}

/// Stacks nested this deep are listed at most.
const DEEPEST: u64 = 5;

pub fn list(world: &World, call: &Call, stack: &Stack) -> Answer {
    let depth = match call.query.get("nested_depth") {
        None => 0,
        Some(depth) => match depth.parse::<u64>() {
            Ok(depth) => depth.min(DEEPEST),
            Err(_) => return Err(super::bad("Only integer is acceptable by 'nested_depth'.")),
        },
    };
    let mut found: Vec<(&Stack, &Resource, Option<&str>)> = Vec::new();
    let mut level: Vec<(&Stack, Option<&str>)> = vec![(stack, None)];
    for _ in 0..=depth {
        let mut below = Vec::new();
        for (stack, parent) in level {
            for resource in stack.listed() {
                if wanted(call, resource) {
                    found.push((stack, resource, parent));
                }
                if let Some(nested) = resource.nested.as_deref().and_then(|id| world.stack(id)) {
                    below.push((nested, Some(resource.name.as_str())));
                }
            }
        }
        level = below;
    }
    let detail = call.query.flag("with_detail");
    let rows = found.into_iter().map(|(stack, resource, parent)| {
        let mut shown = show(world, stack, resource, parent);
        if detail {
            add_detail(world, stack, resource, &mut shown);
        }
        shown
    });
    Ok(Reply::list("resources", rows))
}

/// What a resource shows only when asked for by itself or in detail.
pub fn add_detail(world: &World, stack: &Stack, resource: &Resource, shown: &mut Value) {
    let node = stack.blueprint.node(&resource.name);
    shown["description"] = node.map(|node| node.description.clone()).unwrap_or_default().into();
    shown["attributes"] = attributes::all(world, stack, resource);
}

fn wanted(call: &Call, resource: &Resource) -> bool {
    let fits = |key: &str, value: &str| {
        let mut wanted = call.query.all(key).peekable();
        wanted.peek().is_none() || wanted.any(|wanted| wanted == value)
    };
    fits("type", &resource.kind)
        && fits("name", &resource.name)
        && fits("status", resource.state)
        && fits("action", resource.action)
        && fits("physical_resource_id", &resource.physical)
}

pub fn signal(engine: &Engine, call: &Call, name: &str, id: &str, resource: &str) -> Answer {
    {
        let world = engine.world();
        let stack = super::stack(&world, name, id)?;
        let found = stack.resource(resource).ok_or_else(|| missing(stack, resource))?;
        if found.stands_for != "OS::Heat::WaitConditionHandle" {
            return Err(fault(400, "ResourceActionNotSupported", "signal is not supported for resource."));
        }
    }
    let body = call.json().unwrap_or_default();
    // Heat takes a signal and looks at it afterwards: a bad one is not told to who sent it.
    let _ = engine.signal(id, resource, &body);
    Ok(Reply::json(200, Value::Null))
}
