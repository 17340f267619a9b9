//! Wrong configuration and clouds that do not answer: a clear message, the right code, nothing made.

use std::process::Stdio;

use super::Home;

pub fn cloud(auth_url: &str) -> String {
    format!(
        "clouds:\n  here:\n    auth:\n      auth_url: {auth_url}\n      username: u\n      password: pass-word-1\n      project_name: p\n"
    )
}

#[test]
fn no_cloud_at_all() {
    let home = Home::new();
    let ran = home.run("cluster list").failed(2);
    assert!(ran.err.contains("clouds.yaml"), "{}", ran.err);
    assert_eq!(home.files(), Vec::<String>::new());
}

#[test]
fn an_unknown_cloud_is_told_with_those_there_are() {
    let home = Home::new();
    let ran = home.clouds(&cloud("http://127.0.0.1:1/v3")).run("--os-cloud elsewhere cluster list").failed(2);
    assert!(ran.err.contains("elsewhere") && ran.err.contains("here"), "{}", ran.err);
}

#[test]
fn a_broken_clouds_yaml_is_named_with_its_line() {
    let home = Home::new();
    let ran = home.clouds("clouds:\n  here:\n   auth: {password: pass-word-1\n  x").run("cluster list").failed(2);
    assert!(ran.err.contains("clouds.yaml") && ran.err.contains("line"), "{}", ran.err);
    assert!(!ran.err.contains("pass-word-1"), "{}", ran.err);
}

#[test]
fn a_missing_password_is_not_asked_for_without_a_terminal() {
    let home = Home::new();
    let ran = home.clouds(&cloud("http://127.0.0.1:1/v3").replace("password", "#")).run("cluster list").failed(2);
    assert!(ran.err.contains("password is missing"), "{}", ran.err);
}

#[test]
fn a_keystone_that_cannot_be_reached_is_5() {
    let home = Home::new();
    let ran = home.clouds(&cloud("http://127.0.0.1:1/v3")).run("cluster list -f json").failed(5);
    assert!(ran.err.contains("127.0.0.1:1"), "{}", ran.err);
    let logs = home.files().into_iter().filter(|file| file.ends_with(".log"));
    for log in logs {
        let text = std::fs::read_to_string(home.path().join(log)).unwrap();
        assert!(!text.contains("pass-word-1"));
    }
}

#[test]
fn settings_with_a_mistake_are_named() {
    let home = Home::new();
    let directory = home.path().join(".config/jeroboam");
    std::fs::create_dir_all(&directory).unwrap();
    std::fs::write(directory.join("config.toml"), "theme = 'default'\ncolour = 1\n").unwrap();
    let ran = home.clouds(&cloud("http://127.0.0.1:1/v3")).run("cluster list").failed(2);
    assert!(ran.err.contains("config.toml, line 2") && ran.err.contains("colour"), "{}", ran.err);
}

#[test]
fn a_wrong_log_level_is_told() {
    let home = Home::new();
    home.clouds(&cloud("http://127.0.0.1:1/v3"));
    let output = home.command("cluster list").env("JEROBOAM_LOG", "a=b=c").output().unwrap();
    let ran = super::Ran::from(output).failed(2);
    assert!(ran.err.contains("JEROBOAM_LOG"), "{}", ran.err);
}

#[test]
fn a_reader_that_goes_away_is_no_error() {
    let home = Home::new();
    let mut child = home.command("--help").stdout(Stdio::piped()).spawn().unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!((output.status.code(), output.stderr.len()), (Some(0), 0), "{output:?}");
}
