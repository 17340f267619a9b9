//! Where Jeroboam's own files are: XDG's directories, unless the user names others.
//!
//! | what | default | other place |
//! |---|---|---|
//! | data: the store with templates, clusters and keys | `~/.local/share/jeroboam` | `--data-dir`, `JEROBOAM_DATA_DIR` |
//! | config: `config.toml`, themes, keymaps, drivers | `~/.config/jeroboam` | `JEROBOAM_CONFIG_DIR` |
//! | state: the log file | `~/.local/state/jeroboam` | goes with a data directory that was named |

use std::fs::DirBuilder;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use directories::ProjectDirs;

use crate::model::Problem;

/// Absolute or relative to the working directory; none needs to exist.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Paths {
    pub data: PathBuf,
    pub config: PathBuf,
    pub state: PathBuf,
}

impl Paths {
    /// From this process's variables; `data_dir` is the flag's value.
    pub fn find(data_dir: Option<PathBuf>) -> Result<Self, Problem> {
        let variable = |name| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
        let xdg = ProjectDirs::from("", "", "jeroboam");
        let data = data_dir.or_else(|| variable("JEROBOAM_DATA_DIR"));
        Self::choose(data, variable("JEROBOAM_CONFIG_DIR"), xdg.as_ref())
    }

    fn choose(data: Option<PathBuf>, config: Option<PathBuf>, xdg: Option<&ProjectDirs>) -> Result<Self, Problem> {
        let homeless = || {
            Problem::local("there is no home directory to keep data in")
                .advise("Set HOME, or both JEROBOAM_DATA_DIR and JEROBOAM_CONFIG_DIR")
        };
        let state = match (&data, xdg) {
            (Some(data), _) => data.clone(),
            (None, Some(xdg)) => xdg.state_dir().unwrap_or_else(|| xdg.data_local_dir()).to_path_buf(),
            (None, None) => return Err(homeless()),
        };
        let data = data.or_else(|| Some(xdg?.data_dir().to_path_buf())).ok_or_else(homeless)?;
        let config = config.or_else(|| Some(xdg?.config_dir().to_path_buf())).ok_or_else(homeless)?;
        Ok(Self { data, config, state })
    }

    /// All three in one directory, which a demo removes at its end.
    pub fn inside(directory: &Path) -> Self {
        Self { data: directory.join("data"), config: directory.join("config"), state: directory.to_path_buf() }
    }
}

/// Makes a directory and what is missing above it, readable by its owner only.
pub fn make_private(directory: &Path) -> Result<(), Problem> {
    DirBuilder::new().recursive(true).mode(0o700).create(directory).map_err(|error| {
        Problem::local(format!("cannot make the directory {}: {error}", directory.display()))
            .advise("Name another place with --data-dir or JEROBOAM_DATA_DIR")
    })
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;
    use std::path::PathBuf;

    use directories::ProjectDirs;

    use super::{Paths, make_private};

    #[test]
    fn a_named_data_directory_takes_the_log_with_it() {
        let xdg = ProjectDirs::from_path(PathBuf::from("jeroboam"));
        let usual = Paths::choose(None, None, xdg.as_ref()).unwrap();
        assert!(usual.state != usual.data && usual.data.ends_with("jeroboam"), "{usual:?}");
        let named = Paths::choose(Some("/d".into()), None, xdg.as_ref()).unwrap();
        assert_eq!((named.data, named.state, named.config), ("/d".into(), "/d".into(), usual.config));
    }

    #[test]
    fn without_a_home_everything_must_be_named() {
        assert!(Paths::choose(None, Some("/c".into()), None).is_err());
        assert!(Paths::choose(Some("/d".into()), None, None).is_err());
        assert!(Paths::choose(Some("/d".into()), Some("/c".into()), None).is_ok());
    }

    #[test]
    fn directories_are_private() {
        let folder = tempfile::tempdir().unwrap();
        let made = folder.path().join("a/b");
        make_private(&made).unwrap();
        make_private(&made).unwrap();
        assert_eq!(made.metadata().unwrap().permissions().mode() & 0o777, 0o700);
        std::fs::write(folder.path().join("file"), "").unwrap();
        assert!(make_private(&folder.path().join("file/x")).is_err());
    }
}
