//! Where the store is, when it is not the user's own file: `postgres://USER@HOST/DATABASE`, from
//! `--store`, `JEROBOAM_STORE` or `store` in `config.toml`. It may hold a password, but not in the
//! arguments, which all users of the host see; nor may others read the file it is in.

use std::fmt;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use url::Url;

use crate::model::Problem;

/// May hold a password: `Debug` hides it.
#[derive(Clone, Deserialize)]
#[serde(from = "String")]
pub struct StoreUrl(SecretString);

impl StoreUrl {
    pub fn expose(&self) -> &SecretString {
        &self.0
    }
}

impl From<String> for StoreUrl {
    fn from(url: String) -> Self {
        Self(url.into())
    }
}

impl PartialEq for StoreUrl {
    fn eq(&self, other: &Self) -> bool {
        self.0.expose_secret() == other.0.expose_secret()
    }
}

impl Eq for StoreUrl {}

impl fmt::Debug for StoreUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("StoreUrl([secret])")
    }
}

/// The flag's URL before the variable's, and that before the setting's. An empty one names no store.
pub fn choose(
    flag: Option<&str>,
    variable: Option<String>,
    setting: Option<&StoreUrl>,
    config_dir: &Path,
) -> Result<Option<StoreUrl>, Problem> {
    if let Some(url) = flag.filter(|url| !url.is_empty()) {
        if has_password(&check(url, "--store")?) {
            let told = "--store holds a password, and everybody on this host can read a program's arguments";
            let advice = "Give the URL in JEROBOAM_STORE, or leave the password out: it is also read from PGPASSWORD and ~/.pgpass";
            return Err(Problem::invalid(told).advise(advice));
        }
        return Ok(Some(url.to_owned().into()));
    }
    if let Some(url) = variable.filter(|url| !url.is_empty()) {
        check(&url, "JEROBOAM_STORE")?;
        return Ok(Some(url.into()));
    }
    let Some(url) = setting.filter(|url| !url.0.expose_secret().is_empty()) else { return Ok(None) };
    let file = config_dir.join("config.toml");
    let parsed = check(url.0.expose_secret(), &format!("store in {}", file.display()))?;
    let mode = std::fs::metadata(&file).map_or(0, |meta| meta.permissions().mode());
    if has_password(&parsed) && mode & 0o077 != 0 {
        let told = format!("{} holds the store's password, and others may read it", file.display());
        return Err(Problem::local(told).advise(format!("chmod 600 {}", file.display())));
    }
    Ok(Some(url.clone()))
}

/// Before the host, or as a parameter behind the `?`.
fn has_password(url: &Url) -> bool {
    url.password().is_some() || url.query_pairs().any(|(name, _)| name == "password")
}

fn check(url: &str, source: &str) -> Result<Url, Problem> {
    let parsed = Url::parse(url).ok().filter(|url| matches!(url.scheme(), "postgres" | "postgresql"));
    parsed.ok_or_else(|| {
        Problem::invalid(format!("{source} is no URL of a store"))
            .advise("Write it as postgres://USER@HOST:PORT/DATABASE?sslmode=verify-full")
    })
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::{StoreUrl, choose};

    const WITH_PASSWORD: &str = "postgres://u:very-secret@h/d";

    #[test]
    fn the_variable_counts_first_and_nothing_is_shown() {
        let dir = tempfile::tempdir().unwrap();
        let setting = StoreUrl::from("postgresql://h/d".to_owned());
        let chosen = |variable: &str| choose(None, Some(variable.into()), Some(&setting), dir.path());
        assert_eq!(chosen("").unwrap(), Some(setting.clone()));
        assert_eq!(chosen(WITH_PASSWORD).unwrap(), Some(WITH_PASSWORD.to_owned().into()));
        assert_eq!(choose(None, None, None, dir.path()).unwrap(), None);
        assert!(!format!("{:?}", chosen(WITH_PASSWORD)).contains("very-secret"));
        let refused = chosen("mysql://u:very-secret@h").unwrap_err();
        assert_eq!(refused.summary, "JEROBOAM_STORE is no URL of a store");
    }

    #[test]
    fn the_flag_counts_before_all_and_takes_no_password() {
        let dir = tempfile::tempdir().unwrap();
        let chosen = |flag| choose(Some(flag), Some(WITH_PASSWORD.into()), None, dir.path());
        assert_eq!(chosen("postgres://u@h/e").unwrap(), Some("postgres://u@h/e".to_owned().into()));
        assert_eq!(chosen("").unwrap(), Some(WITH_PASSWORD.to_owned().into()));
        for bad in [WITH_PASSWORD, "postgres://u@h/d?password=very-secret"] {
            let refused = chosen(bad).unwrap_err();
            assert!(refused.line().contains("JEROBOAM_STORE") && !refused.line().contains("very-secret"), "{refused}");
        }
        assert_eq!(chosen("/var/lib/x").unwrap_err().summary, "--store is no URL of a store");
    }

    #[test]
    fn a_password_is_nobody_elses() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("config.toml");
        std::fs::write(&file, "").unwrap();
        let mode = |mode| std::fs::set_permissions(&file, std::fs::Permissions::from_mode(mode)).unwrap();
        let chosen = |url: &str| choose(None, None, Some(&url.to_owned().into()), dir.path());
        mode(0o644);
        let refused = chosen(WITH_PASSWORD).unwrap_err();
        assert!(refused.summary.contains("others may read it") && !refused.line().contains("very-secret"));
        assert!(chosen("postgres://u@h/d").is_ok());
        mode(0o600);
        assert!(chosen(WITH_PASSWORD).is_ok());
    }
}
