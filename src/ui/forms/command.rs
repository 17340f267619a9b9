//! The command line that would do the same as a form, quoted for a shell.

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
        let mut parts: Vec<String> = wording.program().split(' ').map(str::to_owned).collect();
        parts.extend(verb.split(' ').map(str::to_owned));
        parts.push(if name.is_empty() { "NAME".into() } else { quote(name) });
        Self(parts)
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
