//! Bringing a kubeconfig to disk: whole or not at all, readable by its owner only.

use std::ffi::OsString;
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, ErrorKind, Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use super::{Current, merge};
use crate::model::{Problem, ProblemKind};

/// No kubeconfig is that large; something else is.
const LARGEST: u64 = 16 << 20;

/// What to do with a file that is there already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Existing {
    Refuse,
    Replace,
}

/// What [`merge_into`] did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    /// The file written, symbolic links followed.
    pub path: PathBuf,
    /// See [`super::Merged::replaced`].
    pub replaced: Vec<String>,
}

/// Where kubectl writes: the first file that `KUBECONFIG` names, else `~/.kube/config`.
pub fn default_path(kubeconfig: Option<OsString>, home: Option<PathBuf>) -> Option<PathBuf> {
    let named = kubeconfig.and_then(|list| std::env::split_paths(&list).find(|path| !path.as_os_str().is_empty()));
    named.or_else(|| home.map(|home| home.join(".kube").join("config")))
}

/// Writes `text` to `path`, mode 0600: to a temporary file beside it, to the disk, then renamed over.
/// A symbolic link stays one, its target is replaced. Whatever fails leaves the old file whole.
pub fn write(path: &Path, text: &str, existing: Existing) -> Result<PathBuf, Problem> {
    replace(path, existing, |file| file.write_all(text.as_bytes()))
}

/// Merges `new` into the file at `path`, which may be missing; so may be its directory, which is
/// made with mode 0700. Holds kubectl's lock (`<file>.lock`) meanwhile.
pub fn merge_into(path: &Path, new: &str, current: Current) -> Result<Outcome, Problem> {
    let path = &target(path)?;
    if let Some(parent) = path.parent().filter(|parent| !parent.as_os_str().is_empty() && !parent.exists()) {
        DirBuilder::new().mode(0o700).create(parent).map_err(|error| trouble("make the directory", parent, &error))?;
    }
    let _lock = Lock::take(path)?;
    let old = read_old(path)?;
    let merged = merge(&old, new, current).map_err(|mut problem| {
        problem.summary = format!("{}: {}", shown(path), problem.summary);
        problem.advise("Nothing was changed; mend the file, or export into a file of its own")
    })?;
    let path = replace(path, Existing::Replace, |file| file.write_all(merged.text.as_bytes()))?;
    Ok(Outcome { path, replaced: merged.replaced })
}

fn read_old(path: &Path) -> Result<String, Problem> {
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(String::new()),
        Err(error) => return Err(trouble("read", path, &error)),
    };
    regular(path, &file.metadata().map_err(|error| trouble("read", path, &error))?)?;
    let mut text = String::new();
    let size = file.take(LARGEST + 1).read_to_string(&mut text).map_err(|error| trouble("read", path, &error))?;
    if size as u64 > LARGEST {
        return Err(Problem::invalid(format!("{} is larger than 16 MB: not a kubeconfig", shown(path))));
    }
    Ok(text)
}

/// The one way a file of ours comes to be; `fill` is a parameter so that a test can bring a full disk.
pub(super) fn replace(
    path: &Path,
    existing: Existing,
    fill: impl FnOnce(&mut File) -> io::Result<()>,
) -> Result<PathBuf, Problem> {
    let path = target(path)?;
    match fs::metadata(&path) {
        Ok(metadata) => {
            regular(&path, &metadata)?;
            if existing == Existing::Refuse {
                return Err(exists(&path));
            }
        }
        Err(error) if error.kind() == ErrorKind::NotFound => {}
        Err(error) => return Err(trouble("write", &path, &error)),
    }
    let directory = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    if !directory.exists() {
        return Err(Problem::invalid(format!(
            "cannot write {}: there is no directory {}",
            shown(&path),
            shown(directory)
        ))
        .advise("Make the directory first, or name another file"));
    }
    let attempt = || -> io::Result<()> {
        // Mode 0600 from the first moment on, and removed again when dropped early.
        let mut temporary = tempfile::Builder::new().prefix(".jeroboam-").tempfile_in(directory)?;
        fill(temporary.as_file_mut())?;
        temporary.as_file().sync_all()?;
        match existing {
            Existing::Replace => temporary.persist(&path).map_err(|error| error.error)?,
            Existing::Refuse => temporary.persist_noclobber(&path).map_err(|error| error.error)?,
        };
        Ok(())
    };
    match attempt() {
        Ok(()) => {
            // The rename itself reaches the disk with its directory. Some file systems cannot
            // sync a directory: the file is right all the same.
            let _ = File::open(directory).and_then(|directory| directory.sync_all());
            Ok(path)
        }
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Err(exists(&path)),
        Err(error) => Err(trouble("write", &path, &error)),
    }
}

/// Follows symbolic links by hand, because the last target need not exist yet.
fn target(path: &Path) -> Result<PathBuf, Problem> {
    const HOPS: usize = 40;
    let mut path = path.to_path_buf();
    for _ in 0..HOPS {
        if !fs::symlink_metadata(&path).is_ok_and(|metadata| metadata.is_symlink()) {
            return Ok(path);
        }
        let next = fs::read_link(&path).map_err(|error| trouble("read", &path, &error))?;
        path = path.parent().map(|parent| parent.join(&next)).unwrap_or(next);
    }
    Err(Problem::invalid(format!("{} is a symbolic link that leads round in a circle", shown(&path))))
}

fn regular(path: &Path, metadata: &fs::Metadata) -> Result<(), Problem> {
    if metadata.is_dir() {
        return Err(Problem::invalid(format!("{} is a directory", shown(path)))
            .advise("Name a file in it, or give the directory with --dir"));
    }
    if !metadata.is_file() {
        return Err(Problem::invalid(format!("{} is not a regular file", shown(path)))
            .advise("Use --stdout to send the kubeconfig elsewhere"));
    }
    Ok(())
}

fn exists(path: &Path) -> Problem {
    Problem::conflict(format!("{} exists already", shown(path)))
        .advise("Name another file, or overwrite it with --force")
}

fn shown(path: &Path) -> std::path::Display<'_> {
    path.display()
}

fn trouble(doing: &str, path: &Path, error: &io::Error) -> Problem {
    let (why, advice) = match error.kind() {
        ErrorKind::StorageFull => ("the disk is full".into(), "Nothing was changed; make room and try again"),
        ErrorKind::QuotaExceeded => {
            ("your disk quota is used up".into(), "Nothing was changed; make room and try again")
        }
        ErrorKind::PermissionDenied => {
            ("permission denied".into(), "Nothing was changed; check owner and mode of the file and its directory")
        }
        ErrorKind::ReadOnlyFilesystem => ("the file system is read-only".into(), "Name a file elsewhere"),
        ErrorKind::NotADirectory => ("a part of the path is not a directory".into(), "Check the path"),
        ErrorKind::InvalidData => ("it is not text".into(), "Nothing was changed; check the path"),
        _ => (error.to_string(), "Nothing was changed"),
    };
    Problem::new(ProblemKind::Local, format!("cannot {doing} {}: {why}", shown(path))).advise(advice)
}

/// kubectl's lock on a kubeconfig: a file made exclusively beside it, removed afterwards.
struct Lock(PathBuf);

impl Lock {
    fn take(path: &Path) -> Result<Self, Problem> {
        let mut name = path.as_os_str().to_owned();
        name.push(".lock");
        let lock = PathBuf::from(name);
        match OpenOptions::new().write(true).create_new(true).mode(0o600).open(&lock) {
            Ok(_) => Ok(Self(lock)),
            Err(error) if error.kind() == ErrorKind::AlreadyExists => Err(Problem::conflict(format!(
                "{} is being changed by another program, which holds {}",
                shown(path),
                shown(&lock)
            ))
            .advise("Try again in a moment; if no kubectl runs, remove that lock file")),
            Err(error) => Err(trouble("lock", path, &error)),
        }
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
}
