//! What somebody who is asked for help wants to see, in one file, without secrets. Start at [`Remote::bundle`].

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use chrono::Utc;
use futures_util::{StreamExt, stream};
use serde::Serialize;
use tokio::process::Command;

use super::Remote;
use super::run::{each_line, unstarted};
use crate::driver::tar_gz;
use crate::model::{Cluster, Machine, Problem, text};
use crate::service::Manager;
use crate::ssh::redact::redact;
use crate::ssh::{Wish, script};

/// Lines of each log of a node.
const LINES: u32 = 2000;
/// Bytes of what a node tells.
const MOST: usize = 8 << 20;
/// How long a node may take to tell it.
const LIMIT: Duration = Duration::from_secs(120);
const ENTRIES: usize = 1000;
const AT_ONCE: usize = 8;

/// Files by path, and what could not be had.
#[derive(Default)]
struct Gathered {
    files: Vec<(String, String)>,
    missing: Vec<String>,
}

impl Gathered {
    fn value<T: Serialize>(&mut self, path: &str, found: Result<T, Problem>) {
        match found.map(|value| serde_json::to_string_pretty(&value)) {
            Ok(Ok(text)) => self.files.push((path.to_owned(), text + "\n")),
            Ok(Err(error)) => self.missing.push(format!("{path}: {error}")),
            Err(problem) => self.missing.push(format!("{path}: {}", problem.line())),
        }
    }

    fn text(&mut self, path: String, found: Result<String, Problem>) {
        match found {
            Ok(text) => self.files.push((path, text)),
            Err(problem) => self.missing.push(format!("{path}: {}", problem.line())),
        }
    }
}

/// Where it is, and what could not be had, one line each.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Bundle {
    pub path: PathBuf,
    pub missing: Vec<String>,
}

impl Remote {
    /// Asks the cloud and every node, and writes the file at `path`, a [`place`].
    pub async fn bundle(
        &self,
        manager: &dyn Manager,
        cluster: &Cluster,
        path: &Path,
        user: Option<&str>,
    ) -> Result<Bundle, Problem> {
        let id = cluster.uuid;
        let mut all = Gathered::default();
        all.value("cluster.json", Ok(cluster));
        let (template, resources, events, history, nodes) = tokio::join!(
            manager.template(cluster.cluster_template_id),
            manager.resources(id),
            manager.events(id),
            manager.history(Some(id), ENTRIES),
            manager.machines(id),
        );
        all.value("template.json", template);
        all.value("resources.json", resources);
        all.value("events.json", events);
        all.value("history.json", history);
        let nodes = match nodes {
            Ok(nodes) => nodes,
            Err(problem) => {
                all.missing.push(format!("nodes.json: {}", problem.line()));
                Vec::new()
            }
        };
        all.value("nodes.json", Ok(&nodes));
        let nodes = &nodes;
        let asked = (0..nodes.len()).map(|at| async move {
            let node = &nodes[at];
            let console = manager.console(id, &node.server_id, None).await;
            (at, console, told(manager, self, cluster, node, user).await)
        });
        let mut told: Vec<_> = stream::iter(asked).buffer_unordered(AT_ONCE).collect().await;
        told.sort_by_key(|(at, ..)| *at);
        for (at, console, logs) in told {
            // A name from a cloud is no path.
            let name = plain(nodes[at].short(&cluster.stack_name));
            let none = || Problem::not_found("the console is not kept");
            all.text(format!("nodes/{at:03}-{name}/console.log"), console.and_then(|console| console.ok_or_else(none)));
            all.text(format!("nodes/{at:03}-{name}/logs.txt"), logs);
        }
        let version = format!("jeroboam {}\nmade {}\n", env!("CARGO_PKG_VERSION"), Utc::now().to_rfc3339());
        all.files.push(("about.txt".into(), version));
        if !all.missing.is_empty() {
            all.files.push(("missing.txt".into(), all.missing.join("\n") + "\n"));
        }
        write(path, &all.files)?;
        let missing = all.missing.iter().map(|line| redact(line)).collect();
        Ok(Bundle { path: path.to_owned(), missing })
    }
}

/// A node's own logs, where it can be reached.
async fn told(
    manager: &dyn Manager,
    means: &Remote,
    cluster: &Cluster,
    node: &Machine,
    user: Option<&str>,
) -> Result<String, Problem> {
    let ready = means.session(manager, cluster, node, user).await?;
    let words = ready.session.arguments(Wish::BATCH, &[script::collect(LINES).into()])?;
    let mut command = Command::new("ssh");
    command.args(words).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
    let mut child = command.spawn().map_err(|error| unstarted(&error))?;
    let (out, err) = (child.stdout.take(), child.stderr.take());
    let all = async { tokio::join!(each_line(out, MOST, |_| {}), each_line(err, MOST, |_| {}), child.wait()) };
    let late = |_| Problem::local(format!("node {} did not tell its logs within {} s", node.name, LIMIT.as_secs()));
    let (out, err, status) = tokio::time::timeout(LIMIT, all).await.map_err(late)?;
    if !out.is_empty() || status.is_ok_and(|status| status.success()) {
        return Ok(text::lines(&out));
    }
    let explained = means.explain(manager, cluster, &node.name, ready.session.server, &err).await;
    Err(explained.unwrap_or_else(|| Problem::local(format!("node {}: {}", node.name, err.trim()))))
}

/// What any file system and any tar takes.
fn plain(name: &str) -> String {
    let fits = |c: char| if c.is_ascii_alphanumeric() || "_-".contains(c) { c } else { '_' };
    name.chars().take(60).map(fits).collect()
}

/// Where it goes: as named, or after the cluster where we stand; looked at before everybody is asked.
pub fn place(cluster: &Cluster, named: Option<PathBuf>) -> Result<PathBuf, Problem> {
    let usual = || format!("{}-{}.tar.gz", plain(&cluster.name), Utc::now().format("%Y%m%dT%H%M%SZ")).into();
    let path = named.unwrap_or_else(usual);
    let path = std::path::absolute(&path).unwrap_or(path);
    if path.exists() {
        return Err(Problem::conflict(format!("{} exists already", path.display())).advise("Name another with --file"));
    }
    match path.parent() {
        Some(parent) if parent.is_dir() => Ok(path),
        _ => Err(Problem::local(format!("there is no directory for {}", path.display()))),
    }
}

/// Its owner's alone, whole or not there, never in another's place.
fn write(path: &Path, files: &[(String, String)]) -> Result<(), Problem> {
    let trouble = |error: std::io::Error| Problem::local(format!("cannot write {}: {error}", path.display()));
    let clean: Vec<(String, String)> = files.iter().map(|(name, text)| (name.clone(), redact(text))).collect();
    let bytes = tar_gz(clean.iter().map(|(name, text)| (name.as_str(), text.as_bytes()))).map_err(trouble)?;
    // Temporary files are 0600 from the start.
    let mut file = tempfile::NamedTempFile::new_in(path.parent().unwrap_or(Path::new("."))).map_err(trouble)?;
    file.write_all(&bytes).map_err(trouble)?;
    file.as_file().sync_all().map_err(trouble)?;
    file.persist_noclobber(path).map_err(|error| trouble(error.error))?;
    Ok(())
}
