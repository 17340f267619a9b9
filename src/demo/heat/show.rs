//! Stacks, outputs and types as Heat's API shows them.

use serde_json::{Map, Value, json};

use super::url;
use crate::demo::engine::attributes;
use crate::demo::world::heat::Stack;
use crate::demo::world::seed::USER;
use crate::demo::world::{World, stamp};
use crate::hot::blueprint::Output;
use crate::hot::schema::{Schema, Shape, Type};

fn links(world: &World, stack: &Stack) -> Value {
    json!([{"href": url(world, stack), "rel": "self"}])
}

/// As in a list.
pub fn brief(world: &World, stack: &Stack) -> Value {
    json!({
        "id": stack.id,
        "links": links(world, stack),
        "stack_name": stack.name,
        // The list says nothing of what the template says of itself.
        "description": "",
        "stack_status": stack.status(),
        "stack_status_reason": stack.reason,
        "creation_time": stamp(stack.created),
        "updated_time": stack.updated.map(stamp),
        "deletion_time": stack.deleted.map(stamp),
        "stack_owner": USER,
        "parent": stack.parent.as_ref().map(|(parent, _)| parent),
        "stack_user_project_id": world.ids.stack_project,
        "tags": if stack.tags.is_empty() { Value::Null } else { json!(stack.tags) },
    })
}

/// Alone, with its parameters and, when asked, outputs.
pub fn stack(world: &World, stack: &Stack, with_outputs: bool) -> Value {
    let mut parameters = Map::new();
    for name in ["OS::stack_id", "OS::project_id", "OS::stack_name"] {
        parameters.insert(name.to_owned(), stack.blueprint.parameters.get(name).cloned().flatten().unwrap_or_default());
    }
    for declared in &stack.blueprint.declared {
        if let Some(Some(value)) = stack.blueprint.parameters.get(&declared.name) {
            parameters.insert(declared.name.clone(), declared.shown(value).into());
        }
    }
    let mut shown = json!({
        "stack_name": stack.name,
        "id": stack.id,
        "links": links(world, stack),
        "creation_time": stamp(stack.created),
        "updated_time": stack.updated.map(stamp),
        "deletion_time": stack.deleted.map(stamp),
        "notification_topics": [],
        "parameters": parameters,
        "description": stack.blueprint.description,
        "template_description": stack.blueprint.description,
        "capabilities": [],
        "disable_rollback": stack.disable_rollback,
        "timeout_mins": stack.timeout,
        "stack_owner": USER,
        "parent": stack.parent.as_ref().map(|(parent, _)| parent),
        "stack_user_project_id": world.ids.stack_project,
        "tags": stack.tags,
        "stack_status": stack.status(),
        "stack_status_reason": stack.reason,
    });
    // Of what is gone nothing is left to show.
    if with_outputs && stack.deleted.is_none() {
        shown["outputs"] = stack.blueprint.outputs.iter().map(|one| output(world, stack, one)).collect();
    }
    shown
}

pub fn output(world: &World, stack: &Stack, output: &Output) -> Value {
    json!({
        "output_key": output.name,
        "description": output.description,
        "output_value": attributes::output(world, stack, &output.name),
    })
}

pub fn template_versions() -> Value {
    let list: Value = ["2016-10-14", "2017-02-24", "2017-09-01", "2018-03-02", "2018-08-31", "2021-04-16"]
        .iter()
        .map(|version| json!({"version": format!("heat_template_version.{version}"), "type": "hot", "aliases": []}))
        .collect();
    json!({"template_versions": list})
}

pub fn resource_type(kind: &Type) -> Value {
    let properties: Map<String, Value> =
        kind.properties.iter().map(|(name, s)| (name.clone(), schema(s, kind.changeable.contains(name)))).collect();
    let attributes: Map<String, Value> =
        kind.attributes.iter().map(|name| (name.clone(), json!({"description": "", "type": "string"}))).collect();
    json!({
        "resource_type": kind.name, "properties": properties, "attributes": attributes,
        "support_status": {"status": "SUPPORTED", "message": null, "version": null, "previous_status": null},
    })
}

fn schema(schema: &Schema, changeable: bool) -> Value {
    let shape = match schema.shape {
        Shape::Text => "string",
        Shape::Integer => "integer",
        Shape::Number => "number",
        Shape::Boolean => "boolean",
        Shape::List => "list",
        Shape::Map => "map",
        Shape::Any => "any",
    };
    json!({"type": shape, "required": schema.required, "default": schema.default, "update_allowed": changeable, "immutable": false})
}
