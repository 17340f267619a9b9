//! How a cluster's API is reached from here.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;

use url::Url;

use super::{Api, Client, Gateway, Keys, KubeError};
use crate::model::{Cluster, Problem};

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Route {
    /// By its own address, through the environment's proxy where one is set.
    #[default]
    Direct,
    /// Somebody forwards this address to the API, byte for byte.
    Forward(SocketAddr),
    /// An HTTP or SOCKS proxy, which may serve many clusters.
    Proxy(Url),
}

impl Route {
    /// `127.0.0.1:16443`, `localhost:16443`, `socks5h://127.0.0.1:1080`, `http://proxy:3128`, or `direct`.
    pub fn parse(text: &str) -> Result<Self, Problem> {
        if text == "direct" {
            return Ok(Self::Direct);
        }
        if text.contains("://") {
            let url = Url::parse(text).ok().filter(|url| url.has_host());
            let known = |url: &Url| matches!(url.scheme(), "http" | "https" | "socks5" | "socks5h");
            return url.filter(known).map(Self::Proxy).ok_or_else(|| unusable(text));
        }
        let numeric = text.strip_prefix("localhost:").map(|port| format!("127.0.0.1:{port}"));
        let address: SocketAddr = numeric.as_deref().unwrap_or(text).parse().map_err(|_| unusable(text))?;
        if address.port() == 0 { Err(unusable(text)) } else { Ok(Self::Forward(address)) }
    }
}

fn unusable(text: &str) -> Problem {
    Problem::invalid(format!("api_forward \"{text}\" is not an address to reach an API through"))
        .on_field("api_forward")
        .advise("Write 127.0.0.1:PORT for a forward, socks5h://HOST:PORT or http://HOST:PORT for a proxy, or direct")
}

/// The routes of one cloud's clusters.
#[derive(Debug, Clone, Default)]
pub struct Routes {
    /// By a cluster's name or uuid.
    pub clusters: BTreeMap<String, Route>,
    /// Of every other cluster.
    pub cloud: Route,
}

impl Routes {
    pub fn of(&self, cluster: &Cluster) -> &Route {
        let by_uuid = self.clusters.get(&cluster.uuid.to_string());
        by_uuid.or_else(|| self.clusters.get(&cluster.name)).unwrap_or(&self.cloud)
    }
}

impl Gateway for Routes {
    fn open(&self, cluster: &Cluster, keys: &Keys) -> Result<Arc<dyn Api>, KubeError> {
        let server = cluster.api_address.as_deref().unwrap_or_default();
        Ok(Arc::new(Client::new(server, self.of(cluster), keys)?))
    }
}

#[cfg(test)]
mod tests {
    use super::Route;

    #[test]
    fn forwards_and_proxies_are_told_apart() {
        assert_eq!(Route::parse("127.0.0.1:16443").unwrap(), Route::Forward("127.0.0.1:16443".parse().unwrap()));
        assert_eq!(Route::parse("localhost:1").unwrap(), Route::Forward("127.0.0.1:1".parse().unwrap()));
        assert_eq!(Route::parse("[::1]:16443").unwrap(), Route::Forward("[::1]:16443".parse().unwrap()));
        assert_eq!(Route::parse("direct").unwrap(), Route::Direct);
        assert!(matches!(Route::parse("socks5h://127.0.0.1:1080").unwrap(), Route::Proxy(_)));
        for odd in ["", "127.0.0.1", "127.0.0.1:0", "host:1", "127.0.0.1:99999", "ftp://h:1", "http://", "::1:5"] {
            let problem = Route::parse(odd).unwrap_err();
            assert!(problem.summary.contains(odd) && problem.field.as_deref() == Some("api_forward"), "{odd}");
        }
    }
}
