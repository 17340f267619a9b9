//! The whole story on the embedded cloud, each step by a process of its own, as a
//! script would do it.

use std::io::{BufRead, BufReader};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use jeroboam::cloud::Cloud;
use jeroboam::config::clouds::{self, Selection};
use serde_json::Value;

use super::{Home, Ran};
use crate::support::pty::Terminal;

/// The embedded cloud as a process of its own, and a home whose clouds.yaml is the cloud's.
struct Demo {
    home: Home,
    child: Child,
    clouds_yaml: PathBuf,
}

impl Demo {
    fn start() -> Self {
        let home = Home::new();
        let mut child =
            home.command("demo --cloud-only --speed 20 -f json").env("TMPDIR", home.path()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
        let said: Value = serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line}"));
        let clouds_yaml = PathBuf::from(said["clouds_yaml"].as_str().unwrap());
        assert!(clouds_yaml.is_file(), "{line}");
        Self { home, child, clouds_yaml }
    }

    fn command(&self, line: &str) -> Command {
        let mut command = self.home.command(line);
        command.env("OS_CLIENT_CONFIG_FILE", &self.clouds_yaml).env("OS_CLOUD", "demo");
        command
    }

    fn run(&self, line: &str) -> Ran {
        Ran::from(self.command(line).output().unwrap())
    }

    fn json(&self, line: &str) -> Value {
        self.run(&format!("{line} -f json")).ok().json()
    }

    fn template(&self) -> &Self {
        self.run(&format!(
            "template create k8s {WANTED} --flavor m1.medium --master-flavor m1.medium --floating-ip-disabled"
        ))
        .ok();
        self
    }

    fn cloud(&self) -> Cloud {
        let mut selection = Selection::default();
        selection.env.insert("OS_CLIENT_CONFIG_FILE".into(), self.clouds_yaml.display().to_string());
        selection.env.insert("OS_CLOUD".into(), "demo".into());
        let config = clouds::load(&selection).unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(jeroboam::openstack::connect(&config)).unwrap()
    }

    /// Stacks of ours in the cloud.
    fn stacks(&self) -> usize {
        let cloud = self.cloud();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(cloud.orchestration.stacks_by_tag("jeroboam")).unwrap().len()
    }

    fn nothing_was_made(&self) {
        assert_eq!(self.json("template list"), serde_json::json!([]));
        assert_eq!(self.json("cluster list"), serde_json::json!([]));
        assert_eq!(self.stacks(), 0);
    }
}

impl Drop for Demo {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

const WANTED: &str = "--image ubuntu-24.04-kube-v1.33.4 --external-network public";

#[test]
fn labels_are_looked_at_when_a_template_is_made_or_changed() {
    let demo = Demo::start();
    let line = format!("template create k8s {WANTED} --flavor m1.medium --master-flavor m1.medium");
    let made = demo.run(&format!("{line} --labels flanel_backend=vxlan,kube_dashboard_enabled=true")).ok();
    for told in [
        "warning: label flanel_backend is not known, and nothing reads it. Is flannel_backend meant?",
        "warning: label kube_dashboard_enabled has no effect: driver k8s_ubuntu_kubeadm does not read it",
    ] {
        assert!(made.err.contains(told), "{}", made.err);
    }
    let refused = demo.run("template update k8s add labels/etcd_volume_size=many").failed(1);
    assert!(
        refused.err.contains("label etcd_volume_size cannot be \"many\"; it takes a whole number"),
        "{}",
        refused.err
    );
    let changed = demo.run("template update k8s add labels/calico_tga=v3").ok();
    assert!(changed.err.contains("Is calico_tag meant?"), "{}", changed.err);
    demo.run("cluster create c --cluster-template k8s --labels flannel_backend=host-gw --merge-labels").ok();
    let origins = demo.json("cluster show c --labels");
    let of = |name: &str| origins.as_array().unwrap().iter().find(|one| one["name"] == name).unwrap().clone();
    assert_eq!(
        (&of("flannel_backend")["origin"], &of("calico_tga")["origin"]),
        (&"cluster".into(), &"template".into())
    );
    assert_eq!((&of("verify_ca")["origin"], &of("calico_tga")["read"]), (&"driver_default".into(), &false.into()));
    assert_eq!(demo.json("cluster show c")["time_outs"][0]["of"], "create");
}

#[test]
fn from_template_to_kubeconfig_and_back() {
    let demo = Demo::start();
    let template = demo.json(&format!(
        "template create k8s {WANTED} --flavor m1.medium --master-flavor m1.medium --keypair demo-key --labels a=1,b=2"
    ));
    assert_eq!((&template["name"], &template["labels"]["b"]), (&"k8s".into(), &"2".into()));
    assert_eq!(demo.json("template list")[0]["uuid"], template["uuid"]);

    let created = demo.run("cluster create prod --cluster-template k8s --node-count 2 --wait -f json").ok();
    let cluster = created.json();
    assert_eq!(cluster["status"], "CREATE_COMPLETE", "{cluster:#}");
    assert!(cluster["api_address"].as_str().unwrap().starts_with("https://"), "{cluster:#}");
    assert_eq!(cluster["node_addresses"].as_array().unwrap().len(), 2);
    assert!(created.err.contains("prod: CREATE_IN_PROGRESS, "), "{}", created.err);
    assert_eq!(demo.stacks(), 1);

    assert_eq!(demo.json("cluster list")[0]["uuid"], cluster["uuid"]);
    assert_eq!(demo.json(&format!("cluster show {}", cluster["uuid"].as_str().unwrap())), cluster);
    let listed = demo.run("cluster list").ok().out;
    assert!(
        listed.lines().nth(1).unwrap().contains("prod  demo-key  2           1             CREATE_COMPLETE"),
        "{listed}"
    );
    let events = demo.json("cluster events prod");
    let events = events.as_array().unwrap();
    assert!(events.len() > 10, "{events:#?}");
    assert_eq!(events.last().unwrap()["status"], "CREATE_COMPLETE");
    let refused = demo.run("template delete k8s").failed(1);
    assert!(refused.err.contains("prod"), "{}", refused.err);
    let refused = demo.run("cluster create prod --cluster-template k8s").failed(1);
    assert!(refused.err.starts_with("error: NAME: "), "{}", refused.err);

    kubeconfigs(&demo);

    let gone = demo.run("cluster delete prod --yes --wait").ok();
    assert!(gone.err.ends_with("Cluster prod is deleted\n"), "{}", gone.err);
    demo.run("template delete k8s").ok();
    demo.nothing_was_made();
    for line in [
        "cluster show prod",
        "cluster events prod",
        "cluster delete prod --yes",
        "kubeconfig prod",
        "template show k8s",
    ] {
        demo.run(line).failed(3);
    }
}

fn kubeconfigs(demo: &Demo) {
    let config = demo.home.path().join("config");
    let written = demo.run("kubeconfig prod").ok();
    assert_eq!(written.out, format!("export KUBECONFIG={}\n", config.display()));
    assert_eq!(config.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    demo.run("kubeconfig prod").failed(1);
    demo.run("kubeconfig prod --force").ok();
    assert!(demo.run("kubeconfig prod --file no/such/file").failed(1).err.contains("there is no directory"));

    let merged = demo.run("kubeconfig prod --merge").ok();
    assert!(merged.err.contains(".kube/config"), "{}", merged.err);
    assert_eq!(demo.home.path().join(".kube").metadata().unwrap().permissions().mode() & 0o777, 0o700);

    let text = demo.run("kubeconfig prod --stdout").ok().out;
    let whole: Value = serde_saphyr::from_str(&text).unwrap();
    verifies(demo.home.path(), &whole);
    full_disk(demo);
}

/// openssl and kubectl are the judges, where there are any.
fn verifies(folder: &Path, whole: &Value) {
    use base64::Engine;
    let decoded = |value: &Value| base64::engine::general_purpose::STANDARD.decode(value.as_str().unwrap()).unwrap();
    let (ca, certificate) = (folder.join("ca.pem"), folder.join("client.pem"));
    std::fs::write(&ca, decoded(&whole["clusters"][0]["cluster"]["certificate-authority-data"])).unwrap();
    std::fs::write(&certificate, decoded(&whole["users"][0]["user"]["client-certificate-data"])).unwrap();
    match Command::new("openssl").args(["verify", "-purpose", "sslclient", "-CAfile"]).arg(ca).arg(certificate).output()
    {
        Ok(output) => assert!(output.status.success(), "{output:?}"),
        Err(_) => eprintln!("SKIPPED: there is no openssl here"),
    }
    let kubectl = Command::new("kubectl")
        .args(["config", "view", "-o", "jsonpath={.current-context}"])
        .env("HOME", folder)
        .env_remove("KUBECONFIG")
        .output();
    match kubectl {
        Ok(output) => assert_eq!(String::from_utf8_lossy(&output.stdout), "prod", "{output:?}"),
        Err(_) => eprintln!("SKIPPED: there is no kubectl here"),
    }
}

/// A disk of one page in a mount namespace of its own; where that is forbidden, the test of the
/// kube module with an error made by hand has to do.
fn full_disk(demo: &Demo) {
    let small = demo.home.path().join("small");
    std::fs::create_dir(&small).unwrap();
    let script = r#"mount -t tmpfs -o size=4k none small && echo old > small/config || exit 99
        "$0" kubeconfig prod --file small/config --force; code=$?
        [ "$(cat small/config)" = old ] && [ "$(ls -A small)" = config ] && exit $code"#;
    let mut command = Command::new("unshare");
    command.args(["--map-root-user", "--mount", "sh", "-c", script, env!("CARGO_BIN_EXE_jeroboam")]);
    command.env_clear().envs(demo.command("").get_envs().filter_map(|(name, value)| Some((name, value?))));
    command.current_dir(demo.home.path());
    match command.output() {
        Ok(output) if output.status.code() != Some(99) && !output.stderr.starts_with(b"unshare") => {
            let ran = Ran::from(output).failed(1);
            assert!(ran.err.contains("the disk is full"), "{}", ran.err);
        }
        other => eprintln!("SKIPPED: no disk could be made small here: {other:?}"),
    }
}

#[test]
fn what_is_not_waited_for_is_left_to_the_next() {
    let demo = Demo::start();
    demo.template();
    let wish = demo.run("cluster create later --cluster-template k8s -f json").ok();
    assert_eq!(wish.json()["status"], "CREATE_IN_PROGRESS");
    assert!(wish.err.contains("cluster show"), "{}", wish.err);
    assert_eq!(demo.stacks(), 0, "a command that does not wait does no work");

    let ready = demo.json("cluster show later --wait");
    assert_eq!((&ready["status"], &ready["uuid"]), (&"CREATE_COMPLETE".into(), &wish.json()["uuid"]));

    // One process works for all: the follower's wish is carried out by it, and it says so.
    let mut working = demo.command("cluster events later --follow").spawn().unwrap();
    let mut first = String::new();
    BufReader::new(working.stdout.as_mut().unwrap()).read_line(&mut first).unwrap();
    let followed = demo.run("cluster create second --cluster-template k8s --wait").ok();
    assert!(followed.err.contains("does the work"), "{}", followed.err);
    demo.run("cluster delete second --yes --wait").ok();
    demo.run("cluster delete later --yes").ok();
    assert!(working.wait().unwrap().success(), "it ends when its cluster is gone");
    demo.run("template delete k8s").ok();
    demo.nothing_was_made();
}

#[test]
fn an_interrupted_wait_loses_nothing() {
    let demo = Demo::start();
    demo.template();
    let mut waiting = demo.command("cluster create prod --cluster-template k8s --wait").spawn().unwrap();
    let mut said = BufReader::new(waiting.stderr.take().unwrap()).lines().map(Result::unwrap);
    assert!(said.any(|line| line.starts_with("prod: CREATE_IN_PROGRESS, ")), "{waiting:?}");
    let pid = waiting.id().to_string();
    assert!(Command::new("kill").args(["-s", "INT", &pid]).status().unwrap().success());
    let rest: Vec<String> = said.collect();
    assert!(rest.iter().any(|line| line.starts_with("Interrupted. Nothing is lost")), "{rest:?}");
    assert_eq!(waiting.wait().unwrap().code(), Some(130));
    assert_eq!(demo.json("cluster show prod --wait")["status"], "CREATE_COMPLETE");
    assert_eq!(demo.stacks(), 1);
}

#[test]
fn a_failure_is_told_with_where_it_began() {
    let demo = Demo::start();
    demo.template();
    let ran = demo.run("cluster create broken --cluster-template k8s --flavor demo.broken --wait -f json");
    assert_eq!((ran.code, &ran.json()["status"]), (1, &"CREATE_FAILED".into()), "{ran:#?}");
    assert!(
        ran.err.contains("error: cluster \"broken\" ended in CREATE_FAILED: workers.0.nodes.0.server: "),
        "{}",
        ran.err
    );
    assert!(ran.err.contains("\n  It began at workers.0.nodes.0.server (OS::Nova::Server"), "{}", ran.err);
    demo.run("kubeconfig broken").failed(1);
    demo.run("cluster delete broken --yes --wait").ok();
}

#[test]
fn a_delete_asks_for_the_name_on_a_terminal() {
    let demo = Demo::start();
    demo.template();
    demo.run("cluster create prod --cluster-template k8s").ok();
    let variables = [("OS_CLIENT_CONFIG_FILE", demo.clouds_yaml.to_str().unwrap()), ("OS_CLOUD", "demo")];
    let start = || Terminal::start(&["cluster", "delete", "prod"], &variables, demo.home.path(), (100, 24));
    let mut terminal = start();
    terminal.sees("1 master and 1 worker").sees("Type its name to confirm: ").keys("prof\r");
    terminal.sees("nothing was deleted");
    assert_eq!(terminal.ends(), 1);
    assert_eq!(demo.json("cluster show prod")["status"], "CREATE_IN_PROGRESS");
    let mut terminal = start();
    terminal.sees("Type its name to confirm: ").keys("prod\r").sees("is accepted");
    assert_eq!(terminal.ends(), 0);
    assert_eq!(demo.json("cluster show prod")["status"], "DELETE_IN_PROGRESS");
}

#[test]
fn several_deletes_ask_for_each_name() {
    let demo = Demo::start();
    demo.template();
    for name in ["east", "west"] {
        demo.run(&format!("cluster create {name} --cluster-template k8s")).ok();
    }
    let variables = [("OS_CLIENT_CONFIG_FILE", demo.clouds_yaml.to_str().unwrap()), ("OS_CLOUD", "demo")];
    let words = ["cluster", "delete", "east", "west"];
    let mut terminal = Terminal::start(&words, &variables, demo.home.path(), (100, 24));
    terminal.sees("Cluster east").keys("east\r").sees("Cluster west").keys("east\r").sees("nothing was deleted");
    assert_eq!(terminal.ends(), 1);
    for name in ["east", "west"] {
        assert_eq!(demo.json(&format!("cluster show {name}"))["status"], "CREATE_IN_PROGRESS");
    }
}

#[test]
fn several_are_deleted_at_once() {
    let demo = Demo::start();
    demo.template();
    demo.run(&format!("template create spare {WANTED} --flavor m1.medium --master-flavor m1.medium")).ok();
    demo.run("cluster create east --cluster-template k8s --node-count 2 --wait").ok();
    demo.run("cluster create west --cluster-template k8s").ok();
    assert_eq!(demo.json("stats"), serde_json::json!({ "clusters": 2, "nodes": 5, "cluster_quota": null }));

    demo.run("cluster delete east nope west --yes --wait").failed(3);
    demo.run("template delete spare nope").failed(3);
    assert_eq!(demo.json("cluster list").as_array().unwrap().len(), 2, "nothing is deleted while one is unknown");
    let partly = demo.run("template delete k8s spare");
    assert_eq!(partly.code, 1, "{partly:#?}");
    assert!(partly.err.contains("error: cluster template \"k8s\"") && partly.err.contains("template spare ("));

    let gone = demo.run("cluster delete east west --yes --wait").ok();
    for name in ["east", "west"] {
        assert!(gone.err.contains(&format!("Cluster {name} is deleted\n")), "{}", gone.err);
    }
    demo.run("template delete k8s").ok();
    demo.nothing_was_made();
}

#[test]
fn a_request_made_elsewhere_is_signed() {
    let demo = Demo::start();
    demo.template();
    demo.run("cluster create prod --cluster-template k8s").ok();
    demo.run("ca show nope").failed(3);
    let told = demo.json("ca show prod");
    assert_eq!((&told["subject"], &told["key_type"]), (&"CN=prod".into(), &"ECDSA P-256".into()));
    let authority = demo.run("ca show prod").ok().out;
    assert_eq!(told["pem"], authority);

    let file = |name: &str| demo.home.path().join(name);
    std::fs::write(file("bad.csr"), "no request").unwrap();
    let refused = demo.run("ca sign prod bad.csr").failed(1);
    assert!(refused.err.contains("certificate signing request is refused"), "{}", refused.err);

    let openssl = |line: &str| Command::new("openssl").args(line.split(' ')).current_dir(demo.home.path()).output();
    let made = openssl("req -new -newkey rsa:2048 -nodes -keyout jane.key -subj /O=developers/CN=jane -out jane.csr");
    let Ok(made) = made else { return eprintln!("SKIPPED: there is no openssl here") };
    assert!(made.status.success(), "{made:?}");
    demo.run("ca sign nope jane.csr").failed(3);
    let certificate = demo.run("ca sign prod jane.csr").ok().out;
    std::fs::write(file("ca.pem"), authority).unwrap();
    std::fs::write(file("jane.pem"), &certificate).unwrap();
    let verified = openssl("verify -x509_strict -purpose sslclient -CAfile ca.pem jane.pem").unwrap();
    assert!(verified.status.success(), "{verified:?}");

    let mut piped = demo.command("ca sign prod - -f json");
    piped.stdin(std::fs::File::open(file("jane.csr")).unwrap());
    let again = Ran::from(piped.output().unwrap()).ok().json();
    assert!(again["pem"].as_str().unwrap().starts_with("-----BEGIN CERTIFICATE-----"), "{again}");
    assert_ne!(again["pem"], certificate, "each has a serial number of its own");
}

#[test]
fn bad_wishes_are_told_whole_and_make_nothing() {
    let demo = Demo::start();
    let all = format!(
        "template create {} --image debian-12-plain --external-network private --flavor nope --dns-nameserver x",
        "n".repeat(300)
    );
    let ran = demo.run(&all).failed(1);
    for flag in ["NAME: ", "--dns-nameserver: "] {
        assert!(ran.err.contains(&format!("error: {flag}")), "{flag}: {}", ran.err);
    }
    let ran = demo.run("template create t --image debian-12-plain --external-network private --flavor nope").failed(1);
    for flag in ["--image: ", "--external-network: "] {
        assert!(ran.err.contains(&format!("error: {flag}")), "{flag}: {}", ran.err);
    }
    let mut hostile = demo.command(&format!("template create {WANTED}"));
    let ran = Ran::from(hostile.arg("a\u{1b}[2Jb").output().unwrap()).failed(1);
    assert!(ran.err.contains("control character") && !ran.err.contains('\u{1b}'), "{:?}", ran.err);
    demo.nothing_was_made();

    demo.template();
    for (line, flag) in [
        (format!("cluster create {} --cluster-template k8s", "c".repeat(300)), "NAME"),
        ("cluster create 1st --cluster-template k8s".into(), "NAME"),
        ("cluster create c --cluster-template nope".into(), "--cluster-template"),
        ("cluster create c --cluster-template k8s --master-count 2".into(), "--master-count"),
        ("cluster create c --cluster-template k8s --keypair nope".into(), "--keypair"),
        ("cluster create c --cluster-template k8s --flavor nope".into(), "--flavor"),
    ] {
        let ran = demo.run(&line);
        assert!(ran.code == 1 || ran.code == 3, "{line}: {ran:#?}");
        assert!(ran.err.contains(&format!("error: {flag}: ")), "{line}: {}", ran.err);
    }
    demo.run("template delete k8s").ok();
    demo.nothing_was_made();
}

#[test]
fn a_wrong_password_is_4() {
    let demo = Demo::start();
    let text = std::fs::read_to_string(&demo.clouds_yaml).unwrap();
    let wrong: String = text
        .lines()
        .map(|line| match line.split_once("password:") {
            Some((before, _)) => format!("{before}password: wrong-pass-word\n"),
            None => format!("{line}\n"),
        })
        .collect();
    demo.home.clouds(&wrong);
    let ran = demo.home.run("--os-cloud demo cluster list").failed(4);
    assert!(!ran.err.contains("wrong-pass-word"), "{}", ran.err);
}

/// Left by key or by signal, no file is left anywhere, and the user's own cloud was not looked for.
#[test]
fn a_demo_leaves_nothing_behind() {
    for how in ["q", "TERM"] {
        let home = Home::new();
        let variables = [("TMPDIR", home.path().to_str().unwrap()), ("OS_CLOUD", "unknown")];
        let mut terminal = Terminal::start(&["demo"], &variables, home.path(), (120, 40));
        terminal.sees("demo ▸ demo ▸ RegionOne");
        match how {
            "q" => drop(terminal.keys("q")),
            signal => terminal.signal(signal),
        }
        assert_eq!((terminal.ends(), home.files()), (0, Vec::new()), "{how}: {}", terminal.screen());
    }
}

#[test]
fn the_cloud_ends_with_its_process() {
    let mut demo = Demo::start();
    let pid = demo.child.id().to_string();
    assert!(Command::new("kill").args(["-s", "INT", &pid]).status().unwrap().success());
    assert!(demo.child.wait().unwrap().success());
    assert!(!demo.clouds_yaml.exists());
    demo.home.clouds("{}");
    let mut later = demo.command("cluster list");
    later.stdin(Stdio::null());
    assert_eq!(later.output().unwrap().status.code(), Some(2));
}

#[test]
fn an_image_is_described_and_another_imported() {
    let demo = Demo::start();
    let image = demo.json("image set debian-12-plain --os-distro debian --os-version 12");
    assert_eq!((image["os_distro"].as_str(), image["os_version"].as_str()), (Some("debian"), Some("12")));
    let url = "https://images.example.org/a.qcow2";
    let made = demo.json(&format!("image import ubuntu-24.04-kube-v1.34.1 --url {url} --min-disk 20 --wait"));
    assert_eq!((made["status"].as_str(), made["kube_version"].as_str()), (Some("active"), Some("v1.34.1")));
    let listed = demo.json("image list");
    let fit =
        |name: &str| listed.as_array().unwrap().iter().find(|image| image["name"] == name).unwrap()["fitness"].clone();
    assert_eq!(fit("debian-12-plain"), "is debian, for which there is no driver");
    assert_eq!(fit("ubuntu-24.04-kube-v1.34.1"), "for every node");
    let ran = demo.run("image import x --os-distro ubuntu --url https://images.invalid/x.qcow2 --wait");
    assert!(ran.code == 1 && ran.err.contains("could not fetch image x"), "{}", ran.err);
    let ran = demo.run("image import x --os-distro ubuntu --url https://me:secret@example.org/x.qcow2");
    assert!(ran.code == 1 && ran.err.contains("--url") && !ran.err.contains("secret"), "{}", ran.err);
    let usage = demo.json("quota usage");
    assert!(usage.as_array().unwrap().iter().any(|one| one["item"] == "cores" && one["limit"].is_u64()), "{usage}");
}
