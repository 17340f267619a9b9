//! `jeroboam image …`: images as far as clusters boot them.

use std::time::Duration;

use serde::Serialize;

use super::args::{ImageImport, ImageSet};
use super::fault::Done;
use super::find;
use super::output::{Column, Terminal, or_dash};
use crate::model::image::Properties;
use crate::model::{Image, NewImage, Problem, fitness};
use crate::service::Manager;

/// Between two looks at an image that is being fetched.
const LOOK: Duration = Duration::from_secs(3);

/// A row of the list.
#[derive(Serialize)]
struct Listed {
    #[serde(flatten)]
    image: Image,
    /// What it is good for, or why it is not.
    fitness: String,
}

const COLUMNS: [Column<Listed>; 6] = [
    ("ID", |l| l.image.id.clone()),
    ("NAME", |l| l.image.name.clone()),
    ("STATUS", |l| l.image.status.clone()),
    ("OS DISTRO", |l| or_dash(l.image.os_distro.as_deref())),
    ("KUBERNETES", |l| or_dash(l.image.kube_version.as_deref())),
    ("FOR CLUSTERS", |l| l.fitness.clone()),
];

/// All images, or why Glance does not tell.
async fn images(manager: &dyn Manager) -> Result<(Vec<Image>, Vec<String>), Vec<Problem>> {
    let (cloud, problems) = manager.inventory().await;
    // Other services' troubles are none of images.
    let glance: Vec<Problem> = problems.into_iter().filter(|problem| problem.summary.starts_with("glance")).collect();
    if glance.is_empty() { Ok((cloud.images, cloud.distros)) } else { Err(glance) }
}

pub async fn list(manager: &dyn Manager, terminal: &mut Terminal<'_>) -> Done {
    let (mut images, distros) = images(manager).await?;
    images.sort_by(|a, b| a.name.cmp(&b.name).then_with(|| a.id.cmp(&b.id)));
    let listed = |image: Image| {
        let fitness = fitness::image(&image, &distros).words().to_owned();
        Listed { image, fitness }
    };
    let rows: Vec<Listed> = images.into_iter().map(listed).collect();
    terminal.list(&rows, &COLUMNS)
}

pub async fn set(manager: &dyn Manager, terminal: &mut Terminal<'_>, args: &ImageSet) -> Done {
    let image = find::image(&images(manager).await?.0, &args.name)?;
    let known = Properties::of(&image);
    let kept = |name: &str, now: Option<String>, given: &Option<String>| {
        given.clone().or(now).filter(|_| !args.unset.iter().any(|one| one == name))
    };
    let properties = Properties {
        os_distro: kept("os_distro", known.os_distro, &args.properties.os_distro),
        os_version: kept("os_version", known.os_version, &args.properties.os_version),
        kube_version: kept("kube_version", known.kube_version, &args.properties.kube_version),
        os_admin_user: kept("os_admin_user", known.os_admin_user, &args.properties.os_admin_user),
    };
    terminal.show(&manager.set_image(&image.id, properties).await?)
}

/// What the flags ask for; what is not given is guessed from the address and the name.
pub fn wish(args: &ImageImport) -> NewImage {
    let name = args.name.clone();
    let guess = Properties::guess(&name);
    let properties = Properties {
        os_distro: args.properties.os_distro.clone().or(guess.os_distro),
        os_version: args.properties.os_version.clone().or(guess.os_version),
        kube_version: args.properties.kube_version.clone().or(guess.kube_version),
        os_admin_user: args.properties.os_admin_user.clone(),
    };
    NewImage { name, url: args.url.clone(), disk_format: args.disk_format.clone(), min_disk: args.min_disk, properties }
}

pub async fn import(manager: &dyn Manager, terminal: &mut Terminal<'_>, wish: NewImage, wait: bool) -> Done {
    let mut image = manager.import_image(wish).await?;
    if wait {
        terminal.note(&format!("Glance is fetching {} ({})", image.name, image.id))?;
        image = arrived(manager, image).await?;
    }
    terminal.show(&image)
}

/// Until it is there or cannot be had. How long that may take is the one's to say who waits.
async fn arrived(manager: &dyn Manager, wanted: Image) -> Result<Image, Vec<Problem>> {
    loop {
        let found = images(manager).await?.0.into_iter().find(|image| image.id == wanted.id);
        let failed = |told: String| {
            let advice =
                "Check that the cloud's Glance can reach the address; its operator knows which are let through";
            Err(vec![Problem::conflict(told).advise(advice)])
        };
        match found {
            None => return failed(format!("image {} is gone", wanted.id)),
            Some(image) if image.status == "active" => return Ok(image),
            Some(image) if image.import_failed || image.status == "killed" => {
                return failed(format!("Glance could not fetch image {} ({})", image.name, image.id));
            }
            Some(_) => {}
        }
        tokio::time::sleep(LOOK).await;
    }
}
