//! What programs of this machine need to speak to a cluster's Kubernetes API: a kubeconfig that
//! goes with us and, where the API does not answer from here, a tunnel that it leads through.
//! Start at [`Remote::environment`].

use std::path::{Path, PathBuf};

use chrono::TimeDelta;
use uuid::Uuid;

use super::tunnel::{self, Event, Tunnel};
use super::{ANSWER, Forward, Nodes, Remote};
use crate::config::paths::make_private;
use crate::kube::kubeconfig::{Existing, through, write};
use crate::model::{Authority, Cluster, Problem, ProblemKind, text};
use crate::service::{KubeconfigWish, Manager};

/// The certificate's life: longer than a program is left running, and no longer than needed.
pub const LIFE: TimeDelta = TimeDelta::days(7);

/// A file that goes with us.
pub struct Passing(pub PathBuf);

impl Drop for Passing {
    fn drop(&mut self) {
        // It may be gone already.
        let _ = std::fs::remove_file(&self.0);
    }
}

/// Holds until it is closed.
pub struct Environment {
    pub kubeconfig: Passing,
    tunnel: Option<Tunnel>,
    /// What the user is to read before.
    pub notes: Vec<String>,
}

impl Environment {
    /// Returns when the way is closed and the file is gone.
    pub async fn close(self) {
        if let Some(tunnel) = self.tunnel {
            tunnel.close().await;
        }
    }
}

impl Remote {
    /// Leads to the API at its own address where that answers, else through a tunnel.
    pub async fn environment(&self, manager: &dyn Manager, cluster: &Cluster) -> Result<Environment, Problem> {
        let wish = KubeconfigWish { life: LIFE, ..KubeconfigWish::default() };
        let kubeconfig = manager.kubeconfig(cluster.uuid, &wish).await?.0;
        if self.answers(manager, cluster).await {
            let kubeconfig = Passing(self.put_kubeconfig(cluster, None, &kubeconfig)?);
            return Ok(Environment { kubeconfig, tunnel: None, notes: Vec::new() });
        }
        let port = tunnel::free_port().await?;
        let kubeconfig = through(&kubeconfig, port)?;
        let Forward { words, over, mut notes } = self.forward(manager, cluster, None, port).await?;
        let mut tunnel = tunnel::open(port, words);
        match tunnel.events.recv().await {
            Some(Event::Up) => {}
            event => {
                tunnel.close().await;
                return Err(match event {
                    Some(Event::Lost(problem)) => problem,
                    Some(Event::Down(words)) => refused(cluster, &over, &words),
                    _ => refused(cluster, &over, ""),
                });
            }
        }
        notes.push(format!("The API of {} is reached through a tunnel over {over}", cluster.name));
        let kubeconfig = Passing(self.put_kubeconfig(cluster, None, &kubeconfig)?);
        Ok(Environment { kubeconfig, tunnel: Some(tunnel), notes })
    }

    /// Whether the cluster's own API answers at its address: something in between may take any connection.
    async fn answers(&self, manager: &dyn Manager, cluster: &Cluster) -> bool {
        let (Nodes::Network, Some(address)) = (&self.nodes, &cluster.api_address) else { return false };
        let Ok(ca) = manager.ca_certificate(cluster.uuid, Authority::Kubernetes).await else { return false };
        let Ok(authorities) = reqwest::Certificate::from_pem_bundle(ca.pem.as_bytes()) else { return false };
        let client = reqwest::Client::builder().timeout(ANSWER).tls_certs_only(authorities).build();
        match client {
            // Whatever it says, it has shown who it is.
            Ok(client) => client.get(format!("{}/version", address.trim_end_matches('/'))).send().await.is_ok(),
            Err(_) => false,
        }
    }

    /// Where nobody else reads it; a name of the user's own is never written over.
    pub fn put_kubeconfig(&self, cluster: &Cluster, named: Option<&Path>, text: &str) -> Result<PathBuf, Problem> {
        let path = match named {
            Some(named) => write(named, text, Existing::Refuse)?,
            None => {
                let folder = self.data.join("tunnels");
                make_private(&folder)?;
                // Several may be open at once.
                let name = format!("{}-{}.kubeconfig", cluster.uuid, Uuid::new_v4().simple());
                write(&folder.join(name), text, Existing::Refuse)?
            }
        };
        Ok(std::path::absolute(&path).unwrap_or(path))
    }
}

/// Why a tunnel came to nothing: ssh's last words.
pub fn refused(cluster: &Cluster, over: &str, words: &str) -> Problem {
    let words = words.lines().last().map(text::clean).unwrap_or_default();
    let told = format!("the tunnel to cluster \"{}\" cannot be opened over {over}: {words}", cluster.name);
    Problem::new(ProblemKind::Unavailable, told).advise(format!("Try it by itself: ssh {over}"))
}
