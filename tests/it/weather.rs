//! Bad weather: each kind of call that an operation makes is met with each fault. The cluster says
//! clearly what is wrong or nothing came of it; when it clears the operation ends well or can be
//! repeated, and in the end nothing is left behind. Which calls an operation makes is seen by letting
//! it happen once in good weather.
//!
//! Time is tokio's, paused: it goes on when nobody has anything to do, and no faster than `calm` lets
//! it. So the conductor keeps its real patience, and a test takes what its work takes. Start reading
//! at [`passes`].

mod bench;
mod proxy;
mod reading;

use std::collections::BTreeSet;

use futures_util::future::join_all;
use jeroboam::model::{Cluster, ClusterChange, ClusterId, NewNodeGroup, Problem, Status};
use jeroboam::service::Manager;
use rstest::rstest;

use bench::{Bench, calm, is_clear};
use proxy::{Call, FAULTS, Fault};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Operation {
    Create,
    Delete,
    Resize,
    Upgrade,
    CreateGroup,
    DeleteGroup,
    RotateCa,
    RotateCredential,
    Cancel,
}

impl Operation {
    /// Of the cloud's work: what is to be cancelled takes its time.
    fn speed(self) -> f64 {
        if self == Self::Cancel { 0.02 } else { 0.5 }
    }
}

impl Bench {
    /// What must be there before the operation can be asked for; always in good weather.
    async fn ready(&self, operation: Operation, id: Option<ClusterId>) -> Option<ClusterId> {
        let id = match (operation, id) {
            (Operation::Create, _) => return None,
            (_, Some(id)) => id,
            (_, None) => self.made().await,
        };
        match operation {
            Operation::DeleteGroup if self.cluster(id).await.unwrap().node_groups.len() == 2 => {
                self.change(id, Operation::CreateGroup).await.unwrap();
                self.well(id, "a group more").await;
            }
            Operation::Cancel => {
                self.change(id, Operation::Resize).await.unwrap();
                self.heat_is_at(id, "UPDATE_IN_PROGRESS").await;
            }
            _ => {}
        }
        Some(id)
    }

    async fn ask(&self, operation: Operation, id: Option<ClusterId>) -> Result<ClusterId, Vec<Problem>> {
        match (operation, id) {
            (_, None) => self.create().await,
            (Operation::Delete, Some(id)) => self.manager.delete_cluster(id).await.map(|()| id).map_err(|e| vec![e]),
            (_, Some(id)) => self.change(id, operation).await,
        }
    }

    async fn change(&self, id: ClusterId, operation: Operation) -> Result<ClusterId, Vec<Problem>> {
        let change = match operation {
            Operation::Create | Operation::Delete => unreachable!("these are no changes"),
            Operation::Resize => {
                let count = 3 - self.cluster(id).await.unwrap().node_count;
                ClusterChange::Resize { count, nodegroup: None, nodes_to_remove: Vec::new() }
            }
            Operation::Upgrade => {
                ClusterChange::Upgrade { template: self.templates[1].clone(), nodegroup: None, max_batch_size: 1 }
            }
            Operation::CreateGroup => {
                let nodegroup = NewNodeGroup { name: "extra".into(), ..NewNodeGroup::default() };
                ClusterChange::CreateNodegroup { nodegroup: Box::new(nodegroup) }
            }
            Operation::DeleteGroup => ClusterChange::DeleteNodegroup { nodegroup: "extra".into() },
            Operation::RotateCa => ClusterChange::RotateCa { max_batch_size: 1 },
            Operation::RotateCredential => ClusterChange::RotateCredential,
            Operation::Cancel => ClusterChange::Cancel,
        };
        self.manager.change_cluster(id, change).await.map(|cluster| cluster.uuid)
    }

    /// Makes it so that the operation can be asked for again.
    async fn back(&self, operation: Operation, id: ClusterId, what: &str) -> Option<ClusterId> {
        match operation {
            Operation::Create | Operation::Delete | Operation::Upgrade => {
                self.away(id, what).await;
                None
            }
            Operation::CreateGroup => {
                self.change(id, Operation::DeleteGroup).await.unwrap();
                self.well(id, what).await;
                Some(id)
            }
            _ => Some(id),
        }
    }

    /// What the fault brings, and that it passes. Gives the cluster to go on with.
    async fn through(
        &self,
        operation: Operation,
        id: Option<ClusterId>,
        call: &Call,
        fault: Fault,
    ) -> Option<ClusterId> {
        let what = format!("{fault:?} at {} in {operation:?}", call.0);
        let id = self.ready(operation, id).await;
        self.heard.lock().unwrap().clear();
        self.proxy.storm(call, fault);
        let asked = match self.ask(operation, id).await {
            Ok(asked) => asked,
            Err(problems) => {
                let told = problems.iter().any(|problem| fault.is_told_by(&problem.line()));
                assert!(told && problems.iter().all(|problem| is_clear(&problem.line())), "{what}: {problems:?}");
                self.clears(call).await;
                match id {
                    None => assert!(self.manager.clusters().await.unwrap().is_empty(), "{what}: refused, and kept"),
                    Some(id) => self.well_or_asked_again(operation, id, &what).await,
                }
                return id;
            }
        };
        // Until somebody is told why it does not go on, or it did go on.
        let told = |cluster: &Cluster| self.proxy.hits() > 0 && self.told(fault) || !cluster.status.is_in_progress();
        if let Some(seen) = self.until(asked, &what, told).await {
            // A cancelled change has failed in good weather too.
            let told = self.told(fault) || operation == Operation::Cancel;
            assert!(!seen.status.is_failed() || told, "{what}: {seen:?}");
        }
        assert!(self.proxy.hits() > 0, "{what}: no such call");
        self.clears(call).await;
        // Where it was told without its addresses, they are read when that is possible.
        let whole = |cluster: &Cluster| !cluster.status.is_complete() || cluster.api_address.is_some();
        let end = self.until(asked, &what, |cluster| !cluster.status.is_in_progress() && whole(cluster)).await;
        for words in self.heard.lock().unwrap().iter() {
            assert!(is_clear(words), "{what}: {words:?}");
        }
        let Some(end) = end else {
            assert_eq!(operation, Operation::Delete, "{what}: it is gone");
            self.nothing_is_left(&what).await;
            return None;
        };
        if !end.status.is_complete() {
            assert!(is_clear(&end.status_reason), "{what}: {end:?}");
            self.well_or_asked_again(operation, asked, &what).await;
        }
        self.back(operation, asked, &what).await
    }

    /// A failed update goes on when it is told to; other failures leave nothing but to delete.
    async fn well_or_asked_again(&self, operation: Operation, id: ClusterId, what: &str) {
        let known = self.rest(id, what).await.unwrap();
        if known.status == Status::UPDATE_FAILED {
            self.manager.change_cluster(id, ClusterChange::Retry).await.unwrap();
            self.well(id, &format!("{what}, and again in good weather")).await;
        } else if !known.status.is_complete() {
            assert!(matches!(operation, Operation::Create | Operation::Delete), "{what}: {known:?}");
        }
    }
}

/// The calls it makes when all is well.
async fn calls(operation: Operation) -> BTreeSet<Call> {
    let bench = Bench::new(operation.speed()).await;
    let id = bench.ready(operation, None).await;
    bench.proxy.seen();
    let id = bench.ask(operation, id).await.unwrap();
    let end = bench.rest(id, "in good weather").await;
    let well = |cluster: Cluster| cluster.status.is_complete() || operation == Operation::Cancel;
    assert!(end.is_none_or(well), "{operation:?} in good weather");
    let mut calls = bench.proxy.seen();
    assert!(calls.len() > 2, "{operation:?}: {calls:?}");
    calls.insert(Call::login());
    calls
}

#[rstest]
#[case::create(Operation::Create)]
#[case::delete(Operation::Delete)]
#[case::resize(Operation::Resize)]
#[case::upgrade(Operation::Upgrade)]
#[case::create_group(Operation::CreateGroup)]
#[case::delete_group(Operation::DeleteGroup)]
#[case::rotate_ca(Operation::RotateCa)]
#[case::rotate_credential(Operation::RotateCredential)]
#[case::cancel(Operation::Cancel)]
#[tokio::test(start_paused = true)]
async fn passes(#[case] operation: Operation) {
    calm();
    let storms = calls(operation).await.into_iter().map(|call| async move {
        let bench = Bench::new(operation.speed()).await;
        let mut id = None;
        for fault in FAULTS {
            id = bench.through(operation, id, &call, fault).await;
        }
        if let Some(id) = id {
            bench.away(id, "all of it").await;
        }
        bench.ends().await;
    });
    join_all(storms).await;
}

#[tokio::test(start_paused = true)]
async fn a_groups_bounds_are_ours_alone() {
    calm();
    let bench = Bench::new(1.0).await;
    let id = bench.made().await;
    bench.proxy.seen();
    let nodegroup = "default-worker".to_owned();
    let change = ClusterChange::UpdateNodegroup { nodegroup, min_node_count: None, max_node_count: Some(Some(9)) };
    bench.manager.change_cluster(id, change).await.unwrap();
    assert_eq!(bench.proxy.seen(), BTreeSet::new(), "the weather cannot touch it");
}
