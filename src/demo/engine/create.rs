//! Making one resource: its properties resolved, the thing begun, waited for.

use std::sync::Arc;
use std::time::Instant;

use serde_json::{Map, Value};

use super::converge::{Broken, Walk, converge};
use super::make::Step;
use super::{End, Failure, attributes, make, scope, signal};
use crate::demo::world::World;
use crate::demo::world::heat::{NewStack, Source};
use crate::demo::world::new_id;
use crate::hot::validate::{self, Kind};
use crate::hot::{Blueprint, Inputs, blueprint, group};

/// Makes a resource that was only planned.
pub async fn resource(walk: &Walk, uid: u64) -> Result<(), Broken> {
    let begun = begin(walk, uid);
    let made = match begun {
        Ok(step) => carry_on(walk, uid, step).await,
        Err(end) => Err(end),
    };
    settle(walk, uid, "CREATE", made)?;
    walk.engine.after_boot(&walk.stack, uid);
    Ok(())
}

/// Tells how an action on a resource ended.
pub fn settle(walk: &Walk, uid: u64, action: &'static str, made: Result<(), End>) -> Result<(), Broken> {
    let mut world = walk.engine.world();
    if walk.stopped() {
        return Err(Broken::new(action, End::Stopped));
    }
    let name = world.resource(&walk.stack, uid).map(|resource| resource.name.clone()).unwrap_or_default();
    match made {
        Ok(()) => {
            world.mark(&walk.stack, uid, action, "COMPLETE", "state changed");
            Ok(())
        }
        Err(End::Failed(failure)) => {
            let failure = failure.at(&name);
            world.mark(&walk.stack, uid, action, "FAILED", &failure.to_string());
            Err(Broken::new(action, failure))
        }
        Err(End::Stopped) => Err(Broken::new(action, End::Stopped)),
    }
}

/// Resolves the properties, tells that it begins, and does the first step.
fn begin(walk: &Walk, uid: u64) -> Result<Step, End> {
    let mut world = walk.engine.world();
    let world = &mut *world;
    let id = walk.stack.as_str();
    if walk.stopped() {
        return Err(End::Stopped);
    }
    let (name, node, source, requires, resolved) = {
        let Some(stack) = world.stack(id) else { return Err(End::Stopped) };
        let Some(name) = stack.at(uid).map(|resource| resource.name.clone()) else { return Err(End::Stopped) };
        let Some(node) = stack.blueprint.node(&name).cloned() else { return Err(End::Stopped) };
        let resolved = scope::properties(world, stack, &name).map(Arc::new);
        (name.clone(), node, stack.source.clone(), stack.needs(&name), resolved)
    };
    if let Some(resource) = world.resource_mut(id, uid) {
        resource.requires = requires;
        if let Ok(properties) = &resolved {
            resource.properties = Arc::clone(properties);
        }
    }
    world.mark(id, uid, "CREATE", "IN_PROGRESS", "state changed");
    let properties = resolved?;
    let refused = |refusal: crate::hot::Refusal| Failure::new(refusal.kind, refusal.message());
    match validate::kind(&node, &source.environment, &source.files).map_err(refused)? {
        Kind::Builtin(builtin) if builtin.name == group::TYPE => {
            let template = members(world, id, uid, &properties);
            Ok(nest(world, id, uid, &source, template, &Map::new())?)
        }
        Kind::Builtin(builtin) => Ok(make::begin(world, id, uid, builtin, &properties)?),
        Kind::Template { text, .. } => {
            let template = blueprint::nested(text, &name).map_err(refused)?;
            Ok(nest(world, id, uid, &source, template, &properties)?)
        }
    }
}

/// The template of a group's nested stack; which names were removed is noted in the resource.
pub fn members(world: &mut World, stack: &str, uid: u64, properties: &Map<String, Value>) -> Value {
    let nested = world.resource(stack, uid).and_then(|resource| world.stack(resource.nested.as_deref()?));
    let known: Option<Vec<(String, Value)>> = nested.map(|nested| {
        nested.resources.iter().map(|member| (member.name.clone(), attributes::reference(world, member))).collect()
    });
    let before = world.resource(stack, uid).and_then(|resource| resource.data.get(group::REMOVED).cloned());
    let removed = group::removed(properties, before.as_ref(), known.as_deref());
    if let Some(resource) = world.resource_mut(stack, uid) {
        resource.data.insert(group::REMOVED.to_owned(), removed.clone().into());
    }
    group::assemble(properties, &removed)
}

/// What a nested stack is to be.
pub fn inner(
    world: &World,
    (id, name): (&str, &str),
    source: &Source,
    template: Value,
    properties: &Map<String, Value>,
) -> Result<(Source, Blueprint), Failure> {
    let given = validate::nested_parameters(&template, properties);
    let environment = Arc::new(source.environment.for_nested());
    let blueprint = Blueprint::draw(
        &template,
        &Inputs {
            stack_name: name,
            stack_id: id,
            project_id: &world.ids.project,
            parameters: &given,
            environment: &environment,
            files: &source.files,
            lookup: world,
        },
    )
    .map_err(|refusal| Failure::new(refusal.kind, refusal.message()))?;
    Ok((Source { template: Arc::new(template), environment, files: Arc::clone(&source.files) }, blueprint))
}

/// Inserts the stack that a resource is.
fn nest(
    world: &mut World,
    parent: &str,
    uid: u64,
    source: &Source,
    template: Value,
    properties: &Map<String, Value>,
) -> Result<Step, Failure> {
    let id = new_id();
    let Some(resource) = world.resource(parent, uid) else { return Ok(Step::After(0.0)) };
    let (resource_name, name) = (resource.name.clone(), resource.label.clone());
    let (source, blueprint) = inner(world, (&id, &name), source, template, properties)?;
    world.insert_stack(NewStack {
        id: id.clone(),
        name,
        parent: Some((parent.to_owned(), resource_name)),
        source,
        blueprint,
        tags: Vec::new(),
        timeout: None,
        disable_rollback: true,
    });
    if let Some(resource) = world.resource_mut(parent, uid) {
        resource.nested = Some(id.clone());
        resource.physical.clone_from(&id);
    }
    Ok(nested(world, id, "CREATE"))
}

/// The step that ends when a stack just defined is what it is to be.
pub fn nested(world: &World, id: String, action: &'static str) -> Step {
    let cancel = world.stack(&id).map(|stack| stack.cancel.clone()).unwrap_or_default();
    Step::Nested { id, action, cancel }
}

/// Waits for what was begun.
pub async fn carry_on(walk: &Walk, uid: u64, step: Step) -> Result<(), End> {
    let engine = &walk.engine;
    match step {
        Step::After(seconds) => {
            engine.pass(seconds).await;
            let mut world = engine.world();
            if walk.stopped() { Err(End::Stopped) } else { Ok(make::finish(&mut world, &walk.stack, uid)?) }
        }
        Step::Nested { id, action, cancel } => converge(engine.clone(), id, action, cancel).await,
        Step::Wait { handle, count, seconds } => {
            let limit = engine.pace().limit(seconds);
            let began = Instant::now();
            loop {
                let rung = engine.signalled().notified();
                tokio::pin!(rung);
                // Listen before looking, so that no signal falls between.
                rung.as_mut().enable();
                let verdict = signal::verdict(&engine.world(), &walk.stack, &handle, count);
                if let Some(verdict) = verdict {
                    return verdict.map_err(End::Failed);
                }
                let left = limit.saturating_sub(began.elapsed());
                if tokio::time::timeout(left, rung).await.is_err() {
                    return Err(signal::late(&engine.world(), &walk.stack, &handle, count).into());
                }
            }
        }
    }
}
