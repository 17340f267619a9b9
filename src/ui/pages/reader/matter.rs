//! What the reader shows: a text somebody made already, one made of what the fleet knows, or one
//! that has to be asked for. A new kind of text is a variant here, and its title.

use serde::Serialize;

use super::when;
use crate::model::{ClusterId, TemplateId};
use crate::ui::effect::Source;
use crate::ui::layer::Cx;
use crate::ui::theme::Role;
use crate::ui::widgets::paper::Paper;

#[derive(Debug, Clone, PartialEq)]
pub enum Matter {
    /// A text as it is.
    Said {
        title: String,
        paper: Box<Paper>,
    },
    Cluster(ClusterId, Form),
    Template(TemplateId, Form),
    /// When what was done to the cluster, and how long it took.
    Timeline(ClusterId),
    /// Asked for when it is opened, and again on a refresh.
    Asked {
        title: String,
        source: Source,
    },
}

/// How an object is written out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    Yaml,
    Json,
}

impl Form {
    fn name(self) -> &'static str {
        match self {
            Self::Yaml => "YAML",
            Self::Json => "JSON",
        }
    }

    fn other(self) -> Self {
        match self {
            Self::Yaml => Self::Json,
            Self::Json => Self::Yaml,
        }
    }

    /// The fields as the command line writes them.
    pub fn write(self, object: &impl Serialize) -> Paper {
        let written = match self {
            Self::Yaml => serde_saphyr::to_string(object).map_err(|error| error.to_string()),
            Self::Json => serde_json::to_string_pretty(object).map_err(|error| error.to_string()),
        };
        match (self, written) {
            (Self::Yaml, Ok(text)) => Paper::yaml(&text),
            (Self::Json, Ok(text)) => Paper::plain(&text),
            (_, Err(why)) => {
                let mut paper = Paper::default();
                paper.say(Role::Failed, format!("✖ it cannot be written as {}: {why}", self.name()));
                paper
            }
        }
    }
}

impl Matter {
    pub fn title(&self, cx: &Cx) -> String {
        let cluster = |id: &ClusterId| cx.fleet.clusters.get(id).map_or("gone", |cluster| cluster.name.as_str());
        match self {
            Self::Said { title, .. } | Self::Asked { title, .. } => title.clone(),
            Self::Cluster(id, form) => format!("{} ─ {}", cluster(id), form.name()),
            Self::Timeline(id) => format!("{} ─ timeline", cluster(id)),
            Self::Template(id, form) => {
                let name = cx.fleet.templates.get(id).map_or("gone", |template| template.spec.name.as_str());
                format!("{name} ─ {}", form.name())
            }
        }
    }

    /// What is known of it now, `room` columns being there. `None`: nothing, or nothing any more.
    pub fn paper(&self, room: usize, cx: &Cx) -> Option<Paper> {
        match self {
            Self::Said { paper, .. } => Some((**paper).clone()),
            Self::Cluster(id, form) => cx.fleet.clusters.get(id).map(|cluster| form.write(cluster)),
            Self::Template(id, form) => cx.fleet.templates.get(id).map(|template| form.write(template)),
            Self::Timeline(id) => when::paper(*id, room, cx),
            Self::Asked { .. } => None,
        }
    }

    pub fn source(&self) -> Option<&Source> {
        match self {
            Self::Asked { source, .. } => Some(source),
            _ => None,
        }
    }

    /// The same written otherwise.
    pub fn other_form(&self) -> Option<Self> {
        match self {
            Self::Cluster(id, form) => Some(Self::Cluster(*id, form.other())),
            Self::Template(id, form) => Some(Self::Template(*id, form.other())),
            _ => None,
        }
    }

    /// The cluster it is about.
    pub fn cluster(&self) -> Option<ClusterId> {
        match self {
            Self::Cluster(id, _) | Self::Timeline(id) => Some(*id),
            Self::Asked { source, .. } => Some(source.cluster()),
            Self::Said { .. } | Self::Template(..) => None,
        }
    }

    /// Whether its last lines are the ones that matter.
    pub fn begins_at_end(&self) -> bool {
        matches!(self, Self::Asked { source: Source::Console { .. }, .. })
    }
}
