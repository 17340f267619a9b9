//! Stacks, their resources and events, as the engine leaves them and the API
//! shows them.

use std::collections::{BTreeMap, BTreeSet};
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
    /// Given to a resource last; see [`Resource::uid`].
    last_uid: u64,
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
    /// What the blueprint before the last update was, for rolling back to it.
    pub before: Option<(Source, Arc<Blueprint>)>,
    /// One for each node of the blueprint.
    pub resources: Vec<Resource>,
    /// Replaced or no longer wanted, and not yet taken away.
    pub leaving: Vec<Resource>,
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
    /// Tells a resource from the one of the same name that replaces it; never given twice.
    pub uid: u64,
    pub name: String,
    /// What it needed when it was last made or changed, by [`Resource::uid`].
    pub requires: BTreeSet<u64>,
    /// The [`Resource::uid`] of the one in whose place it came.
    pub replaces: Option<u64>,
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

    /// The wanted one of this name.
    pub fn resource(&self, name: &str) -> Option<&Resource> {
        self.resources.iter().find(|resource| resource.name == name)
    }

    /// Wanted ones, then leaving ones.
    pub fn all(&self) -> impl Iterator<Item = &Resource> {
        self.resources.iter().chain(&self.leaving)
    }

    /// As Heat lists them: of a name that is wanted and leaving, the wanted one.
    pub fn listed(&self) -> impl Iterator<Item = &Resource> {
        let old = self.leaving.iter().filter(|old| self.resource(&old.name).is_none());
        self.resources.iter().chain(old)
    }

    pub fn at(&self, uid: u64) -> Option<&Resource> {
        self.all().find(|resource| resource.uid == uid)
    }

    pub fn at_mut(&mut self, uid: u64) -> Option<&mut Resource> {
        self.resources.iter_mut().chain(&mut self.leaving).find(|resource| resource.uid == uid)
    }

    /// What a node of the blueprint needs, by [`Resource::uid`].
    pub fn needs(&self, name: &str) -> BTreeSet<u64> {
        let needs = self.blueprint.node(name).into_iter().flat_map(|node| &node.needs);
        needs.filter_map(|need| self.resource(need)).map(|resource| resource.uid).collect()
    }
}

impl Resource {
    fn planned(uid: u64, stack: &str, node: &Node, environment: &Environment) -> Self {
        let now = Utc::now();
        Self {
            uid,
            requires: BTreeSet::new(),
            replaces: None,
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

    pub fn resource(&self, stack: &str, uid: u64) -> Option<&Resource> {
        self.stack(stack)?.at(uid)
    }

    pub fn resource_mut(&mut self, stack: &str, uid: u64) -> Option<&mut Resource> {
        self.stack_mut(stack)?.at_mut(uid)
    }

    /// The uid of the wanted resource of this name.
    pub fn uid(&self, stack: &str, name: &str) -> Option<u64> {
        self.stack(stack)?.resource(name).map(|resource| resource.uid)
    }

    fn plan(&mut self, stack: &str, node: &Node, environment: &Environment) -> Resource {
        self.heat.last_uid += 1;
        Resource::planned(self.heat.last_uid, stack, node, environment)
    }

    pub fn insert_stack(&mut self, new: NewStack) {
        let parent = new.parent.as_ref().and_then(|(parent, _)| self.stack(parent));
        let root = parent.map_or_else(|| new.id.clone(), |parent| parent.root.clone());
        let cancel = parent.map_or_else(CancellationToken::new, |parent| parent.cancel.child_token());
        let nodes = &new.blueprint.nodes;
        let resources = nodes.iter().map(|node| self.plan(&new.name, node, &new.source.environment)).collect();
        self.heat.stacks.push(Stack {
            root,
            cancel,
            resources,
            leaving: Vec::new(),
            before: None,
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

    /// The stack is to be something else from now on: resources that are wanted no more leave, new
    /// ones are planned, the rest waits to be looked at. Whatever was under way for it is stopped.
    pub fn redefine(&mut self, id: &str, action: &'static str, source: Source, blueprint: Arc<Blueprint>) {
        let Some(stack) = self.stack(id) else { return };
        let (name, parent) = (stack.name.clone(), stack.parent.clone());
        let new: Vec<&Node> = blueprint.nodes.iter().filter(|node| stack.resource(&node.name).is_none()).collect();
        let new: Vec<Resource> = new.into_iter().map(|node| self.plan(&name, node, &source.environment)).collect();
        let parent = parent.as_ref().and_then(|(parent, _)| self.stack(parent));
        let cancel = parent.map_or_else(CancellationToken::new, |parent| parent.cancel.child_token());
        let Some(stack) = self.stack_mut(id) else { return };
        stack.cancel.cancel();
        stack.cancel = cancel;
        stack.action = action;
        stack.state = "IN_PROGRESS";
        stack.reason = format!("Stack {action} started");
        let mut known: Vec<Resource> = stack.resources.drain(..).chain(new).collect();
        for node in &blueprint.nodes {
            if let Some(at) = known.iter().position(|resource| resource.name == node.name) {
                let mut resource = known.remove(at);
                resource.retain = node.retain;
                resource.kind.clone_from(&node.kind);
                stack.resources.push(resource);
            }
        }
        // What was never begun goes without a word.
        stack.leaving.extend(known.into_iter().filter(|resource| resource.action != "INIT"));
        let old = std::mem::replace(&mut stack.blueprint, blueprint);
        stack.before = Some((std::mem::replace(&mut stack.source, source), old));
        stack.updated = Some(Utc::now());
    }

    /// Plans another resource in the place of one, which leaves; the new one's uid.
    pub fn replace(&mut self, id: &str, uid: u64) -> Option<u64> {
        let stack = self.stack(id)?;
        let at = stack.resources.iter().position(|resource| resource.uid == uid)?;
        let node = stack.blueprint.node(&stack.resources[at].name)?.clone();
        let (name, environment) = (stack.name.clone(), Arc::clone(&stack.source.environment));
        let mut new = self.plan(&name, &node, &environment);
        new.replaces = Some(uid);
        let fresh = new.uid;
        let stack = self.stack_mut(id)?;
        let old = std::mem::replace(&mut stack.resources[at], new);
        stack.leaving.push(old);
        Some(fresh)
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
    pub fn mark(&mut self, stack: &str, uid: u64, action: &'static str, state: &'static str, reason: &str) {
        let Some(resource) = self.resource_mut(stack, uid) else { return };
        resource.action = action;
        resource.state = state;
        resource.updated = Utc::now();
        reason.clone_into(&mut resource.reason);
        self.tell(stack, uid, &format!("{action}_{state}"), reason);
    }

    /// An event about a resource, its status left as it is.
    pub fn tell(&mut self, stack: &str, uid: u64, status: &str, reason: &str) {
        let root = self.stack(stack).map(|stack| stack.root.clone()).unwrap_or_default();
        let Some(resource) = self.resource(stack, uid) else { return };
        let physical = if resource.physical.is_empty() { &resource.label } else { &resource.physical };
        let event = Event {
            id: new_id(),
            stack: stack.to_owned(),
            root,
            time: Utc::now(),
            resource: resource.name.clone(),
            physical: physical.clone(),
            status: status.to_owned(),
            reason: reason.to_owned(),
            kind: resource.kind.clone(),
            properties: Arc::clone(&resource.properties),
        };
        self.heat.events.push(event);
    }

    /// A nested stack is gone, and nobody can ask for it or its events any more.
    pub fn forget_nested(&mut self, id: &str) {
        self.heat.stacks.retain(|stack| stack.id != id);
        self.heat.events.retain(|event| event.stack != id);
    }

    /// A root stack is gone: its nested ones are forgotten, itself and its events are kept for
    /// a while for those who ask by id, as Heat does until it purges.
    pub fn bury_stack(&mut self, id: &str) {
        self.heat.stacks.retain(|stack| stack.id == id || stack.root != id);
        if let Some(stack) = self.stack_mut(id) {
            stack.deleted = Some(Utc::now());
            stack.resources.clear();
            stack.leaving.clear();
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
