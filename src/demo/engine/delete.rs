//! Taking a stack away: each resource once nothing needs it any more, nested
//! stacks from inside out.

use std::future::Future;
use std::pin::Pin;

use super::{Engine, make};
use crate::demo::world::World;

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

    /// A failed stack that was asked to roll back loses its resources and stays as a record.
    pub(super) async fn roll_back(&self, id: String) {
        let reason = {
            let mut world = self.world();
            let Some(stack) = world.stack(&id) else { return };
            if stack.action != "CREATE" {
                return;
            }
            let cancel = stack.cancel.clone();
            let reason = format!("Stack CREATE failed ({}) and is being rolled back", stack.reason);
            world.mark_stack(&id, "ROLLBACK", "IN_PROGRESS", &reason);
            cancel.cancel();
            "Stack ROLLBACK completed successfully"
        };
        self.abort(&id);
        take_away(self.clone(), id.clone()).await;
        self.world().mark_stack(&id, "ROLLBACK", "COMPLETE", reason);
    }
}

fn take_away(engine: Engine, id: String) -> Boxed {
    Box::pin(async move {
        loop {
            let ready = removable(&engine.world(), &id);
            if ready.is_empty() {
                return;
            }
            let tasks = ready.into_iter().map(|name| remove(engine.clone(), id.clone(), name));
            futures_util::future::join_all(tasks).await;
        }
    })
}

/// Resources that are there and that nothing which is there needs.
fn removable(world: &World, id: &str) -> Vec<String> {
    let Some(stack) = world.stack(id) else { return Vec::new() };
    let there = |name: &str| stack.resource(name).is_some_and(|r| !(r.action == "DELETE" && r.state == "COMPLETE"));
    stack
        .resources
        .iter()
        .filter(|resource| there(&resource.name) && !stack.blueprint.required_by(&resource.name).into_iter().any(there))
        .map(|resource| resource.name.clone())
        .collect()
}

async fn remove(engine: Engine, stack: String, name: String) {
    let (began, nested) = {
        let mut world = engine.world();
        let Some(resource) = world.resource_mut(&stack, &name) else { return };
        let began = resource.action != "INIT";
        let nested = resource.nested.clone();
        if began {
            world.mark(&stack, &name, "DELETE", "IN_PROGRESS", "state changed");
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
        engine.world().mark_stack(&nested, "DELETE", "IN_PROGRESS", "Stack DELETE started");
        take_away(engine.clone(), nested.clone()).await;
        engine.world().mark_stack(&nested, "DELETE", "COMPLETE", "Stack DELETE completed successfully");
    } else {
        engine.pass(0.2).await;
        make::remove(&mut engine.world(), &stack, &name);
    }
    engine.world().mark(&stack, &name, "DELETE", "COMPLETE", "state changed");
}
