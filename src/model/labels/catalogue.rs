//! The catalogue of labels (`assets/labels.toml`): what each is called, takes and means.
//! Which driver reads which is not known here; [`Sheet`] is what a driver says of itself.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde::{Deserialize, Serialize};

use super::{Labels, cidr};
use crate::model::{Check, text};

static TEXT: &str = include_str!("../../../assets/labels.toml");

/// What a label's value is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Type {
    Text,
    /// Text that a service or a file knows something by.
    Name,
    Number,
    Bool,
    Cidr,
    /// Separated by commas.
    Cidrs,
    /// Of a container image or a release.
    Tag,
    Url,
    Sha256,
    /// Text that is not shown.
    Password,
}

impl Type {
    pub fn word(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Name => "a name, without quotes, brackets or a shell's signs",
            Self::Number => "a whole number",
            Self::Bool => "true or false",
            Self::Cidr => "a network such as 10.100.0.0/16",
            Self::Cidrs => "networks such as 10.0.0.0/8, separated by commas",
            Self::Tag => "a version or image tag",
            Self::Url => "an http or https address",
            Self::Sha256 => "a SHA-256 sum, 64 hexadecimal digits",
            Self::Password => "a password",
        }
    }
}

/// One label, by Magnum's name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Label {
    #[serde(rename = "type")]
    pub kind: Type,
    /// All that may be given; empty: any of the type.
    #[serde(default)]
    pub values: Vec<String>,
    #[serde(default)]
    pub min: Option<u64>,
    #[serde(default)]
    pub max: Option<u64>,
    /// What Magnum takes without it; empty: nothing.
    #[serde(default)]
    pub default: String,
    /// Read by the conductor itself, whatever the driver.
    #[serde(default)]
    pub conductor: bool,
    /// Magnum's release that brought it.
    #[serde(default)]
    pub since: Option<String>,
    /// Magnum's last release that knew it.
    #[serde(default)]
    pub until: Option<String>,
    pub meaning: String,
}

/// What a driver says of labels.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sheet {
    pub driver: String,
    /// Values of the image property that it serves.
    #[serde(default)]
    pub os_distro: Vec<String>,
    /// Labels it reads -> what holds without them.
    pub reads: BTreeMap<String, String>,
    /// Why nobody should begin with it any more.
    #[serde(default)]
    pub end_of_life: Option<String>,
}

/// All labels by name. Empty only if the embedded file were broken, which a test rules out.
pub fn all() -> &'static BTreeMap<String, Label> {
    static ALL: LazyLock<BTreeMap<String, Label>> = LazyLock::new(|| parse(TEXT).unwrap_or_default());
    &ALL
}

fn parse(text: &str) -> Result<BTreeMap<String, Label>, toml::de::Error> {
    toml::from_str(text)
}

pub fn find(name: &str) -> Option<&'static Label> {
    all().get(name)
}

impl Label {
    /// Why a value cannot be meant, in words that follow the label's name.
    pub fn refuses(&self, value: &str) -> Option<String> {
        if !self.values.is_empty() {
            let known = self.values.iter().any(|have| have == value);
            let nothing = |value: &String| if value.is_empty() { "nothing".to_owned() } else { value.clone() };
            let all: Vec<String> = self.values.iter().map(nothing).collect();
            return (!known).then(|| format!("cannot be \"{}\"; it can be {}", text::shown(value), all.join(", ")));
        }
        let good = match self.kind {
            Type::Number => return self.refuses_number(value),
            Type::Bool => ["true", "false"].contains(&value.to_ascii_lowercase().as_str()),
            Type::Cidr => cidr(value).is_some(),
            Type::Cidrs => value.is_empty() || value.split(',').all(|part| cidr(part.trim()).is_some()),
            Type::Tag => !value.is_empty() && value.chars().all(|c| c.is_ascii_alphanumeric() || "._-+".contains(c)),
            Type::Url => value.is_empty() || is_url(value),
            Type::Sha256 => value.is_empty() || (value.len() == 64 && value.chars().all(|c| c.is_ascii_hexdigit())),
            Type::Name => {
                !value.contains(['"', '\'', '`', '$', ';', '&', '|', '<', '>', '(', ')', '{', '}', '*', '?', '\\'])
            }
            Type::Text | Type::Password => true,
        };
        (!good).then(|| format!("cannot be \"{}\"; it takes {}", text::shown(value), self.kind.word()))
    }

    fn refuses_number(&self, value: &str) -> Option<String> {
        let Ok(number) = value.parse::<u64>() else {
            return Some(format!("cannot be \"{}\"; it takes {}", text::shown(value), self.kind.word()));
        };
        match (self.min, self.max) {
            (Some(min), _) if number < min => Some(format!("cannot be {number}; {min} is the least")),
            (_, Some(max)) if number > max => Some(format!("cannot be {number}; {max} is the most")),
            _ => None,
        }
    }

    /// What it takes, for whoever is about to write it.
    pub fn takes(&self) -> String {
        if !self.values.is_empty() {
            let named: Vec<&str> = self.values.iter().map(String::as_str).filter(|value| !value.is_empty()).collect();
            return named.join(", ");
        }
        match (self.min, self.max) {
            (Some(min), Some(max)) => format!("{} from {min} to {max}", self.kind.word()),
            _ => self.kind.word().to_owned(),
        }
    }
}

/// An http or https address, of the characters that RFC 3986 knows.
pub fn is_url(text: &str) -> bool {
    let rest = text.strip_prefix("http://").or_else(|| text.strip_prefix("https://"));
    let known = |c: char| c.is_ascii_alphanumeric() || "-._~:/?#[]@!$&'()*+,;=%".contains(c);
    rest.is_some_and(|rest| !rest.is_empty() && !rest.starts_with(['/', ':', '?', '#']) && rest.chars().all(known))
}

/// Unknown, misspelt, ill-typed and ineffective labels. `sheet`: the driver that will
/// build, `others`: all there are.
pub fn checks(labels: &Labels, sheet: Option<&Sheet>, others: &[Sheet]) -> Vec<Check> {
    let mut found = Vec::new();
    for (name, value) in &labels.0 {
        if let Some(why) = Labels::refuses(name, value) {
            found.push(Check::error("labels", format!("label \"{}\": {why}", text::shown(name))));
            continue;
        }
        let read = sheet.is_some_and(|sheet| sheet.reads.contains_key(name));
        let Some(label) = find(name) else {
            if !read {
                found.push(unknown(name, sheet));
            }
            continue;
        };
        if sheet.is_some() && !read && !label.conductor {
            found.push(ineffective(name, label, sheet, others));
        } else if let Some(why) = label.refuses(value) {
            found.push(
                Check::error("labels", format!("label {name} {why}")).advise(format!("It means: {}", label.meaning)),
            );
        }
    }
    found
}

fn unknown(name: &str, sheet: Option<&Sheet>) -> Check {
    let own = sheet.into_iter().flat_map(|sheet| sheet.reads.keys()).map(String::as_str);
    let check = Check::warning("labels", format!("label {name} is not known, and nothing reads it"));
    match nearest(name, own.chain(all().keys().map(String::as_str))) {
        Some(near) => check.advise(format!("Is {near} meant?")),
        None => check.advise("jeroboam label list names those there are"),
    }
}

fn ineffective(name: &str, label: &Label, sheet: Option<&Sheet>, others: &[Sheet]) -> Check {
    let driver = sheet.map(|sheet| sheet.driver.as_str()).unwrap_or_default();
    let check = Check::warning("labels", format!("label {name} has no effect: driver {driver} does not read it"));
    let readers: Vec<&str> =
        others.iter().filter(|other| other.reads.contains_key(name)).map(|other| other.driver.as_str()).collect();
    match (&label.until, readers.is_empty()) {
        (_, false) => check.advise(format!("{} does", readers.join(", "))),
        (Some(until), true) => {
            check.advise(format!("Magnum itself reads it no more since release {until}; leave it out"))
        }
        (None, true) => check.advise("Leave it out"),
    }
}

/// The name that takes the fewest typing mistakes to become `wanted`, if few enough.
pub fn nearest<'a>(wanted: &str, names: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let most = 1 + wanted.chars().count() / 6;
    let near = names.map(|name| (distance(wanted, name), name)).min()?;
    (near.0 <= most).then_some(near.1)
}

/// Letters left out, put in or changed, and neighbours exchanged.
fn distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let mut rows: Vec<Vec<usize>> = vec![(0..=b.len()).collect()];
    for (i, x) in a.iter().enumerate() {
        let mut row = vec![i + 1];
        for (j, y) in b.iter().enumerate() {
            let mut least = (rows[i][j] + usize::from(x != y)).min(rows[i][j + 1] + 1).min(row[j] + 1);
            if i > 0 && j > 0 && *x == b[j - 1] && a[i - 1] == *y {
                least = least.min(rows[i - 1][j - 1] + 1);
            }
            row.push(least);
        }
        rows.push(row);
    }
    rows[a.len()][b.len()]
}

#[cfg(test)]
mod tests;
