//! Nodes in a network that only the bastion is in.

use std::io::{BufRead, BufReader, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Child, ChildStdout};
use std::time::{Duration, Instant};

use serde_json::Value;

use super::rig::Rig;
use crate::cli::Ran;

#[test]
fn nodes_are_reached_over_the_bastion_and_by_no_other_way() {
    let Some(mut rig) = Rig::apart() else { return };
    let seen = rig.args(&["ssh", "prod", "worker-1", "--", "cat", "/sys/class/net/eth0/address"]).ok();
    assert_eq!(seen.out.trim().len(), 17, "{seen:?}");
    let from = rig.args(&["ssh", "prod", "worker-1", "--", "echo $SSH_CONNECTION"]).ok();
    assert!(from.out.starts_with("10.0.0.254 "), "{from:?}");
    let all = rig.args(&["exec", "prod", "--", "echo $SSH_CONNECTION"]).ok();
    assert_eq!(all.out.lines().filter(|line| line.contains("| 10.0.0.254 ")).count(), 3, "{all:?}");

    rig.gate.stop();
    let dead = rig.run("ssh prod worker-1 -- true");
    assert!(dead.code == 255 && dead.err.contains("error: node worker-1 cannot be reached: "), "{dead:?}");
    rig.gate.again();
    rig.run("ssh prod worker-1 -- true").ok();

    rig.settings("");
    let alone = rig.run("ssh prod worker-1 -- true").failed(5);
    assert!(
        alone.err.contains("does not answer on port 22 at 10.0.0.") && alone.err.contains("jeroboam bastion create"),
        "{alone:?}"
    );
}

const SOON: Duration = Duration::from_secs(30);

/// A program that goes on until it is told to end, and what it says.
struct Lasting {
    child: Child,
    said: BufReader<ChildStdout>,
}

impl Lasting {
    fn start(rig: &Rig, args: &[&str]) -> Self {
        let mut child = rig.command(args).spawn().unwrap();
        let said = BufReader::new(child.stdout.take().unwrap());
        Self { child, said }
    }

    fn line(&mut self) -> String {
        let mut line = String::new();
        self.said.read_line(&mut line).unwrap();
        line
    }

    fn until(&mut self, wanted: &str) {
        let mut all = String::new();
        while !all.contains(wanted) {
            let line = self.line();
            assert!(!line.is_empty(), "it ended after {all}");
            all.push_str(&line);
        }
    }

    fn json(&mut self) -> Value {
        let line = self.line();
        serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line}"))
    }

    fn ends(self, signal: &str) -> i32 {
        let pid = self.child.id().to_string();
        assert!(std::process::Command::new("kill").args(["-s", signal, &pid]).status().unwrap().success());
        Ran::from(self.child.wait_with_output().unwrap()).code
    }
}

pub fn until(what: &str, wanted: impl Fn() -> bool) {
    let begun = Instant::now();
    while !wanted() {
        assert!(begun.elapsed() < SOON, "{what}");
        std::thread::yield_now();
    }
}

/// A TLS server at the API's address, with a certificate of the cluster's own authority.
fn api_server(rig: &mut Rig) -> Child {
    let folder = rig.home.path().to_owned();
    let at = |name: &str| folder.join(name).display().to_string();
    let request = [
        "req",
        "-new",
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:P-256",
        "-nodes",
        "-subj",
        "/CN=kube-apiserver",
        "-addext",
        "subjectAltName=DNS:kubernetes.default.svc",
        "-keyout",
        &at("api.key"),
        "-out",
        &at("api.csr"),
    ];
    let made = std::process::Command::new("openssl").args(request).output().unwrap();
    assert!(made.status.success(), "{made:?}");
    let certificate = rig.args(&["ca", "sign", "prod", &at("api.csr")]).ok().out;
    std::fs::write(at("api.pem"), certificate).unwrap();
    std::fs::write(at("ca.pem"), rig.run("ca show prod").ok().out).unwrap();
    let serve = ["s_server", "-accept", "6443", "-cert", &at("api.pem"), "-key", &at("api.key"), "-www"];
    let mut server = rig.node("master-0").1.beside("openssl", &serve);
    let mut said = BufReader::new(server.stdout.take().unwrap());
    let mut line = String::new();
    while !line.contains("ACCEPT") {
        line.clear();
        assert!(said.read_line(&mut line).unwrap() > 0, "openssl s_server ended");
    }
    std::thread::spawn(move || said.lines().map_while(Result::ok).for_each(drop));
    server
}

/// Whether the server behind the port is the cluster's.
fn is_the_api(rig: &Rig, port: &str) -> bool {
    let ca = rig.home.path().join("ca.pem").display().to_string();
    let name = "kubernetes.default.svc";
    let to = format!("127.0.0.1:{port}");
    let ask = [
        "s_client",
        "-connect",
        &to,
        "-servername",
        name,
        "-verify_hostname",
        name,
        "-CAfile",
        &ca,
        "-verify_return_error",
    ];
    rig.here("openssl", &ask).out.contains("Verification: OK")
}

#[test]
fn the_api_is_reached_through_a_tunnel_that_outlives_its_bastion() {
    let Some(mut rig) = Rig::apart() else { return };
    let mut server = api_server(&mut rig);
    let mut tunnel = Lasting::start(&rig, &["tunnel", "prod", "-f", "json"]);
    let up = tunnel.json();
    let (port, file) = (up["port"].to_string(), up["kubeconfig"].as_str().unwrap().to_owned());
    assert_eq!(up["state"], "up");
    assert_eq!(Path::new(&file).metadata().unwrap().permissions().mode() & 0o777, 0o600);
    let text = std::fs::read_to_string(&file).unwrap();
    assert!(text.contains(&format!("server: https://127.0.0.1:{port}")), "{text}");
    assert!(text.contains("tls-server-name: kubernetes.default.svc"), "{text}");
    assert!(is_the_api(&rig, &port));

    rig.gate.stop();
    assert_eq!(tunnel.json()["state"], "down");
    assert!(!is_the_api(&rig, &port));
    rig.gate.again();
    while tunnel.json()["state"] != "up" {}
    assert!(is_the_api(&rig, &port));
    assert_eq!(tunnel.ends("INT"), 0);
    assert!(!Path::new(&file).exists() && !is_the_api(&rig, &port));

    // With a command it lasts as long as that, and ends as that.
    let ran = rig.args(&["tunnel", "prod", "--", "sh", "-c", "echo $KUBECONFIG; cat $KUBECONFIG; exit 4"]);
    assert!(ran.code == 4 && ran.out.contains("tls-server-name"), "{ran:?}");
    assert!(!Path::new(ran.out.lines().next().unwrap()).exists());
    let killed = Lasting::start(&rig, &["tunnel", "prod", "--file", "mine", "--", "sleep", "1000"]);
    let mine = rig.home.path().join("mine");
    until("the kubeconfig is written", || mine.exists());
    assert_eq!(killed.ends("TERM"), 143);
    assert!(!mine.exists());
    // A file of the user's own is left alone.
    std::fs::write(&mine, "mine").unwrap();
    rig.run("tunnel prod --file mine -- true").failed(1);
    assert_eq!(std::fs::read_to_string(&mine).unwrap(), "mine");

    rig.gate.stop();
    rig.run("tunnel prod").failed(5).failed_with("cannot be opened over gate");
    let _ = server.kill();
    let _ = server.wait();
}

#[test]
fn logs_are_followed_and_nothing_stays_behind() {
    let Some(mut rig) = Rig::apart() else { return };
    let console = rig.run("logs prod worker-1").ok();
    assert!(
        console.out.contains("Cloud-init running") && console.out.contains("BEGIN SSH HOST KEY KEYS"),
        "{console:?}"
    );
    assert_eq!(rig.run("logs prod worker-1 --lines 1").ok().out.lines().count(), 1);
    rig.run("logs prod worker-9").failed(3);

    let log = rig.node("worker-1").1.log("cloud-init-output.log");
    std::fs::write(&log, "early\n").unwrap();
    let mut following = Lasting::start(&rig, &["logs", "prod", "worker-1", "--follow"]);
    following.until("early");
    let mut file = std::fs::OpenOptions::new().append(true).open(&log).unwrap();
    file.write_all(b"\x1b[31mred\x1b[0m and late\n").unwrap();
    following.until("red and late");
    // One that is not there yet when it begins.
    std::fs::write(rig.node("worker-1").1.log("jeroboam-node.log"), "reached: joined\n").unwrap();
    following.until("reached: joined");
    assert!(rig.node("worker-1").1.busy() > 0);
    assert_eq!(following.ends("INT"), 0);
    let node = &rig.node("worker-1").1;
    until("the node is left alone", || node.busy() == 0);

    let mut following = Lasting::start(&rig, &["logs", "prod", "worker-1", "--follow"]);
    following.until("reached: joined");
    rig.gate.stop();
    let ended = Ran::from(following.child.wait_with_output().unwrap());
    assert_eq!(ended.code, 5, "{ended:?}");
}
