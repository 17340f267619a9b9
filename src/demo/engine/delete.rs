//! Taking a stack away: each resource once nothing needs it any more, nested
//! stacks from inside out.

use std::future::Future;
use std::pin::Pin;

use super::{Engine, make};
use crate::demo::world::World;
use crate::demo::world::heat::Resource;

type Boxed = Pin<Box<dyn Future<Output = ()> + Send>>;

impl Engine {
    /// Begins to delete a root stack; deleting twice is deleting once.
    pub fn start_delete(&self, id: &str) {
        {
            let mut world = self.world();
            let Some(stack) = world.stack(id) else { return };
            if stack.action == "DELETE" && stack.state == "IN_PROGRESS" || stack.deleted.is_some() {
                return;
            }
            let cancel = stack.cancel.clone();
            world.mark_stack(id, "DELETE", "IN_PROGRESS", "Stack DELETE started");
            cancel.cancel();
        }
        self.abort(id);
        let engine = self.clone();
        let id = id.to_owned();
        self.spawn(async move {
            engine.pass(0.2).await;
            take_away(engine.clone(), id.clone()).await;
            let mut world = engine.world();
            world.mark_stack(&id, "DELETE", "COMPLETE", "Stack DELETE completed successfully");
            world.bury_stack(&id);
        });
    }

    /// Leaves an action that failed behind: what was being made is taken away, what was being
    /// changed is changed back.
    pub(super) async fn roll_back(&self, id: String) {
        let back = {
            let mut world = self.world();
            let Some(stack) = world.stack(&id) else { return };
            match (stack.action, stack.before.clone()) {
                ("CREATE", _) => {
                    let cancel = stack.cancel.clone();
                    let reason = format!("Stack CREATE failed ({}) and is being rolled back", stack.reason);
                    world.mark_stack(&id, "ROLLBACK", "IN_PROGRESS", &reason);
                    cancel.cancel();
                    None
                }
                ("UPDATE", Some(before)) => Some(before),
                _ => return,
            }
        };
        if let Some((source, blueprint)) = back {
            self.start_update(id, "ROLLBACK", source, blueprint);
            return;
        }
        self.abort(&id);
        take_away(self.clone(), id.clone()).await;
        self.world().mark_stack(&id, "ROLLBACK", "COMPLETE", "Stack ROLLBACK completed successfully");
    }
}

fn take_away(engine: Engine, id: String) -> Boxed {
    Box::pin(async move {
        loop {
            let ready = removable(&engine.world(), &id);
            if ready.is_empty() {
                return;
            }
            let tasks = ready.into_iter().map(|uid| remove(engine.clone(), id.clone(), uid));
            futures_util::future::join_all(tasks).await;
        }
    })
}

/// Resources that are there and that nothing which is there needs.
fn removable(world: &World, id: &str) -> Vec<u64> {
    let Some(stack) = world.stack(id) else { return Vec::new() };
    let there: Vec<&Resource> = stack.all().filter(|r| !(r.action == "DELETE" && r.state == "COMPLETE")).collect();
    let needed = |uid: u64| there.iter().any(|r| r.requires.contains(&uid) || r.replaces == Some(uid));
    there.iter().filter(|resource| !needed(resource.uid)).map(|resource| resource.uid).collect()
}

/// Takes one resource away, and what it holds.
pub(super) async fn remove(engine: Engine, stack: String, uid: u64) {
    let (began, nested) = {
        let mut world = engine.world();
        let Some(resource) = world.resource_mut(&stack, uid) else { return };
        let began = resource.action != "INIT";
        let nested = resource.nested.clone();
        if began {
            world.mark(&stack, uid, "DELETE", "IN_PROGRESS", "state changed");
        } else {
            // Never begun: goes without a word.
            resource.action = "DELETE";
            resource.state = "COMPLETE";
        }
        (began, nested)
    };
    if !began {
        return;
    }
    if let Some(nested) = nested {
        {
            let mut world = engine.world();
            world.mark_stack(&nested, "DELETE", "IN_PROGRESS", "Stack DELETE started");
            if let Some(stack) = world.stack(&nested) {
                stack.cancel.cancel();
            }
        }
        take_away(engine.clone(), nested.clone()).await;
        let mut world = engine.world();
        world.mark_stack(&nested, "DELETE", "COMPLETE", "Stack DELETE completed successfully");
        world.forget_nested(&nested);
    } else {
        engine.pass(0.2).await;
        make::remove(&mut engine.world(), &stack, uid);
    }
    engine.world().mark(&stack, uid, "DELETE", "COMPLETE", "state changed");
}
