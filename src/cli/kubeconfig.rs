//! `jeroboam kubeconfig`

use std::path::PathBuf;

use chrono::TimeDelta;
use serde_json::json;

use super::args::{Format, Kubeconfig};
use super::fault::Done;
use super::find;
use super::output::{Terminal, quoted};
use crate::kube::kubeconfig::{Current, Existing, default_path, merge_into, write};
use crate::model::Problem;
use crate::service::{KubeconfigWish, Manager};

/// For whom and how long; before anything is connected. A user without groups has the rights that
/// the cluster's role bindings give by name, and no more.
pub fn wish(args: &Kubeconfig) -> Result<KubeconfigWish, Problem> {
    let default = KubeconfigWish::default();
    let life = args.ttl.as_deref().map(life).transpose()?.unwrap_or(default.life);
    if args.user.is_none() && args.groups.is_empty() {
        return Ok(KubeconfigWish { life, ..default });
    }
    let user = args.user.clone().unwrap_or(default.user);
    Ok(KubeconfigWish { user, groups: args.groups.clone(), life })
}

/// `30m`, `8h`, `7d`.
fn life(text: &str) -> Result<TimeDelta, Problem> {
    let refuse = || {
        Problem::invalid(format!("\"{text}\" is not how long something lasts"))
            .on_field("ttl")
            .advise("Write it like 30m, 8h or 7d")
    };
    let digits = text.trim_end_matches(|last: char| last.is_ascii_alphabetic());
    let number: i64 = digits.parse().map_err(|_| refuse())?;
    let made = match &text[digits.len()..] {
        "m" => TimeDelta::try_minutes(number),
        "h" => TimeDelta::try_hours(number),
        "d" => TimeDelta::try_days(number),
        _ => None,
    };
    made.filter(|life| *life > TimeDelta::zero()).ok_or_else(refuse)
}

pub async fn export(
    manager: &dyn Manager,
    terminal: &mut Terminal<'_>,
    args: &Kubeconfig,
    wish: &KubeconfigWish,
) -> Done {
    let cluster = find::cluster(manager, &args.name).await?;
    let text = manager.kubeconfig(cluster.uuid, wish).await?.0;
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

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::life;

    #[test]
    fn durations_are_read_or_refused() {
        assert_eq!(life("30m").unwrap(), TimeDelta::minutes(30));
        assert_eq!(life("8h").unwrap(), TimeDelta::hours(8));
        assert_eq!(life("7d").unwrap(), TimeDelta::days(7));
        for odd in ["", "8", "h", "-1h", "0m", "8hh", "8 h", "1w", "99999999999999999d", "１h", "8é"] {
            assert!(life(odd).unwrap_err().summary.contains(odd), "{odd}");
        }
    }
}
