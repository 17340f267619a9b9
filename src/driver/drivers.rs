//! The drivers there are: those that come with the program and the user's own. How a
//! folder builds on another one's (`extends`), and how a driver is chosen.
//!
//! A user's driver that is broken is kept with its reason and hides a built-in one of its
//! name: building something else than was asked for would be worse. The others go on.

use std::collections::BTreeMap;

use include_dir::{Dir, include_dir};
use toml::{Table, Value};

use super::manifest::Manifest;
use super::registry::Driver;
use crate::model::{Problem, text};

static BUILT_IN: Dir = include_dir!("$CARGO_MANIFEST_DIR/assets/drivers");

/// What every driver's folder has.
pub const MANIFEST: &str = "driver.toml";

/// A driver's files by their path in its folder, `driver.toml` among them.
pub type Folder = BTreeMap<String, String>;

/// Who brought a driver.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Origin {
    BuiltIn,
    User,
}

/// Every driver that can be chosen, by name.
#[derive(Debug, Default)]
pub struct Drivers {
    good: BTreeMap<String, Driver>,
    broken: BTreeMap<String, Problem>,
    sources: Sources,
}

impl Drivers {
    /// Those that come with the program.
    pub fn builtin() -> Result<Self, Problem> {
        let drivers = Self::load(Vec::new());
        match drivers.broken.into_values().next() {
            Some(problem) => Err(problem),
            None => Ok(Self { broken: BTreeMap::new(), ..drivers }),
        }
    }

    /// With the user's own, each by its folder's name. What could not be read counts as broken.
    pub fn load(own: Vec<(String, Result<Folder, Problem>)>) -> Self {
        let mut sources = Sources::default();
        for folder in BUILT_IN.dirs() {
            let mut files = Folder::new();
            collect(folder, folder, &mut files);
            sources.0.insert((folder.path().display().to_string(), Origin::BuiltIn), files);
        }
        let mut drivers = Self::default();
        for (name, folder) in own {
            match folder {
                Ok(files) => {
                    sources.0.insert((name, Origin::User), files);
                }
                Err(problem) => {
                    drivers.broken.insert(name, problem);
                }
            }
        }
        // Sorted by origin too: a user's driver comes after the built-in one of its name.
        for key in sources.0.keys() {
            drivers.good.remove(&key.0);
            match sources.driver(key) {
                _ if drivers.broken.contains_key(&key.0) => {}
                Ok(driver) => {
                    drivers.good.insert(key.0.clone(), driver);
                }
                Err(problem) => {
                    drivers.broken.insert(key.0.clone(), problem);
                }
            }
        }
        drivers.sources = sources;
        drivers
    }

    pub fn get(&self, name: &str) -> Option<&Driver> {
        self.good.get(name)
    }

    pub fn iter(&self) -> impl Iterator<Item = &Driver> {
        self.good.values()
    }

    /// The user's drivers that cannot be used, by folder name, each with its reason.
    pub fn broken(&self) -> impl Iterator<Item = (&str, &Problem)> {
        self.broken.iter().map(|(name, problem)| (name.as_str(), problem))
    }

    /// A folder's manifest and files, put together with what it extends as if it were one
    /// of the user's; nothing else is checked.
    pub fn parts(&self, folder: Folder) -> Result<(Manifest, Folder), Problem> {
        let mut sources = self.sources.clone();
        let name = manifest(&folder)?.get("name").and_then(Value::as_str).unwrap_or_default().to_owned();
        let key = (name, Origin::User);
        sources.0.insert(key.clone(), folder);
        sources.parts(&key)
    }

    /// By name when one is asked for, else by (server type, `os_distro`, COE); where
    /// several fit, the user's own come first, then the first by name.
    pub fn choose(
        &self,
        server_type: &str,
        os_distro: &str,
        coe: &str,
        named: Option<&str>,
    ) -> Result<&Driver, Problem> {
        let found = match named {
            Some(name) => self.good.get(name),
            None => {
                let fitting = self.good.values().filter(|driver| driver.serves(server_type, os_distro, coe));
                fitting.min_by_key(|driver| std::cmp::Reverse(driver.origin))
            }
        };
        if let Some(problem) = named.and_then(|name| self.broken.get(name)) {
            return Err(problem.clone().on_field("driver"));
        }
        found.ok_or_else(|| {
            let wanted = named.map_or_else(
                || format!("no driver builds {coe} on server type {server_type} with os_distro {os_distro}"),
                |name| format!("there is no driver \"{}\"", text::shown(name)),
            );
            let have: Vec<String> = self
                .iter()
                .map(|d| {
                    format!(
                        "{} ({} {} on {})",
                        d.manifest.name,
                        d.manifest.coe,
                        d.manifest.server_type,
                        d.manifest.os_distro.join("/")
                    )
                })
                .collect();
            let broken: Vec<&str> = self.broken.keys().map(String::as_str).collect();
            let broken = match broken.as_slice() {
                [] => String::new(),
                names => format!(". Broken, see \"jeroboam driver list\": {}", names.join(", ")),
            };
            let other = |driver: &Driver| driver.serves(&driver.manifest.server_type, os_distro, coe);
            let field = match named {
                Some(_) => "driver",
                None if self.good.values().any(other) => "server_type",
                None => "image_id",
            };
            Problem::invalid(wanted).on_field(field).advise(format!("Supported: {}{broken}", have.join(", ")))
        })
    }
}

fn collect(root: &Dir, folder: &Dir, files: &mut Folder) {
    for file in folder.files() {
        if let (Ok(path), Some(text)) = (file.path().strip_prefix(root.path()), file.contents_utf8()) {
            files.insert(path.display().to_string(), text.to_owned());
        }
    }
    for inner in folder.dirs() {
        collect(root, inner, files);
    }
}

type Key = (String, Origin);

/// The folders as they were found.
#[derive(Debug, Clone, Default)]
struct Sources(BTreeMap<Key, Folder>);

impl Sources {
    fn driver(&self, key: &Key) -> Result<Driver, Problem> {
        let (manifest, files) = self.parts(key)?;
        Driver::new(manifest, files, key.1)
    }

    fn parts(&self, key: &Key) -> Result<(Manifest, Folder), Problem> {
        let (table, files) = self.whole(key, &mut Vec::new())?;
        let manifest: Manifest = table.try_into().map_err(|error| unreadable(&key.0, &error))?;
        if manifest.name != key.0 {
            return Err(Problem::invalid(format!(
                "driver {}: its {MANIFEST} names it \"{}\": folder and driver must have the same name",
                key.0, manifest.name
            )));
        }
        Ok((manifest, files))
    }

    /// Manifest and files with those of all it extends beneath them.
    fn whole(&self, key: &Key, above: &mut Vec<Key>) -> Result<(Table, Folder), Problem> {
        let (name, _) = key;
        let refuse = |why: String| Problem::invalid(format!("driver {name}: {why}"));
        let Some(folder) = self.0.get(key) else { return Err(refuse("it is not there".into())) };
        let own = manifest(folder).map_err(|problem| refuse(problem.summary))?;
        let base = match own.get("extends") {
            None => return Ok((own, folder.clone())),
            Some(Value::String(base)) => base,
            Some(_) => return Err(refuse("extends must be the name of a driver".into())),
        };
        above.push(key.clone());
        // A user's driver may extend the built-in one that it takes the place of; a built-in
        // one never stands on a user's.
        let beneath = [Origin::User, Origin::BuiltIn].map(|origin| (base.clone(), origin));
        let beneath = beneath
            .into_iter()
            .find(|candidate| candidate != key && candidate.1 <= key.1 && self.0.contains_key(candidate));
        let Some(beneath) = beneath else {
            return Err(refuse(format!("it extends {base}, and there is no such driver")));
        };
        if above.contains(&beneath) {
            return Err(refuse(format!("it extends {base}, which extends {name} in turn")));
        }
        let (mut table, mut files) = self
            .whole(&beneath, above)
            .map_err(|problem| refuse(format!("what it extends cannot be used: {}", problem.summary)))?;
        lay_over(&mut table, own);
        files.extend(folder.clone());
        Ok((table, files))
    }
}

fn manifest(folder: &Folder) -> Result<Table, Problem> {
    let text = folder.get(MANIFEST).ok_or_else(|| Problem::invalid(format!("a driver needs a {MANIFEST}")))?;
    toml::from_str(text).map_err(|error| {
        let line = error.span().map(|span| text[..span.start.min(text.len())].matches('\n').count() + 1);
        let place = line.map(|line| format!(", line {line}")).unwrap_or_default();
        Problem::invalid(format!("{MANIFEST}{place}: {}", error.message()))
    })
}

fn unreadable(name: &str, error: &toml::de::Error) -> Problem {
    Problem::invalid(format!("driver {name}: {MANIFEST}: {}", error.message()))
}

/// Own values win: `files` are added, an environment takes the place of the one with the
/// same `when`, tables go key by key however deep, and `false` takes a key out of a table.
fn lay_over(base: &mut Table, own: Table) {
    for (key, value) in own {
        match (base.get_mut(&key), value) {
            (Some(Value::Array(all)), Value::Array(own)) if key == "files" => {
                let new: Vec<Value> = own.into_iter().filter(|file| !all.contains(file)).collect();
                all.extend(new);
            }
            (Some(Value::Array(all)), Value::Array(own)) if key == "environments" => {
                for choice in own {
                    match all.iter_mut().find(|known| known.get("when") == choice.get("when")) {
                        Some(known) => *known = choice,
                        None => all.push(choice),
                    }
                }
            }
            (Some(Value::Table(all)), Value::Table(own)) => lay_over(all, own),
            (Some(_), Value::Boolean(false)) => {
                base.remove(&key);
            }
            (_, value) => {
                base.insert(key, value);
            }
        }
    }
}

#[cfg(test)]
mod tests;
