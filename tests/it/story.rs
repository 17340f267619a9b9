//! The whole story by keyboard, in a terminal: create a template, create a cluster,
//! watch its events, export the kubeconfig, delete it, and nothing is left. Once against the
//! embedded cloud, and against a real one in three variants.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use crate::support::eye::{Eye, unique};
use crate::support::pty::{SOON, Terminal};

/// A create or delete on a small real cloud under load.
const LONG: Duration = Duration::from_secs(300);

/// What differs between the variants.
pub struct Plot<'a> {
    pub cluster: &'a str,
    pub image: &'a str,
    pub flavor: &'a str,
    pub floating_ips: bool,
    pub master_lb: bool,
    pub workers: u32,
    pub size: (u16, u16),
}

/// The label of the form's focused field, with its mark; `None` while a picture is half drawn.
/// Only the label: what stands behind it changes while a picker closes.
fn focus(screen: &str) -> Option<&str> {
    let line = screen.lines().skip(1).find(|line| line.contains("▸ "))?;
    line[line.find("▸ ")?..].split("  ").next()
}

/// Tabs through a form until the field is the focused one.
fn go_to(t: &mut Terminal, field: &str) {
    let mark = format!("▸ {field}");
    for _ in 0..20 {
        let screen = t.screen();
        let before = focus(&screen).unwrap_or_default();
        if before.starts_with(&mark) {
            return;
        }
        t.keys("\t").until("the focus to move", LONG, |screen| focus(screen).is_some_and(|now| now != before));
    }
    panic!("no field {field} on:\n{}", t.screen());
}

/// Opens a picker, filters it to one entry, takes it.
fn pick(t: &mut Terminal, field: &str, entry: &str) {
    go_to(t, field);
    t.keys("\r").sees(&format!("╭ {field}")).sees(entry);
    t.keys(entry).sees("1 of ");
    t.keys("\r").until("the choice in the form", LONG, |screen| {
        screen.lines().any(|line| line.contains(&format!("▸ {field}")) && line.contains(entry))
    });
}

/// Turns a toggle until the command preview has or lacks the flag.
fn turn(t: &mut Terminal, field: &str, flag: &str, wanted: bool) {
    go_to(t, field);
    if t.screen().contains(flag) != wanted {
        t.keys("\x1b[C").until(flag, LONG, |screen| screen.contains(flag) == wanted);
    }
}

/// From an empty dashboard to a cluster in progress.
pub fn create(t: &mut Terminal, plot: &Plot) {
    t.sees("No clusters yet").sees("conductor");
    t.keys("2").keys("n").sees("New cluster template");
    t.until("the choices from the cloud", SOON, |screen| {
        screen.contains("External network") && screen.contains("public")
    });
    t.keys("story");
    pick(t, "Image", plot.image);
    pick(t, "Master flavor", plot.flavor);
    pick(t, "Worker flavor", plot.flavor);
    turn(t, "Floating IPs", "--floating-ip-disabled", !plot.floating_ips);
    turn(t, "Master LB", "--master-lb-enabled", plot.master_lb);
    t.keys("\x13").sees("template story is made");

    t.keys("c").sees("New cluster").keys(plot.cluster);
    go_to(t, "Workers");
    t.keys("\x7f").keys(&plot.workers.to_string()).sees(&format!("--node-count {}", plot.workers));
    // In other words where there is advice beside it.
    t.keys("\x13").until("no error in the review", LONG, |screen| {
        screen.contains("it can be created") || screen.contains("nothing speaks against it")
    });
    t.keys("\r").sees_within("creating", LONG);
    t.sees_within("CREATE_IN_PROGRESS", LONG);
}

/// Reads the exported file with other programs' eyes.
fn check_kubeconfig(home: &Path, cluster: &str) {
    use std::os::unix::fs::PermissionsExt;
    let path = home.join(format!(".kube/{cluster}.config"));
    assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    let config: serde_json::Value = serde_saphyr::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap();
    let server = config["clusters"][0]["cluster"]["server"].as_str().unwrap();
    assert!(server.starts_with("https://") && server.ends_with(":6443"), "{server}");
    let decode = |value: &serde_json::Value, name: &str| {
        use base64::Engine;
        let file = home.join(name);
        std::fs::write(&file, base64::engine::general_purpose::STANDARD.decode(value.as_str().unwrap()).unwrap())
            .unwrap();
        file
    };
    let ca = decode(&config["clusters"][0]["cluster"]["certificate-authority-data"], "ca.pem");
    let client = decode(&config["users"][0]["user"]["client-certificate-data"], "client.pem");
    let verified = Command::new("openssl").arg("verify").arg("-CAfile").arg(&ca).arg(&client).output().unwrap();
    assert!(verified.status.success(), "{}", String::from_utf8_lossy(&verified.stderr));
    if let Ok(view) = Command::new("kubectl").arg("--kubeconfig").arg(&path).args(["config", "view"]).output() {
        assert!(view.status.success() && String::from_utf8_lossy(&view.stdout).contains(server));
    }
}

/// From a finished cluster to none.
fn export_and_delete(t: &mut Terminal, plot: &Plot, home: &Path) {
    t.keys("1").keys("K").sees("Kubeconfig of");
    t.keys("\r").sees("written to");
    check_kubeconfig(home, plot.cluster);
    t.keys("\x1b").until("the dialog to close", LONG, |screen| !screen.contains("written to"));
    t.keys("d").sees("There is no").keys("wrong-name").keys("\r").sees("Type its name");
    for _ in 0.."wrong-name".len() {
        t.keys("\x7f");
    }
    t.keys(plot.cluster).keys("\r");
    t.sees_within("deleting", LONG).sees_within("is deleted", LONG).sees("No clusters yet");
}

fn leave(t: &mut Terminal) {
    t.keys("q");
    assert_eq!(t.ends(), 0);
    assert!(t.is_given_back(), "the terminal was not given back");
}

#[test]
fn on_the_embedded_cloud() {
    let home = tempfile::tempdir().unwrap();
    let plot = Plot {
        cluster: "prod-east",
        image: "ubuntu-24.04-kube-v1.32.8",
        flavor: "m1.medium",
        floating_ips: true,
        master_lb: true,
        workers: 2,
        size: (120, 40),
    };
    let mut t = Terminal::start(&["demo"], &[], home.path(), plot.size);
    create(&mut t, &plot);
    t.sees_within("prod-east is ready", LONG);
    export_and_delete(&mut t, &plot, home.path());
    leave(&mut t);
}

mod changing;

mod real_cloud {
    use super::*;

    /// Plays the nodes' part on a cloud whose servers boot nothing; on a real one they speak for themselves.
    fn signal(eye: &Eye, stack: &str) -> Option<std::process::Child> {
        let devcloud = std::env::var("JEROBOAM_TEST_DEVCLOUD").ok()?;
        Some(
            Command::new(devcloud)
                .args(["signal", stack])
                .env("OS_CLOUD", &eye.cloud)
                .stdout(std::process::Stdio::null())
                .spawn()
                .unwrap(),
        )
    }

    fn story(cloud_suffix: &str, plot: &Plot) {
        let eye = Eye::from_env();
        let cloud = format!("{}{cloud_suffix}", eye.cloud);
        let config = std::env::var("OS_CLIENT_CONFIG_FILE").unwrap_or_default();
        let home = tempfile::tempdir().unwrap();
        let env = [("OS_CLOUD", cloud.as_str()), ("OS_CLIENT_CONFIG_FILE", config.as_str())];
        let env: Vec<_> = env.into_iter().filter(|(_, value)| !value.is_empty()).collect();
        let mut t = Terminal::start(&[], &env, home.path(), plot.size);
        create(&mut t, plot);
        let stack = eye.stack_named(plot.cluster);
        let signals = signal(&eye, &stack);
        t.sees_within(&format!("{} is ready", plot.cluster), LONG);
        if let Some(mut child) = signals {
            assert!(child.wait().unwrap().success());
        }
        let made = eye.resources(&stack);
        assert_eq!(made["OS::Nova::Server"].len(), plot.workers as usize + 1);
        assert_eq!(made.contains_key("OS::Octavia::LoadBalancer"), plot.master_lb);
        export_and_delete(&mut t, plot, home.path());
        leave(&mut t);
        assert_eq!(eye.left(&made), Vec::<String>::new(), "left in the cloud");
        assert!(!eye.all_stacks().iter().any(|name| name.starts_with(plot.cluster)), "a stack is left");
    }

    fn plot(cluster: &str) -> Plot<'_> {
        Plot {
            cluster,
            image: "ubuntu-22.04",
            flavor: "m1.medium",
            floating_ips: true,
            master_lb: true,
            workers: 2,
            size: (120, 40),
        }
    }

    #[test]
    #[ignore = "needs a cloud: OS_CLOUD"]
    fn with_load_balancer_and_floating_ips() {
        story("", &plot(&unique("story-open")));
    }

    #[test]
    #[ignore = "needs a cloud: OS_CLOUD"]
    fn with_neither_in_a_small_terminal() {
        story("", &Plot { floating_ips: false, master_lb: false, size: (100, 30), ..plot(&unique("story-closed")) });
    }

    #[test]
    #[ignore = "needs a cloud: OS_CLOUD, and the same name with -appcred"]
    fn logged_in_by_application_credential() {
        story("-appcred", &Plot { master_lb: false, size: (200, 50), ..plot(&unique("story-appcred")) });
    }
}
