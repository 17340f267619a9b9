//! Load balancer quotas. <https://docs.openstack.org/api-ref/load-balancer/v2/#show-project-quota>

use std::sync::Arc;

use async_trait::async_trait;
use serde_json::Value;

use super::catalog::OCTAVIA;
use super::field;
use super::session::{Call, Session};
use crate::cloud::{CloudError, Quotas};
use crate::model::ServiceQuota;
use crate::model::service_quota::Item;

pub struct Octavia(pub Arc<Session>);

impl Octavia {
    /// Octavia tells limits only: what is limited is counted. A pool carries its members.
    async fn count(&self, collection: &str) -> Result<Vec<Value>, CloudError> {
        let project = self.0.token().project_id.clone();
        let call = Call::get(OCTAVIA, &["lbaas", collection]).query("project_id", &project);
        self.0.list(call.query("fields", "id").query("fields", "members"), collection).await
    }
}

#[async_trait]
impl Quotas for Octavia {
    fn service(&self) -> &'static str {
        OCTAVIA.name
    }

    async fn quotas(&self) -> Result<Vec<ServiceQuota>, CloudError> {
        let project = self.0.token().project_id.clone();
        let value = self.0.json(&Call::get(OCTAVIA, &["lbaas", "quotas", &project])).await?;
        let limits = &value["quota"];
        let mut found = Vec::new();
        let mut pools: Option<Vec<Value>> = None;
        for (item, key, collection) in KNOWN {
            // The older name of two of them has no underline.
            let limit = [key.to_owned(), key.replace('_', "")].into_iter().map(|key| &limits[key]).find(|l| l.is_i64());
            let Some(limit) = limit else { continue };
            let used = match (limit.as_i64(), &pools) {
                (Some(none), _) if none < 0 => 0,
                (_, Some(known)) if collection == POOLS => counted(&item, known),
                _ => {
                    let rows = self.count(collection).await?;
                    let used = counted(&item, &rows);
                    if collection == POOLS {
                        pools = Some(rows);
                    }
                    used
                }
            };
            found.push(field::quota(item, limit, &[&used.into()]));
        }
        Ok(found)
    }
}

const POOLS: &str = "pools";
const KNOWN: [(Item, &str, &str); 5] = [
    (Item::LoadBalancers, "load_balancer", "loadbalancers"),
    (Item::Listeners, "listener", "listeners"),
    (Item::Pools, "pool", POOLS),
    (Item::Members, "member", POOLS),
    (Item::HealthMonitors, "health_monitor", "healthmonitors"),
];

fn counted(item: &Item, rows: &[Value]) -> u64 {
    match item {
        Item::Members => rows.iter().map(|pool| field::array(&pool["members"]).len() as u64).sum(),
        _ => rows.len() as u64,
    }
}
