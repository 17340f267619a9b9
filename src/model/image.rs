//! What makes an image one that clusters boot: the properties that say what is in it, what a
//! file's name tells of them, and the rules for setting them and for importing an image.

use serde::{Deserialize, Serialize};
use url::Url;

use super::version::KubeVersion;
use super::{Image, Problem, text};

/// Glance's limit for a name or a property's value, in bytes of the former.
const LONGEST: usize = 255;
/// Distributions by the words that file names have for them; what contains another comes first.
const DISTROS: [(&str, &str); 10] = [
    ("fedora-coreos", "fedora-coreos"),
    ("coreos", "fedora-coreos"),
    ("flatcar", "flatcar"),
    ("ubuntu", "ubuntu"),
    ("debian", "debian"),
    ("rocky", "rocky"),
    ("alma", "almalinux"),
    ("centos", "centos"),
    ("fedora", "fedora"),
    ("opensuse", "opensuse"),
];
/// What Glance takes of a disk's forms and Nova boots.
pub const DISK_FORMATS: [&str; 6] = ["qcow2", "raw", "vmdk", "vdi", "vhd", "vhdx"];

/// The properties that drivers and logins go by; `None`: the image does not say.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Properties {
    pub os_distro: Option<String>,
    pub os_version: Option<String>,
    pub kube_version: Option<String>,
    pub os_admin_user: Option<String>,
}

impl Properties {
    pub fn of(image: &Image) -> Self {
        Self {
            os_distro: image.os_distro.clone(),
            os_version: image.os_version.clone(),
            kube_version: image.kube_version.clone(),
            os_admin_user: image.os_admin_user.clone(),
        }
    }

    /// By Glance's names.
    pub fn pairs(&self) -> [(&'static str, Option<&str>); 4] {
        [
            ("os_distro", self.os_distro.as_deref()),
            ("os_version", self.os_version.as_deref()),
            ("kube_version", self.kube_version.as_deref()),
            ("os_admin_user", self.os_admin_user.as_deref()),
        ]
    }

    /// What a file's or image's name tells: `ubuntu-2204-kube-v1.31.4.qcow2`.
    pub fn guess(name: &str) -> Self {
        let name = name.to_ascii_lowercase();
        let found = DISTROS.iter().find_map(|(word, distro)| Some((name.find(word)? + word.len(), *distro)));
        let os_version = found.and_then(|(end, distro)| release(&name[end..], distro));
        Self {
            os_distro: found.map(|(_, distro)| distro.into()),
            os_version,
            kube_version: kube(&name),
            os_admin_user: None,
        }
    }

    /// What is wrong with them, each at its field.
    pub fn shape(&self) -> Vec<Problem> {
        let mut found = Vec::new();
        let mut check = |field: &str, result: Result<(), String>| {
            found.extend(result.err().map(|why| Problem::invalid(why).on_field(field)));
        };
        match self.os_distro.as_deref() {
            None | Some("") => check("os_distro", Err("os_distro is missing: drivers are chosen by it".into())),
            Some(distro) => check("os_distro", word("os_distro", distro, "-._")),
        }
        if let Some(version) = &self.os_version {
            check("os_version", plain("os_version", version));
        }
        if let Some(version) = &self.kube_version {
            let sound = KubeVersion::parse(version).is_some() && version.starts_with('v');
            check(
                "kube_version",
                sound
                    .then_some(())
                    .ok_or_else(|| format!("kube_version is written like v1.31.4, not \"{}\"", text::shown(version)))
                    .and_then(|()| word("kube_version", version, "-._+")),
            );
        }
        if let Some(user) = &self.os_admin_user {
            check("os_admin_user", word("os_admin_user", user, "-_"));
        }
        found
    }
}

/// An image to be made of what a web server has. Glance fetches it, not we.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewImage {
    pub name: String,
    pub url: String,
    pub disk_format: String,
    /// GB.
    pub min_disk: u32,
    pub properties: Properties,
}

impl NewImage {
    pub fn shape(&self) -> Vec<Problem> {
        let mut found = Vec::new();
        let mut check = |field: &str, result: Result<(), String>| {
            found.extend(result.err().map(|why| Problem::invalid(why).on_field(field)));
        };
        check("url", address(&self.url));
        let name = if self.name.trim().is_empty() { Err("name is missing".into()) } else { plain("name", &self.name) };
        check("name", name);
        let known = DISK_FORMATS.contains(&self.disk_format.as_str());
        let formats = DISK_FORMATS.join(", ");
        check("disk_format", known.then_some(()).ok_or_else(|| format!("disk_format is one of {formats}")));
        found.extend(self.properties.shape());
        found
    }
}

/// The last part of an address, without the ending of a disk's file: a name to begin with.
pub fn name_in(url: &str) -> Option<String> {
    let url = Url::parse(url.trim()).ok()?;
    let file = url.path_segments()?.next_back()?.to_owned();
    let bare = DISK_FORMATS.iter().chain(&["img"]).find_map(|end| file.strip_suffix(&format!(".{end}")));
    Some(text::clean(bare.unwrap_or(&file))).filter(|name| !name.is_empty())
}

/// Where Glance can fetch something, with nothing in it that others must not read.
fn address(told: &str) -> Result<(), String> {
    if told.trim().is_empty() {
        return Err("url is missing".into());
    }
    plain("url", told)?;
    let url = Url::parse(told).map_err(|error| format!("url cannot be read: {error}"))?;
    if !matches!(url.scheme(), "http" | "https") || url.host_str().is_none_or(str::is_empty) {
        return Err("url begins with https:// or http:// and a host: Glance's web-download knows no other".into());
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err("url has a user or password in it, which Glance's tasks and logs would show".into());
    }
    Ok(())
}

fn plain(field: &str, value: &str) -> Result<(), String> {
    let most = if field == "url" { 2048 } else { LONGEST };
    match value {
        _ if value.len() > most => Err(format!("{field} is longer than {most} bytes")),
        _ if text::clean(value) != *value => Err(format!("{field} has characters in it that are not shown")),
        _ => Ok(()),
    }
}

fn word(field: &str, value: &str, also: &str) -> Result<(), String> {
    plain(field, value)?;
    let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || also.contains(c);
    let begins = value.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '_');
    if begins && value.chars().all(fits) {
        return Ok(());
    }
    let signs: Vec<String> = also.chars().map(String::from).collect();
    Err(format!("{field} is small letters, digits and {}, not \"{}\"", signs.join(" "), text::shown(value)))
}

/// `v1.31.4` somewhere in a name.
fn kube(name: &str) -> Option<String> {
    name.match_indices('v').find_map(|(at, _)| {
        let rest = &name[at + 1..];
        let end = rest.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(rest.len());
        let parts: Vec<&str> = rest[..end].trim_end_matches('.').split('.').collect();
        (parts.len() == 3 && parts.iter().all(|part| !part.is_empty())).then(|| format!("v{}", parts.join(".")))
    })
}

/// What follows the distribution's name, if it is a number: `24.04`, `2404`, `12`.
fn release(rest: &str, distro: &str) -> Option<String> {
    let rest = rest.trim_start_matches(['-', '_', ' ']);
    let end = rest.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(rest.len());
    let number = rest[..end].trim_end_matches('.');
    if number.is_empty() {
        return None;
    }
    let short = distro == "ubuntu" && number.len() == 4 && !number.contains('.');
    Some(if short { format!("{}.{}", &number[..2], &number[2..]) } else { number.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::{NewImage, Properties, name_in};

    #[test]
    fn a_name_tells_what_is_inside() {
        let told = |name: &str| {
            let guess = Properties::guess(name);
            [guess.os_distro, guess.os_version, guess.kube_version].map(Option::unwrap_or_default).join(" ")
        };
        assert_eq!(told("ubuntu-2204-kube-v1.31.4.qcow2"), "ubuntu 22.04 v1.31.4");
        assert_eq!(told("Ubuntu-24.04-v1.33.1"), "ubuntu 24.04 v1.33.1");
        assert_eq!(told("fedora-coreos-41.20250302.3.2-openstack"), "fedora-coreos 41.20250302.3.2 ");
        assert_eq!(told("debian-12-genericcloud-amd64"), "debian 12 ");
        assert_eq!(told("flatcar_production_openstack_image"), "flatcar  ");
        assert_eq!(told("cirros-0.6.2"), "  ");
        assert_eq!(told("ubuntu-jammy-v1..4-ü日本"), "ubuntu  ");
    }

    #[test]
    fn an_address_gives_a_name() {
        let name = |url| name_in(url).unwrap_or_default();
        assert_eq!(name("https://example.org/images/ubuntu-2204-kube-v1.31.4.qcow2"), "ubuntu-2204-kube-v1.31.4");
        assert_eq!(name("https://example.org/noble-server-cloudimg-amd64.img?x=1"), "noble-server-cloudimg-amd64");
        assert_eq!(name("https://example.org/"), "");
        assert_eq!(name("nonsense"), "");
    }

    #[test]
    fn what_cannot_be() {
        let wish = |url: &str| NewImage {
            name: "k8s".into(),
            url: url.into(),
            disk_format: "qcow2".into(),
            min_disk: 20,
            properties: Properties { os_distro: Some("ubuntu".into()), ..Properties::default() },
        };
        let told = |wish: NewImage| {
            let all: Vec<String> = wish.shape().into_iter().map(|p| format!("{:?} {}", p.field, p.summary)).collect();
            all.join("; ")
        };
        assert_eq!(told(wish("https://example.org/a.qcow2")), "");
        for (url, why) in [
            ("", "missing"),
            ("example.org/a.qcow2", "cannot be read"),
            ("file:///etc/passwd", "https://"),
            ("https://me:secret@example.org/a.qcow2", "user or password"),
            ("https://example.org/\u{202e}a", "not shown"),
            (&format!("https://example.org/{}", "a".repeat(4000)), "longer"),
        ] {
            let told = told(wish(url));
            assert!(told.contains(why) && !told.contains("secret"), "{url}: {told}");
        }
        let odd = NewImage { name: " ".into(), disk_format: "iso".into(), ..wish("http://h/") };
        assert_eq!(odd.shape().len(), 2);
        let properties = Properties {
            os_distro: Some("Ubuntu Linux".into()),
            os_version: Some("x".repeat(300)),
            kube_version: Some("1.31".into()),
            os_admin_user: Some("-oProxyCommand=x".into()),
        };
        let fields: Vec<_> = properties.shape().into_iter().filter_map(|problem| problem.field).collect();
        assert_eq!(fields, ["os_distro", "os_version", "kube_version", "os_admin_user"]);
        assert_eq!(Properties::default().shape().len(), 1);
    }
}
