//! The demo's nodes: real shells behind real sshds, by the program's own keys.

use crate::story::{Plot, create};
use crate::support::pty::{SOON, Terminal};

use super::rig::{me, sshd};

const PLOT: Plot = Plot {
    cluster: "prod",
    image: "ubuntu-24.04-kube-v1.33.4",
    flavor: "m1.medium",
    floating_ips: false,
    master_lb: false,
    workers: 1,
    size: (100, 30),
};

/// Whether the demo's nodes give terminals here; without root's rights it depends on how /dev/pts is mounted.
pub fn gives_terminals() -> bool {
    let mounts = std::fs::read_to_string("/proc/mounts").unwrap_or_default();
    let mounted = mounts.lines().any(|line| line.contains(" devpts ") && line.contains("gid="));
    let gives = sshd().is_some() && (mounted || me() == "root");
    if !gives {
        eprintln!("######## TESTS OF THE DEMO'S NODES SKIPPED: there is no sshd that may give terminals ########");
    }
    gives
}

/// A demo with a cluster.
pub fn demo(size: (u16, u16)) -> (tempfile::TempDir, Terminal) {
    let home = tempfile::tempdir().unwrap();
    let dir = home.path().display().to_string();
    let mut t = Terminal::start(&["demo", "--speed", "20"], &[("TMPDIR", &dir)], home.path(), size);
    create(&mut t, &Plot { size, ..PLOT });
    t.sees_within("1 ready", SOON);
    (home, t)
}

#[test]
fn the_demos_nodes_can_be_logged_in_to() {
    if !gives_terminals() {
        return;
    }
    let (home, mut t) = demo((100, 30));
    t.keys("1L").sees("learnt from its console").sees("a node of the demo");
    t.until("a prompt", SOON, |screen| screen.trim_end().ends_with("master-0:$"));
    t.keys("echo in=$((40 + 2)) home=$(cd; pwd | grep -c jeroboam-demo)\r").sees("in=42 home=1");
    t.keys("exit\r").sees("CREATE_COMPLETE");
    t.keys("q");
    assert_eq!(t.ends(), 0);
    let left: Vec<_> = std::fs::read_dir(home.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert!(!left.iter().any(|name| name.to_string_lossy().contains("jeroboam-demo")), "{left:?}");
}
