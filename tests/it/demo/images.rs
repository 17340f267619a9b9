//! Images that a project describes and imports, through the manager's own eyes.

use std::time::Duration;

use jeroboam::model::image::Properties;
use jeroboam::model::{Image, NewImage, ProblemKind};
use jeroboam::service::Manager;
use jeroboam::service::local::LocalManager;

async fn images(manager: &LocalManager) -> Vec<Image> {
    let (inventory, problems) = manager.inventory().await;
    assert_eq!(problems, []);
    inventory.images
}

async fn arrives(manager: &LocalManager, id: &str, good: impl Fn(&Image) -> bool) -> Image {
    let watch = async {
        loop {
            let found = images(manager).await.into_iter().find(|image| image.id == id).unwrap();
            if good(&found) {
                return found;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(60), watch).await.expect("it does not come about")
}

fn ubuntu() -> Properties {
    Properties { os_distro: Some("ubuntu".into()), kube_version: Some("v1.34.1".into()), ..Properties::default() }
}

#[tokio::test]
async fn an_image_gets_what_it_lacks_and_somebody_elses_stays() {
    let (_directory, cloud, _) = super::cloud().await;
    let manager = super::leftovers::manager(&cloud.clouds_yaml).await;
    let before = images(&manager).await;
    let plain = before.iter().find(|image| image.os_distro.is_none()).unwrap();
    assert_eq!(plain.owner, manager.identity().scope.project_id);
    let described = manager.set_image(&plain.id, ubuntu()).await.unwrap();
    assert_eq!(Properties::of(&described), ubuntu());
    let bare = Properties { kube_version: None, ..ubuntu() };
    assert_eq!(Properties::of(&manager.set_image(&plain.id, bare.clone()).await.unwrap()), bare);
    let kept = images(&manager).await.into_iter().find(|image| image.id == plain.id).unwrap();
    assert_eq!((kept.name.as_str(), kept.status.as_str()), (plain.name.as_str(), "active"));

    let others = before.iter().find(|image| image.owner != plain.owner).unwrap();
    let refused = manager.set_image(&others.id, bare).await.unwrap_err();
    assert_eq!(refused[0].kind, ProblemKind::Denied, "{refused:?}");
}

#[tokio::test]
async fn an_image_comes_from_an_address_or_says_that_it_does_not() {
    let (_directory, cloud, _) = super::cloud().await;
    let manager = super::leftovers::manager(&cloud.clouds_yaml).await;
    let wish = NewImage {
        name: "ubuntu-24.04-kube-v1.34.1".into(),
        url: "https://images.example.org/ubuntu-24.04-kube-v1.34.1.qcow2".into(),
        disk_format: "qcow2".into(),
        min_disk: 20,
        properties: ubuntu(),
    };
    let made = manager.import_image(wish.clone()).await.unwrap();
    let there = arrives(&manager, &made.id, |image| image.status == "active").await;
    assert_eq!((Properties::of(&there), there.min_disk, there.visibility.as_str()), (ubuntu(), 20, "private"));
    let lost = NewImage { url: "https://images.invalid/a.qcow2".into(), ..wish };
    let made = manager.import_image(lost).await.unwrap();
    arrives(&manager, &made.id, |image| image.import_failed).await;
}
