//! The demo cloud's state: rows of every service, tokens, stacks. In memory, for
//! the run; no IO, no waiting. Services' HTTP faces read and change it, the engine
//! changes it over time.
//!
//! A row is the JSON object its service would show at its newest version, started
//! from `prototypes.json`; keys that begin with `_` are ours and never shown.

pub mod compute;
pub mod heat;
pub mod lookup;
pub mod network;
pub mod seed;

use std::collections::BTreeMap;
use std::ops::{Deref, DerefMut, Index};
use std::sync::LazyLock;

use chrono::{DateTime, SecondsFormat, Utc};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use uuid::Uuid;

/// An object of some service. A field that is not there reads as null.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Row(Map<String, Value>);

impl Deref for Row {
    type Target = Map<String, Value>;

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

impl DerefMut for Row {
    fn deref_mut(&mut self) -> &mut Self::Target {
        &mut self.0
    }
}

impl Index<&str> for Row {
    type Output = Value;

    fn index(&self, key: &str) -> &Value {
        self.0.get(key).unwrap_or(&Value::Null)
    }
}

impl From<Map<String, Value>> for Row {
    fn from(map: Map<String, Value>) -> Self {
        Self(map)
    }
}

impl From<Row> for Value {
    fn from(row: Row) -> Self {
        Self::Object(row.0)
    }
}

impl FromIterator<(String, Value)> for Row {
    fn from_iter<I: IntoIterator<Item = (String, Value)>>(fields: I) -> Self {
        Self(fields.into_iter().collect())
    }
}

impl IntoIterator for Row {
    type Item = (String, Value);
    type IntoIter = <Map<String, Value> as IntoIterator>::IntoIter;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

/// A table of the cloud.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    Image,
    Flavor,
    Keypair,
    Server,
    ServerGroup,
    Network,
    Subnet,
    Router,
    Port,
    FloatingIp,
    SecurityGroup,
    SecurityGroupRule,
    LoadBalancer,
    Listener,
    Pool,
    Member,
    Monitor,
    Volume,
    /// An application credential.
    Credential,
    /// Of Barbican.
    Secret,
}

impl Kind {
    fn prototype(self) -> &'static str {
        match self {
            Self::Image => "image",
            Self::Flavor => "flavor",
            Self::Keypair => "keypair",
            Self::Server => "server",
            Self::ServerGroup => "server_group",
            Self::Network => "network",
            Self::Subnet => "subnet",
            Self::Router => "router",
            Self::Port => "port",
            Self::FloatingIp => "floatingip",
            Self::SecurityGroup => "security_group",
            Self::SecurityGroupRule => "security_group_rule",
            Self::LoadBalancer => "loadbalancer",
            Self::Listener => "listener",
            Self::Pool => "pool",
            Self::Member => "member",
            Self::Monitor => "healthmonitor",
            Self::Volume => "volume",
            Self::Credential => "application_credential",
            Self::Secret => "secret",
        }
    }
}

static PROTOTYPES: LazyLock<Map<String, Value>> =
    LazyLock::new(|| serde_json::from_str(include_str!("prototypes.json")).unwrap_or_default());

/// A new row of the kind with the fields given written over the prototype's.
pub fn row(kind: Kind, fields: Value) -> Row {
    let mut row: Row = PROTOTYPES.get(kind.prototype()).and_then(Value::as_object).cloned().unwrap_or_default().into();
    if let Value::Object(fields) = fields {
        row.extend(fields);
    }
    row
}

/// Text under a key; empty when there is none.
pub fn text<'r>(row: &'r Row, key: &str) -> &'r str {
    row.get(key).and_then(Value::as_str).unwrap_or_default()
}

/// A new id, with hyphens as Nova, Neutron and Heat write them.
pub fn new_id() -> String {
    Uuid::new_v4().to_string()
}

/// A new id without hyphens, as Keystone writes them.
pub fn new_hex_id() -> String {
    Uuid::new_v4().simple().to_string()
}

/// Twelve random characters as Heat appends to names.
pub fn suffix() -> String {
    let alphabet = b"abcdefghijklmnopqrstuvwxyz234567";
    let mut random = Uuid::new_v4().as_u128();
    (0..12)
        .map(|_| {
            let at = usize::try_from(random & 31).unwrap_or_default();
            random >>= 5;
            char::from(alphabet[at])
        })
        .collect()
}

/// `2026-11-23T09:04:15Z`.
pub fn stamp(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Secs, true)
}

/// `2026-11-23T09:04:15.000000`, as Nova's usage fields and Cinder have it.
pub fn stamp_micros(at: DateTime<Utc>) -> String {
    at.format("%Y-%m-%dT%H:%M:%S.000000").to_string()
}

/// `2026-11-23T09:04:15`, as Octavia has it.
pub fn stamp_bare(at: DateTime<Utc>) -> String {
    at.format("%Y-%m-%dT%H:%M:%S").to_string()
}

/// A token that was given out.
#[derive(Debug, Clone)]
pub struct Token {
    pub methods: Vec<String>,
    pub issued: DateTime<Utc>,
    pub expires: DateTime<Utc>,
    pub audit_id: String,
    /// Not bound to a project: may only ask Keystone.
    pub unscoped: bool,
    /// Of a stack's own user: may only signal.
    pub signals_only: bool,
}

/// All there is.
pub struct World {
    tables: BTreeMap<Kind, Vec<Row>>,
    pub tokens: BTreeMap<String, Token>,
    pub heat: heat::Heat,
    pub ids: seed::Ids,
    /// `http://127.0.0.1:port`.
    pub base: String,
}

impl World {
    pub fn rows(&self, kind: Kind) -> &[Row] {
        self.tables.get(&kind).map_or(&[], Vec::as_slice)
    }

    pub fn find(&self, kind: Kind, id: &str) -> Option<&Row> {
        self.rows(kind).iter().find(|row| text(row, "id") == id)
    }

    pub fn find_mut(&mut self, kind: Kind, id: &str) -> Option<&mut Row> {
        self.tables.get_mut(&kind)?.iter_mut().find(|row| text(row, "id") == id)
    }

    /// By id, else by name.
    pub fn named(&self, kind: Kind, id_or_name: &str) -> Option<&Row> {
        self.find(kind, id_or_name).or_else(|| self.rows(kind).iter().find(|row| text(row, "name") == id_or_name))
    }

    /// The id behind an id or a name; what is unknown stays as it is.
    pub fn id_of(&self, kind: Kind, id_or_name: &str) -> String {
        self.named(kind, id_or_name).map_or(id_or_name, |row| text(row, "id")).to_owned()
    }

    pub fn insert(&mut self, kind: Kind, row: Row) -> String {
        let id = text(&row, "id").to_owned();
        self.tables.entry(kind).or_default().push(row);
        id
    }

    pub fn remove(&mut self, kind: Kind, id: &str) -> Option<Row> {
        let rows = self.tables.get_mut(&kind)?;
        let at = rows.iter().position(|row| text(row, "id") == id)?;
        Some(rows.remove(at))
    }

    pub fn remove_where(&mut self, kind: Kind, gone: impl Fn(&Row) -> bool) {
        if let Some(rows) = self.tables.get_mut(&kind) {
            rows.retain(|row| !gone(row));
        }
    }

    /// Sets one field, when the row is there.
    pub fn set(&mut self, kind: Kind, id: &str, key: &str, value: impl Into<Value>) {
        if let Some(row) = self.find_mut(kind, id) {
            row.insert(key.to_owned(), value.into());
        }
    }

    /// The row as its service shows it: with what is derived from others, without what is ours.
    pub fn shown(&self, kind: Kind, row: &Row) -> Row {
        let mut shown: Row =
            row.iter().filter(|(key, _)| !key.starts_with('_')).map(|(k, v)| (k.clone(), v.clone())).collect();
        self.derive(kind, &mut shown);
        shown
    }
}
