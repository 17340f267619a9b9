//! `jeroboam bundle`: what somebody who is asked for help wants to see, in one file.

use crate::cli::args::{Bundle, Format};
use crate::cli::fault::Done;
use crate::cli::find;
use crate::cli::output::Terminal;
use crate::runtime::remote::{Remote, bundle};
use crate::service::Manager;

pub async fn run(manager: &dyn Manager, terminal: &mut Terminal<'_>, means: &Remote, wanted: &Bundle) -> Done {
    let cluster = find::cluster(manager, &wanted.cluster).await?;
    let path = bundle::place(&cluster, wanted.file.clone())?;
    terminal.note("Asking the cloud and the cluster's nodes")?;
    let made = means.bundle(manager, &cluster, &path, wanted.user.as_deref()).await?;
    if terminal.format != Format::Table {
        return terminal.value(&made);
    }
    for missing in &made.missing {
        terminal.note(&format!("Not in it: {missing}"))?;
    }
    terminal.note("Secrets were taken out as far as they look like some; look through it before you give it away")?;
    writeln!(terminal.out, "{}", made.path.display())?;
    Ok(terminal.out.flush()?)
}
