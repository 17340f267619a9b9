use std::fs;
use std::io;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;
use std::process::Command;

use proptest::prelude::*;
use secrecy::SecretString;
use serde_json::{Value, json};

use super::file::replace;
use super::{Current, Existing, build, default_path, merge, merge_into, write};

const FOREIGN: &str = "\
# mine
apiVersion: v1
kind: Config
preferences: {colors: true}
x-unknown: [1, \"007\", 'yes', ~]
current-context: home
clusters:
- name: home
  cluster: {server: 'https://home:6443', insecure-skip-tls-verify: true, x-own: keep}
users:
- name: me
  user: {token: abc}
contexts:
- context: {cluster: home, user: me, namespace: 'n'}
  name: home
";

fn ours(server: &str) -> String {
    build("prod", "admin", server, "CA", "CERT", &SecretString::from("KEY")).unwrap()
}

fn parsed(text: &str) -> Value {
    serde_saphyr::from_str(text).unwrap()
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

fn left_over(folder: &Path) -> usize {
    fs::read_dir(folder).unwrap().count()
}

#[test]
fn a_new_one_has_agreed_names() {
    insta::assert_snapshot!(ours("https://1.2.3.4:6443"), @r"
    apiVersion: v1
    kind: Config
    clusters:
    - name: prod
      cluster:
        server: https://1.2.3.4:6443
        certificate-authority-data: Q0E=
    users:
    - name: prod-admin
      user:
        client-certificate-data: Q0VSVA==
        client-key-data: S0VZ
    contexts:
    - name: prod
      context:
        cluster: prod
        user: prod-admin
    current-context: prod
    ");
}

#[test]
fn kubectl_reads_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("config");
    fs::write(&path, FOREIGN).unwrap();
    merge_into(&path, &ours("https://1.2.3.4:6443"), Current::Switch).unwrap();
    let asked = Command::new("kubectl")
        .args(["config", "view", "--raw", "-o", "json", "--kubeconfig"])
        .arg(&path)
        .env("HOME", folder.path())
        .output();
    let Ok(output) = asked else {
        eprintln!("SKIPPED: there is no kubectl here");
        return;
    };
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let view: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(view["current-context"], "prod");
    // YAML 1.1, which kubectl reads, takes a bare n for false.
    assert_eq!(view["contexts"][0]["context"]["namespace"], "n");
    assert_eq!(view["users"][1]["user"]["client-key-data"], "S0VZ");
    assert_eq!(view["clusters"][0]["cluster"]["server"], "https://home:6443");
}

#[test]
fn merging_keeps_what_is_not_ours() {
    let merged = merge(FOREIGN, &ours("https://1.2.3.4:6443"), Current::Keep).unwrap();
    assert_eq!(merged.replaced, Vec::<String>::new());
    let (before, after) = (parsed(FOREIGN), parsed(&merged.text));
    for field in ["preferences", "x-unknown", "current-context", "kind"] {
        assert_eq!(before[field], after[field], "{field}");
    }
    for section in ["clusters", "users", "contexts"] {
        assert_eq!(before[section][0], after[section][0]);
        assert_eq!(parsed(&ours("https://1.2.3.4:6443"))[section][0], after[section][1]);
    }
    let switched = merge(FOREIGN, &ours("https://1.2.3.4:6443"), Current::Switch).unwrap();
    assert_eq!(parsed(&switched.text)["current-context"], "prod");
}

#[test]
fn merging_again_replaces_and_says_so() {
    let first = merge(FOREIGN, &ours("https://1.2.3.4:6443"), Current::Keep).unwrap().text;
    let again = merge(&first, &ours("https://1.2.3.4:6443"), Current::Keep).unwrap();
    assert_eq!((again.text.as_str(), again.replaced.len()), (first.as_str(), 0));

    let own_namespace = first.replace("    user: prod-admin\n", "    user: prod-admin\n    namespace: mine\n");
    assert_ne!(own_namespace, first);
    let moved = merge(&own_namespace, &ours("https://5.6.7.8:6443"), Current::Keep).unwrap();
    assert_eq!(moved.replaced, ["cluster \"prod\""]);
    let after = parsed(&moved.text);
    assert_eq!(after["clusters"].as_array().unwrap().len(), 2);
    assert_eq!(after["clusters"][1]["cluster"]["server"], "https://5.6.7.8:6443");
    assert_eq!(after["contexts"][1]["context"]["namespace"], "mine");
}

#[test]
fn doubles_of_our_name_go() {
    let twice = "users: [{name: prod-admin, user: {token: a}}, {name: x}, {name: prod-admin, user: {token: b}}]";
    let after = parsed(&merge(twice, &ours("https://1.2.3.4:6443"), Current::Keep).unwrap().text);
    let names: Vec<&Value> = after["users"].as_array().unwrap().iter().map(|user| &user["name"]).collect();
    assert_eq!(names, [&json!("prod-admin"), &json!("x")]);
}

#[test]
fn an_empty_file_takes_it_whole() {
    for empty in ["", "  \n", "# nothing\n", "{}", "clusters: null\ncurrent-context: ''\n", "---\n"] {
        let after = parsed(&merge(empty, &ours("https://1.2.3.4:6443"), Current::Keep).unwrap().text);
        assert_eq!(after["current-context"], "prod", "{empty:?}");
        assert_eq!(after["kind"], "Config", "{empty:?}");
        assert_eq!(after["clusters"][0]["name"], "prod", "{empty:?}");
    }
}

#[test]
fn what_is_no_kubeconfig_is_refused_without_quoting_it() {
    for bad in [
        "users: [{name: a, user: {token: SECRET}}\nx",
        "- SECRET",
        "SECRET",
        "clusters: SECRET",
        "users: [{user: {token: SECRET}}]",
        "kind: Secret",
        "apiVersion: v2",
        "a: SECRET\n---\nb: SECRET",
        "a: &x [SECRET]\nb: *y",
        "users: [SECRET]",
    ] {
        let problem = merge(bad, &ours("https://1.2.3.4:6443"), Current::Keep).err().unwrap_or_else(|| panic!("{bad}"));
        assert!(problem.summary.starts_with("this is not a kubeconfig: "), "{problem}");
        assert!(!problem.to_string().contains("SECRET"), "{problem}");
    }
}

#[test]
fn files_are_private_and_refuse_or_replace() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("config");
    assert_eq!(write(&path, "one", Existing::Refuse).unwrap(), path);
    assert_eq!(mode(&path), 0o600);
    assert!(write(&path, "two", Existing::Refuse).unwrap_err().summary.contains("exists already"));
    assert_eq!(fs::read_to_string(&path).unwrap(), "one");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
    write(&path, "two", Existing::Replace).unwrap();
    assert_eq!((fs::read_to_string(&path).unwrap().as_str(), mode(&path)), ("two", 0o600));
    assert_eq!(left_over(folder.path()), 1);
}

#[test]
fn a_full_disk_leaves_the_old_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("config");
    fs::write(&path, "old").unwrap();
    let full = |file: &mut fs::File| {
        io::Write::write_all(file, b"ne")?;
        Err(io::Error::from(io::ErrorKind::StorageFull))
    };
    let problem = replace(&path, Existing::Replace, full).unwrap_err();
    assert!(problem.summary.contains("the disk is full"), "{problem}");
    assert_eq!(fs::read_to_string(&path).unwrap(), "old");
    assert_eq!(left_over(folder.path()), 1);
}

#[test]
fn links_stay_links() {
    let folder = tempfile::tempdir().unwrap();
    let (real, link) = (folder.path().join("real"), folder.path().join("link"));
    symlink("real", &link).unwrap();
    // Dangling first, then with something behind it.
    for text in ["one", "two"] {
        assert_eq!(write(&link, text, Existing::Replace).unwrap(), real);
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
        assert_eq!(fs::read_to_string(&real).unwrap(), text);
    }
    let round = folder.path().join("round");
    symlink("round", &round).unwrap();
    assert!(write(&round, "x", Existing::Replace).unwrap_err().summary.contains("circle"));
}

#[test]
fn wrong_places_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let said = |path: &Path| write(path, "x", Existing::Replace).unwrap_err().summary;
    assert!(said(folder.path()).contains("is a directory"));
    assert!(said(&folder.path().join("no/such")).contains("there is no directory"));
    assert!(said(Path::new("/dev/null")).contains("not a regular file"));
    let file = folder.path().join("file");
    fs::write(&file, "").unwrap();
    assert!(said(&file.join("below")).contains("not a directory"));
    assert!(merge_into(Path::new("/dev/null"), &ours("https://x"), Current::Keep).is_err());
}

#[test]
fn merging_makes_the_directory_and_respects_the_lock() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(".kube/config");
    let outcome = merge_into(&path, &ours("https://1.2.3.4:6443"), Current::Keep).unwrap();
    assert_eq!((outcome.path.as_path(), mode(&path)), (path.as_path(), 0o600));
    assert_eq!(mode(path.parent().unwrap()), 0o700);
    assert_eq!(left_over(path.parent().unwrap()), 1);

    let lock = folder.path().join(".kube/config.lock");
    fs::write(&lock, "").unwrap();
    let problem = merge_into(&path, &ours("https://5.6.7.8:6443"), Current::Keep).unwrap_err();
    assert!(problem.summary.contains("another program"), "{problem}");
    assert!(lock.exists());
}

#[test]
fn a_broken_file_stays_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("config");
    for content in [b"users: [".as_slice(), b"\xff\xfe\x00"] {
        fs::write(&path, content).unwrap();
        let problem = merge_into(&path, &ours("https://x"), Current::Keep).unwrap_err();
        assert!(problem.summary.contains("config"), "{problem}");
        assert_eq!(fs::read(&path).unwrap(), content);
        assert_eq!(left_over(folder.path()), 1);
    }
}

#[test]
fn kubectls_choice_of_file() {
    let home = || Some("/home/u".into());
    assert_eq!(default_path(None, home()).unwrap(), Path::new("/home/u/.kube/config"));
    assert_eq!(default_path(Some(":/a:/b".into()), home()).unwrap(), Path::new("/a"));
    assert_eq!(default_path(Some("".into()), home()).unwrap(), Path::new("/home/u/.kube/config"));
    assert_eq!(default_path(None, None), None);
}

proptest! {
    /// What kubectl would read as text stays text through our YAML, whatever it looks like.
    #[test]
    fn strings_survive(word in "\\PC{0,20}|[0-9eExo_.+-]{1,8}|yes|no|on|off|y|n|null|~|true|=|<<") {
        let existing = json!({ "users": [{ "name": word, "user": { "token": word, "x": { word.clone(): [word] } } }] });
        let after = parsed(&merge(&existing.to_string(), &ours("https://1.2.3.4:6443"), Current::Keep).unwrap().text);
        prop_assert_eq!(&after["users"][0], &existing["users"][0]);
    }

    #[test]
    fn any_text_is_taken_or_refused(text in ".{0,200}") {
        let _ = merge(&text, &ours("https://1.2.3.4:6443"), Current::Keep);
    }
}
