//! Under which address a cloud sees us.

use std::net::{IpAddr, UdpSocket};

use tokio::net::lookup_host;
use url::Url;

use crate::model::Problem;

/// Our address on the way to the cloud. Behind a translated network only the far end knows it: then
/// the user must say.
pub async fn as_seen(auth_url: &str) -> Result<String, Problem> {
    let unknown = |why: String| {
        Problem::invalid(format!("the address that a bastion should let in is not known: {why}"))
            .on_field("from")
            .advise("Name it: --from 198.51.100.7/32")
    };
    let url = Url::parse(auth_url).map_err(|error| unknown(error.to_string()))?;
    let place = url.host_str().zip(url.port_or_known_default());
    let place = place.ok_or_else(|| unknown("the cloud has no address".into()))?;
    let mut found = lookup_host(place).await.map_err(|error| unknown(error.to_string()))?;
    let peer = found.next().ok_or_else(|| unknown("the cloud's name has no address".into()))?;
    let any: IpAddr = if peer.is_ipv4() { [0, 0, 0, 0].into() } else { [0; 16].into() };
    // Connecting a datagram socket sends nothing and chooses the address.
    let own = UdpSocket::bind((any, 0)).and_then(|socket| {
        socket.connect(peer)?;
        socket.local_addr()
    });
    let own = own.map_err(|error| unknown(error.to_string()))?.ip();
    if is_private(own) && !is_private(peer.ip()) {
        return Err(unknown(format!("{own} is translated on its way to {}", peer.ip())));
    }
    Ok(own.to_string())
}

/// Of a network that others do not see into.
fn is_private(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => {
            let [a, b, ..] = address.octets();
            address.is_private() || address.is_loopback() || address.is_link_local() || (a == 100 && b & 0xc0 == 64)
        }
        IpAddr::V6(address) => address.is_loopback() || address.segments()[0] & 0xfe00 == 0xfc00,
    }
}

#[cfg(test)]
mod tests {
    use super::{as_seen, is_private};

    #[tokio::test]
    async fn on_the_same_machine_it_is_loopback() {
        assert_eq!(as_seen("http://127.0.0.1:5000/v3").await.unwrap(), "127.0.0.1");
        for odd in ["", "nowhere", "http://"] {
            assert_eq!(as_seen(odd).await.unwrap_err().field.as_deref(), Some("from"), "{odd}");
        }
    }

    #[test]
    fn private_networks_are_known() {
        for private in ["10.1.2.3", "192.168.1.1", "100.64.0.1", "127.0.0.1", "fd00::1", "::1"] {
            assert!(is_private(private.parse().unwrap()), "{private}");
        }
        for public in ["198.51.100.7", "100.128.0.1", "2001:db8::1"] {
            assert!(!is_private(public.parse().unwrap()), "{public}");
        }
    }
}
