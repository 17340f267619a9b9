//! A host that we make between us and nodes that have no way out of their network.

use std::net::IpAddr;

/// A bastion as asked for. `None` takes what the cluster's nodes have, or the least that does.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NewBastion {
    /// Whom it lets in: a network, `198.51.100.7/32`.
    pub from: String,
    /// Names or ids.
    pub image: Option<String>,
    pub flavor: Option<String>,
    pub keypair: Option<String>,
}

/// A network as Neutron takes it, checked: an address is a network of one.
pub fn network(text: &str) -> Option<String> {
    let (address, bits) = text.split_once('/').map_or((text, None), |(address, bits)| (address, Some(bits)));
    let address: IpAddr = address.parse().ok()?;
    let most = if address.is_ipv4() { 32 } else { 128 };
    let bits: u8 = bits.map_or(Some(most), |bits| bits.parse().ok())?;
    (bits <= most).then(|| format!("{address}/{bits}"))
}

#[cfg(test)]
mod tests {
    use super::network;

    #[test]
    fn networks_are_read_or_refused() {
        assert_eq!(network("198.51.100.7").as_deref(), Some("198.51.100.7/32"));
        assert_eq!(network("10.0.0.0/8").as_deref(), Some("10.0.0.0/8"));
        assert_eq!(network("2001:db8::/32").as_deref(), Some("2001:db8::/32"));
        for odd in ["", "x", "10.0.0.0/33", "10.0.0.0/", "10.0.0/8", "10.0.0.0/8/8", "::/129"] {
            assert_eq!(network(odd), None, "{odd}");
        }
    }
}
