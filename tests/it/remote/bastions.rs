//! A bastion that we make ourselves, and that never outlives its cluster.

use super::rig::{Rig, me};

#[test]
fn a_bastion_of_ours_is_the_way_in_and_goes_with_the_cluster() {
    let Some(rig) = Rig::loopback() else { return };
    rig.settings(&format!("[ssh.users]\nubuntu = \"{}\"\n", me()));
    rig.run("bastion delete prod").failed(3);
    rig.run("bastion create prod --from nowhere").failed_with("not a network");
    rig.run("bastion create prod --flavor nope").failed_with("flavor \"nope\" was not found");
    assert_eq!(rig.json("bastion list prod"), serde_json::json!([]));

    let made = rig.json("bastion create prod --wait");
    assert_eq!((made.as_array().unwrap().len(), &made[0]["status"]), (1, &"ACTIVE".into()), "{made:#}");
    let (id, address) = (made[0]["server_id"].as_str().unwrap(), made[0]["floating_address"].as_str().unwrap());
    // Its machine is the rig's gate.
    rig.ssh_config(&format!("Host {address}\n  HostName 127.0.0.1\n  Port {}\n", rig.gate.port));
    let key = format!(
        "-----BEGIN SSH HOST KEY KEYS-----\n{} root@gate\n-----END SSH HOST KEY KEYS-----\n",
        rig.gate.host_key()
    );
    std::fs::write(rig.consoles().join(id), key).unwrap();
    let first = rig.run("ssh prod worker-0 -- echo in").ok();
    assert_eq!(first.out, "in\n");
    assert!(first.err.contains("-bastion learnt from its console"), "{}", first.err);
    rig.run("bastion create prod").failed_with("has a bastion already");
    // It is no node.
    assert_eq!(rig.json("ssh prod --list").as_array().unwrap().len(), 3);

    rig.run("bastion delete prod").ok();
    assert_eq!(rig.json("bastion list prod"), serde_json::json!([]));
    rig.run("bastion create prod --keypair laptop").ok();
    rig.run("cluster delete prod --yes --wait").ok();
    rig.run("bastion list prod").failed(3);
    assert_eq!(rig.json("orphans list"), serde_json::json!([]));
}
