//! Writing a kubeconfig where the user wants it.

use std::fs::DirBuilder;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use crate::kube::kubeconfig::{Current, Existing, default_path, merge_into, write};
use crate::model::{ClusterId, Problem, ProblemKind};
use crate::service::{KubeconfigWish, Manager};
use crate::ui::{Saved, Target};

pub async fn kubeconfig(manager: &dyn Manager, id: ClusterId, target: Target, overwrite: bool) -> Saved {
    let home = directories::BaseDirs::new().map(|dirs| dirs.home_dir().to_path_buf());
    let place = match &target {
        Target::Merge => default_path(std::env::var_os("KUBECONFIG"), home),
        Target::File(text) => expand(text, home.as_deref()),
    };
    let Some(path) = place else {
        return Saved::Failed(Problem::local("there is no home directory").advise("Name a file by its full path"));
    };
    let merge = target == Target::Merge;
    // A certificate need not be issued for a file that will not be written.
    if !merge && !overwrite && path.exists() && !path.is_dir() {
        return exists(&path);
    }
    let text = match manager.kubeconfig(id, &KubeconfigWish::default()).await {
        Ok(text) => text.0,
        Err(problem) => return Saved::Failed(problem),
    };
    let work = tokio::task::spawn_blocking(move || put(&path, &text, merge, overwrite));
    work.await
        .unwrap_or_else(|_| Saved::Failed(Problem::local("writing the kubeconfig ended in a defect of Jeroboam's")))
}

/// A text that is no secret, but nobody else's either.
pub async fn text(path: String, text: String, overwrite: bool) -> Saved {
    let path = match place(&path) {
        Ok(path) => path,
        Err(problem) => return Saved::Failed(problem),
    };
    let work = tokio::task::spawn_blocking(move || put(&path, &text, false, overwrite));
    work.await.unwrap_or_else(|_| Saved::Failed(Problem::local("writing the file ended in a defect of Jeroboam's")))
}

/// The file that a text of the user's names, by its whole path.
pub fn place(text: &str) -> Result<PathBuf, Problem> {
    let home = directories::BaseDirs::new().map(|dirs| dirs.home_dir().to_path_buf());
    let path = expand(text, home.as_deref())
        .ok_or_else(|| Problem::local("there is no home directory").advise("Name a file by its full path"))?;
    Ok(std::path::absolute(&path).unwrap_or(path))
}

fn put(path: &Path, text: &str, merge: bool, overwrite: bool) -> Saved {
    if merge {
        return match merge_into(path, text, Current::Keep) {
            Ok(outcome) => Saved::Done { path: absolute(outcome.path), replaced: outcome.replaced },
            Err(problem) => Saved::Failed(problem),
        };
    }
    // The directory we propose ourselves; any other that is missing is a typing mistake.
    let parent = path.parent().filter(|parent| parent.ends_with(".kube") && !parent.exists());
    if let Some(parent) = parent {
        // If this fails, the write says so.
        let _ = DirBuilder::new().mode(0o700).create(parent);
    }
    match write(path, text, if overwrite { Existing::Replace } else { Existing::Refuse }) {
        Ok(path) => Saved::Done { path: absolute(path), replaced: Vec::new() },
        Err(problem) if problem.kind == ProblemKind::Conflict && !overwrite => exists(path),
        Err(problem) => Saved::Failed(problem),
    }
}

fn exists(path: &Path) -> Saved {
    Saved::Exists { what: format!("{} exists already.", path.display()) }
}

fn absolute(path: PathBuf) -> String {
    std::path::absolute(&path).unwrap_or(path).display().to_string()
}

/// `~` and `~/…` are the home directory; anything else is as it stands.
fn expand(text: &str, home: Option<&Path>) -> Option<PathBuf> {
    let text = text.trim();
    match text.strip_prefix('~') {
        Some("") => home.map(Path::to_path_buf),
        Some(rest) if rest.starts_with('/') => home.map(|home| home.join(rest.trim_start_matches('/'))),
        _ => Some(PathBuf::from(text)),
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;
    use std::path::{Path, PathBuf};

    use super::{Saved, expand, put};

    #[test]
    fn tilde_is_home_only_at_the_beginning_of_a_path() {
        let home = Some(Path::new("/home/u"));
        assert_eq!(expand(" ~/.kube/a.config", home), Some(PathBuf::from("/home/u/.kube/a.config")));
        assert_eq!(expand("~other/x", home), Some(PathBuf::from("~other/x")));
        assert_eq!(expand("a/~/b", None), Some(PathBuf::from("a/~/b")));
        assert_eq!(expand("~/x", None), None);
    }

    #[test]
    fn the_proposed_directory_is_made_and_what_is_there_is_asked_about() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(".kube/a.config");
        assert!(matches!(put(&path, "one", false, false), Saved::Done { .. }));
        assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o600);
        assert!(matches!(put(&path, "two", false, false), Saved::Exists { .. }));
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "one");
        assert!(matches!(put(&path, "two", false, true), Saved::Done { .. }));
        assert!(matches!(put(&folder.path().join("nowhere/a"), "x", false, false), Saved::Failed(_)));
        assert!(matches!(put(folder.path(), "x", false, true), Saved::Failed(_)));
    }
}
