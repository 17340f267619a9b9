//! What else runs beside the dashboard: one command on many nodes, a node's logs, programs that
//! speak to the cluster's API; and what it gathers and makes there.

use std::io::Write;

use super::apart::until;
use super::rig::{NODES, Rig, me};
use crate::support::pty::{SOON, Terminal};

/// On the cluster's page.
fn page(rig: &Rig, size: (u16, u16)) -> Terminal {
    let mut t = rig.dashboard(size);
    t.sees("CREATE_COMPLETE").keys("1\r").sees("Node groups");
    t.keys("2").until("its nodes", SOON, |screen| NODES.iter().all(|node| screen.contains(node)));
    t
}

#[test]
fn a_command_runs_on_all_nodes_side_by_side() {
    let Some(rig) = Rig::loopback() else { return };
    if !rig.gives_terminals() {
        return;
    }
    let mut t = page(&rig, (120, 40));
    t.keys("!").sees("Run on nodes of prod").keys("\r").sees("there is no command yet");
    t.keys("\t").sees("on all nodes (3)");
    t.keys("test -t 1 && echo in=$((40 + 2)); exit 7\r");
    t.until("three tiles that have ended", SOON, |screen| {
        screen.matches("in=42").count() == 3 && screen.matches("has ended with exit code 7.").count() == 3
    });
    for node in NODES {
        assert!(t.screen().contains(&format!("prod/{node} $ test")), "{}", t.screen());
    }
    // One of them alone, and all again.
    t.keys("t").until("one of them", SOON, |screen| screen.matches("in=42").count() == 1);
    t.keys("t").until("all of them", SOON, |screen| screen.matches("in=42").count() == 3);
    t.resize((80, 24));
    t.until("smaller tiles", SOON, |screen| screen.matches("in=42").count() == 3);
    t.keys("xxx").sees("1 Groups");
    t.keys("q");
    assert_eq!(t.ends(), 0);
}

#[test]
fn a_program_here_has_a_kubeconfig_that_goes_with_it() {
    let Some(rig) = Rig::loopback() else { return };
    let mut t = page(&rig, (100, 30));
    t.keys("E").sees("Run with KUBECONFIG of prod").keys("\x1b[B\x1b[B").sees("› k9s").keys("\x1b[A");
    t.until("the line to be empty", SOON, |screen| !screen.contains("› k9s"));
    t.keys("stat -c mode=%a $KUBECONFIG; grep -c tls-server-name $KUBECONFIG; echo at=$KUBECONFIG; read x; exit 3\r");
    t.sees("through a tunnel over gate").sees("mode=600");
    let kept = || {
        let all = walk(rig.home.path());
        all.into_iter().filter(|path| path.ends_with(".kubeconfig")).count()
    };
    assert_eq!(kept(), 1);
    t.keys("\r").sees("exit code 3");
    until("the file is gone", || kept() == 0);
    t.keys("\r").sees("Node groups");
    // A shell of the user's own; it goes with the dashboard, and what it was given too.
    t.keys("E").sees("KUBECONFIG of prod").keys("\r").sees("through a tunnel");
    t.keys("test -s $KUBECONFIG && echo it=$((1 + 1))\r").sees("it=2");
    assert_eq!(kept(), 1);
    t.keys("\x1d").sees("type into the shell").keys("q").sees("once more ends that").keys("q");
    assert_eq!(t.ends(), 0);
    assert!(t.is_given_back());
    assert_eq!(kept(), 0);
}

fn walk(folder: &std::path::Path) -> Vec<String> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            found.extend(walk(&path));
        } else {
            found.push(path.display().to_string());
        }
    }
    found
}

#[test]
fn a_bundle_and_a_bastion_are_made_from_the_dashboard() {
    let Some(rig) = Rig::loopback() else { return };
    let mut t = page(&rig, (120, 40));
    t.keys("D").sees("written, for you alone").sees(".tar.gz").sees("before you give it away");
    t.keys("\x1b").until("the dialog to close", SOON, |screen| !screen.contains("Bundle of prod"));
    let made = walk(rig.home.path()).into_iter().filter(|path| path.ends_with(".tar.gz")).count();
    assert_eq!(made, 1);
    rig.settings(&format!("[ssh.users]\nubuntu = \"{}\"\n", me()));
    t.keys("M").sees("This cluster has no bastion of ours").keys("\r").sees("lets in").sees("-bastion");
    assert_eq!(rig.json("bastion list prod").as_array().unwrap().len(), 1);
    t.keys("\r").sees("This cluster has no bastion of ours");
    assert_eq!(rig.json("bastion list prod"), serde_json::json!([]));
    t.keys("\x1b").until("the dialog to close", SOON, |screen| !screen.contains("Bastion of prod"));
    t.keys("q");
    assert_eq!(t.ends(), 0);
}

#[test]
fn a_nodes_log_is_followed_in_a_pane_and_nothing_stays_behind() {
    let Some(mut rig) = Rig::apart() else { return };
    let log = rig.node("worker-1").1.log("cloud-init-output.log");
    std::fs::write(&log, "early\n").unwrap();
    let mut t = page(&rig, (120, 40));
    t.keys("G").until("the last node", SOON, |screen| screen.contains("worker-1"));
    t.keys("F").sees("prod/worker-1 log").sees("early");
    let mut file = std::fs::OpenOptions::new().append(true).open(&log).unwrap();
    file.write_all(b"\x1b[31mred\x1b[0m and late\n").unwrap();
    t.sees("red and late");
    assert!(rig.node("worker-1").1.busy() > 0);
    t.keys("xx").sees("Node groups");
    let node = &rig.node("worker-1").1;
    until("the node is left alone", || node.busy() == 0);
    t.keys("F").sees("late");
    rig.gate.stop();
    t.sees("The log has ended").keys("\r").sees("Node groups").keys("q");
    assert_eq!(t.ends(), 0);
}
