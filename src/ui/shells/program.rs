//! What runs on a pane's terminal, and what it is called.

/// Something of one cluster that has a terminal to itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Program {
    /// A shell on a node, by its name or its server's id, or on the first master.
    Login(Option<String>),
    /// A node's logs as they grow, from its boot on.
    Follow(Option<String>),
    /// One command line on a node, as the shell there takes it.
    Run { node: String, line: String },
    /// One command line of this machine, with KUBECONFIG leading to the cluster; empty: the user's shell.
    Here(String),
}

impl Program {
    /// The node it is on; `None`: the first master, or none at all.
    pub fn node(&self) -> Option<&str> {
        match self {
            Self::Login(node) | Self::Follow(node) => node.as_deref(),
            Self::Run { node, .. } => Some(node),
            Self::Here(_) => None,
        }
    }

    /// Its name in the line of tabs, once its node's is known.
    pub fn label(&self, node: &str) -> String {
        match self {
            Self::Login(_) => node.to_owned(),
            Self::Follow(_) => format!("{node} log"),
            Self::Run { line, .. } => format!("{node} $ {line}"),
            Self::Here(line) if line.is_empty() => "here".into(),
            Self::Here(line) => format!("here $ {line}"),
        }
    }

    /// What is told before it runs.
    pub fn begins(&self) -> &'static str {
        match self {
            Self::Here(_) => "Looking for the way to the cluster's API...",
            _ => "Looking for the way to the node...",
        }
    }

    /// What has ended when it has.
    pub fn noun(&self) -> &'static str {
        match self {
            Self::Login(_) => "shell",
            Self::Here(line) if line.is_empty() => "shell",
            Self::Follow(_) => "log",
            Self::Run { .. } | Self::Here(_) => "command",
        }
    }
}
