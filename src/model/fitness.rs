//! Why something that a cloud offers will not do for clusters, and what it is good for. Pickers,
//! lists and the command line say it in these words.

use super::validate::Inventory;
use super::{Flavor, Image, Network};

/// What kubeadm asks of a machine with a control plane: processors, and MB of memory.
const CONTROL_PLANE: (u32, u64) = (2, 1700);

/// How much something is good for, and the words about it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Use {
    Yes(String),
    /// For some of what clusters need.
    Partly(String),
    No(String),
}

impl Use {
    pub fn words(&self) -> &str {
        let (Self::Yes(words) | Self::Partly(words) | Self::No(words)) = self;
        words
    }
}

/// Why nodes cannot boot it. `distros`: those that there are drivers for; none known says nothing.
pub fn image_fault(image: &Image, distros: &[String]) -> Option<String> {
    match image.os_distro.as_deref().filter(|distro| !distro.is_empty()) {
        _ if image.import_failed => Some("its import failed".into()),
        _ if image.arriving => Some("is still being fetched".into()),
        _ if image.status != "active" => Some(format!("is {}, not active", image.status)),
        None => Some("has no os_distro property".to_owned()),
        Some(distro) if !distros.is_empty() && !distros.iter().any(|known| known == distro) => {
            Some(format!("is {distro}, for which there is no driver"))
        }
        Some(_) => None,
    }
}

pub fn image(image: &Image, distros: &[String]) -> Use {
    match image_fault(image, distros) {
        Some(why) => Use::No(why),
        None if image.kube_version.is_none() => Use::Partly("driver and labels say which Kubernetes".into()),
        None => Use::Yes("for every node".into()),
    }
}

/// Why a machine of this size cannot boot the image.
pub fn flavor_fault(flavor: &Flavor, image: Option<&Image>) -> Option<String> {
    let (disk, ram) = image.map_or((0, 0), |image| (image.min_disk, image.min_ram));
    if flavor.disk > 0 && flavor.disk < disk {
        Some(format!("disk is too small, the image needs {disk} GB"))
    } else if flavor.ram < ram {
        Some(format!("memory is too small, the image needs {}", gigabytes(ram)))
    } else {
        None
    }
}

/// Whether a control plane fits into it.
pub fn holds_masters(flavor: &Flavor) -> bool {
    flavor.vcpus >= CONTROL_PLANE.0 && flavor.ram >= CONTROL_PLANE.1
}

/// Against all images that clusters can boot.
pub fn flavor(flavor: &Flavor, cloud: &Inventory) -> Use {
    let images = || cloud.images.iter().filter(|image| image_fault(image, &cloud.distros).is_none());
    let faults: Vec<String> = images().filter_map(|image| flavor_fault(flavor, Some(image))).collect();
    match faults.first() {
        Some(fault) if faults.len() == images().count() => Use::No(fault.clone()),
        _ if !holds_masters(flavor) => {
            Use::Partly(format!("for workers; masters want {} vCPU and {} MB", CONTROL_PLANE.0, CONTROL_PLANE.1))
        }
        Some(_) => Use::Partly("for masters and workers, with small images".into()),
        None => Use::Yes("for masters and workers".into()),
    }
}

/// Why it cannot be the external network, or the one that nodes are put on.
pub fn network_fault(network: &Network, external: bool) -> Option<String> {
    match (external, network.external) {
        (true, false) => Some("is not external".to_owned()),
        (false, true) => Some("is external: servers cannot be put on it".to_owned()),
        _ => None,
    }
}

pub fn network(network: &Network) -> Use {
    match (network.external, network.subnets.is_empty()) {
        (true, _) => Use::Yes("as the external network".into()),
        (false, true) => Use::No("has no subnet: nodes would have no address".into()),
        (false, false) => Use::Yes("as the nodes' network".into()),
    }
}

/// Whole gigabytes where they are whole.
pub fn gigabytes(megabytes: u64) -> String {
    if megabytes.is_multiple_of(1024) { format!("{} GB", megabytes / 1024) } else { format!("{megabytes} MB") }
}

#[cfg(test)]
mod tests {
    use super::{Use, flavor, image, network};
    use crate::model::validate::Inventory;
    use crate::model::{Flavor, Image, Network};

    #[test]
    fn what_it_is_good_for() {
        let of = |name: &str, distro: Option<&str>, kube: Option<&str>, min_disk| Image {
            name: name.into(),
            status: "active".into(),
            os_distro: distro.map(str::to_owned),
            kube_version: kube.map(str::to_owned),
            min_disk,
            ..Image::default()
        };
        let cloud = Inventory {
            images: vec![
                of("large", Some("ubuntu"), Some("v1.31.4"), 40),
                of("small", Some("ubuntu"), None, 20),
                of("plain", None, None, 1),
                of("other", Some("plan9"), None, 1),
            ],
            distros: vec!["ubuntu".into()],
            ..Inventory::default()
        };
        let sort = |found: Use| match found {
            Use::Yes(_) => "yes",
            Use::Partly(_) => "partly",
            Use::No(_) => "no",
        };
        let images: Vec<&str> = cloud.images.iter().map(|one| sort(image(one, &cloud.distros))).collect();
        assert_eq!(images, ["yes", "partly", "no", "no"]);
        let size = |vcpus, ram, disk| Flavor { id: "f".into(), name: "f".into(), vcpus, ram, disk };
        let told = |vcpus, ram, disk| sort(flavor(&size(vcpus, ram, disk), &cloud));
        assert_eq!([told(2, 4096, 40), told(2, 4096, 0)], ["yes", "yes"]);
        assert_eq!([told(2, 4096, 20), told(1, 4096, 40), told(2, 1024, 40)], ["partly"; 3]);
        assert_eq!(told(8, 4096, 10), "no");
        let nothing = Inventory::default();
        assert_eq!(sort(flavor(&size(2, 4096, 1), &nothing)), "yes", "no image is no fault of the flavor's");
        let net = |external, subnets: &[&str]| Network {
            id: "n".into(),
            name: "n".into(),
            external,
            shared: false,
            subnets: subnets.iter().map(|id| (*id).to_owned()).collect(),
        };
        let networks = [net(true, &[]), net(false, &["s"]), net(false, &[])].map(|one| sort(network(&one)));
        assert_eq!(networks, ["yes", "yes", "no"]);
        let failed = Image { import_failed: true, ..of("f", Some("ubuntu"), None, 1) };
        assert_eq!(image(&failed, &cloud.distros).words(), "its import failed");
    }
}
