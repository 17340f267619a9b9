//! `jeroboam ssh` and `jeroboam exec` with a bastion in between, on loopback.

use std::os::unix::fs::PermissionsExt;
use std::process::Command;

use super::rig::{NODES, Rig};
use crate::support::pty::{SOON, Terminal};

#[test]
fn a_node_is_logged_in_to_with_its_key_learnt_from_its_console() {
    let Some(rig) = Rig::loopback() else { return };
    let first = rig.args(&["ssh", "prod", "worker-1", "--", "echo", "on $((40 + 2))"]).ok();
    assert_eq!(first.out, "on 42\n");
    let (server, _) = rig.nodes.iter().find(|(server, _)| server.name.ends_with("worker-1")).unwrap();
    assert!(
        first.err.contains(&format!("Host key of {} learnt from its console: SHA256:", server.name)),
        "{}",
        first.err
    );
    // Learnt once, under the server's id, in a file of our own.
    let again = rig.run("ssh prod worker-1 -- true").ok();
    assert_eq!(again.err, "");
    let folder = rig.home.path().join(".local/share/jeroboam/known_hosts");
    let file = std::fs::read_dir(folder).unwrap().next().unwrap().unwrap().path();
    let known = std::fs::read_to_string(&file).unwrap();
    assert!(known.lines().count() == 1 && known.starts_with(&server.server_id), "{known}");
    assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o600);

    let listed = rig.run("ssh prod --list").ok();
    assert!(listed.out.lines().count() == 4 && listed.out.contains("ACTIVE"), "{}", listed.out);

    // The command's exit code is ours; without a name it is the first master.
    assert_eq!(rig.run("ssh prod -- exit 7").code, 7);
    let lost = rig.run("ssh prod worker-9 -- true").failed(3);
    assert!(lost.err.contains("There are: master-0, worker-0, worker-1"), "{}", lost.err);
    rig.run("ssh nowhere -- true").failed(3);
    let refused = rig.run("ssh prod --user=-oProxyCommand=x -- true");
    assert!(refused.code == 1 && refused.err.contains("is not a user name"), "{refused:?}");

    if rig.gives_terminals() {
        a_shell_in_a_terminal(&rig);
    }
}

/// What is typed before the far end's shell is there may be lost, as with any ssh.
fn prompts(t: &mut Terminal) {
    t.until("a prompt", SOON, |screen| {
        screen.contains("learnt from its console") && screen.trim_end().ends_with(['$', '#', '%', '>'])
    });
}

fn a_shell_in_a_terminal(rig: &Rig) {
    let env = rig.env();
    let env: Vec<(&str, &str)> = env.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let mut shell = Terminal::start(&["ssh", "prod", "worker-0"], &env, rig.home.path(), (100, 30));
    prompts(&mut shell);
    shell.keys("echo terminal=$(tty | cut -c1-5) size=$(stty size)\r").sees("terminal=/dev/ size=30 100");
    shell.keys("exit 3\r");
    assert_eq!(shell.ends(), 3);
}

#[test]
fn a_changed_host_key_is_refused_and_explained() {
    let Some(mut rig) = Rig::loopback() else { return };
    rig.run("ssh prod worker-0 -- true").ok();
    rig.node("worker-0").1.rebuild();
    let server = rig.node("worker-0").0.server_id.clone();
    let refused = rig.run("ssh prod worker-0 -- echo in");
    assert_eq!((refused.code, refused.out.as_str()), (255, ""), "{refused:?}");
    let told = format!(
        "error: node worker-0 ({server}) shows another host key than the one known of it; nothing was sent to it"
    );
    assert!(refused.err.contains(&told) && refused.err.contains("somebody may stand in between"), "{}", refused.err);

    // Now the cloud itself tells that the machine is another.
    rig.show_key("worker-0");
    let refused = rig.run("ssh prod worker-0 -- echo in");
    assert!(refused.out.is_empty() && refused.err.contains("was rebuilt or reinstalled"), "{}", refused.err);
    let many = rig.run("exec prod --node worker-0 --node worker-1 -- echo in");
    assert!(many.code == 1 && many.err.contains("was rebuilt") && many.out == "worker-1 | in\n", "{many:?}");

    let again = rig.run("ssh prod worker-0 --forget-host-key -- echo in").ok();
    assert_eq!(again.out, "in\n");
    assert!(
        again.err.contains("Forgot the host key") && again.err.contains("learnt from its console"),
        "{}",
        again.err
    );

    // A node that says nothing of its key is not let pass unseen.
    rig.hide_key("worker-1");
    rig.run("ssh prod worker-1 --forget-host-key -- echo in").failed_with("its host key is not known");
}

#[test]
fn one_command_runs_on_many_nodes() {
    let Some(mut rig) = Rig::loopback() else { return };
    let all = rig.args(&["exec", "prod", "--", "echo out; echo err >&2"]).ok();
    let mut lines: Vec<&str> = all.out.lines().collect();
    lines.sort_unstable();
    assert_eq!(lines, ["master-0 | out", "worker-0 | out", "worker-1 | out"]);
    assert!(all.err.contains("worker-1 | err") && all.err.ends_with("3 of 3 nodes: done\n"), "{}", all.err);
    let workers =
        rig.args(&["exec", "prod", "--role", "worker", "--parallel", "1", "--", "echo", "\x1b[31mred\x1b[0m\x07"]).ok();
    assert_eq!(workers.out, "worker-0 | red\u{FFFD}\nworker-1 | red\u{FFFD}\n");

    rig.node("worker-0").1.stop();
    let some = rig.args(&["exec", "prod", "-f", "json", "--", "echo here; exit $(expr $PPID '>' 1)"]);
    assert_eq!(some.code, 1);
    let rows = some.json();
    let rows = rows.as_array().unwrap();
    assert_eq!(rows.len(), NODES.len());
    assert_eq!((&rows[0]["exit_code"], &rows[0]["stdout"]), (&1.into(), &"here\n".into()));
    assert_eq!(
        (&rows[1]["exit_code"], &rows[1]["problem"]["kind"]),
        (&serde_json::Value::Null, &"unavailable".into()),
        "{rows:#?}"
    );
    let told = rig.run("exec prod --node worker-0 --node worker-1 -- true");
    assert!(told.code == 1 && told.err.contains("node worker-0 cannot be reached"), "{told:?}");
    assert!(told.err.ends_with("1 of 2 nodes: done\n"), "{}", told.err);
    rig.run("exec prod --role gpu -- true").failed(3);
    assert_eq!(rig.run("exec prod").code, 2);
}

/// An agent of the test's own.
struct Agent(Vec<(String, String)>);

impl Agent {
    fn start() -> Self {
        let said = Command::new("ssh-agent").arg("-s").output().unwrap();
        let said = String::from_utf8(said.stdout).unwrap();
        let pairs = said.split(';').filter_map(|part| part.trim().split_once('='));
        Self(pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).collect())
    }
}

impl Drop for Agent {
    fn drop(&mut self) {
        let _ = Command::new("ssh-agent").arg("-k").envs(self.0.clone()).output();
    }
}

#[test]
fn the_agent_stays_here_and_no_secret_shows_in_a_list_of_processes() {
    let Some(rig) = Rig::loopback() else { return };
    let agent = Agent::start();
    // Somebody's careless ssh_config.
    rig.ssh_config("ForwardAgent yes\n");
    let asked = |more: &[&str]| {
        let line = ["--", "echo agent=${SSH_AUTH_SOCK:+here}"];
        let args: Vec<&str> = ["ssh", "prod"].iter().chain(more).chain(&line).copied().collect();
        let output = rig.command(&args).envs(agent.0.clone()).output().unwrap();
        crate::cli::Ran::from(output).ok().out
    };
    assert_eq!((asked(&[]), asked(&["-A"])), ("agent=\n".into(), "agent=here\n".into()));
    let many = rig.command(&["exec", "prod", "--", "echo agent=${SSH_AUTH_SOCK:+here}"]).envs(agent.0.clone()).output();
    let many = crate::cli::Ran::from(many.unwrap()).ok();
    assert!(!many.out.contains("here"), "{}", many.out);

    // Everything that runs while a command does, as the node sees it: they are all on this machine.
    let seen = rig.args(&["ssh", "prod", "--", "cat /proc/[0-9]*/cmdline | tr '\\0' ' '"]).out;
    let ours: Vec<&str> = seen.split("jeroboam ").filter(|line| line.contains("HostKeyAlias")).collect();
    assert!(!ours.is_empty() && seen.contains("ProxyJump"), "{seen}");
    let key = std::fs::read_to_string(rig.home.path().join("id")).unwrap();
    for secret in [key.lines().nth(1).unwrap(), "PRIVATE KEY", "demo-credential-secret", "gAAAA"] {
        assert!(!seen.contains(secret), "{secret}");
    }
}

#[test]
fn the_dashboard_lends_its_terminal_to_a_shell() {
    let Some(mut rig) = Rig::loopback() else { return };
    if !rig.gives_terminals() {
        return;
    }
    let env = rig.env();
    let env: Vec<(&str, &str)> = env.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let mut t = Terminal::start(&[], &env, rig.home.path(), (120, 40));
    t.sees("CREATE_COMPLETE").keys("L").sees("learnt from its console");
    assert!(t.is_given_back(), "the shell is in the dashboard's picture:\n{}", t.screen());
    prompts(&mut t);
    t.keys("echo in=$((40 + 2))\r").sees("in=42");
    t.keys("exit\r").sees("CREATE_COMPLETE");
    // The keyboard is the dashboard's again.
    t.keys("?").sees("Moving about");
    t.keys("\x1b").until("help is closed", SOON, |screen| !screen.contains("Moving about"));
    rig.node("master-0").1.stop();
    t.keys("L").sees("cannot be reached");
    t.keys("q");
    assert_eq!(t.ends(), 0);
}
