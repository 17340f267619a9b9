//! Heat's JSON to the model's types. Only an id (or a name) is indispensable.

use std::collections::BTreeMap;

use serde_json::Value;

use super::field;
use crate::model::stack::StackOutput;
use crate::model::text::{self, clean};
use crate::model::{Stack, StackEvent, StackResource, StackSheet, Status};

pub fn stack(value: &Value) -> Option<Stack> {
    let id = field::some_text(value, "id")?;
    let tags = match &value["tags"] {
        // Heat before Newton gave them in one text.
        Value::String(text) => text.split(',').map(|tag| clean(tag.trim())).collect(),
        _ => field::texts(value, "tags"),
    };
    let output = |item: &Value| Some((field::some_text(item, "output_key")?, field::cleaned(&item["output_value"])));
    let outputs: BTreeMap<String, Value> = field::array(&value["outputs"]).iter().filter_map(output).collect();
    Some(Stack {
        name: field::some_text(value, "stack_name").unwrap_or_else(|| id.clone()),
        id,
        status: Status::from(field::text(value, "stack_status")),
        status_reason: field::text(value, "stack_status_reason"),
        tags,
        created: field::time(value, "creation_time"),
        updated: field::time(value, "updated_time"),
        outputs,
        revision: field::text(&value["parameters"], "revision").parse().ok(),
    })
}

/// Without what is secret. Texts keep their lines: parameters may be whole scripts.
pub fn sheet(value: &Value) -> StackSheet {
    let parameters = value["parameters"].as_object().into_iter().flatten();
    let output = |item: &Value| {
        let told = StackOutput { description: field::text(item, "description"), value: whole(&item["output_value"]) };
        Some((field::some_text(item, "output_key")?, told))
    };
    let sheet = StackSheet {
        name: field::text(value, "stack_name"),
        id: field::text(value, "id"),
        description: field::text(value, "description"),
        timeout_mins: field::number(value, "timeout_mins"),
        parameters: parameters.map(|(name, value)| (clean(name), whole(value))).collect(),
        outputs: field::array(&value["outputs"]).iter().filter_map(output).collect(),
    };
    sheet.without_secrets()
}

fn whole(value: &Value) -> Value {
    value.as_str().map_or_else(|| field::cleaned(value), |text| text::lines(text).into())
}

/// `path` is left empty: [`super::tree`] knows it once all are read.
pub fn resource(value: &Value, root: &str) -> Option<StackResource> {
    let nested = link(value, "nested").map(|place| place.id);
    Some(StackResource {
        name: name(value)?,
        kind: field::text(value, "resource_type"),
        status: Status::from(field::text(value, "resource_status")),
        status_reason: field::text(value, "resource_status_reason"),
        physical_id: field::text(value, "physical_resource_id"),
        path: Vec::new(),
        nested,
        stack_id: link(value, "stack").map_or_else(|| root.to_owned(), |place| place.id),
        updated: field::time(value, "updated_time").or_else(|| field::time(value, "creation_time")),
    })
}

/// An event and the stack it belongs to; `path` is still to be told from that.
#[derive(Debug, Clone, PartialEq)]
pub struct RawEvent {
    pub event: StackEvent,
    pub place: Place,
}

/// A stack as a link names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    pub name: String,
    pub id: String,
}

pub fn event(value: &Value, root: &str) -> Option<RawEvent> {
    let event = StackEvent {
        id: field::some_text(value, "id")?,
        time: field::time(value, "event_time")?,
        resource: name(value)?,
        path: Vec::new(),
        status: Status::from(field::text(value, "resource_status")),
        reason: field::text(value, "resource_status_reason"),
        physical_id: field::text(value, "physical_resource_id"),
    };
    let place = link(value, "stack").unwrap_or_else(|| Place { name: String::new(), id: root.to_owned() });
    Some(RawEvent { event, place })
}

fn name(value: &Value) -> Option<String> {
    field::some_text(value, "resource_name").or_else(|| field::some_text(value, "logical_resource_id"))
}

/// The stack that a link of this kind leads to: `…/stacks/NAME/ID`.
fn link(value: &Value, rel: &str) -> Option<Place> {
    let link = field::array(&value["links"]).iter().find(|link| link["rel"] == rel)?;
    let href = link["href"].as_str()?;
    let mut parts = href.rsplit('/');
    let (id, name) = (parts.next()?, parts.next()?);
    Some(Place { name: clean(name), id: clean(id) }).filter(|place| !place.id.is_empty())
}
