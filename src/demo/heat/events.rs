//! Events of a stack and of those nested in it.

use serde_json::{Value, json};

use super::{fault, url};
use crate::demo::web::{Answer, Call, Reply};
use crate::demo::world::heat::{Event, Stack};
use crate::demo::world::{World, stamp};

fn shown(world: &World, event: &Event, root: Option<&Stack>) -> Value {
    let own = world.stack(&event.stack).map(|stack| url(world, stack)).unwrap_or_default();
    let resource = format!("{own}/resources/{}", event.resource);
    let mut links = vec![
        json!({"href": format!("{resource}/events/{}", event.id), "rel": "self"}),
        json!({"href": resource, "rel": "resource"}),
        json!({"href": own, "rel": "stack"}),
    ];
    if let Some(root) = root {
        links.push(json!({"href": url(world, root), "rel": "root_stack"}));
    }
    json!({
        "id": event.id,
        "links": links,
        "event_time": stamp(event.time),
        "logical_resource_id": event.resource,
        "resource_name": event.resource,
        "physical_resource_id": event.physical,
        "resource_status": event.status,
        "resource_status_reason": event.reason,
    })
}

/// A whole number that is not negative, or Heat's refusal.
pub fn count(call: &Call, key: &str) -> Result<Option<usize>, Reply> {
    let Some(raw) = call.query.get(key).filter(|raw| !raw.is_empty()) else { return Ok(None) };
    match raw.parse::<i64>() {
        Ok(n) if n >= 0 => Ok(usize::try_from(n).ok()),
        Ok(_) => {
            Err(super::bad(format!("Value '{raw}' is invalid for '{key}' which only accepts non-negative integer.")))
        }
        Err(_) => Err(super::bad(format!("Only integer is acceptable by '{key}'."))),
    }
}

pub fn list(world: &World, call: &Call, stack: &Stack, resource: Option<&str>) -> Answer {
    let depth = count(call, "nested_depth")?.unwrap_or(0);
    let limit = count(call, "limit")?;
    let mut holders = vec![stack.id.as_str()];
    let mut level = vec![stack.id.as_str()];
    for _ in 0..depth.min(5) {
        let below =
            world.heat.stacks.iter().filter(|s| s.parent.as_ref().is_some_and(|(p, _)| level.contains(&p.as_str())));
        level = below.map(|stack| stack.id.as_str()).collect();
        holders.extend(&level);
    }
    let mut events: Vec<&Event> =
        world.heat.events.iter().filter(|event| holders.contains(&event.stack.as_str())).collect();
    let fits = |key: &str, value: &str| {
        let mut wanted = call.query.all(key).peekable();
        wanted.peek().is_none() || wanted.any(|wanted| wanted == value)
    };
    events.retain(|event| {
        let (action, state) = event.status.split_once('_').unwrap_or((&event.status, ""));
        resource.is_none_or(|name| event.resource == name)
            && fits("resource_name", &event.resource)
            && fits("resource_status", state)
            && fits("resource_action", action)
            && fits("resource_type", &event.kind)
    });
    // Events are kept in the order of their time; unless told otherwise Heat gives the newest first.
    if call.query.get("sort_dir") != Some("asc") {
        events.reverse();
    }
    if let Some(marker) = call.query.get("marker")
        && let Some(at) = events.iter().position(|event| event.id == marker)
    {
        events.drain(..=at);
    }
    if let Some(limit) = limit {
        events.truncate(limit);
    }
    let root = (depth > 0).then_some(stack);
    Ok(Reply::list("events", events.into_iter().map(|event| shown(world, event, root))))
}

pub fn show(world: &World, stack: &Stack, resource: &str, id: &str) -> Answer {
    let found =
        world.heat.events.iter().find(|event| event.id == id && event.stack == stack.id && event.resource == resource);
    let Some(event) = found else {
        return Err(fault(404, "EntityNotFound", format!("The Event ({id}) could not be found.")));
    };
    let mut shown = shown(world, event, None);
    shown["resource_type"] = event.kind.clone().into();
    shown["resource_properties"] = (*event.properties).clone().into();
    Ok(Reply::json(200, json!({"event": shown})))
}
