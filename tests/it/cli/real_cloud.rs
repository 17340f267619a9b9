//! On the cloud that `OS_CLOUD` names: logs in, asks, is refused, and makes nothing.

use super::{Home, Ran};

fn run(home: &Home, line: &str) -> Ran {
    let mut command = home.command(line);
    for (name, value) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("OS_")) {
        command.env(name, value);
    }
    Ran::from(command.output().unwrap())
}

#[test]
#[ignore = "needs a cloud: OS_CLOUD"]
fn a_refused_template_is_told_whole() {
    let home = Home::new();
    assert_eq!(run(&home, "template list -f json").ok().json(), serde_json::json!([]));
    let ran = run(&home, "template create t --image no-such --external-network no-such --flavor no-such").failed(1);
    for flag in ["--image", "--external-network"] {
        assert!(ran.err.contains(&format!("error: {flag}: ")), "{}", ran.err);
    }
    assert_eq!(run(&home, "template list -f json").ok().json(), serde_json::json!([]));
    run(&home, "template show t").failed(3);
    run(&home, "--os-region-name no-such template list").failed(2);
}
