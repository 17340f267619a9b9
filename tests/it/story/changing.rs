//! What comes after the creation, by keyboard: more nodes, another node group, its upgrade, and a
//! rotation that is refused with its reason before anybody has to confirm it.

use super::*;

/// One step of a change on the embedded cloud, on a machine that is busy with other tests.
const STEP: Duration = Duration::from_secs(60);

/// Until the cluster is at rest, and its page shows what the change was for. Notices are not waited
/// for: on a busy machine one may have come and gone between two looks.
fn rests(t: &mut Terminal, what: &str, shown: impl Fn(&str) -> bool) {
    t.until(what, STEP, |screen| screen.contains("UPDATE_COMPLETE ─╮") && shown(screen));
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
    t.sees_within("prod is ready", STEP);

    // More workers, watched on the cluster's page.
    t.keys("1\r").sees("Node groups").sees("master-0");
    t.keys("+").sees("╭ Resize");
    go_to(&mut t, "Nodes");
    t.keys("\x7f3").sees("jeroboam cluster resize prod 3");
    t.keys("\x13").sees_within("resize default-worker 1 → 3", STEP);
    rests(&mut t, "three workers", |screen| screen.contains("worker-2  ● there"));

    // A group of an older version, brought to the cluster's.
    t.keys("N").sees("╭ New node group").keys("old");
    pick(&mut t, "Image", "ubuntu-22.04-kube-v1.31.12");
    t.keys("\x13").sees_within("new node group old, 1 node", STEP);
    rests(&mut t, "the new group's node", |screen| screen.contains("old-1-0   ● there"));
    t.keys("1").keys("G").sees("v1.31.12");
    t.keys("U").sees("--nodegroup old");
    pick(&mut t, "Template", "story");
    t.keys("\x13").sees("Type its name to upgrade it").keys("prod").keys("\r");
    t.sees_within("upgrade to template story", STEP);
    rests(&mut t, "the group's new version", |screen| screen.contains("old-1-1") && !screen.contains("v1.31.12"));

    // What cannot be done says why, and nobody has to confirm it.
    t.keys("A").sees("╭ Rotate the CA").keys("\x13");
    t.sees_within("its", STEP).sees_within("only master keeps etcd", STEP).sees("three masters");
    assert!(!t.screen().contains("Type its name"));
    t.keys("\x1b").sees("Node groups");
    t.keys("5").sees("› upgrade").sees("› resize");
    t.keys("\x1b").until("the first screen", STEP, |screen| screen.contains("2 Templates"));
    t.keys("d").sees("There is no").keys(plot.cluster).keys("\r");
    t.sees_within("No clusters yet", STEP);
    leave(&mut t);
}
