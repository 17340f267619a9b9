//! Makes a stack what its blueprint says, as Heat's convergence engine does: each
//! resource is made, changed, replaced or left alone as soon as all it needs is
//! there; what is not wanted any more goes as soon as nothing is left that needed
//! it, meanwhile. Start reading at [`converge`].

use std::collections::{BTreeMap, BTreeSet};
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::{End, Engine, create, delete, update};
use crate::demo::world::World;
use crate::demo::world::heat::{Source, Stack};
use crate::hot::Blueprint;

type Boxed<T> = Pin<Box<dyn Future<Output = T> + Send>>;

/// One way through a stack. Another update or a deletion ends it at once: whoever changes the
/// world asks [`Walk::stopped`] first, under the same lock.
#[derive(Clone)]
pub struct Walk {
    pub engine: Engine,
    pub stack: String,
    cancel: CancellationToken,
}

impl Walk {
    pub fn stopped(&self) -> bool {
        self.cancel.is_cancelled()
    }
}

/// Work on a resource that went wrong, with the action that was under way.
#[derive(Debug)]
pub struct Broken {
    pub action: &'static str,
    pub end: End,
}

impl Broken {
    pub fn new(action: &'static str, end: impl Into<End>) -> Self {
        Self { action, end: end.into() }
    }
}

/// A node of the graph that is walked; resources by their uid.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Work {
    /// Takes away what leaves; nothing is done with what stays.
    Clean(u64),
    /// Makes or changes what is wanted.
    Check(u64),
}

impl Engine {
    /// Begins to make a root stack that was inserted.
    pub fn start_create(&self, id: String) {
        self.start(id, "CREATE");
    }

    /// Begins to make a root stack into something else; what is under way for it is stopped.
    pub fn start_update(&self, id: String, action: &'static str, source: Source, blueprint: Arc<Blueprint>) {
        self.abort(&id);
        self.world().redefine(&id, action, source, blueprint);
        self.start(id, action);
    }

    /// Turns back an update that is under way.
    pub fn cancel_update(&self, id: String) {
        let engine = self.clone();
        self.spawn(async move { engine.roll_back(id).await });
    }

    /// Stops what is under way and leaves the stack as it is.
    pub fn leave_as_is(&self, id: &str) {
        self.abort(id);
        let mut world = self.world();
        let Some(stack) = world.stack(id) else { return };
        let (action, cancel) = (stack.action, stack.cancel.clone());
        cancel.cancel();
        world.mark_stack(id, action, "FAILED", &format!("User cancelled stack {action} "));
    }

    fn start(&self, id: String, action: &'static str) {
        // Taken before anybody else can change the stack again.
        let (cancel, timeout, disable_rollback) = {
            let world = self.world();
            let Some(stack) = world.stack(&id) else { return };
            (stack.cancel.clone(), stack.timeout.unwrap_or(60), stack.disable_rollback)
        };
        let engine = self.clone();
        self.spawn(async move {
            #[allow(clippy::cast_precision_loss, reason = "minutes are few")]
            let limit = engine.pace().limit(timeout as f64 * 60.0);
            let made = tokio::time::timeout(limit, converge(engine.clone(), id.clone(), action, cancel.clone())).await;
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
        let moving = world.heat.stacks.iter().filter(|stack| stack.root == root && stack.state == "IN_PROGRESS");
        let moving: Vec<_> = moving.map(|stack| (stack.id.clone(), stack.name.clone(), stack.action)).collect();
        for (id, name, stack_action) in moving {
            for (uid, resource, class, action) in under_way(&world, &id) {
                let reason = format!(
                    "{action} aborted (Task {} from {class} \"{resource}\" Stack \"{name}\" [{id}] Timed out)",
                    action.to_lowercase()
                );
                world.mark(&id, uid, action, "FAILED", &reason);
            }
            world.mark_stack(&id, stack_action, "FAILED", "Timed out");
        }
    }

    /// Something else is wanted of the stack while work on it is under way.
    pub(super) fn abort(&self, root: &str) {
        let mut world = self.world();
        let moving: Vec<String> =
            world.heat.stacks.iter().filter(|stack| stack.root == root).map(|stack| stack.id.clone()).collect();
        for id in moving {
            for (uid, _, _, action) in under_way(&world, &id) {
                world.mark(&id, uid, action, "FAILED", &format!("{action} aborted (user triggered cancel)"));
            }
        }
    }
}

/// Resources being worked on: uid, name, the name of Heat's class for each, action.
fn under_way(world: &World, stack: &str) -> Vec<(u64, String, String, &'static str)> {
    let Some(stack) = world.stack(stack) else { return Vec::new() };
    let moving = stack.all().filter(|r| r.action != "INIT" && r.state == "IN_PROGRESS");
    moving
        .map(|resource| {
            let class = match resource.stands_for.rsplit("::").next().unwrap_or_default() {
                "WaitCondition" => "HeatWaitCondition",
                class if resource.stands_for.contains("::") => class,
                _ => "TemplateResource",
            };
            (resource.uid, resource.name.clone(), class.to_owned(), resource.action)
        })
        .collect()
}

/// Makes one stack what it is to be, nested ones through themselves.
/// `cancel` is the stack's token from the moment it was defined.
pub fn converge(engine: Engine, id: String, action: &'static str, cancel: CancellationToken) -> Boxed<Result<(), End>> {
    Box::pin(async move {
        let (walk, mut waiting) = {
            let mut world = engine.world();
            let walk = Walk { engine: engine.clone(), stack: id.clone(), cancel };
            if walk.stopped() {
                return Err(End::Stopped);
            }
            world.mark_stack(&id, action, "IN_PROGRESS", &format!("Stack {action} started"));
            let Some(stack) = world.stack(&id) else { return Err(End::Stopped) };
            (walk, graph(stack))
        };
        let (done, mut ended) = mpsc::unbounded_channel();
        let mut running = 0usize;
        loop {
            let ready: Vec<Work> =
                waiting.iter().filter(|(_, needs)| needs.is_empty()).map(|(work, _)| *work).collect();
            for work in ready {
                waiting.remove(&work);
                running += 1;
                let (walk, done) = (walk.clone(), done.clone());
                engine.spawn(async move {
                    let made = tokio::select! {
                        biased;
                        () = walk.cancel.cancelled() => Err(Broken::new("", End::Stopped)),
                        made = carry_out(walk.clone(), work) => made,
                    };
                    // Nobody listens any more when the stack failed meanwhile.
                    let _ = done.send((work, made));
                });
            }
            if running == 0 {
                break;
            }
            let next = tokio::select! {
                biased;
                () = walk.cancel.cancelled() => return Err(End::Stopped),
                next = ended.recv() => next,
            };
            match next {
                Some((work, Ok(()))) => {
                    running -= 1;
                    for needs in waiting.values_mut() {
                        needs.remove(&work);
                    }
                }
                Some((_, Err(Broken { action: what, end: End::Failed(failure) }))) => {
                    let mut world = engine.world();
                    if walk.stopped() {
                        return Err(End::Stopped);
                    }
                    world.mark_stack(&id, action, "FAILED", &format!("Resource {what} failed: {failure}"));
                    return Err(End::Failed(failure));
                }
                Some((_, Err(Broken { end: End::Stopped, .. }))) | None => return Err(End::Stopped),
            }
        }
        let mut world = engine.world();
        if walk.stopped() {
            return Err(End::Stopped);
        }
        world.mark_stack(&id, action, "COMPLETE", &format!("Stack {action} completed successfully"));
        Ok(())
    })
}

/// Which work waits for which.
fn graph(stack: &Stack) -> BTreeMap<Work, BTreeSet<Work>> {
    let mut graph: BTreeMap<Work, BTreeSet<Work>> = BTreeMap::new();
    for resource in &stack.resources {
        let needs = stack.needs(&resource.name).into_iter().map(Work::Check).collect();
        graph.insert(Work::Check(resource.uid), needs);
    }
    let there: Vec<_> = stack.all().filter(|resource| resource.action != "INIT").collect();
    for resource in &there {
        let own = Work::Check(resource.uid);
        let known = graph.contains_key(&own);
        graph.entry(Work::Clean(resource.uid)).or_default().extend(known.then_some(own));
        // What it needed, and what it came in place of, goes after it.
        for after in resource.requires.iter().copied().chain(resource.replaces) {
            if there.iter().any(|other| other.uid == after) {
                graph.entry(Work::Clean(after)).or_default().insert(Work::Clean(resource.uid));
            }
        }
    }
    graph
}

async fn carry_out(walk: Walk, work: Work) -> Result<(), Broken> {
    match work {
        Work::Clean(uid) => {
            let leaves = {
                let mut world = walk.engine.world();
                let Some(stack) = world.stack_mut(&walk.stack) else { return Ok(()) };
                stack.leaving.iter().any(|resource| resource.uid == uid)
            };
            if leaves {
                delete::remove(walk.engine.clone(), walk.stack.clone(), uid).await;
                let mut world = walk.engine.world();
                if let Some(stack) = world.stack_mut(&walk.stack) {
                    stack.leaving.retain(|resource| {
                        resource.uid != uid || resource.action != "DELETE" || resource.state != "COMPLETE"
                    });
                }
            }
            Ok(())
        }
        Work::Check(uid) => {
            let new = walk.engine.world().resource(&walk.stack, uid).is_none_or(|resource| resource.action == "INIT");
            if new { create::resource(&walk, uid).await } else { update::resource(&walk, uid).await }
        }
    }
}
