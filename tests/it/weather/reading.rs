//! What is only read: each call met with each fault gives a clear problem or an answer without
//! that part, and the whole answer when the weather clears.

use futures_util::future::join_all;
use jeroboam::model::{ClusterId, NewCluster, Problem};
use jeroboam::service::{KubeconfigWish, Manager};

use super::bench::{Bench, calm, is_clear};
use super::proxy::{Call, FAULTS};

#[derive(Debug, Clone, Copy)]
enum Read {
    Inventory,
    Resources,
    Events,
    Orphans,
    Preview,
    Kubeconfig,
}

const READS: [Read; 6] =
    [Read::Inventory, Read::Resources, Read::Events, Read::Orphans, Read::Preview, Read::Kubeconfig];

impl Bench {
    /// What could not be had.
    async fn read(&self, what: Read, id: ClusterId) -> Vec<Problem> {
        let only = |problem: Problem| vec![problem];
        match what {
            Read::Inventory => self.manager.inventory().await.1,
            Read::Resources => self.manager.resources(id).await.err().map(only).unwrap_or_default(),
            Read::Events => self.manager.events(id).await.err().map(only).unwrap_or_default(),
            Read::Orphans => self.manager.orphans().await.map_or_else(only, |(_, problems)| problems),
            Read::Preview => {
                let cluster_template_id = self.templates[0].clone();
                let wish = NewCluster { name: "other".into(), cluster_template_id, ..NewCluster::default() };
                match self.manager.preview_cluster(wish).await {
                    Ok(preview) => preview.checks.into_iter().map(Problem::from).collect(),
                    Err(problems) => problems,
                }
            }
            Read::Kubeconfig => {
                let wish = KubeconfigWish::default();
                self.manager.kubeconfig(id, &wish).await.err().map(only).unwrap_or_default()
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_read_is_there_again() {
    calm();
    let all = READS.map(|read| async move {
        let bench = Bench::new(1.0).await;
        let id = bench.made().await;
        bench.proxy.seen();
        let well = bench.read(read, id).await;
        let mut calls = bench.proxy.seen();
        assert!(!calls.is_empty(), "{read:?}");
        calls.insert(Call::login());
        for call in calls {
            for fault in FAULTS {
                let what = format!("{fault:?} at {} in {read:?}", call.0);
                bench.proxy.storm(&call, fault);
                let problems = bench.read(read, id).await;
                let told = problems == well || problems.iter().any(|problem| fault.is_told_by(&problem.line()));
                assert!(told && problems.iter().all(|problem| is_clear(&problem.line())), "{what}: {problems:?}");
                assert!(bench.proxy.hits() > 0, "{what}: no such call");
                bench.clears(&call).await;
            }
        }
        assert_eq!(bench.read(read, id).await, well, "{read:?} in good weather");
        bench.away(id, "what was only read").await;
        bench.ends().await;
    });
    join_all(all).await;
}
