//! The user's own drivers: one folder each in `drivers/` of the config directory, read
//! whole. What is in the files is judged elsewhere.

use std::collections::BTreeMap;
use std::io::{ErrorKind, Read};
use std::path::Path;

use crate::model::Problem;

/// Bytes of all files of a driver together; Heat takes no request near that.
const LARGEST: u64 = 8 << 20;
/// Files of a driver.
const MOST: usize = 500;
/// Folders within folders.
const DEEPEST: usize = 6;

/// Files by their path in the folder.
pub type Folder = BTreeMap<String, String>;

/// Every folder in `drivers/`, by name; one that cannot be read says why.
pub fn folders(config_dir: &Path) -> Vec<(String, Result<Folder, Problem>)> {
    let place = config_dir.join("drivers");
    let entries = match std::fs::read_dir(&place) {
        Ok(entries) => entries,
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => return Vec::new(),
        Err(error) => return vec![("drivers".to_owned(), Err(unread(&place, &error)))],
    };
    let mut found = Vec::new();
    for entry in entries.flatten() {
        let path = entry.path();
        let name = entry.file_name().to_string_lossy().into_owned();
        if path.is_dir() && !name.starts_with('.') {
            found.push((name, folder(&path)));
        }
    }
    found
}

/// One driver's folder. Hidden files and what editors leave behind are not part of it.
pub fn folder(path: &Path) -> Result<Folder, Problem> {
    let mut reader = Reader { root: path, files: Folder::new(), left: LARGEST };
    reader.read(path, 0)?;
    Ok(reader.files)
}

struct Reader<'a> {
    root: &'a Path,
    files: Folder,
    left: u64,
}

impl Reader<'_> {
    fn read(&mut self, folder: &Path, depth: usize) -> Result<(), Problem> {
        let refuse = |path: &Path, why: &str| Problem::invalid(format!("{}: {why}", path.display()));
        if depth > DEEPEST {
            return Err(refuse(folder, "folders are nested too deep for a driver"));
        }
        for entry in std::fs::read_dir(folder).map_err(|error| unread(folder, &error))? {
            let path = entry.map_err(|error| unread(folder, &error))?.path();
            let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
            if name.starts_with('.') || name.ends_with('~') {
                continue;
            }
            let kind = std::fs::metadata(&path).map_err(|error| unread(&path, &error))?;
            if kind.is_dir() {
                self.read(&path, depth + 1)?;
                continue;
            }
            // Opening a pipe would wait for somebody to write into it.
            if !kind.is_file() {
                return Err(refuse(&path, "not a file"));
            }
            if self.files.len() == MOST {
                return Err(refuse(self.root, "more than 500 files are no driver"));
            }
            let mut text = String::new();
            let file = std::fs::File::open(&path).map_err(|error| unread(&path, &error))?;
            let size = file.take(self.left + 1).read_to_string(&mut text).map_err(|error| unread(&path, &error))?;
            self.left = self
                .left
                .checked_sub(size as u64)
                .ok_or_else(|| refuse(self.root, "more than 8 MB are too much for a driver"))?;
            let inside = path.strip_prefix(self.root).unwrap_or(&path);
            self.files.insert(inside.display().to_string(), text);
        }
        Ok(())
    }
}

fn unread(path: &Path, error: &std::io::Error) -> Problem {
    Problem::local(format!("cannot read {}: {error}", path.display()))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::{folder, folders};

    #[test]
    fn no_folder_is_no_drivers() {
        let config = tempfile::tempdir().unwrap();
        assert!(folders(config.path()).is_empty());
        std::fs::write(config.path().join("drivers"), "").unwrap();
        assert!(folders(config.path()).is_empty());
    }

    #[test]
    fn files_go_by_their_path_and_hidden_ones_do_not_count() {
        let config = tempfile::tempdir().unwrap();
        let driver = config.path().join("drivers/mine");
        std::fs::create_dir_all(driver.join("scripts")).unwrap();
        std::fs::create_dir_all(config.path().join("drivers/.git")).unwrap();
        for (name, text) in [("driver.toml", "a"), ("scripts/x.sh", "b"), (".swp", "c"), ("driver.toml~", "d")] {
            std::fs::write(driver.join(name), text).unwrap();
        }
        std::fs::write(config.path().join("drivers/README"), "").unwrap();
        let found = folders(config.path());
        assert_eq!(found.len(), 1);
        let files: Vec<_> = found[0].1.as_ref().unwrap().iter().map(|(k, v)| (k.as_str(), v.as_str())).collect();
        assert_eq!((found[0].0.as_str(), files), ("mine", vec![("driver.toml", "a"), ("scripts/x.sh", "b")]));
    }

    #[test]
    fn one_that_cannot_be_read_stops_no_other() {
        let config = tempfile::tempdir().unwrap();
        let place = config.path().join("drivers");
        for name in ["bytes", "round", "large", "good", "many", "gone"] {
            std::fs::create_dir_all(place.join(name)).unwrap();
        }
        std::fs::write(place.join("bytes/x"), [0xff, 0xfe]).unwrap();
        symlink(place.join("round"), place.join("round/again")).unwrap();
        std::fs::write(place.join("large/x"), vec![b'x'; 9 << 20]).unwrap();
        (0..501).for_each(|n| std::fs::write(place.join(format!("many/{n}")), "").unwrap());
        symlink("/nowhere/at/all", place.join("gone/x")).unwrap();
        let found = folders(config.path());
        let good: Vec<_> = found.iter().filter(|(_, folder)| folder.is_ok()).map(|(name, _)| name.as_str()).collect();
        assert_eq!((found.len(), good), (6, vec!["good"]));
        for (name, word) in
            [("bytes", "UTF-8"), ("round", "deep"), ("large", "8 MB"), ("many", "500"), ("gone", "No such")]
        {
            let told = folder(&place.join(name)).unwrap_err().line();
            assert!(told.contains(word) && told.contains(name), "{told}");
        }
    }

    #[test]
    fn a_pipe_is_not_waited_for() {
        let driver = tempfile::tempdir().unwrap();
        let made = std::process::Command::new("mkfifo").arg(driver.path().join("pipe")).status();
        if made.is_ok_and(|status| status.success()) {
            assert!(folder(driver.path()).unwrap_err().line().contains("not a file"));
        }
    }
}
