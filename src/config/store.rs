//! Where the store is, when it is not the user's own file: `postgres://USER@HOST/DATABASE`, from
//! `JEROBOAM_STORE` or `store` in `config.toml`. It may hold a password; then nobody else may
//! read the file it is in.

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

/// The variable's URL before the setting's. An empty one names no store.
pub fn choose(
    variable: Option<String>,
    setting: Option<&StoreUrl>,
    config_dir: &Path,
) -> Result<Option<StoreUrl>, Problem> {
    if let Some(url) = variable.filter(|url| !url.is_empty()) {
        check(&url, "JEROBOAM_STORE")?;
        return Ok(Some(url.into()));
    }
    let Some(url) = setting.filter(|url| !url.0.expose_secret().is_empty()) else { return Ok(None) };
    let file = config_dir.join("config.toml");
    let parsed = check(url.0.expose_secret(), &format!("store in {}", file.display()))?;
    let mode = std::fs::metadata(&file).map_or(0, |meta| meta.permissions().mode());
    if parsed.password().is_some() && mode & 0o077 != 0 {
        let told = format!("{} holds the store's password, and others may read it", file.display());
        return Err(Problem::local(told).advise(format!("chmod 600 {}", file.display())));
    }
    Ok(Some(url.clone()))
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
        let chosen = |variable: &str| choose(Some(variable.into()), Some(&setting), dir.path());
        assert_eq!(chosen("").unwrap(), Some(setting.clone()));
        assert_eq!(chosen(WITH_PASSWORD).unwrap(), Some(WITH_PASSWORD.to_owned().into()));
        assert_eq!(choose(None, None, dir.path()).unwrap(), None);
        assert!(!format!("{:?}", chosen(WITH_PASSWORD)).contains("very-secret"));
        let refused = chosen("mysql://u:very-secret@h").unwrap_err();
        assert_eq!(refused.summary, "JEROBOAM_STORE is no URL of a store");
    }

    #[test]
    fn a_password_is_nobody_elses() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("config.toml");
        std::fs::write(&file, "").unwrap();
        let mode = |mode| std::fs::set_permissions(&file, std::fs::Permissions::from_mode(mode)).unwrap();
        let chosen = |url: &str| choose(None, Some(&url.to_owned().into()), dir.path());
        mode(0o644);
        let refused = chosen(WITH_PASSWORD).unwrap_err();
        assert!(refused.summary.contains("others may read it") && !refused.line().contains("very-secret"));
        assert!(chosen("postgres://u@h/d").is_ok());
        mode(0o600);
        assert!(chosen(WITH_PASSWORD).is_ok());
    }
}
