//! Flavors, images and volumes: whether a node can live on what it gets.

use super::Wanted;
use crate::model::{Check, Flavor, Image};

/// What `kubeadm init` itself demands of a master.
const KUBEADM_CPUS: u32 = 2;
const KUBEADM_MB: u64 = 1700;
/// Magnum's rule for devicemapper.
const DEVICEMAPPER_GB: u32 = 3;
const GIB: u64 = 1 << 30;

pub fn checks(wanted: &Wanted) -> Vec<Check> {
    let mut found = Vec::new();
    let boot_volume = wanted.number("boot_volume_size").unwrap_or(0);
    let mut told = None;
    for (field, flavor) in wanted.flavors() {
        let Some(flavor) = flavor else { continue };
        if field == "master_flavor_id" {
            found.extend(small_master(field, flavor));
        }
        // One flavor for both is told of once.
        if boot_volume == 0 && told.replace(flavor) != Some(flavor) {
            found.extend(disk(field, flavor, wanted.image()));
        }
    }
    if let Some(image) = wanted.image().filter(|_| boot_volume > 0) {
        let needs = image.min_disk.max(image.size.unwrap_or(0).div_ceil(GIB));
        if boot_volume < needs {
            let told = format!("label boot_volume_size is {boot_volume} GB, image \"{}\" needs {needs}", image.name);
            found.push(Check::error("labels", told).advise(format!("Make it {needs} or more")));
        }
    }
    if wanted.template.docker_storage_driver.as_deref() == Some("devicemapper")
        && wanted.docker_volume_size().unwrap_or(0) < DEVICEMAPPER_GB
    {
        let told = format!("storage driver devicemapper needs a docker volume of {DEVICEMAPPER_GB} GB at least");
        found.push(Check::error("docker_volume_size", told).advise("Give a size, or choose overlay2"));
    }
    found
}

fn small_master(field: &str, flavor: &Flavor) -> Option<Check> {
    let cpus = flavor.vcpus < KUBEADM_CPUS;
    if !cpus && flavor.ram >= KUBEADM_MB {
        return None;
    }
    let has = if cpus { format!("{} vCPU", flavor.vcpus) } else { format!("{} MB of memory", flavor.ram) };
    let told = format!(
        "flavor \"{}\" has {has}: kubeadm refuses a master with less than {KUBEADM_CPUS} vCPUs and {KUBEADM_MB} MB",
        flavor.name
    );
    Some(Check::error(field, told).advise("Choose a larger flavor for masters (master-flavor)"))
}

/// Nova boots no image on a disk that is smaller, and by its default policy none at all on a disk of 0.
fn disk(field: &str, flavor: &Flavor, image: Option<&Image>) -> Option<Check> {
    if flavor.disk == 0 {
        let told = format!("flavor \"{}\" has no disk, and nodes boot from no volume", flavor.name);
        let advice = "Choose a flavor with a disk, or have nodes boot from a volume with the label boot_volume_size";
        return Some(Check::error(field, told).advise(advice));
    }
    let image = image?;
    // Of a compressed image, Glance knows only the compressed size.
    let size = image.size.unwrap_or(0).div_ceil(GIB);
    (flavor.disk < size).then(|| {
        let told =
            format!("flavor \"{}\" has {} GB of disk, image \"{}\" is {size} GB", flavor.name, flavor.disk, image.name);
        Check::error(field, told).advise("Choose a flavor with a larger disk")
    })
}
