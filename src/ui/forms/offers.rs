//! What pickers offer, from the cloud's inventory: a name to choose by, what
//! tells it from others, and why it will not do.

use crate::model::fitness::{self, gigabytes};
use crate::model::validate::Inventory;
use crate::model::{ClusterTemplate, Flavor, Image, Network, Subnet};
use crate::ui::fleet::Fleet;

/// One row of a picker.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Offer {
    /// What goes into the wish: the name, or the id where names are not unique.
    pub value: String,
    pub name: String,
    pub note: String,
    /// Why it cannot be chosen.
    pub unsuitable: Option<String>,
}

fn value(id: &str, name: &str, names: &[&str]) -> String {
    let unique = names.iter().filter(|have| **have == name).count() == 1;
    if unique && !name.is_empty() { name.to_owned() } else { id.to_owned() }
}

/// Suitable first.
fn sorted(mut offers: Vec<Offer>) -> Vec<Offer> {
    offers.sort_by(|a, b| a.unsuitable.is_some().cmp(&b.unsuitable.is_some()).then_with(|| a.name.cmp(&b.name)));
    offers
}

pub fn images(cloud: &Inventory) -> Vec<Offer> {
    let names: Vec<&str> = cloud.images.iter().map(|image| image.name.as_str()).collect();
    let offer = |image: &Image| {
        let distro = image.os_distro.as_deref().filter(|distro| !distro.is_empty());
        let unsuitable = fitness::image_fault(image, &cloud.distros);
        let mut note = distro.unwrap_or("–").to_owned();
        if let Some(version) = &image.kube_version {
            note.push_str(&format!("  Kubernetes {version}"));
        }
        if image.min_disk > 0 {
            note.push_str(&format!("  disk ≥ {} GB", image.min_disk));
        }
        Offer { value: value(&image.id, &image.name, &names), name: image.name.clone(), note, unsuitable }
    };
    // Those with Kubernetes inside first, the newest on top.
    let version = |image: &Image| {
        let text = image.kube_version.as_deref().unwrap_or_default().trim_start_matches('v').to_owned();
        text.split('.').map(|part| part.parse::<u32>().unwrap_or(0)).collect::<Vec<u32>>()
    };
    let mut all: Vec<&Image> = cloud.images.iter().collect();
    all.sort_by(|a, b| version(b).cmp(&version(a)).then_with(|| a.name.cmp(&b.name)));
    let mut offers: Vec<Offer> = all.into_iter().map(offer).collect();
    offers.sort_by_key(|offer| offer.unsuitable.is_some());
    offers
}

/// `image` is what the servers will boot.
pub fn flavors(cloud: &Inventory, image: Option<&str>) -> Vec<Offer> {
    let names: Vec<&str> = cloud.flavors.iter().map(|flavor| flavor.name.as_str()).collect();
    let image = image.and_then(|wanted| cloud.images.iter().find(|image| image.id == wanted || image.name == wanted));
    let offer = |flavor: &Flavor| {
        let unsuitable = fitness::flavor_fault(flavor, image);
        let disk = if flavor.disk == 0 { "disk as the image".to_owned() } else { format!("{} GB disk", flavor.disk) };
        let note = format!("{:>2} vCPU  {:>7}  {disk}", flavor.vcpus, gigabytes(flavor.ram));
        Offer { value: value(&flavor.id, &flavor.name, &names), name: flavor.name.clone(), note, unsuitable }
    };
    let mut all: Vec<&Flavor> = cloud.flavors.iter().collect();
    // Equal ones stay in the cloud's order.
    all.sort_by_key(|flavor| (flavor.vcpus, flavor.ram, flavor.disk));
    let mut offers: Vec<Offer> = all.into_iter().map(offer).collect();
    offers.sort_by_key(|offer| offer.unsuitable.is_some());
    offers
}

/// The smallest flavor that satisfies kubeadm, which wants two processors and 1700 MB.
pub fn default_flavor(cloud: &Inventory, image: Option<&str>) -> Option<String> {
    let fitting: Vec<Offer> = flavors(cloud, image).into_iter().filter(|offer| offer.unsuitable.is_none()).collect();
    let able = fitting.iter().find(|offer| {
        let flavor = cloud.flavors.iter().find(|flavor| flavor.id == offer.value || flavor.name == offer.value);
        flavor.is_some_and(fitness::holds_masters)
    });
    able.or(fitting.last()).map(|offer| offer.value.clone())
}

pub fn keypairs(cloud: &Inventory) -> Vec<Offer> {
    let offer = |keypair: &crate::model::Keypair| Offer {
        value: keypair.name.clone(),
        name: keypair.name.clone(),
        note: keypair.fingerprint.clone(),
        unsuitable: None,
    };
    sorted(cloud.keypairs.iter().map(offer).collect())
}

pub fn networks(cloud: &Inventory, external: bool) -> Vec<Offer> {
    let names: Vec<&str> = cloud.networks.iter().map(|network| network.name.as_str()).collect();
    let offer = |network: &Network| {
        let note = format!(
            "{}{}{}",
            if network.external { "external" } else { "tenant" },
            if network.shared { ", shared" } else { "" },
            match network.subnets.len() {
                0 => ", no subnet".to_owned(),
                1 => ", 1 subnet".to_owned(),
                n => format!(", {n} subnets"),
            }
        );
        let unsuitable = fitness::network_fault(network, external);
        Offer { value: value(&network.id, &network.name, &names), name: network.name.clone(), note, unsuitable }
    };
    sorted(cloud.networks.iter().map(offer).collect())
}

/// Of the network `within` only.
pub fn subnets(cloud: &Inventory, within: Option<&str>) -> Vec<Offer> {
    let names: Vec<&str> = cloud.subnets.iter().map(|subnet| subnet.name.as_str()).collect();
    let network =
        within.and_then(|wanted| cloud.networks.iter().find(|network| network.id == wanted || network.name == wanted));
    let offer = |subnet: &Subnet| Offer {
        value: value(&subnet.id, &subnet.name, &names),
        name: if subnet.name.is_empty() { subnet.id.clone() } else { subnet.name.clone() },
        note: format!("{}  IPv{}", subnet.cidr, subnet.ip_version),
        unsuitable: match network {
            Some(network) if network.id != subnet.network_id => Some("belongs to another network".to_owned()),
            _ => None,
        },
    };
    sorted(cloud.subnets.iter().map(offer).collect())
}

pub fn templates(all: &[&ClusterTemplate], fleet: &Fleet) -> Vec<Offer> {
    let names: Vec<&str> = all.iter().map(|template| template.spec.name.as_str()).collect();
    let offer = |template: &&ClusterTemplate| Offer {
        value: value(&template.uuid.to_string(), &template.spec.name, &names),
        name: template.spec.name.clone(),
        note: format!(
            "{}  {}{}",
            template.cluster_distro,
            template.spec.flavor_id.as_deref().unwrap_or("no flavor"),
            if fleet.is_ours(template) { "" } else { "  of another project" }
        ),
        unsuitable: None,
    };
    all.iter().map(offer).collect()
}

/// The only suitable one.
pub fn only(offers: &[Offer]) -> Option<String> {
    let mut fitting = offers.iter().filter(|offer| offer.unsuitable.is_none());
    fitting.next().filter(|_| fitting.next().is_none()).map(|offer| offer.value.clone())
}

/// The first suitable one.
pub fn first(offers: &[Offer]) -> Option<String> {
    offers.iter().find(|offer| offer.unsuitable.is_none()).map(|offer| offer.value.clone())
}

#[cfg(test)]
mod tests {
    use super::{default_flavor, flavors, images, networks};
    use crate::model::validate::Inventory;
    use crate::model::{Flavor, Image, Network};

    fn image(name: &str, distro: Option<&str>, status: &str) -> Image {
        Image {
            id: format!("id-{name}-{status}"),
            name: name.into(),
            status: status.into(),
            os_distro: distro.map(str::to_owned),
            kube_version: None,
            os_admin_user: None,
            magnum_driver: None,
            min_disk: 10,
            min_ram: 2048,
            size: None,
            ..Image::default()
        }
    }

    fn flavor(name: &str, vcpus: u32, ram: u64, disk: u64) -> Flavor {
        Flavor { id: name.into(), name: name.into(), vcpus, ram, disk }
    }

    #[test]
    fn what_will_not_do_says_why_and_comes_last() {
        let network = |name: &str, external| Network {
            id: name.into(),
            name: name.into(),
            external,
            shared: false,
            subnets: vec![],
        };
        let cloud = Inventory {
            images: vec![
                image("a", None, "active"),
                image("b", Some("ubuntu"), "queued"),
                image("c", Some("ubuntu"), "active"),
                image("c", Some("ubuntu"), "active2"),
            ],
            flavors: vec![flavor("tiny", 1, 512, 1), flavor("big", 8, 16384, 0), flavor("small", 2, 2048, 20)],
            networks: vec![network("public", true), network("private", false)],
            ..Inventory::default()
        };
        let told: Vec<String> = images(&cloud).iter().map(|o| format!("{} {:?}", o.value, o.unsuitable)).collect();
        assert_eq!(
            told,
            [
                "id-c-active None",
                "a Some(\"has no os_distro property\")",
                "b Some(\"is queued, not active\")",
                "id-c-active2 Some(\"is active2, not active\")"
            ]
        );
        let told: Vec<String> = flavors(&cloud, Some("id-c-active")).iter().map(|o| o.name.clone()).collect();
        assert_eq!(told, ["small", "big", "tiny"]);
        assert_eq!(default_flavor(&cloud, Some("id-c-active")).as_deref(), Some("small"));
        assert_eq!(networks(&cloud, true)[1].unsuitable.as_deref(), Some("is not external"));
        assert_eq!(networks(&cloud, false)[0].name, "private");
    }
}
