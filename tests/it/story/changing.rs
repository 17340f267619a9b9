//! What comes after the creation, by keyboard: more nodes, another node group, its upgrade, and a
//! rotation that is refused with its reason before anybody has to confirm it.

use super::*;

/// Until the notice of a change's end, which names the change.
fn is_done(t: &mut Terminal, change: &str) {
    t.sees_within(&format!("{change} is done"), LONG);
}

#[test]
fn a_cluster_is_changed_on_the_embedded_cloud() {
    let home = tempfile::tempdir().unwrap();
    let plot = Plot {
        cluster: "prod",
        image: "ubuntu-24.04-kube-v1.32.8",
        flavor: "m1.medium",
        floating_ips: true,
        master_lb: false,
        workers: 1,
        size: (120, 40),
    };
    let mut t = Terminal::start(&["demo"], &[], home.path(), plot.size);
    create(&mut t, &plot);
    t.sees_within("prod is ready", LONG);

    // More workers, watched on the cluster's page.
    t.keys("1\r").sees("Node groups").sees("master-0");
    t.keys("+").sees("╭ Resize");
    go_to(&mut t, "Nodes");
    t.keys("\x7f3").sees("jeroboam cluster resize prod 3");
    t.keys("\x13").sees_within("resize default-worker 1 → 3", LONG).sees_within("worker-2  ◐", LONG);
    is_done(&mut t, "resize default-worker 1 → 3");

    // A group of an older version, brought to the cluster's.
    t.keys("N").sees("╭ New node group").keys("old");
    pick(&mut t, "Image", "ubuntu-22.04-kube-v1.31.12");
    t.keys("\x13").sees_within("new node group old, 1 nodes", LONG);
    is_done(&mut t, "new node group old, 1 nodes");
    t.keys("1").keys("G").sees("v1.31.12");
    t.keys("U").sees("--nodegroup old");
    pick(&mut t, "Template", "story");
    t.keys("\x13").sees("Type its name to upgrade it").keys("prod").keys("\r");
    t.sees_within("upgrade", LONG).sees_within("of 1 node", LONG);
    t.sees_within("is done", LONG).until("the group's new version", LONG, |screen| !screen.contains("v1.31.12"));

    // What cannot be done says why, and nobody has to confirm it.
    t.keys("A").sees("╭ Rotate the CA").keys("\x13");
    t.sees_within("its", LONG).sees_within("only master keeps etcd", LONG).sees("three masters");
    assert!(!t.screen().contains("Type its name"));
    t.keys("\x1b").sees("Node groups");
    t.keys("5").sees("› upgrade").sees("› resize");
    t.keys("\x1b").until("the first screen", LONG, |screen| screen.contains("2 Templates"));
    t.keys("d").sees("There is no").keys(plot.cluster).keys("\r");
    t.sees_within("is deleted", LONG).sees("No clusters yet");
    leave(&mut t);
}
