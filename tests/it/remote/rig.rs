//! A cluster of the embedded cloud whose nodes are sshds of this machine, behind an sshd that is
//! the bastion.
//!
//! On loopback they have ports of their own, which an ssh_config leads the nodes' addresses to: that
//! needs no rights. In network namespaces they have the nodes' own addresses, in a network that
//! only the bastion is in: that needs root.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};

use jeroboam::model::Machine;
use serde_json::Value;

use crate::cli::{Home, Ran};
use crate::support::pty::Terminal;

/// Set where these tests must not be skipped.
const MUST: &str = "JEROBOAM_TEST_SSHD";

/// Debian keeps it out of the path.
pub fn sshd() -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let places = std::env::split_paths(&path).chain(["/usr/sbin".into(), "/usr/local/sbin".into()]);
    places.map(|place| place.join("sshd")).find(|file| file.is_file())
}

fn skip(why: &str) -> Option<Rig> {
    assert!(std::env::var_os(MUST).is_none(), "{why}");
    eprintln!("######## SSH TESTS SKIPPED: {why} ########");
    None
}

#[track_caller]
fn run(line: &str) -> String {
    let mut words = line.split_whitespace();
    let output = Command::new(words.next().unwrap()).args(words).output().unwrap();
    assert!(output.status.success(), "{line}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

pub fn me() -> String {
    run("id -un").trim().to_owned()
}

/// An sshd that lets us in with the rig's key. It ends with everybody who is logged in.
pub struct Sshd {
    child: Child,
    pub port: u16,
    dir: PathBuf,
    listen: String,
    netns: Option<String>,
}

impl Sshd {
    fn start(dir: &Path, authorized: &Path, listen: &str, port: u16, netns: Option<&str>) -> Self {
        std::fs::create_dir_all(dir.join("log")).unwrap();
        keygen(&dir.join("host"));
        let port = if port == 0 { free_port() } else { port };
        let config = format!(
            "Port {port}\nListenAddress {listen}\nHostKey {dir}/host\nPidFile none\nAuthorizedKeysFile {keys}\n\
             PasswordAuthentication no\nKbdInteractiveAuthentication no\nUsePAM no\nStrictModes no\n\
             PermitRootLogin prohibit-password\nAllowAgentForwarding yes\nMaxStartups 100\nUseDNS no\nPrintMotd no\n",
            dir = dir.display(),
            keys = authorized.display(),
        );
        std::fs::write(dir.join("sshd_config"), config).unwrap();
        let mut made = Self {
            child: spawn(dir, netns),
            port,
            dir: dir.into(),
            listen: listen.into(),
            netns: netns.map(Into::into),
        };
        made.listens();
        made
    }

    fn listens(&mut self) {
        let mut said = BufReader::new(self.child.stderr.take().unwrap()).lines().map_while(Result::ok);
        let mut all = String::new();
        let ready = said.by_ref().any(|line| {
            all.push_str(&line);
            line.contains("Server listening on")
        });
        assert!(ready, "sshd does not start on {}: {all}", self.listen);
        std::thread::spawn(move || said.for_each(drop));
    }

    pub fn stop(&mut self) {
        // Who is logged in has a process below the listener, in a session of its own.
        for pid in descendants(self.child.id()) {
            let _ = Command::new("kill").args(["-s", "KILL", &pid.to_string()]).stderr(Stdio::null()).status();
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    pub fn again(&mut self) {
        self.child = spawn(&self.dir, self.netns.as_deref());
        self.listens();
    }

    /// As a machine that was made anew: with another host key.
    pub fn rebuild(&mut self) {
        self.stop();
        std::fs::remove_file(self.dir.join("host")).unwrap();
        keygen(&self.dir.join("host"));
        self.again();
    }

    /// What is `/var/log` to a node in a namespace.
    pub fn log(&self, file: &str) -> PathBuf {
        self.dir.join("log").join(file)
    }

    /// A program beside it, where it is.
    pub fn beside(&self, program: &str, args: &[&str]) -> Child {
        let mut command = Command::new("ip");
        command.args(["netns", "exec", self.netns.as_deref().unwrap(), program]).args(args);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
    }

    /// How many processes those who are logged in have.
    pub fn busy(&self) -> usize {
        descendants(self.child.id()).len()
    }

    /// Its public host key, `ssh-ed25519 AAAA…`.
    pub fn host_key(&self) -> String {
        let text = std::fs::read_to_string(self.dir.join("host.pub")).unwrap();
        text.split_whitespace().take(2).collect::<Vec<_>>().join(" ")
    }
}

impl Drop for Sshd {
    fn drop(&mut self) {
        self.stop();
    }
}

fn spawn(dir: &Path, netns: Option<&str>) -> Child {
    let sshd = sshd().unwrap();
    let mut command = match netns {
        Some(netns) => {
            // `ip netns exec` gives a view of the file system of its own as well.
            let script = format!(
                "mount --bind {}/log /var/log && exec {} -D -e -f {}/sshd_config",
                dir.display(),
                sshd.display(),
                dir.display()
            );
            let mut command = Command::new("ip");
            command.args(["netns", "exec", netns, "sh", "-c", &script]);
            command
        }
        None => {
            let mut command = Command::new(&sshd);
            command.args(["-D", "-e", "-f"]).arg(dir.join("sshd_config"));
            command
        }
    };
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap()
}

fn descendants(of: u32) -> Vec<u32> {
    let parent = |pid: u32| -> Option<u32> {
        let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
        stat.rsplit_once(')')?.1.split_whitespace().nth(1)?.parse().ok()
    };
    let all = std::fs::read_dir("/proc").unwrap().filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok());
    let mut found: Vec<u32> = vec![of];
    let pairs: Vec<(u32, u32)> = all.filter_map(|pid| Some((pid, parent(pid)?))).collect();
    let mut at = 0;
    while let Some(parent) = found.get(at).copied() {
        found.extend(pairs.iter().filter(|(_, of)| *of == parent).map(|(pid, _)| *pid));
        at += 1;
    }
    found.split_off(1)
}

fn keygen(file: &Path) {
    if !file.exists() {
        let made =
            Command::new("ssh-keygen").args(["-q", "-t", "ed25519", "-N", "", "-C", "rig", "-f"]).arg(file).status();
        assert!(made.unwrap().success());
    }
}

fn free_port() -> u16 {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// Network namespaces: `home` (we), `gate`, and one for each node.
struct Net {
    stem: String,
    names: Vec<String>,
}

impl Net {
    fn new() -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let stem = format!("jb{}x{}", std::process::id() % 100_000, COUNT.fetch_add(1, Ordering::Relaxed));
        let mut net = Self { stem, names: Vec::new() };
        let (home, gate) = (net.add("h"), net.add("g"));
        net.pair(&home, "up0", "192.0.2.1/24", &gate, "out0", "192.0.2.2/24");
        run(&format!("ip -n {gate} link add br0 type bridge"));
        run(&format!("ip -n {gate} addr add 10.0.0.254/24 dev br0"));
        run(&format!("ip -n {gate} link set br0 up"));
        net
    }

    fn add(&mut self, end: &str) -> String {
        let name = format!("{}{end}", self.stem);
        run(&format!("ip netns add {name}"));
        self.names.push(name.clone());
        run(&format!("ip -n {name} link set lo up"));
        name
    }

    fn pair(&self, a: &str, a_link: &str, a_address: &str, b: &str, b_link: &str, b_address: &str) {
        run(&format!("ip link add {a_link} netns {a} type veth peer name {b_link} netns {b}"));
        for (netns, link, address) in [(a, a_link, a_address), (b, b_link, b_address)] {
            if !address.is_empty() {
                run(&format!("ip -n {netns} addr add {address} dev {link}"));
            }
            run(&format!("ip -n {netns} link set {link} up"));
        }
    }

    fn node(&mut self, number: usize, address: &str) -> String {
        let (gate, name) = (format!("{}g", self.stem), self.add(&number.to_string()));
        self.pair(&name, "eth0", &format!("{address}/24"), &gate, &format!("to{number}"), "");
        run(&format!("ip -n {gate} link set to{number} master br0"));
        name
    }
}

impl Drop for Net {
    fn drop(&mut self) {
        for name in &self.names {
            let _ = Command::new("ip").args(["netns", "del", name]).status();
        }
    }
}

pub struct Rig {
    pub home: Home,
    cloud: Child,
    clouds_yaml: PathBuf,
    pub gate: Sshd,
    /// By the end of the node's name.
    pub nodes: Vec<(Machine, Sshd)>,
    /// The last to go.
    net: Option<Net>,
}

/// The end of the cluster's name in the cloud: `…-worker-1`.
pub const NODES: [&str; 3] = ["master-0", "worker-0", "worker-1"];

impl Rig {
    /// Without rights of any kind.
    pub fn loopback() -> Option<Self> {
        if sshd().is_none() {
            return skip("sshd is not here (apt-get install openssh-server)");
        }
        Some(Self::start(None))
    }

    /// With nodes that only the bastion reaches; `None` where that cannot be made.
    pub fn apart() -> Option<Self> {
        if sshd().is_none() {
            return skip("sshd is not here (apt-get install openssh-server)");
        }
        let probe = Command::new("ip").args(["netns", "add", &format!("jbprobe{}", std::process::id())]).output();
        if !probe.is_ok_and(|output| output.status.success()) {
            eprintln!("######## SSH TESTS IN NETWORK NAMESPACES SKIPPED: they take root and `ip netns` ########");
            return None;
        }
        run(&format!("ip netns del jbprobe{}", std::process::id()));
        Some(Self::start(Some(Net::new())))
    }

    fn start(mut net: Option<Net>) -> Self {
        let home = Home::new();
        if me() == "root" {
            std::fs::create_dir_all("/run/sshd").unwrap();
        }
        let at = |name: &str| home.path().join(name);
        keygen(&at("id"));
        std::fs::create_dir_all(at("bin")).unwrap();
        let within = |end: &str| net.as_ref().map(|net| format!("{}{end}", net.stem));
        let mut command = entering(within("h").as_deref(), &home);
        command.args(["demo", "--cloud-only", "--speed", "50", "-f", "json"]).env("TMPDIR", home.path());
        let mut cloud = command.spawn().unwrap();
        let mut line = String::new();
        BufReader::new(cloud.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
        let said: Value = serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line}"));
        let clouds_yaml = PathBuf::from(said["clouds_yaml"].as_str().unwrap());
        let (listen, port) = if net.is_some() { ("192.0.2.2", 22) } else { ("127.0.0.1", 0) };
        let gate = Sshd::start(&at("gate"), &at("id.pub"), listen, port, within("g").as_deref());
        std::fs::write(at("known_gate"), format!("gate {}\n", gate.host_key())).unwrap();
        let ssh_config = format!(
            "Host gate\n  HostName {listen}\n  HostKeyAlias gate\n  Port {}\n  User {}\n  IdentityFile {}\n  \
             IdentitiesOnly yes\n  UserKnownHostsFile {}\n",
            gate.port,
            me(),
            at("id").display(),
            at("known_gate").display(),
        );
        std::fs::write(at("ssh_config"), ssh_config).unwrap();
        let wrapper = format!("#!/bin/sh\nexec /usr/bin/ssh -F {} \"$@\"\n", at("ssh_config").display());
        std::fs::write(at("bin/ssh"), wrapper).unwrap();
        run(&format!("chmod 755 {}", at("bin/ssh").display()));
        let mut rig = Self { home, cloud, clouds_yaml, gate, nodes: Vec::new(), net: None };
        std::mem::swap(&mut rig.net, &mut net);
        rig.settings(&format!("[clouds.demo]\nbastion = \"gate\"\nssh_user = \"{}\"\n", me()));
        rig.cluster();
        rig
    }

    /// `config.toml`, with the rig's key for the cluster's keypair.
    pub fn settings(&self, more: &str) {
        let config = self.home.path().join("config");
        std::fs::create_dir_all(&config).unwrap();
        let text = format!("[ssh.keys]\ndemo-key = \"{}\"\n{more}", self.home.path().join("id").display());
        std::fs::write(config.join("config.toml"), text).unwrap();
    }

    /// Adds to what ssh reads.
    pub fn ssh_config(&self, more: &str) {
        let file = self.home.path().join("ssh_config");
        let text = std::fs::read_to_string(&file).unwrap();
        std::fs::write(file, format!("{more}{text}")).unwrap();
    }

    fn cluster(&mut self) {
        self.run(
            "template create k8s --image ubuntu-24.04-kube-v1.33.4 --external-network public --flavor m1.medium \
             --master-flavor m1.medium --keypair demo-key --floating-ip-disabled",
        )
        .ok();
        self.run("cluster create prod --cluster-template k8s --node-count 2 --wait").ok();
        let listed = self.run("ssh prod --list -f json").ok();
        let nodes: Vec<Machine> = serde_json::from_str(&listed.out).unwrap();
        for (number, end) in NODES.iter().enumerate() {
            let node = nodes.iter().find(|node| node.name.ends_with(end)).unwrap().clone();
            let address = node.address.unwrap().to_string();
            let (dir, key) = (self.home.path().join(end), self.home.path().join("id.pub"));
            let sshd = match &mut self.net {
                Some(net) => {
                    let netns = net.node(number, &address);
                    Sshd::start(&dir, &key, &address, 22, Some(&netns))
                }
                None => {
                    let sshd = Sshd::start(&dir, &key, "127.0.0.1", 0, None);
                    self.ssh_config(&format!("Host {address}\n  HostName 127.0.0.1\n  Port {}\n", sshd.port));
                    sshd
                }
            };
            self.nodes.push((node, sshd));
        }
        for end in NODES {
            self.show_key(end);
        }
    }

    pub fn node(&mut self, end: &str) -> &mut (Machine, Sshd) {
        self.nodes.iter_mut().find(|(node, _)| node.name.ends_with(end)).unwrap()
    }

    /// Where consoles' further lines are.
    pub fn consoles(&self) -> PathBuf {
        let consoles = self.clouds_yaml.parent().unwrap().join(jeroboam::demo::CONSOLES);
        std::fs::create_dir_all(&consoles).unwrap();
        consoles
    }

    pub fn console(&self, end: &str) -> PathBuf {
        let (node, _) = self.nodes.iter().find(|(node, _)| node.name.ends_with(end)).unwrap();
        self.consoles().join(&node.server_id)
    }

    /// The node's console shows its present host key, as cloud-init has it.
    pub fn show_key(&self, end: &str) {
        let (_, sshd) = self.nodes.iter().find(|(node, _)| node.name.ends_with(end)).unwrap();
        let key = sshd.host_key();
        let text = format!("-----BEGIN SSH HOST KEY KEYS-----\n{key} root@{end}\n-----END SSH HOST KEY KEYS-----\n");
        std::fs::write(self.console(end), text).unwrap();
    }

    pub fn hide_key(&self, end: &str) {
        std::fs::remove_file(self.console(end)).unwrap();
    }

    pub fn env(&self) -> Vec<(String, String)> {
        let path = |name: &str| self.home.path().join(name).display().to_string();
        vec![
            ("OS_CLIENT_CONFIG_FILE".into(), self.clouds_yaml.display().to_string()),
            ("OS_CLOUD".into(), "demo".into()),
            ("JEROBOAM_CONFIG_DIR".into(), path("config")),
            ("PATH".into(), format!("{}:{}", path("bin"), std::env::var("PATH").unwrap())),
        ]
    }

    /// The program with these arguments, each a word.
    pub fn command(&self, args: &[&str]) -> Command {
        let netns = self.net.as_ref().map(|net| format!("{}h", net.stem));
        let mut command = entering(netns.as_deref(), &self.home);
        command.args(args).envs(self.env());
        command
    }

    pub fn run(&self, line: &str) -> Ran {
        self.args(&line.split_whitespace().collect::<Vec<_>>())
    }

    pub fn args(&self, args: &[&str]) -> Ran {
        Ran::from(self.command(args).output().unwrap())
    }

    #[track_caller]
    pub fn json(&self, line: &str) -> Value {
        self.run(&format!("{line} -f json")).ok().json()
    }

    /// Whether an sshd without root's rights may give terminals here; it depends on how /dev/pts is mounted.
    pub fn gives_terminals(&self) -> bool {
        let gives = self.here(&self.home.path().join("bin/ssh").display().to_string(), &["-tt", "gate", "true"]);
        if gives.code != 0 {
            eprintln!(
                "######## SSH TESTS WITH TERMINALS SKIPPED: sshd may not give any: {} ########",
                gives.err.trim()
            );
        }
        gives.code == 0
    }

    /// The dashboard in a terminal where we are.
    pub fn dashboard(&self, size: (u16, u16)) -> Terminal {
        let env = self.env();
        let mut env: Vec<(&str, &str)> = env.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        env.extend([("TERM", "xterm-256color"), ("LANG", "C.UTF-8"), ("SHELL", "/bin/sh")]);
        let program = env!("CARGO_BIN_EXE_jeroboam");
        match &self.net {
            Some(net) => {
                let netns = format!("{}h", net.stem);
                Terminal::run("ip", &["netns", "exec", &netns, program], &env, self.home.path(), size)
            }
            None => Terminal::run(program, &[], &env, self.home.path(), size),
        }
    }

    /// Any program where we are.
    pub fn here(&self, program: &str, args: &[&str]) -> Ran {
        let mut command = match &self.net {
            Some(net) => {
                let mut command = Command::new("ip");
                command.args(["netns", "exec", &format!("{}h", net.stem), program]);
                command
            }
            None => Command::new(program),
        };
        Ran::from(command.args(args).envs(self.env()).output().unwrap())
    }
}

fn entering(netns: Option<&str>, home: &Home) -> Command {
    let plain = home.command("");
    let Some(netns) = netns else { return plain };
    let mut command = Command::new("ip");
    command.args(["netns", "exec", netns]).arg(plain.get_program());
    command.env_clear().env("PATH", std::env::var_os("PATH").unwrap()).env("HOME", home.path());
    command.current_dir(home.path()).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

impl Drop for Rig {
    fn drop(&mut self) {
        let _ = self.cloud.kill();
        let _ = self.cloud.wait();
        self.nodes.clear();
        self.gate.stop();
    }
}
