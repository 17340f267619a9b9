//! The command line that would do the same as a form, quoted for a shell.

use crate::model::{ClusterChange, NewNodeGroup};

/// Whose command is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wording {
    Jeroboam,
    OpenStack,
}

impl Wording {
    pub fn other(self) -> Self {
        match self {
            Self::Jeroboam => Self::OpenStack,
            Self::OpenStack => Self::Jeroboam,
        }
    }

    pub fn program(self) -> &'static str {
        match self {
            Self::Jeroboam => "jeroboam",
            Self::OpenStack => "openstack coe",
        }
    }
}

/// A command being put together.
pub struct Command(Vec<String>);

impl Command {
    pub fn new(wording: Wording, verb: &str, name: &str) -> Self {
        let mut command = Self::of(wording.program(), verb);
        command.word(name, "NAME");
        command
    }

    /// Of another program's, or without a name.
    pub fn of(program: &str, verb: &str) -> Self {
        Self(program.split(' ').chain(verb.split(' ')).map(str::to_owned).collect())
    }

    /// A further word.
    pub fn word(&mut self, word: &str, placeholder: &str) {
        self.0.push(if word.is_empty() { placeholder.to_owned() } else { quote(word) });
    }

    pub fn value(&mut self, flag: &str, value: Option<&str>) {
        if let Some(value) = value.filter(|value| !value.is_empty()) {
            self.0.push(format!("{flag} {}", quote(value)));
        }
    }

    pub fn flag(&mut self, flag: &str, set: bool) {
        if set {
            self.0.push(flag.to_owned());
        }
    }

    /// The words; flags stay with their values.
    pub fn parts(self) -> Vec<String> {
        self.0
    }
}

/// The command that changes the cluster so. OpenStack's has no words for some of it.
pub fn change(cluster: &str, change: &ClusterChange, wording: Wording) -> Vec<String> {
    let verb = |verb: &str| Command::new(wording, verb, cluster);
    let number = |n: u32| n.to_string();
    let ours = wording == Wording::Jeroboam;
    let mut command = match change {
        ClusterChange::Resize { count, nodegroup, nodes_to_remove } => {
            let mut command = verb("cluster resize");
            command.word(&number(*count), "COUNT");
            command.value("--nodegroup", nodegroup.as_deref());
            for node in nodes_to_remove {
                command.value("--nodes-to-remove", Some(node));
            }
            command
        }
        ClusterChange::Upgrade { template, nodegroup, max_batch_size } => {
            let mut command = verb("cluster upgrade");
            command.word(template, "TEMPLATE");
            command.value("--max-batch-size", Some(number(*max_batch_size)).filter(|_| *max_batch_size > 1).as_deref());
            command.value("--nodegroup", nodegroup.as_deref());
            command
        }
        ClusterChange::RotateCa { max_batch_size } => {
            let mut command = verb("ca rotate");
            let batch = Some(number(*max_batch_size)).filter(|_| ours && *max_batch_size > 1);
            command.value("--max-batch-size", batch.as_deref());
            command
        }
        ClusterChange::CreateNodegroup { nodegroup } => {
            let mut command = verb("nodegroup create");
            new_group(&mut command, nodegroup, ours);
            command
        }
        ClusterChange::UpdateNodegroup { nodegroup, min_node_count, max_node_count } => {
            let mut command = verb("nodegroup update");
            command.word(nodegroup, "NODEGROUP");
            command.word("replace", "");
            if let Some(min) = min_node_count {
                command.word(&format!("min_node_count={min}"), "");
            }
            match max_node_count {
                Some(Some(max)) => command.word(&format!("max_node_count={max}"), ""),
                Some(None) => {
                    command.0.push(format!("&& {} nodegroup update {}", wording.program(), quote(cluster)));
                    command.word(nodegroup, "NODEGROUP");
                    command.0.push("remove max_node_count".into());
                }
                None => {}
            }
            command
        }
        ClusterChange::DeleteNodegroup { nodegroup } => {
            let mut command = verb("nodegroup delete");
            command.word(nodegroup, "NODEGROUP");
            command
        }
        ClusterChange::RotateCredential => return verb("credential rotate").parts(),
        ClusterChange::Pause => return verb("cluster pause").parts(),
        ClusterChange::Resume => return verb("cluster resume").parts(),
        ClusterChange::Retry => return verb("cluster retry").parts(),
        ClusterChange::Rollback => return verb("cluster rollback").parts(),
        ClusterChange::Cancel => return verb("cluster cancel").parts(),
    };
    command.0.retain(|part| !part.is_empty());
    command.parts()
}

fn new_group(command: &mut Command, group: &NewNodeGroup, ours: bool) {
    let plain = NewNodeGroup::default();
    let number = |n: u32| n.to_string();
    command.word(&group.name, "NODEGROUP");
    command.value("--node-count", Some(&number(group.node_count)));
    command.value("--min-nodes", Some(number(group.min_node_count)).filter(|_| group.min_node_count > 0).as_deref());
    command.value("--max-nodes", group.max_node_count.map(number).as_deref());
    command.value("--role", Some(group.role.as_str()).filter(|role| *role != plain.role));
    command.value("--flavor", group.flavor_id.as_deref());
    command.value("--image", group.image_id.as_deref());
    command.value("--docker-volume-size", group.docker_volume_size.map(number).as_deref());
    command.value("--labels", Some(&group.labels.to_string()));
    command.flag("--merge-labels", group.merge_labels);
    if ours {
        let labels: Vec<String> = group.node_labels.iter().map(|(key, value)| format!("{key}={value}")).collect();
        command.value("--node-labels", Some(&labels.join(",")));
        for taint in &group.node_taints {
            command.value("--node-taint", Some(taint));
        }
    }
}

/// Quoted for a POSIX shell where that is needed. A leading `~/` stays open, so that it still means home.
pub fn quote(text: &str) -> String {
    let (home, rest) = text.strip_prefix("~/").map_or(("", text), |rest| ("~/", rest));
    let plain = |c: char| c.is_ascii_alphanumeric() || "_-./:=,@%+".contains(c);
    if !text.is_empty() && rest.chars().all(plain) {
        return text.to_owned();
    }
    format!("{home}'{}'", rest.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::quote;

    #[test]
    fn a_shell_reads_back_what_was_meant() {
        assert_eq!(quote("k8s-1.31"), "k8s-1.31");
        assert_eq!(quote("ubuntu 24.04"), "'ubuntu 24.04'");
        assert_eq!(quote("it's"), r"'it'\''s'");
        assert_eq!(quote("$(rm)"), "'$(rm)'");
        assert_eq!(quote("~/.kube/my config"), "~/'.kube/my config'");
        assert_eq!(quote(""), "''");
    }
}
