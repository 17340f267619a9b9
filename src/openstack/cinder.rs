//! Volume quotas. <https://docs.openstack.org/api-ref/block-storage/v3/#quota-sets-extension-os-quota-sets>

use std::sync::Arc;

use async_trait::async_trait;
use serde_json::Value;

use super::catalog::CINDER;
use super::field;
use super::session::{Call, Session};
use crate::cloud::{CloudError, Quotas};
use crate::model::ServiceQuota;
use crate::model::service_quota::Item;
use crate::model::text::clean;

pub struct Cinder(pub Arc<Session>);

#[async_trait]
impl Quotas for Cinder {
    fn service(&self) -> &'static str {
        CINDER.name
    }

    async fn quotas(&self) -> Result<Vec<ServiceQuota>, CloudError> {
        let project = self.0.token().project_id.clone();
        let call = Call::get(CINDER, &["os-quota-sets", &project]).query("usage", "True");
        let value = self.0.json(&call).await?;
        Ok(quotas(&value["quota_set"]))
    }
}

/// Quotas of volume types are named after them: `gigabytes_ssd`.
pub fn quotas(set: &Value) -> Vec<ServiceQuota> {
    let mut found = Vec::new();
    for (key, of) in set.as_object().into_iter().flatten() {
        let item = match key.as_str() {
            "volumes" => Item::Volumes,
            "gigabytes" => Item::Gigabytes,
            "per_volume_gigabytes" => Item::VolumeGigabytes,
            _ => match (key.strip_prefix("volumes_"), key.strip_prefix("gigabytes_")) {
                (Some(kind), _) => Item::VolumesOf(clean(kind)),
                (_, Some(kind)) => Item::GigabytesOf(clean(kind)),
                _ => continue,
            },
        };
        if of["limit"].is_i64() {
            found.push(field::quota(item, &of["limit"], &[&of["in_use"], &of["reserved"]]));
        }
    }
    found
}
