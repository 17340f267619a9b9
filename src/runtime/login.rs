//! A session on a node from the dashboard: the way is found beside it, then ssh has the terminal.

use std::ffi::OsString;
use std::io::Write;
use std::sync::Arc;

use super::remote::run::on_terminal;
use super::remote::{Ready, Remote};
use crate::model::{Cluster, ClusterId, Problem};
use crate::service::Manager;
use crate::ssh::{Wish, explain, node};

/// An ssh that can be started.
pub struct Login {
    manager: Arc<dyn Manager>,
    cluster: Cluster,
    /// Its name's end.
    pub(super) node: String,
    server: uuid::Uuid,
    pub(super) words: Vec<OsString>,
    /// What the user is to read before.
    pub(super) notes: Vec<String>,
}

pub async fn cluster(manager: &dyn Manager, id: ClusterId) -> Result<Cluster, Problem> {
    let cluster = manager.clusters().await?.into_iter().find(|cluster| cluster.uuid == id);
    cluster.ok_or_else(|| Problem::not_found(format!("there is no cluster {id}")))
}

/// A session as wished on the node, or on the first master: a shell, or this command.
pub async fn find(
    remote: &Remote,
    manager: Arc<dyn Manager>,
    id: ClusterId,
    server: Option<&str>,
    wish: Wish,
    command: &[OsString],
) -> Result<Login, Problem> {
    let cluster = cluster(&*manager, id).await?;
    let nodes = manager.machines(id).await?;
    let node = node::choose(&nodes, &cluster.stack_name, server)?;
    let Ready { session, notes } = remote.session(&*manager, &cluster, node, None).await?;
    let name = node.short(&cluster.stack_name).to_owned();
    Ok(Login { words: session.arguments(wish, command)?, node: name, server: session.server, notes, manager, cluster })
}

impl Login {
    /// Needs the terminal for itself.
    pub async fn run(self, remote: &Remote) -> Option<Problem> {
        let mut out = std::io::stdout();
        for note in &self.notes {
            // A terminal that is gone shows with ssh.
            let _ = writeln!(out, "{note}");
        }
        let ended = match on_terminal(self.words.clone()).await {
            Ok(ended) => ended,
            Err(problem) => return Some(problem),
        };
        if ended.code != explain::FAILED {
            return None;
        }
        self.explain(remote, &ended.words).await.or_else(|| {
            Some(Problem::local(format!("the session on node {} ended: {}", self.node, ended.words.trim())))
        })
    }

    /// What the end of what ssh wrote means, if it tells of a failure.
    pub(super) async fn explain(&self, remote: &Remote, words: &str) -> Option<Problem> {
        remote.explain(&*self.manager, &self.cluster, &self.node, self.server, words).await
    }
}
