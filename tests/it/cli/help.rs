//! What `--help` says is part of the interface: a change shows here.

use super::Home;

#[test]
fn help_of_every_command() {
    let home = Home::new();
    for line in [
        "",
        "template",
        "template create",
        "template list",
        "template delete",
        "cluster",
        "cluster create",
        "cluster show",
        "cluster events",
        "cluster delete",
        "orphans",
        "orphans list",
        "orphans remove",
        "kubeconfig",
        "ca",
        "ca show",
        "ca sign",
        "driver",
        "driver list",
        "driver show",
        "driver check",
        "image",
        "image set",
        "image import",
        "history",
        "quota",
        "quota create",
        "label",
        "label list",
        "label show",
        "ssh",
        "exec",
        "tunnel",
        "logs",
        "bundle",
        "bastion",
        "bastion create",
        "stats",
        "conductor",
        "demo",
        "completion",
    ] {
        let ran = home.run(&format!("{line} --help")).ok();
        assert_eq!(ran.err, "");
        let name = if line.is_empty() { "jeroboam".into() } else { line.replace(' ', "-") };
        insta::assert_snapshot!(name, ran.out);
    }
    assert_eq!(home.files(), Vec::<String>::new());
}

#[test]
fn version() {
    assert_eq!(Home::new().run("--version").ok().out, format!("jeroboam {}\n", env!("CARGO_PKG_VERSION")));
}

/// A mistake on the command line costs nothing: no file, no connection.
#[test]
fn usage_mistakes_are_2() {
    let home = Home::new();
    for line in [
        "frobnicate",
        "cluster",
        "cluster create",
        "cluster create c",
        "cluster create c --cluster-template t --node-count -1",
        "cluster create c --cluster-template t --node-count many",
        "cluster create c --cluster-template t --floating-ip-enabled --floating-ip-disabled",
        "template create t",
        "kubeconfig c --merge --stdout",
        "cluster list -f csv",
        "cluster delete --yes",
        "template delete",
        "ca show",
        "ca sign c",
        "cluster list --os-password secret",
    ] {
        let ran = home.run(line);
        assert_eq!((ran.code, ran.out.as_str()), (2, ""), "{line}: {ran:#?}");
        assert!(!ran.err.is_empty());
    }
    home.run("cluster create c --cluster-template t --labels nope").failed(2);
    home.run("cluster delete c").failed(2);
    home.run("cluster delete c d").failed(2);
    home.run("ca sign c nowhere.csr").failed(2);
    assert_eq!(home.files(), Vec::<String>::new());
}
