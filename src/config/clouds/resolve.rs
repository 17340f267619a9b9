//! From a cloud's settings, however spelled, to a [`CloudConfig`].

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use secrecy::SecretString;
use serde_json::{Map, Value};
use url::Url;

use super::{AppCredential, CloudConfig, Domain, ENVVARS, Interface, Method, ScopeWish, Selection, Tls, User};
use crate::model::{Problem, ProblemKind};

const METHODS: &str = "password, token, v3applicationcredential, v3totp, v3multifactor";

/// The cloud that plain `OS_*` variables describe.
pub fn from_env(selection: &Selection) -> Result<CloudConfig, Problem> {
    let mut settings = Map::new();
    for (name, value) in &selection.env {
        if let Some(key) = name.strip_prefix("OS_").filter(|_| !value.is_empty()) {
            settings.insert(key.to_lowercase(), Value::String(value.clone()));
        }
    }
    Settings::new(ENVVARS, "the OS_* variables", selection, &settings)?.config()
}

/// A cloud of clouds.yaml. Variables choose region, interface and CA over the
/// file, and fill in a secret that the file leaves out.
pub fn from_file(
    selection: &Selection,
    name: &str,
    cloud: &Map<String, Value>,
    source: &str,
) -> Result<CloudConfig, Problem> {
    let mut settings = cloud.clone();
    let variables = [
        ("OS_REGION_NAME", "region_name", true),
        ("OS_INTERFACE", "interface", true),
        ("OS_ENDPOINT_TYPE", "interface", true),
        ("OS_CACERT", "cacert", true),
        ("OS_INSECURE", "insecure", true),
        ("OS_PASSCODE", "passcode", true),
        ("OS_PASSWORD", "password", false),
        ("OS_APPLICATION_CREDENTIAL_SECRET", "application_credential_secret", false),
    ];
    for (variable, key, wins) in variables {
        let Some(value) = selection.var(variable) else { continue };
        let known = Settings::new(name, source, selection, &settings)?.text(&[key])?.is_some();
        if wins {
            // The auth section is read first; a passcode there is as old as the file.
            if let Some(Value::Object(auth)) = settings.get_mut("auth") {
                auth.remove(key);
            }
        }
        if wins || !known {
            settings.insert(key.to_owned(), Value::String(value.to_owned()));
        }
    }
    Settings::new(name, source, selection, &settings)?.config()
}

/// One cloud's settings with keys normalised (`-` to `_`): the `auth` section before the rest.
struct Settings<'a> {
    name: &'a str,
    source: &'a str,
    selection: &'a Selection,
    auth: BTreeMap<String, &'a Value>,
    top: BTreeMap<String, &'a Value>,
    /// Names in `regions`.
    regions: Vec<String>,
}

impl<'a> Settings<'a> {
    fn new(
        name: &'a str,
        source: &'a str,
        selection: &'a Selection,
        settings: &'a Map<String, Value>,
    ) -> Result<Self, Problem> {
        let keyed = |map: &'a Map<String, Value>| map.iter().map(|(k, v)| (k.replace('-', "_"), v)).collect();
        let auth = match settings.get("auth") {
            None | Some(Value::Null) => BTreeMap::new(),
            Some(Value::Object(auth)) => keyed(auth),
            Some(_) => {
                return Err(Problem::invalid(format!("cloud \"{name}\" in {source}: auth is not a map")));
            }
        };
        Ok(Self { name, source, selection, auth, top: keyed(settings), regions: Vec::new() })
    }

    fn problem(&self, what: impl std::fmt::Display) -> Problem {
        Problem::invalid(format!("cloud \"{}\" in {}: {what}", self.name, self.source))
    }

    /// The first of these keys that has a value; empty counts as none.
    fn text(&self, keys: &[&str]) -> Result<Option<String>, Problem> {
        for key in keys {
            let Some(value) = self.auth.get(*key).or_else(|| self.top.get(*key)) else { continue };
            let text = match value {
                Value::Null => continue,
                Value::String(text) => text.clone(),
                Value::Bool(flag) => flag.to_string(),
                Value::Number(number) if !number.is_f64() => number.to_string(),
                Value::Number(_) => {
                    return Err(self
                        .problem(format!("{key} reads as a number with a fraction or exponent"))
                        .advise("Put quotes around it"));
                }
                Value::Array(_) | Value::Object(_) => {
                    return Err(self.problem(format!("{key} must be a text, not a list or map")));
                }
            };
            if !text.is_empty() {
                return Ok(Some(text));
            }
        }
        Ok(None)
    }

    fn secret(&self, keys: &[&str]) -> Result<Option<SecretString>, Problem> {
        Ok(self.text(keys)?.map(SecretString::from))
    }

    fn flag(&self, key: &str) -> Result<Option<bool>, Problem> {
        let Some(text) = self.text(&[key])? else { return Ok(None) };
        match text.to_lowercase().as_str() {
            "true" | "yes" | "on" | "1" | "t" | "y" => Ok(Some(true)),
            "false" | "no" | "off" | "0" | "f" | "n" => Ok(Some(false)),
            _ => Err(self.problem(format!("{key} is \"{text}\"; write true or false"))),
        }
    }

    fn missing(&self, field: &str) -> Problem {
        let advice = if self.name == ENVVARS {
            format!("Set OS_{}", field.to_uppercase())
        } else {
            format!(
                "Add it to the auth section of cloud \"{}\" (a secret may be in secure.yaml or OS_{})",
                self.name,
                field.to_uppercase()
            )
        };
        self.problem(format!("{field} is missing")).on_field(field).advise(advice)
    }

    fn config(mut self) -> Result<CloudConfig, Problem> {
        let region = self.region()?;
        let auth_url = self.auth_url()?;
        let methods = self.methods()?;
        Ok(CloudConfig {
            name: self.name.to_owned(),
            auth_url,
            scope: self.scope(&methods)?,
            methods,
            region,
            interface: self.interface()?,
            tls: self.tls()?,
            endpoint_overrides: self.overrides()?,
            timeout: self.timeout()?,
        })
    }

    fn auth_url(&self) -> Result<Url, Problem> {
        let text = self.text(&["auth_url"])?.ok_or_else(|| self.missing("auth_url"))?;
        let url = Url::parse(&text).ok().filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host());
        url.ok_or_else(|| {
            self.problem(format!("auth_url \"{text}\" is not an http or https address"))
                .on_field("auth_url")
                .advise("Write it like https://keystone.example.org:5000/v3")
        })
    }

    /// The chosen region; with a `regions` list its first, and the settings it brings laid over.
    fn region(&mut self) -> Result<Option<String>, Problem> {
        let wanted = self.selection.var("OS_REGION_NAME").map(str::to_owned);
        let mut brings = Vec::new();
        if let Some(list) = self.top.get("regions").copied() {
            let Value::Array(list) = list else {
                return Err(self.problem("regions must be a list"));
            };
            for item in list {
                match (item, item.get("name")) {
                    (Value::String(name), _) => self.regions.push(name.clone()),
                    (_, Some(Value::String(name))) => {
                        self.regions.push(name.clone());
                        if let Some(Value::Object(values)) = item.get("values") {
                            brings.push((name.clone(), values));
                        }
                    }
                    _ => return Err(self.problem("an entry of regions has no name")),
                }
            }
        }
        let region = match wanted {
            Some(wanted) => Some(wanted),
            None if self.top.get("region_name").is_some_and(|value| value.is_array()) => {
                return Err(self.problem("region_name must be one name").advise("Use regions for a list"));
            }
            None => self.text(&["region_name"])?.or_else(|| self.regions.first().cloned()),
        };
        if let Some(region) = region.as_ref().filter(|name| !self.regions.is_empty() && !self.regions.contains(name)) {
            return Err(self
                .problem(format!("there is no region \"{region}\""))
                .advise(format!("Regions are: {}; capitals matter", self.regions.join(", "))));
        }
        for (_, values) in brings.into_iter().filter(|(name, _)| Some(name) == region.as_ref()) {
            for (key, value) in values {
                match value {
                    Value::Object(auth) if key == "auth" => {
                        self.auth.extend(auth.iter().map(|(k, v)| (k.replace('-', "_"), v)));
                    }
                    value => {
                        self.top.insert(key.replace('-', "_"), value);
                    }
                }
            }
        }
        Ok(region)
    }

    fn interface(&self) -> Result<Interface, Problem> {
        let Some(text) = self.text(&["interface", "endpoint_type"])? else { return Ok(Interface::Public) };
        match text.strip_suffix("URL").unwrap_or(&text) {
            "public" => Ok(Interface::Public),
            "internal" => Ok(Interface::Internal),
            "admin" => Ok(Interface::Admin),
            _ => {
                Err(self.problem(format!("interface \"{text}\" is unknown")).advise("It is public, internal or admin"))
            }
        }
    }

    fn tls(&self) -> Result<Tls, Problem> {
        let verify = match self.flag("insecure")? {
            Some(insecure) => !insecure,
            None => self.flag("verify")?.unwrap_or(true),
        };
        let path = |key: &str| Ok::<_, Problem>(self.text(&[key])?.map(|text| self.path(&text)));
        Ok(Tls { verify, ca_file: path("cacert")?, cert: path("cert")?, key: path("key")? })
    }

    /// `~` is the home, a relative path starts at the working directory.
    fn path(&self, text: &str) -> PathBuf {
        match (text.strip_prefix("~/"), self.selection.var("HOME")) {
            (Some(rest), Some(home)) => Path::new(home).join(rest),
            _ => self.selection.cwd.join(text),
        }
    }

    fn overrides(&self) -> Result<BTreeMap<String, String>, Problem> {
        let mut overrides = BTreeMap::new();
        for key in self.top.keys() {
            let Some(service) = key.strip_suffix("_endpoint_override") else { continue };
            let Some(text) = self.text(&[key])? else { continue };
            if !Url::parse(&text).is_ok_and(|url| matches!(url.scheme(), "http" | "https") && url.has_host()) {
                return Err(self.problem(format!("{key} \"{text}\" is not an http or https address")));
            }
            overrides.insert(service.replace('_', "-"), text);
        }
        Ok(overrides)
    }

    fn timeout(&self) -> Result<Option<Duration>, Problem> {
        let Some(value) = self.top.get("api_timeout").filter(|value| !value.is_null()) else { return Ok(None) };
        let seconds = value.as_f64().or_else(|| value.as_str()?.parse().ok());
        match seconds.filter(|s| (1.0..=3600.0).contains(s)) {
            Some(seconds) => Ok(Some(Duration::from_secs_f64(seconds))),
            None => Err(self.problem("api_timeout must be a number of seconds, 1 to 3600")),
        }
    }

    fn methods(&self) -> Result<Vec<Method>, Problem> {
        let credential = ["application_credential_id", "application_credential_name", "application_credential_secret"];
        let passcode = self.text(&["passcode"])?.is_some();
        let kind = match self.text(&["auth_type"])? {
            Some(kind) => kind,
            None if self.text(&credential)?.is_some() => "v3applicationcredential".into(),
            None if self.text(&["token", "auth_token"])?.is_some() && self.text(&["password"])?.is_none() => {
                "token".into()
            }
            None => "password".into(),
        };
        match kind.as_str() {
            "password" | "v3password" if passcode => Ok(vec![self.password()?, self.totp()?]),
            "password" | "v3password" => Ok(vec![self.password()?]),
            "token" | "v3token" => Ok(vec![self.token()?]),
            "v3applicationcredential" => Ok(vec![self.application_credential()?]),
            "v3totp" => Ok(vec![self.totp()?]),
            "v3multifactor" => self.multi_factor(),
            other => Err(self.problem(format!("auth_type \"{other}\" is not supported")).on_field("auth_type").advise(
                format!("Supported are {METHODS}; an application credential works where single sign-on is used"),
            )),
        }
    }

    fn multi_factor(&self) -> Result<Vec<Method>, Problem> {
        let list = self.auth.get("auth_methods").or_else(|| self.top.get("auth_methods")).copied();
        let names: Vec<String> = match list {
            Some(Value::Array(list)) => list.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
            Some(Value::String(text)) => text.split(',').map(|name| name.trim().to_owned()).collect(),
            _ => Vec::new(),
        };
        if names.is_empty() {
            return Err(self.missing("auth_methods").advise("Write auth_methods: [v3password, v3totp]"));
        }
        let method = |name: &String| match name.trim_start_matches("v3") {
            "password" => self.password(),
            "totp" => self.totp(),
            "token" => self.token(),
            "applicationcredential" | "application_credential" => self.application_credential(),
            _ => Err(self.problem(format!("auth_methods has \"{name}\", which is not supported"))),
        };
        names.iter().map(method).collect()
    }

    fn password(&self) -> Result<Method, Problem> {
        let user = self.user()?;
        Ok(Method::Password { user, password: self.secret(&["password"])?.ok_or_else(|| self.missing("password"))? })
    }

    fn totp(&self) -> Result<Method, Problem> {
        let user = self.user()?;
        let passcode = self.secret(&["passcode"])?.ok_or_else(|| {
            Problem::new(ProblemKind::Denied, format!("cloud \"{}\" needs a one-time passcode", self.name))
                .on_field("passcode")
                .advise("Set OS_PASSCODE to the present one")
        })?;
        Ok(Method::Totp { user, passcode })
    }

    fn token(&self) -> Result<Method, Problem> {
        Ok(Method::Token { token: self.secret(&["token", "auth_token"])?.ok_or_else(|| self.missing("token"))? })
    }

    fn application_credential(&self) -> Result<Method, Problem> {
        let credential = match self.text(&["application_credential_id"])? {
            Some(id) => AppCredential::Id(id),
            None => {
                let name = self.text(&["application_credential_name"])?;
                let name = name.ok_or_else(|| self.missing("application_credential_id"))?;
                AppCredential::Name { name, user: self.user()? }
            }
        };
        let secret = self.secret(&["application_credential_secret"])?;
        Ok(Method::ApplicationCredential {
            credential,
            secret: secret.ok_or_else(|| self.missing("application_credential_secret"))?,
        })
    }

    fn user(&self) -> Result<User, Problem> {
        if let Some(id) = self.text(&["user_id"])? {
            return Ok(User::Id(id));
        }
        let name = self.text(&["username", "user_name"])?.ok_or_else(|| self.missing("username"))?;
        Ok(User::Name { name, domain: self.domain("user")? })
    }

    /// The domain of a user or project: its own keys, the shared ones, or `default`.
    fn domain(&self, of: &str) -> Result<Domain, Problem> {
        let (own_id, own_name) = (format!("{of}_domain_id"), format!("{of}_domain_name"));
        for (id, name) in [(own_id.as_str(), own_name.as_str()), ("domain_id", "domain_name")] {
            if let Some(id) = self.text(&[id])? {
                return Ok(Domain::Id(id));
            }
            if let Some(name) = self.text(&[name])? {
                return Ok(Domain::Name(name));
            }
        }
        if let Some(name) = self.text(&["default_domain_name"])? {
            return Ok(Domain::Name(name));
        }
        Ok(Domain::Id(self.text(&["default_domain_id", "default_domain"])?.unwrap_or_else(|| "default".into())))
    }

    fn scope(&self, methods: &[Method]) -> Result<ScopeWish, Problem> {
        if methods.iter().any(|method| matches!(method, Method::ApplicationCredential { .. })) {
            return Ok(ScopeWish::Implied);
        }
        if let Some(id) = self.text(&["project_id", "tenant_id"])? {
            return Ok(ScopeWish::ProjectId(id));
        }
        if let Some(name) = self.text(&["project_name", "tenant_name"])? {
            return Ok(ScopeWish::ProjectName { name, domain: self.domain("project")? });
        }
        if self.text(&["system_scope"])?.is_some() {
            return Ok(ScopeWish::System);
        }
        Ok(match (self.text(&["domain_id"])?, self.text(&["domain_name"])?) {
            (Some(id), _) => ScopeWish::Domain(Domain::Id(id)),
            (None, Some(name)) => ScopeWish::Domain(Domain::Name(name)),
            (None, None) => ScopeWish::Implied,
        })
    }
}
