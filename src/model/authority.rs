//! The authorities of a cluster, by Magnum's `ca_cert_type`.
//! <https://docs.openstack.org/api-ref/container-infrastructure-management/#manage-certificates-for-cluster>

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::Problem;

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Authority {
    #[default]
    Kubernetes,
    /// Magnum's word for what kubelets show; the same authority as [`Authority::Kubernetes`].
    Kubelet,
    Etcd,
    FrontProxy,
}

impl Authority {
    pub const ALL: [Self; 4] = [Self::Kubernetes, Self::Kubelet, Self::Etcd, Self::FrontProxy];

    pub fn word(self) -> &'static str {
        match self {
            Self::Kubernetes => "kubernetes",
            Self::Kubelet => "kubelet",
            Self::Etcd => "etcd",
            Self::FrontProxy => "front-proxy",
        }
    }

    /// The names of its certificate and its key among a cluster's secrets.
    pub fn secrets(self) -> (&'static str, &'static str) {
        match self {
            Self::Kubernetes | Self::Kubelet => ("ca_cert", "ca_key"),
            Self::Etcd => ("etcd_ca_cert", "etcd_ca_key"),
            Self::FrontProxy => ("front_proxy_ca_cert", "front_proxy_ca_key"),
        }
    }
}

impl fmt::Display for Authority {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.word())
    }
}

impl FromStr for Authority {
    type Err = Problem;

    /// Also with `_`, as Magnum takes it.
    fn from_str(text: &str) -> Result<Self, Problem> {
        let wanted = text.replace('_', "-");
        Self::ALL.into_iter().find(|authority| authority.word() == wanted).ok_or_else(|| {
            let words: Vec<&str> = Self::ALL.iter().map(|authority| authority.word()).collect();
            Problem::invalid(format!("a cluster has no authority \"{text}\""))
                .on_field("ca_cert_type")
                .advise(format!("There are: {}", words.join(", ")))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::Authority;

    #[test]
    fn magnums_words_are_understood_and_no_others() {
        for authority in Authority::ALL {
            assert_eq!(authority.to_string().parse::<Authority>().unwrap(), authority);
            assert_eq!(serde_json::to_value(authority).unwrap(), authority.word());
        }
        assert_eq!("front_proxy".parse::<Authority>().unwrap(), Authority::FrontProxy);
        assert!("etdc".parse::<Authority>().unwrap_err().advice.unwrap().contains("front-proxy"));
    }
}
