//! Making a stack: each resource as soon as all it needs is there.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Instant;

use serde_json::{Map, Value};
use tokio::sync::mpsc;

use super::make::Step;
use super::{End, Engine, Failure, make, scope, signal};
use crate::demo::world::World;
use crate::demo::world::heat::{NewStack, Source};
use crate::demo::world::new_id;
use crate::hot::parameters::number;
use crate::hot::validate::{self, Kind};
use crate::hot::{Blueprint, Inputs, blueprint, group};

type Boxed<T> = Pin<Box<dyn Future<Output = T> + Send>>;

impl Engine {
    /// Begins to make a root stack that was inserted.
    pub fn start_create(&self, id: String) {
        let engine = self.clone();
        self.spawn(async move {
            let (cancel, timeout, disable_rollback) = {
                let world = engine.world();
                let Some(stack) = world.stack(&id) else { return };
                (stack.cancel.clone(), stack.timeout.unwrap_or(60), stack.disable_rollback)
            };
            #[allow(clippy::cast_precision_loss, reason = "minutes are few")]
            let limit = engine.pace().limit(timeout as f64 * 60.0);
            let made = tokio::time::timeout(limit, create(engine.clone(), id.clone())).await;
            let failed = match made {
                Ok(Ok(()) | Err(End::Stopped)) => false,
                Ok(Err(End::Failed(_))) => true,
                Err(_) => {
                    engine.time_out(&id);
                    cancel.cancel();
                    true
                }
            };
            if failed && !disable_rollback {
                engine.roll_back(id).await;
            }
        });
    }

    /// The stack's time is up: what is under way in it is stopped, in Heat's words.
    fn time_out(&self, root: &str) {
        let mut world = self.world();
        let moving: Vec<(String, String)> = world
            .heat
            .stacks
            .iter()
            .filter(|stack| stack.root == root && stack.state == "IN_PROGRESS")
            .map(|stack| (stack.id.clone(), stack.name.clone()))
            .collect();
        for (id, name) in moving {
            for (resource, class) in under_way(&world, &id) {
                let reason = format!(
                    "CREATE aborted (Task create from {class} \"{resource}\" Stack \"{name}\" [{id}] Timed out)"
                );
                world.mark(&id, &resource, "CREATE", "FAILED", &reason);
            }
            world.mark_stack(&id, "CREATE", "FAILED", "Timed out");
        }
    }

    /// The stack is deleted while it is made.
    pub(super) fn abort(&self, root: &str) {
        let mut world = self.world();
        let moving: Vec<String> =
            world.heat.stacks.iter().filter(|stack| stack.root == root).map(|stack| stack.id.clone()).collect();
        for id in moving {
            for (resource, _) in under_way(&world, &id) {
                world.mark(&id, &resource, "CREATE", "FAILED", "CREATE aborted (user triggered cancel)");
            }
        }
    }
}

/// Names of resources being made, with the name of Heat's class for each.
fn under_way(world: &World, stack: &str) -> Vec<(String, String)> {
    let Some(stack) = world.stack(stack) else { return Vec::new() };
    let moving = stack.resources.iter().filter(|r| r.action == "CREATE" && r.state == "IN_PROGRESS");
    moving
        .map(|resource| {
            let class = match resource.stands_for.rsplit("::").next().unwrap_or_default() {
                "WaitCondition" => "HeatWaitCondition",
                class if resource.stands_for.contains("::") => class,
                _ => "TemplateResource",
            };
            (resource.name.clone(), class.to_owned())
        })
        .collect()
}

/// Makes one stack, nested ones through themselves.
fn create(engine: Engine, id: String) -> Boxed<Result<(), End>> {
    Box::pin(async move {
        let cancel = {
            let mut world = engine.world();
            world.mark_stack(&id, "CREATE", "IN_PROGRESS", "Stack CREATE started");
            world.stack(&id).map(|stack| stack.cancel.clone()).unwrap_or_default()
        };
        let (done, mut ended) = mpsc::unbounded_channel();
        let mut running = 0usize;
        loop {
            for name in take_ready(&mut engine.world(), &id) {
                running += 1;
                let (engine, id, done, cancel) = (engine.clone(), id.clone(), done.clone(), cancel.clone());
                engine.clone().spawn(async move {
                    let made = tokio::select! {
                        biased;
                        () = cancel.cancelled() => Err(End::Stopped),
                        made = create_resource(engine, id, name) => made,
                    };
                    // Nobody listens any more when the stack failed meanwhile.
                    let _ = done.send(made);
                });
            }
            if running == 0 {
                break;
            }
            let next = tokio::select! {
                biased;
                () = cancel.cancelled() => return Err(End::Stopped),
                next = ended.recv() => next,
            };
            match next {
                Some(Ok(())) => running -= 1,
                Some(Err(End::Failed(failure))) => {
                    let reason = format!("Resource CREATE failed: {failure}");
                    engine.world().mark_stack(&id, "CREATE", "FAILED", &reason);
                    return Err(End::Failed(failure));
                }
                Some(Err(End::Stopped)) | None => return Err(End::Stopped),
            }
        }
        engine.world().mark_stack(&id, "CREATE", "COMPLETE", "Stack CREATE completed successfully");
        Ok(())
    })
}

/// Resources whose turn it is, marked as begun.
fn take_ready(world: &mut World, id: &str) -> Vec<String> {
    let Some(stack) = world.stack(id).filter(|stack| !stack.cancel.is_cancelled()) else { return Vec::new() };
    let there = |name: &String| stack.resource(name).is_some_and(|r| r.action == "CREATE" && r.state == "COMPLETE");
    let ready: Vec<String> = stack
        .blueprint
        .nodes
        .iter()
        .filter(|node| stack.resource(&node.name).is_some_and(|r| r.action == "INIT") && node.needs.iter().all(there))
        .map(|node| node.name.clone())
        .collect();
    for name in &ready {
        if let Some(resource) = world.resource_mut(id, name) {
            resource.action = "CREATE";
            resource.state = "IN_PROGRESS";
        }
    }
    ready
}

async fn create_resource(engine: Engine, stack: String, name: String) -> Result<(), End> {
    let begun = begin(&mut engine.world(), &stack, &name);
    let made = match begun {
        Ok(step) => carry_on(&engine, &stack, &name, step).await,
        Err(end) => Err(end),
    };
    let made = made.map_err(|end| match end {
        End::Failed(failure) => End::Failed(failure.at(&name)),
        End::Stopped => End::Stopped,
    });
    let mut world = engine.world();
    if stopped(&world, &stack) {
        return Err(End::Stopped);
    }
    match &made {
        Ok(()) => world.mark(&stack, &name, "CREATE", "COMPLETE", "state changed"),
        Err(End::Failed(failure)) => world.mark(&stack, &name, "CREATE", "FAILED", &failure.to_string()),
        Err(End::Stopped) => {}
    }
    drop(world);
    if made.is_ok() {
        engine.after_create(&stack, &name);
    }
    made
}

/// Whoever changes the state asks this first, under the same lock: once a stack is cancelled,
/// nothing is made for it any more.
fn stopped(world: &World, stack: &str) -> bool {
    world.stack(stack).is_none_or(|stack| stack.cancel.is_cancelled())
}

/// Resolves the properties, tells that it begins, and does the first step.
fn begin(world: &mut World, id: &str, name: &str) -> Result<Step, End> {
    if stopped(world, id) {
        return Err(End::Stopped);
    }
    let resolved = {
        let Some(stack) = world.stack(id) else { return Err(End::Stopped) };
        scope::properties(world, stack, name).map(Arc::new)
    };
    if let (Ok(properties), Some(resource)) = (&resolved, world.resource_mut(id, name)) {
        resource.properties = Arc::clone(properties);
    }
    world.mark(id, name, "CREATE", "IN_PROGRESS", "state changed");
    let properties = resolved?;
    let (node, source) = {
        let Some(stack) = world.stack(id) else { return Err(End::Stopped) };
        let Some(node) = stack.blueprint.node(name) else { return Err(End::Stopped) };
        (node.clone(), stack.source.clone())
    };
    let refused = |refusal: crate::hot::Refusal| Failure::new(refusal.kind, refusal.message());
    match validate::kind(&node, &source.environment, &source.files).map_err(refused)? {
        Kind::Builtin(builtin) if builtin.name == "OS::Heat::ResourceGroup" => {
            let count = properties.get("count").and_then(|n| number(n).ok()).and_then(|n| n.as_u64()).unwrap_or(1);
            let names =
                group::names(count.min(group::MOST), properties.get("removal_policies").unwrap_or(&Value::Null));
            let index = properties.get("index_var").and_then(Value::as_str).unwrap_or("%index%");
            let definition = properties.get("resource_def").cloned().unwrap_or_default();
            let template = group::template(&definition, index, &names);
            Ok(nest(world, id, name, &source, template, &Map::new())?)
        }
        Kind::Builtin(builtin) => Ok(make::begin(world, id, name, builtin, &properties)?),
        Kind::Template { text, .. } => {
            let template = blueprint::nested(text, name).map_err(refused)?;
            Ok(nest(world, id, name, &source, template, &properties)?)
        }
    }
}

/// Inserts the stack that a resource is.
fn nest(
    world: &mut World,
    parent: &str,
    name: &str,
    source: &Source,
    template: Value,
    properties: &Map<String, Value>,
) -> Result<Step, Failure> {
    let id = new_id();
    let stack_name = world.resource(parent, name).map(|resource| resource.label.clone()).unwrap_or_default();
    let given = validate::nested_parameters(&template, properties);
    let environment = Arc::new(source.environment.for_nested());
    let blueprint = Blueprint::draw(
        &template,
        &Inputs {
            stack_name: &stack_name,
            stack_id: &id,
            project_id: &world.ids.project,
            parameters: &given,
            environment: &environment,
            files: &source.files,
            lookup: world,
        },
    )
    .map_err(|refusal| Failure::new(refusal.kind, refusal.message()))?;
    world.insert_stack(NewStack {
        id: id.clone(),
        name: stack_name,
        parent: Some((parent.to_owned(), name.to_owned())),
        source: Source { template: Arc::new(template), environment, files: Arc::clone(&source.files) },
        blueprint,
        tags: Vec::new(),
        timeout: None,
        disable_rollback: true,
    });
    if let Some(resource) = world.resource_mut(parent, name) {
        resource.nested = Some(id.clone());
        resource.physical.clone_from(&id);
    }
    Ok(Step::Nested(id))
}

async fn carry_on(engine: &Engine, stack: &str, name: &str, step: Step) -> Result<(), End> {
    match step {
        Step::After(seconds) => {
            engine.pass(seconds).await;
            let mut world = engine.world();
            if stopped(&world, stack) { Err(End::Stopped) } else { Ok(make::finish(&mut world, stack, name)?) }
        }
        Step::Nested(id) => create(engine.clone(), id).await,
        Step::Wait { handle, count, seconds } => {
            let limit = engine.pace().limit(seconds);
            let began = Instant::now();
            loop {
                let rung = engine.signalled().notified();
                tokio::pin!(rung);
                // Listen before looking, so that no signal falls between.
                rung.as_mut().enable();
                let verdict = signal::verdict(&engine.world(), stack, &handle, count);
                if let Some(verdict) = verdict {
                    return verdict.map_err(End::Failed);
                }
                let left = limit.saturating_sub(began.elapsed());
                if tokio::time::timeout(left, rung).await.is_err() {
                    return Err(signal::late(&engine.world(), stack, &handle, count).into());
                }
            }
        }
    }
}
