//! Answers Heat's custom constraints from the cloud's state, in the words of the
//! service asked.

use super::compute::VOLUME_TYPE;
use super::network::cidr;
use super::{Kind, World, text};
use crate::hot::Lookup;

impl Lookup for World {
    fn exists(&self, kind: &str, value: &str) -> Result<(), String> {
        let named = |table: Kind, words: String| {
            let count = self.rows(table).iter().filter(|row| text(row, "name") == value).count();
            match (self.find(table, value), count) {
                (Some(_), _) | (None, 1) => Ok(()),
                (None, 0) => Err(words),
                _ => Err(format!(
                    "More than one {} exists with the name '{value}'.",
                    kind.rsplit('.').next().unwrap_or(kind)
                )),
            }
        };
        let find = |what: &str| format!("Unable to find {what} with name or id '{value}'");
        match kind {
            "glance.image" => named(Kind::Image, format!("No images matching {{'name': '{value}'}}.")),
            "nova.flavor" => named(Kind::Flavor, format!("No Flavor matching {{'name': '{value}'}}. (HTTP 404)")),
            "nova.keypair" => named(Kind::Keypair, format!("The Key ({value}) could not be found.")),
            "neutron.network" => named(Kind::Network, find("network")),
            "neutron.subnet" => named(Kind::Subnet, find("subnet")),
            "neutron.router" => named(Kind::Router, find("router")),
            "neutron.port" => named(Kind::Port, find("port")),
            "neutron.security_group" => named(Kind::SecurityGroup, find("security_group")),
            "octavia.loadbalancer" => named(Kind::LoadBalancer, find("loadbalancer")),
            "octavia.listener" => named(Kind::Listener, find("listener")),
            "octavia.pool" => named(Kind::Pool, find("pool")),
            "cinder.volume" => named(Kind::Volume, format!("The Volume ({value}) could not be found.")),
            "cinder.vtype" if value != VOLUME_TYPE && value != self.ids.volume_type => {
                Err(format!("The VolumeType ({value}) could not be found."))
            }
            "net_cidr" if cidr(value).is_none() => Err(format!("Invalid net cidr invalid IPNetwork {value} ")),
            "ip_addr" if value.parse::<std::net::IpAddr>().is_err() => Err("Invalid IP address".to_owned()),
            "ip_or_cidr" if value.parse::<std::net::IpAddr>().is_err() && cidr(value).is_none() => {
                Err(format!("Invalid net cidr invalid IPNetwork {value} "))
            }
            _ => Ok(()),
        }
    }
}
