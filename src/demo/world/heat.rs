//! Stacks, their resources and events, as the engine leaves them and the API
//! shows them.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use serde_json::{Map, Value};
use tokio_util::sync::CancellationToken;

use super::{Row, World, new_id, suffix, text};
use crate::hot::{Blueprint, Environment, Node};

/// Deleted stacks kept for those who ask by id.
const REMEMBERED: usize = 8;

#[derive(Default)]
pub struct Heat {
    /// In the order of their making; nested ones too.
    pub stacks: Vec<Stack>,
    pub events: Vec<Event>,
    /// Software configs by id, as Heat's API shows them.
    pub configs: BTreeMap<String, Row>,
}

/// What a stack was posted with; nested stacks share most of it.
#[derive(Debug, Clone)]
pub struct Source {
    pub template: Arc<Value>,
    pub environment: Arc<Environment>,
    pub files: Arc<BTreeMap<String, String>>,
}

#[derive(Debug, Clone)]
pub struct Stack {
    pub id: String,
    pub name: String,
    /// Stack and resource that this one is.
    pub parent: Option<(String, String)>,
    /// Id of the outermost stack.
    pub root: String,
    pub source: Source,
    pub blueprint: Arc<Blueprint>,
    pub resources: Vec<Resource>,
    pub action: &'static str,
    pub state: &'static str,
    pub reason: String,
    pub created: DateTime<Utc>,
    /// Of the last action after the first.
    pub updated: Option<DateTime<Utc>>,
    pub deleted: Option<DateTime<Utc>>,
    pub tags: Vec<String>,
    /// Minutes.
    pub timeout: Option<u64>,
    pub disable_rollback: bool,
    /// Stops what is under way for this stack.
    pub cancel: CancellationToken,
}

#[derive(Debug, Clone)]
pub struct Resource {
    pub name: String,
    /// The type as its template writes it; shown.
    pub kind: String,
    /// What the type stands for, by the environment's registry; decides what is made.
    pub stands_for: String,
    pub action: &'static str,
    pub state: &'static str,
    pub reason: String,
    /// Empty until the thing is there.
    pub physical: String,
    /// The name Heat would give the thing; shown in events before it has an id.
    pub label: String,
    pub created: DateTime<Utc>,
    pub updated: DateTime<Utc>,
    /// Id of the stack that this resource is.
    pub nested: Option<String>,
    /// Resolved, in their types. Shared with the events, for scripts are long.
    pub properties: Arc<Map<String, Value>>,
    /// What only Heat keeps: a random string, a handle's token.
    pub data: Map<String, Value>,
    /// Of a wait-condition handle: the signals by id.
    pub metadata: Map<String, Value>,
    pub retain: bool,
}

#[derive(Debug, Clone)]
pub struct Event {
    pub id: String,
    pub stack: String,
    /// Id of the outermost stack.
    pub root: String,
    pub time: DateTime<Utc>,
    pub resource: String,
    pub physical: String,
    /// `CREATE_IN_PROGRESS`.
    pub status: String,
    pub reason: String,
    pub kind: String,
    pub properties: Arc<Map<String, Value>>,
}

impl Stack {
    pub fn status(&self) -> String {
        format!("{}_{}", self.action, self.state)
    }

    pub fn resource(&self, name: &str) -> Option<&Resource> {
        self.resources.iter().find(|resource| resource.name == name)
    }

    pub fn resource_mut(&mut self, name: &str) -> Option<&mut Resource> {
        self.resources.iter_mut().find(|resource| resource.name == name)
    }
}

impl Resource {
    fn planned(stack: &str, node: &Node, environment: &Environment) -> Self {
        let now = Utc::now();
        Self {
            name: node.name.clone(),
            kind: node.kind.clone(),
            stands_for: environment.target(&node.kind, &node.name),
            action: "INIT",
            state: "COMPLETE",
            reason: String::new(),
            physical: String::new(),
            label: format!("{stack}-{}-{}", node.name, suffix()),
            created: now,
            updated: now,
            nested: None,
            properties: Arc::default(),
            data: Map::new(),
            metadata: Map::new(),
            retain: node.retain,
        }
    }

    pub fn status(&self) -> String {
        format!("{}_{}", self.action, self.state)
    }
}

/// A stack about to be inserted.
pub struct NewStack {
    pub id: String,
    pub name: String,
    pub parent: Option<(String, String)>,
    pub source: Source,
    pub blueprint: Blueprint,
    pub tags: Vec<String>,
    pub timeout: Option<u64>,
    pub disable_rollback: bool,
}

impl World {
    pub fn stack(&self, id: &str) -> Option<&Stack> {
        self.heat.stacks.iter().find(|stack| stack.id == id)
    }

    pub fn stack_mut(&mut self, id: &str) -> Option<&mut Stack> {
        self.heat.stacks.iter_mut().find(|stack| stack.id == id)
    }

    /// By id, deleted ones included, else by name among those that are there.
    pub fn find_stack(&self, id_or_name: &str) -> Option<&Stack> {
        self.stack(id_or_name)
            .or_else(|| self.heat.stacks.iter().find(|stack| stack.name == id_or_name && stack.deleted.is_none()))
    }

    /// The text of a software config; `None`: there is none of this id.
    pub fn config_text(&self, id: &str) -> Option<String> {
        self.heat.configs.get(id).map(|config| text(config, "config").to_owned())
    }

    pub fn resource(&self, stack: &str, name: &str) -> Option<&Resource> {
        self.stack(stack)?.resource(name)
    }

    pub fn resource_mut(&mut self, stack: &str, name: &str) -> Option<&mut Resource> {
        self.stack_mut(stack)?.resource_mut(name)
    }

    pub fn insert_stack(&mut self, new: NewStack) {
        let parent = new.parent.as_ref().and_then(|(parent, _)| self.stack(parent));
        let root = parent.map_or_else(|| new.id.clone(), |parent| parent.root.clone());
        let cancel = parent.map_or_else(CancellationToken::new, |parent| parent.cancel.child_token());
        let resources = new
            .blueprint
            .nodes
            .iter()
            .map(|node| Resource::planned(&new.name, node, &new.source.environment))
            .collect();
        self.heat.stacks.push(Stack {
            root,
            cancel,
            resources,
            id: new.id,
            name: new.name,
            parent: new.parent,
            source: new.source,
            blueprint: Arc::new(new.blueprint),
            action: "CREATE",
            state: "IN_PROGRESS",
            reason: "Stack CREATE started".to_owned(),
            created: Utc::now(),
            updated: None,
            deleted: None,
            tags: new.tags,
            timeout: new.timeout,
            disable_rollback: new.disable_rollback,
        });
    }

    /// Sets a stack's status and tells it as an event.
    pub fn mark_stack(&mut self, id: &str, action: &'static str, state: &'static str, reason: &str) {
        let Some(stack) = self.stack_mut(id) else { return };
        if stack.action != action {
            stack.updated = Some(Utc::now());
        }
        stack.action = action;
        stack.state = state;
        reason.clone_into(&mut stack.reason);
        let event = Event {
            id: new_id(),
            stack: stack.id.clone(),
            root: stack.root.clone(),
            time: Utc::now(),
            resource: stack.name.clone(),
            physical: stack.id.clone(),
            status: format!("{action}_{state}"),
            reason: reason.to_owned(),
            kind: "OS::Heat::Stack".to_owned(),
            properties: Arc::default(),
        };
        self.heat.events.push(event);
    }

    /// Sets a resource's status and tells it as an event.
    pub fn mark(&mut self, stack: &str, name: &str, action: &'static str, state: &'static str, reason: &str) {
        let Some(resource) = self.resource_mut(stack, name) else { return };
        resource.action = action;
        resource.state = state;
        resource.updated = Utc::now();
        reason.clone_into(&mut resource.reason);
        self.tell(stack, name, &format!("{action}_{state}"), reason);
    }

    /// An event about a resource, its status left as it is.
    pub fn tell(&mut self, stack: &str, name: &str, status: &str, reason: &str) {
        let root = self.stack(stack).map(|stack| stack.root.clone()).unwrap_or_default();
        let Some(resource) = self.resource(stack, name) else { return };
        let physical = if resource.physical.is_empty() { &resource.label } else { &resource.physical };
        let event = Event {
            id: new_id(),
            stack: stack.to_owned(),
            root,
            time: Utc::now(),
            resource: name.to_owned(),
            physical: physical.clone(),
            status: status.to_owned(),
            reason: reason.to_owned(),
            kind: resource.kind.clone(),
            properties: Arc::clone(&resource.properties),
        };
        self.heat.events.push(event);
    }

    /// A root stack is gone: its nested ones are forgotten, itself and its events are kept for
    /// a while for those who ask by id, as Heat does until it purges.
    pub fn bury_stack(&mut self, id: &str) {
        self.heat.stacks.retain(|stack| stack.id == id || stack.root != id);
        if let Some(stack) = self.stack_mut(id) {
            stack.deleted = Some(Utc::now());
            stack.resources.clear();
        }
        self.heat.events.retain(|event| event.stack == id || event.root != id);
        for event in self.heat.events.iter_mut().filter(|event| event.root == id) {
            event.properties = Arc::default();
        }
        let buried: Vec<String> =
            self.heat.stacks.iter().filter(|stack| stack.deleted.is_some()).map(|stack| stack.id.clone()).collect();
        if let Some(oldest) = buried.first().filter(|_| buried.len() > REMEMBERED) {
            self.heat.stacks.retain(|stack| stack.id != *oldest);
            self.heat.events.retain(|event| event.root != *oldest);
        }
    }
}
