//! Images. <https://docs.openstack.org/api-ref/image/v2/>

use std::sync::Arc;

use async_trait::async_trait;
use reqwest::Method;
use serde_json::{Value, json};

use super::catalog::GLANCE;
use super::session::{Call, Session};
use super::{field, transport};
use crate::cloud::{CloudError, CloudErrorKind, Images};
use crate::model::image::Properties;
use crate::model::{Image, NewImage};

/// Glance gives 25 when not asked, and not more than 1000.
const PAGE: u32 = 1000;
const PATCH: &str = "application/openstack-images-v2.1-json-patch";
/// Glance itself fetches the image.
const METHOD: &str = "web-download";

pub struct Glance(pub Arc<Session>);

#[async_trait]
impl Images for Glance {
    async fn images(&self) -> Result<Vec<Image>, CloudError> {
        let call = Call::get(GLANCE, &["images"]).query("limit", PAGE);
        Ok(field::read_all("images", &self.0.list(call, "images").await?, image))
    }

    /// <https://docs.openstack.org/api-ref/image/v2/#update-image>
    async fn set_image(&self, id: &str, properties: &Properties) -> Result<Option<Image>, CloudError> {
        let Some(known) = self.0.find(&Call::get(GLANCE, &["images", id])).await? else { return Ok(None) };
        let changes = changes(&known, properties);
        if changes.is_empty() {
            return read(&known).map(Some);
        }
        let call = Call::new(GLANCE, Method::PATCH, &["images", id]).content(PATCH).body(changes.into());
        self.0.find(&call).await?.as_ref().map(read).transpose()
    }

    /// <https://docs.openstack.org/api-ref/image/v2/#interoperable-image-import>
    async fn import_image(&self, wish: &NewImage) -> Result<Image, CloudError> {
        let known = self.0.json(&Call::get(GLANCE, &["info", "import"])).await?;
        if !field::texts(&known["import-methods"], "value").iter().any(|method| method == METHOD) {
            let told = format!("this cloud's Glance does not offer the import method {METHOD}");
            return Err(transport::failure(GLANCE, CloudErrorKind::NoService, told));
        }
        let mut wanted = json!({
            "name": wish.name, "disk_format": wish.disk_format, "container_format": "bare",
            "min_disk": wish.min_disk, "visibility": "private",
        });
        for (name, value) in wish.properties.pairs() {
            if let Some(value) = value {
                wanted[name] = value.into();
            }
        }
        let made = self.0.json(&Call::new(GLANCE, Method::POST, &["images"]).body(wanted)).await?;
        let made = read(&made)?;
        let order = json!({"method": {"name": METHOD, "uri": wish.url}});
        let call = Call::new(GLANCE, Method::POST, &["images", &made.id, "import"]).body(order);
        if let Err(refused) = self.0.send(&call).await {
            let gone = self.0.done(&Call::new(GLANCE, Method::DELETE, &["images", &made.id])).await;
            if let Err(error) = gone {
                tracing::warn!(image = made.id, error = error.message, "an image that could not be imported stays");
            }
            return Err(refused);
        }
        Ok(Image { arriving: true, ..made })
    }
}

/// From what the image has to what it is to have.
fn changes(known: &Value, wanted: &Properties) -> Vec<Value> {
    let change = |(name, value): (&str, Option<&str>)| {
        let path = format!("/{name}");
        match (known[name].as_str(), value) {
            (now, value) if now == value => None,
            (None, Some(value)) => Some(json!({"op": "add", "path": path, "value": value})),
            (Some(_), Some(value)) => Some(json!({"op": "replace", "path": path, "value": value})),
            (_, None) => Some(json!({"op": "remove", "path": path})),
        }
    };
    wanted.pairs().into_iter().filter_map(change).collect()
}

fn read(value: &Value) -> Result<Image, CloudError> {
    let told = "the answer is not an image";
    image(value).ok_or_else(|| transport::failure(GLANCE, CloudErrorKind::Protocol, told))
}

/// An image's own properties stand beside its fields.
pub fn image(value: &Value) -> Option<Image> {
    let id = field::some_text(value, "id")?;
    let status = field::text(value, "status");
    // The task's id is on the image from the moment an import is accepted until it ends, one way or the other.
    let task = field::some_text(value, "os_glance_import_task").is_some();
    // One that failed is queued as before it began; where no store is to blame this is there, and empty.
    let failed = field::some_text(value, "os_glance_failed_import").is_some()
        || status == "queued" && !task && value.get("os_glance_failed_import").is_some();
    Some(Image {
        name: field::some_text(value, "name").unwrap_or_else(|| id.clone()),
        id,
        arriving: !failed && (task && status == "queued" || matches!(&*status, "importing" | "saving" | "uploading")),
        import_failed: failed,
        status,
        os_distro: field::some_text(value, "os_distro"),
        os_version: field::some_text(value, "os_version"),
        os_admin_user: field::some_text(value, "os_admin_user"),
        kube_version: field::some_text(value, "kube_version"),
        magnum_driver: field::some_text(value, "magnum_driver"),
        min_disk: field::number(value, "min_disk").unwrap_or_default(),
        min_ram: field::number(value, "min_ram").unwrap_or_default(),
        size: field::number(value, "size"),
        owner: field::text(value, "owner"),
        visibility: field::text(value, "visibility"),
    })
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use serde_json::{Value, json};

    use super::{changes, image};
    use crate::model::image::Properties;

    /// What Glance 25.1 answered at each moment of an import.
    #[rstest]
    #[case::nobody_fills_it(json!({"status": "queued"}), (false, false))]
    #[case::accepted(json!({"status": "queued", "os_glance_import_task": "t"}), (true, false))]
    #[case::begun(
        json!({"status": "importing", "os_glance_import_task": "t", "os_glance_importing_to_stores": "",
            "os_glance_failed_import": ""}),
        (true, false)
    )]
    #[case::not_to_be_had(
        json!({"status": "queued", "os_glance_importing_to_stores": "", "os_glance_failed_import": ""}),
        (false, true)
    )]
    #[case::not_stored(json!({"status": "queued", "os_glance_failed_import": "fast"}), (false, true))]
    #[case::there(
        json!({"status": "active", "os_glance_importing_to_stores": "", "os_glance_failed_import": ""}),
        (false, false)
    )]
    fn an_import_is_followed_to_either_end(#[case] mut told: Value, #[case] wanted: (bool, bool)) {
        told["id"] = "i".into();
        let image = image(&told).unwrap();
        assert_eq!((image.arriving, image.import_failed), wanted);
    }

    #[test]
    fn only_what_differs_is_changed_and_nothing_else_touched() {
        let known = json!({"os_distro": "ubuntu", "os_version": "22.04", "kube_version": "v1.30.0", "name": "x"});
        let wanted = Properties {
            os_distro: Some("ubuntu".into()),
            os_version: None,
            kube_version: Some("v1.31.4".into()),
            os_admin_user: Some("core".into()),
        };
        let told = changes(&known, &wanted);
        assert_eq!(
            told,
            [
                json!({"op": "remove", "path": "/os_version"}),
                json!({"op": "replace", "path": "/kube_version", "value": "v1.31.4"}),
                json!({"op": "add", "path": "/os_admin_user", "value": "core"}),
            ]
        );
        assert!(changes(&json!({}), &Properties::default()).is_empty());
    }
}
