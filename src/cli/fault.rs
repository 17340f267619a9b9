//! How a command ends: exit codes, and problems as a person reads them on stderr.

use std::io::{self, ErrorKind, Write};
use std::process::ExitCode;

use crate::model::{Problem, ProblemKind};

/// What the shell sees; told in the help.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    Failed = 1,
    Usage = 2,
    NotFound = 3,
    Denied = 4,
    Unavailable = 5,
    /// SIGINT.
    Interrupted = 130,
    /// SIGTERM.
    Terminated = 143,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

/// A command that did not succeed.
#[derive(Debug, PartialEq, Eq)]
pub enum Fault {
    /// Told on stderr.
    Told { exit: Exit, problems: Vec<Problem> },
    /// A program that we ran for the user ended so, and has said why itself.
    Ran(u8),
    /// Whoever reads our output went away: `jeroboam cluster list | head -1`. Not our failure.
    Unread,
}

pub type Done = Result<(), Fault>;

impl Fault {
    /// The command line or a file it reads is wrong.
    pub fn usage(problem: Problem) -> Self {
        Self::with(Exit::Usage, problem)
    }

    pub fn with(exit: Exit, problem: Problem) -> Self {
        Self::Told { exit, problems: vec![problem] }
    }

    /// From reading configuration or logging in with it: what is wrong there is for the user to
    /// mend in a file, flag or variable, and a field it names is none of the command's flags.
    pub fn configuration(mut problem: Problem) -> Self {
        problem.field = None;
        match problem.kind {
            ProblemKind::Invalid | ProblemKind::NotFound => Self::usage(problem),
            _ => problem.into(),
        }
    }

    pub fn exit_code(&self) -> ExitCode {
        match self {
            Self::Told { exit, .. } => (*exit).into(),
            Self::Ran(code) => ExitCode::from(*code),
            Self::Unread => ExitCode::SUCCESS,
        }
    }

    /// `error: what` with advice and request id below, one block for each problem.
    pub fn tell(&self, out: &mut dyn Write) -> io::Result<()> {
        let Self::Told { problems, .. } = self else { return Ok(()) };
        for problem in problems {
            let flag = problem.field.as_deref().map(|field| format!("{}: ", flag(field))).unwrap_or_default();
            writeln!(out, "error: {flag}{}", problem.summary)?;
            if let Some(advice) = &problem.advice {
                writeln!(out, "  {advice}")?;
            }
            if let Some(id) = &problem.request_id {
                writeln!(out, "  request id: {id}")?;
            }
        }
        Ok(())
    }
}

impl From<Problem> for Fault {
    fn from(problem: Problem) -> Self {
        vec![problem].into()
    }
}

impl From<Vec<Problem>> for Fault {
    /// A wish refused by a rule counts before a service that was down while it was checked.
    fn from(problems: Vec<Problem>) -> Self {
        let has = |kind| problems.iter().any(|problem| problem.kind == kind);
        let exit = if has(ProblemKind::Invalid) || has(ProblemKind::Conflict) || has(ProblemKind::Local) {
            Exit::Failed
        } else if has(ProblemKind::Denied) {
            Exit::Denied
        } else if has(ProblemKind::Unavailable) {
            Exit::Unavailable
        } else if has(ProblemKind::NotFound) {
            Exit::NotFound
        } else {
            Exit::Failed
        };
        Self::Told { exit, problems }
    }
}

/// What went wrong with some of several objects, for the end of the command.
pub struct Failures {
    of: usize,
    faults: Vec<Fault>,
}

impl Failures {
    pub fn of(objects: usize) -> Self {
        Self { of: objects, faults: Vec::new() }
    }

    /// Says of which of several objects it is, where the problem's own words do not.
    pub fn add(&mut self, what: &str, name: &str, mut fault: Fault) {
        if let Fault::Told { problems, .. } = &mut fault
            && self.of > 1
        {
            let object = format!("{what} \"{name}\"");
            for problem in problems.iter_mut().filter(|problem| !problem.summary.starts_with(&object)) {
                problem.summary = format!("{object}: {}", problem.summary);
            }
        }
        self.faults.push(fault);
    }

    /// The exit code of one object is its fault's own; of several it is that something failed.
    pub fn end(mut self) -> Done {
        if self.of <= 1 {
            return self.faults.pop().map_or(Ok(()), Err);
        }
        let problems: Vec<Problem> = self
            .faults
            .into_iter()
            .flat_map(|fault| match fault {
                Fault::Told { problems, .. } => problems,
                Fault::Unread | Fault::Ran(_) => Vec::new(),
            })
            .collect();
        if problems.is_empty() { Ok(()) } else { Err(Fault::Told { exit: Exit::Failed, problems }) }
    }
}

impl From<io::Error> for Fault {
    /// Only writes to stdout and stderr come here.
    fn from(error: io::Error) -> Self {
        match error.kind() {
            ErrorKind::BrokenPipe => Self::Unread,
            _ => Problem::local(format!("cannot write the output: {error}")).into(),
        }
    }
}

/// The flag that sets a field; Magnum's field names and the client's flags differ here and there.
fn flag(field: &str) -> String {
    match field {
        "name" => "NAME".into(),
        "image_id" => "--image".into(),
        "keypair_id" => "--keypair".into(),
        "flavor_id" => "--flavor".into(),
        "master_flavor_id" => "--master-flavor".into(),
        "external_network_id" => "--external-network".into(),
        "cluster_template_id" => "--cluster-template".into(),
        "create_timeout" => "--timeout".into(),
        other => format!("--{}", other.replace('_', "-")),
    }
}

#[cfg(test)]
mod tests {
    use std::io;

    use super::{Exit, Fault};
    use crate::model::{NewCluster, NewTemplate, Problem, ProblemKind, validate};

    fn exit(problems: Vec<Problem>) -> Exit {
        match Fault::from(problems) {
            Fault::Told { exit, .. } => exit,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn problems_read_well() {
        let mut problem = Problem::invalid("image \"x\" has no os_distro").on_field("image_id").advise("Set it");
        problem.request_id = Some("req-1".into());
        let mut told = Vec::new();
        Fault::from(vec![problem, Problem::local("more")]).tell(&mut told).unwrap();
        insta::assert_snapshot!(String::from_utf8(told).unwrap(), @r#"
        error: --image: image "x" has no os_distro
          Set it
          request id: req-1
        error: more
        "#);
    }

    #[test]
    fn codes_follow_the_kind() {
        let of = |kind| exit(vec![Problem::new(kind, "x")]);
        assert_eq!(of(ProblemKind::Invalid), Exit::Failed);
        assert_eq!(of(ProblemKind::NotFound), Exit::NotFound);
        assert_eq!(of(ProblemKind::Denied), Exit::Denied);
        assert_eq!(of(ProblemKind::Unavailable), Exit::Unavailable);
        assert_eq!(exit(vec![Problem::new(ProblemKind::Unavailable, "x"), Problem::invalid("y")]), Exit::Failed);
        assert_eq!(Fault::from(io::Error::from(io::ErrorKind::BrokenPipe)), Fault::Unread);
    }

    /// Every field that a rule can name leads to a flag that exists.
    #[test]
    fn fields_lead_to_flags() {
        use clap::CommandFactory;
        let command = super::super::args::Cli::command();
        let flags = |path: [&str; 2]| -> Vec<String> {
            let found = path.iter().fold(&command, |command, name| command.find_subcommand(name).unwrap());
            found.get_arguments().filter_map(|arg| arg.get_long()).map(|long| format!("--{long}")).collect()
        };
        let hostile = "\u{1b}".to_owned();
        let text = || Some(hostile.clone());
        let template = NewTemplate {
            coe: hostile.clone(),
            image_id: hostile.clone(),
            keypair_id: text(),
            external_network_id: text(),
            fixed_network: text(),
            fixed_subnet: text(),
            flavor_id: text(),
            master_flavor_id: text(),
            network_driver: text(),
            volume_driver: text(),
            dns_nameserver: text(),
            docker_volume_size: Some(0),
            docker_storage_driver: text(),
            http_proxy: text(),
            https_proxy: text(),
            no_proxy: text(),
            insecure_registry: text(),
            server_type: hostile.clone(),
            tags: text(),
            driver: text(),
            ..NewTemplate::default()
        };
        let cluster = NewCluster {
            keypair: text(),
            docker_volume_size: Some(0),
            flavor_id: text(),
            master_flavor_id: text(),
            fixed_network: text(),
            fixed_subnet: text(),
            master_count: 2,
            node_count: u32::MAX,
            create_timeout: u32::MAX,
            ..NewCluster::default()
        };
        for (path, problems) in [
            (["template", "create"], validate::template_shape(&template)),
            (["cluster", "create"], validate::cluster_shape(&cluster, false)),
        ] {
            assert!(problems.len() > 8);
            for problem in problems {
                let flag = super::flag(problem.field.as_deref().unwrap());
                assert!(flag == "NAME" || flags(path).contains(&flag), "{flag} of {path:?}");
            }
        }
    }
}
