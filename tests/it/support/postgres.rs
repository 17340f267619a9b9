//! A PostgreSQL of a test's own, from Debian's packages: made in a temporary directory,
//! ended and removed with it. The library's own tests use this file too.

use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use tempfile::TempDir;

pub const USER: &str = "jeroboam";
pub const PASSWORD: &str = "very-secret-word";

pub struct Postgres {
    server: Child,
    port: u16,
    dir: TempDir,
}

/// Debian keeps the server's programs out of the path.
fn program(name: &str) -> Option<PathBuf> {
    let versions = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let path = std::env::var_os("PATH").unwrap_or_default();
    let places = std::env::split_paths(&path).chain(versions.map(|version| version.path().join("bin")));
    places.map(|place| place.join(name)).find(|file| file.is_file())
}

impl Postgres {
    /// `None`, and a loud word, where PostgreSQL is not installed; with `JEROBOAM_TEST_POSTGRES` set it must be.
    pub fn start() -> Option<Self> {
        let (Some(initdb), Some(postgres)) = (program("initdb"), program("postgres")) else {
            assert!(std::env::var_os("JEROBOAM_TEST_POSTGRES").is_none(), "initdb is not here");
            eprintln!("######## POSTGRESQL TESTS SKIPPED: initdb is not here (apt-get install postgresql) ########");
            return None;
        };
        let dir = tempfile::Builder::new().prefix("jeroboam-pg-").tempdir().unwrap();
        let data = dir.path().join("data");
        let word = dir.path().join("password");
        std::fs::write(&word, PASSWORD).unwrap();
        certificate(dir.path());
        let owner = server_user();
        if let Some((uid, gid)) = owner {
            let chown = |path: &Path| std::os::unix::fs::chown(path, Some(uid), Some(gid)).unwrap();
            chown(dir.path());
            for entry in std::fs::read_dir(dir.path()).unwrap() {
                chown(&entry.unwrap().path());
            }
        }
        let run = |program: &Path| {
            let mut command = Command::new(program);
            command.current_dir("/").env_clear().env("LC_ALL", "C").stdin(Stdio::null()).stdout(Stdio::null());
            if let Some((uid, gid)) = owner {
                command.uid(uid).gid(gid);
            }
            command
        };
        let made = run(&initdb)
            .args(["--auth=scram-sha-256", "--no-sync", "--encoding=UTF8", "--username", USER, "--pwfile"])
            .arg(&word)
            .arg("--pgdata")
            .arg(&data)
            .output()
            .unwrap();
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let mut command = run(&postgres);
        command.arg("-D").arg(&data).arg("-k").arg(dir.path()).arg("-p").arg(port.to_string()).arg("-l");
        for (name, value) in [
            ("listen_addresses", "127.0.0.1".to_owned()),
            ("fsync", "off".to_owned()),
            ("shared_buffers", "16MB".to_owned()),
            ("ssl_cert_file", dir.path().join("cert.pem").display().to_string()),
            ("ssl_key_file", dir.path().join("key.pem").display().to_string()),
        ] {
            command.arg("-c").arg(format!("{name}={value}"));
        }
        let mut server = command.stderr(Stdio::piped()).spawn().unwrap();
        let mut said = BufReader::new(server.stderr.take().unwrap()).lines().map_while(Result::ok);
        let mut all = String::new();
        let ready = said.by_ref().any(|line| {
            all.push_str(&line);
            line.contains("ready to accept connections")
        });
        assert!(ready, "PostgreSQL does not start: {all}");
        std::thread::spawn(move || said.for_each(drop));
        Some(Self { server, port, dir })
    }

    /// Through the socket.
    pub fn url(&self) -> String {
        let socket = self.dir.path().display().to_string().replace('/', "%2F");
        format!("postgres://{USER}:{PASSWORD}@{socket}:{}/postgres", self.port)
    }

    /// Through the network, encrypted, with the server's certificate checked.
    pub fn tls_url(&self) -> String {
        let authority = self.dir.path().join("cert.pem").display().to_string();
        let port = self.port;
        format!("postgres://{USER}:{PASSWORD}@localhost:{port}/postgres?sslmode=verify-full&sslrootcert={authority}")
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        // At once, and with its children.
        let pid = rustix::process::Pid::from_child(&self.server);
        let _ = rustix::process::kill_process(pid, rustix::process::Signal::QUIT);
        let _ = self.server.wait();
    }
}

/// The server refuses to run as root.
fn server_user() -> Option<(u32, u32)> {
    if !rustix::process::geteuid().is_root() {
        return None;
    }
    let users = std::fs::read_to_string("/etc/passwd").unwrap();
    let find = |name: &str| {
        let line = users.lines().find(|line| line.starts_with(&format!("{name}:")))?;
        let mut fields = line.split(':').skip(2);
        Some((fields.next()?.parse().ok()?, fields.next()?.parse().ok()?))
    };
    find("postgres").or_else(|| find("nobody"))
}

fn certificate(dir: &Path) {
    use std::os::unix::fs::PermissionsExt;
    let made = rcgen::generate_simple_self_signed(vec!["localhost".into()]).unwrap();
    std::fs::write(dir.join("cert.pem"), made.cert.pem()).unwrap();
    let key = dir.join("key.pem");
    std::fs::write(&key, made.signing_key.serialize_pem()).unwrap();
    std::fs::set_permissions(key, std::fs::Permissions::from_mode(0o600)).unwrap();
}
