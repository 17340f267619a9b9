//! Images. <https://docs.openstack.org/api-ref/image/v2/>

use std::sync::Arc;

use async_trait::async_trait;
use serde_json::Value;

use super::catalog::GLANCE;
use super::field;
use super::session::{Call, Session};
use crate::cloud::{CloudError, Images};
use crate::model::Image;

/// Glance gives 25 when not asked, and not more than 1000.
const PAGE: u32 = 1000;

pub struct Glance(pub Arc<Session>);

#[async_trait]
impl Images for Glance {
    async fn images(&self) -> Result<Vec<Image>, CloudError> {
        let call = Call::get(GLANCE, &["images"]).query("limit", PAGE);
        Ok(field::read_all("images", &self.0.list(call, "images").await?, image))
    }
}

/// An image's own properties stand beside its fields.
pub fn image(value: &Value) -> Option<Image> {
    let id = field::some_text(value, "id")?;
    Some(Image {
        name: field::some_text(value, "name").unwrap_or_else(|| id.clone()),
        id,
        status: field::text(value, "status"),
        os_distro: field::some_text(value, "os_distro"),
        os_admin_user: field::some_text(value, "os_admin_user"),
        kube_version: field::some_text(value, "kube_version"),
        magnum_driver: field::some_text(value, "magnum_driver"),
        min_disk: field::number(value, "min_disk").unwrap_or_default(),
        min_ram: field::number(value, "min_ram").unwrap_or_default(),
        size: field::number(value, "size"),
    })
}
