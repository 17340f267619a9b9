//! `jeroboam kubeconfig`

use std::path::PathBuf;

use serde_json::json;

use super::args::{Format, Kubeconfig};
use super::fault::Done;
use super::find;
use super::output::{Terminal, quoted};
use crate::kube::kubeconfig::{Current, Existing, default_path, merge_into, write};
use crate::model::Problem;
use crate::service::Manager;

pub async fn export(manager: &dyn Manager, terminal: &mut Terminal<'_>, args: &Kubeconfig) -> Done {
    let cluster = find::cluster(manager, &args.name).await?;
    let text = manager.kubeconfig(cluster.uuid).await?.0;
    if args.place.stdout {
        write!(terminal.out, "{text}")?;
        return Ok(terminal.out.flush()?);
    }
    let (path, replaced) = if args.place.merge {
        let home = directories::BaseDirs::new().map(|dirs| dirs.home_dir().to_path_buf());
        let path = default_path(std::env::var_os("KUBECONFIG"), home)
            .ok_or_else(|| Problem::local("there is no home directory to find .kube/config in").advise("Use --file"))?;
        let current = if args.switch { Current::Switch } else { Current::Keep };
        let outcome = merge_into(&path, &text, current)?;
        (outcome.path, outcome.replaced)
    } else {
        let existing = if args.force { Existing::Replace } else { Existing::Refuse };
        (write(&place(args), &text, existing)?, Vec::new())
    };
    if terminal.format != Format::Table {
        return terminal.value(&json!({ "path": path, "replaced": replaced }));
    }
    for what in &replaced {
        terminal.note(&format!("Replaced {what}, which was there before"))?;
    }
    if args.place.merge {
        terminal.note(&format!("Merged into {}", path.display()))?;
        return terminal.note(&format!("Use it with: kubectl --context {} …", cluster.name));
    }
    let path = std::path::absolute(&path).unwrap_or(path);
    writeln!(terminal.out, "export KUBECONFIG={}", quoted(&path))?;
    Ok(terminal.out.flush()?)
}

fn place(args: &Kubeconfig) -> PathBuf {
    match (&args.place.file, &args.place.dir) {
        (Some(file), _) => file.clone(),
        (None, Some(dir)) => dir.join("config"),
        (None, None) => PathBuf::from("config"),
    }
}
