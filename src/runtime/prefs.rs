//! The user's settings for the page that shows them: what is in force, where from, and keeping in
//! `config.toml` what was turned. Start at [`Source::told`].

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use toml::{Table, Value};

use crate::config::edit;
use crate::config::settings::Settings;
use crate::kube::kubeconfig::{Existing, write};
use crate::model::Problem;
use crate::model::text::clean;
use crate::ui::keymap;
use crate::ui::prefs::{Pref, Prefs};
use crate::ui::theme;

/// Settings that can be turned in the dashboard, before all others; whether at once.
const TURNED: [(&str, bool); 5] =
    [("theme", true), ("keymap", true), ("mouse", true), ("alert", false), ("read_only", false)];
/// What the settings are for, by how their names begin.
const DOCS: [(&str, &str); 15] = [
    ("theme", "Colours: a file in themes/ beside config.toml, or one of ours; auto goes by the terminal's background"),
    ("keymap", "Which keys do what: a file in keymaps/ beside config.toml, or one of ours"),
    ("mouse", "Whether clicks and the wheel are the dashboard's; with shift held, text can be selected all the same"),
    ("alert", "How the terminal is told that a cluster came to an end while you look elsewhere"),
    ("read_only", "Nothing is changed, by the dashboard and by commands"),
    ("cloud", "The cloud where neither --os-cloud nor OS_CLOUD names one"),
    ("store", "The store that conductors on several hosts share; none: in the data directory"),
    ("lease_seconds", "On a shared store: how long after its last sign of life others take a conductor's clusters"),
    ("cert_manager", "Where new clusters' keys are kept unless their labels say otherwise"),
    ("health_interval", "Seconds between two looks at a cluster's health through its Kubernetes API; 0: none"),
    ("notifications", "Who is told what happens to clusters, as Magnum tells it"),
    ("ssh", "How nodes are logged in to"),
    ("clouds", "How the cloud's clusters and nodes are reached"),
    ("clusters", "How the cluster's API and nodes are reached"),
    ("data_dir", "Where templates, clusters and keys are kept"),
];
const SECRET: &str = "[secret]";
/// Addresses with passwords in them.
const SECRETS: [&str; 2] = ["store", "notifications.url"];

/// What was said beside config.toml, for this once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Said {
    /// A setting's name in config.toml.
    pub name: &'static str,
    pub value: String,
    /// The flag or the variable.
    pub by: &'static str,
}

/// Where settings are found.
#[derive(Debug, Clone)]
pub struct Source {
    pub config_dir: PathBuf,
    pub said: Vec<Said>,
}

impl Source {
    fn file(&self) -> PathBuf {
        self.config_dir.join("config.toml")
    }

    /// As they are now; of a file that is faulty only what was said beside it.
    pub fn told(&self) -> Result<Prefs, Problem> {
        let text = Settings::text(&self.file())?;
        let settings = Settings::parse(&text, &self.file().display().to_string())?;
        let in_file = text.parse::<Table>().map(|table| flat(&table)).unwrap_or_default();
        let in_force = Table::try_from(&settings).map(|table| flat(&table)).unwrap_or_default();
        let first = TURNED.iter().map(|(name, _)| (*name).to_owned());
        let rest: BTreeSet<String> =
            ["cloud", "store"].map(str::to_owned).into_iter().chain(in_force.keys().cloned()).collect();
        let said = self.said.iter().map(|said| said.name.to_owned());
        let mut names: Vec<String> = first.collect();
        for name in rest.into_iter().chain(said) {
            if !names.contains(&name) {
                names.push(name);
            }
        }
        let all = names.into_iter().map(|name| self.pref(name, &in_file, &in_force)).collect();
        Ok(Prefs { file: self.file().display().to_string(), all })
    }

    fn pref(&self, name: String, in_file: &BTreeMap<String, String>, in_force: &BTreeMap<String, String>) -> Pref {
        let said = self.said.iter().find(|said| said.name == name);
        let (value, origin) = match said {
            Some(said) => (Some(said.value.clone()), said.by),
            None if in_file.contains_key(&name) => {
                (in_force.get(&name).or_else(|| in_file.get(&name)).cloned(), "config.toml")
            }
            None => (in_force.get(&name).cloned(), "default"),
        };
        let value = match value {
            Some(_) if SECRETS.contains(&name.as_str()) => SECRET.to_owned(),
            Some(value) => clean(&value),
            None => "–".to_owned(),
        };
        let turned = TURNED.iter().find(|(turned, _)| *turned == name && said.is_none());
        let doc = DOCS.iter().find(|(of, _)| name.split('.').next() == Some(*of)).map_or("", |(_, doc)| *doc);
        Pref {
            choices: turned.map_or_else(Vec::new, |_| self.choices(&name)),
            at_once: turned.is_some_and(|(_, at_once)| *at_once),
            kept: value.clone(),
            value,
            origin: origin.to_owned(),
            doc: doc.to_owned(),
            name,
        }
    }

    fn choices(&self, name: &str) -> Vec<String> {
        let with_own = |ours: &[&str], folder: &str| {
            let mut all: Vec<String> = ours.iter().map(|name| (*name).to_owned()).collect();
            let own = files(&self.config_dir.join(folder));
            all.extend(own.into_iter().filter(|own| !ours.contains(&own.as_str())));
            all
        };
        match name {
            "theme" => {
                let ours: Vec<&str> = ["auto"].into_iter().chain(theme::EMBEDDED.map(|(name, _)| name)).collect();
                with_own(&ours, "themes")
            }
            "keymap" => with_own(&keymap::EMBEDDED.map(|(name, _)| name), "keymaps"),
            "alert" => ["bell", "osc9", "none"].map(str::to_owned).to_vec(),
            _ => ["true", "false"].map(str::to_owned).to_vec(),
        }
    }

    /// Writes what was turned into the file, which may be missing; gives its path.
    pub fn keep(&self, turned: &[(String, String)]) -> Result<String, Problem> {
        let file = self.file();
        let text = Settings::text(&file)?;
        let literal = |value: &String| match value.as_str() {
            "true" | "false" => value.clone(),
            // Nothing else can be chosen: a file's name without quotes in it, or one of ours.
            word => format!("\"{word}\""),
        };
        let values: Vec<(&str, String)> = turned.iter().map(|(name, value)| (name.as_str(), literal(value))).collect();
        let changes: Vec<(&str, &str)> = values.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let changed = edit::set(&text, &changes)?;
        Settings::parse(&changed, &file.display().to_string())?;
        crate::config::paths::make_private(&self.config_dir)?;
        write(&file, &changed, Existing::Replace).map(|path| path.display().to_string())
    }
}

/// The names of a folder's TOML files that settings can name.
fn files(folder: &Path) -> BTreeSet<String> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let stem = |path: PathBuf| {
        let toml = path.extension().is_some_and(|ending| ending == "toml");
        path.file_stem().filter(|_| toml).and_then(|stem| stem.to_str().map(str::to_owned))
    };
    let fits = |name: &String| name.chars().all(|c| c.is_ascii_alphanumeric() || "-_".contains(c));
    entries.filter_map(|entry| stem(entry.path())).filter(fits).collect()
}

/// Values by dotted names.
fn flat(table: &Table) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    for (name, value) in table {
        match value {
            Value::Table(inner) => {
                found.extend(flat(inner).into_iter().map(|(below, value)| (format!("{name}.{below}"), value)));
            }
            other => drop(found.insert(name.clone(), told(other))),
        }
    }
    found
}

fn told(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Integer(number) => number.to_string(),
        Value::Float(number) => number.to_string(),
        Value::Boolean(word) => word.to_string(),
        Value::Datetime(time) => time.to_string(),
        Value::Array(all) => all.iter().map(told).collect::<Vec<_>>().join(", "),
        Value::Table(all) => all.keys().cloned().collect::<Vec<_>>().join(", "),
    }
}

#[cfg(test)]
mod tests {
    use super::{Said, Source};
    use crate::ui::prefs::Pref;

    fn source(folder: &tempfile::TempDir) -> Source {
        Source { config_dir: folder.path().join("jeroboam"), said: Vec::new() }
    }

    fn one(source: &Source, name: &str) -> Pref {
        source.told().unwrap().all.into_iter().find(|pref| pref.name == name).unwrap()
    }

    #[test]
    fn values_are_told_with_where_they_come_from_and_no_secrets() {
        let folder = tempfile::tempdir().unwrap();
        let mut source = source(&folder);
        std::fs::create_dir_all(source.config_dir.join("themes")).unwrap();
        std::fs::write(source.config_dir.join("themes/mine.toml"), "").unwrap();
        std::fs::write(source.config_dir.join("themes/no theme.toml"), "").unwrap();
        let text = "keymap = 'vim'\nstore = 'postgres://me:hidden@db/x'\n[notifications]\nurl = 'amqp://a:hidden@h/'\n\
                    [clouds.east]\nbastion = 'gate'\n";
        std::fs::write(source.config_dir.join("config.toml"), text).unwrap();
        source.said.push(Said { name: "cloud", value: "west".into(), by: "--os-cloud" });
        source.said.push(Said { name: "read_only", value: "true".into(), by: "--read-only" });
        let told = |name: &str| {
            let pref = one(&source, name);
            (pref.value, pref.origin)
        };
        assert_eq!(told("keymap"), ("vim".into(), "config.toml".into()));
        assert_eq!(told("mouse"), ("true".into(), "default".into()));
        assert_eq!(told("clouds.east.bastion"), ("gate".into(), "config.toml".into()));
        assert_eq!(told("cloud"), ("west".into(), "--os-cloud".into()));
        assert_eq!(told("store"), ("[secret]".into(), "config.toml".into()));
        assert!(one(&source, "theme").choices.ends_with(&["mono16".into(), "mine".into()]));
        assert!(one(&source, "read_only").choices.is_empty(), "a flag counts before the file");
        let all = source.told().unwrap();
        assert!(!format!("{all:?}").contains("hidden"));
        assert!(all.all.iter().all(|pref| !pref.doc.is_empty()), "{all:?}");
    }

    #[test]
    fn what_is_kept_is_in_force_and_comments_stay() {
        let folder = tempfile::tempdir().unwrap();
        let source = source(&folder);
        let keep = |name: &str, value: &str| source.keep(&[(name.into(), value.into())]);
        keep("theme", "nord").unwrap();
        let file = source.config_dir.join("config.toml");
        std::fs::write(&file, "# mine\ntheme = 'light'\n").unwrap();
        keep("mouse", "false").unwrap();
        assert_eq!(std::fs::read_to_string(&file).unwrap(), "# mine\ntheme = 'light'\nmouse = false\n");
        assert_eq!((one(&source, "theme").value, one(&source, "mouse").value), ("light".into(), "false".into()));
        assert!(keep("alert", "drums").is_err() && keep("nonsense", "true").is_err());
        std::fs::write(&file, "theme = ").unwrap();
        assert!(keep("mouse", "true").is_err() && source.told().is_err());
        assert_eq!(std::fs::read_to_string(&file).unwrap(), "theme = ");
    }
}
