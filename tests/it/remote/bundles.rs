//! `jeroboam bundle`: all that tells how a cluster is, and no secret.

use std::os::unix::fs::PermissionsExt;
use std::process::Command;

use super::rig::Rig;

#[test]
fn a_bundle_holds_what_can_be_had_and_no_secret() {
    let Some(mut rig) = Rig::loopback() else { return };
    let mut console = std::fs::read_to_string(rig.console("worker-0")).unwrap();
    console.push_str(
        "db password=hunter2\n-----BEGIN EC PRIVATE KEY-----\nMHcCAQEE\n-----END EC PRIVATE KEY-----\nafter\n",
    );
    std::fs::write(rig.console("worker-0"), console).unwrap();
    rig.node("worker-1").1.stop();
    let ran = rig.run("bundle prod --file x.tar.gz").ok();
    let file = rig.home.path().join("x.tar.gz");
    assert_eq!(ran.out.trim(), file.display().to_string());
    assert!(ran.err.contains("Not in it: nodes/002-worker-1/logs.txt"), "{}", ran.err);
    assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o600);

    let into = rig.home.path().join("into");
    std::fs::create_dir(&into).unwrap();
    let unpacked = Command::new("tar").arg("-xzf").arg(&file).current_dir(&into).output().unwrap();
    assert!(unpacked.status.success(), "{unpacked:?}");
    let read = |name: &str| std::fs::read_to_string(into.join(name)).unwrap_or_else(|error| panic!("{name}: {error}"));
    let cluster: serde_json::Value = serde_json::from_str(&read("cluster.json")).unwrap();
    assert_eq!(cluster["name"], "prod");
    for name in ["template.json", "resources.json", "events.json", "history.json", "nodes.json"] {
        let value: serde_json::Value = serde_json::from_str(&read(name)).unwrap();
        assert!(!value.is_null(), "{name}");
    }
    let console = read("nodes/001-worker-0/console.log");
    assert!(console.contains("password=[removed]") && console.contains("after"), "{console}");
    assert!(!console.contains("hunter2") && !console.contains("MHcC"), "{console}");
    assert!(read("missing.txt").contains("worker-1"));
    if Command::new("id").arg("-u").output().unwrap().stdout == b"0\n" {
        let logs = read("nodes/000-master-0/logs.txt");
        assert!(logs.contains("==> uname -a <==\nLinux "), "{logs}");
    }

    // What is there already stays.
    rig.run("bundle prod --file x.tar.gz").failed(1);
    rig.run("bundle prod --file no/such/folder").failed(1);
}
