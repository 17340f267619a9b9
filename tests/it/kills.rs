//! kill -9 on the real program at twenty moments and more of a create on a real cloud: each
//! accepted cluster has one stack in the end, and no stack is without its cluster.

mod real_cloud {
    use std::collections::BTreeMap;
    use std::path::Path;
    use std::process::{Child, Command, Stdio};
    use std::sync::mpsc::{RecvTimeoutError, channel};
    use std::time::{Duration, Instant};

    use serde_json::Value;

    use crate::support::eye::{Eye, unique};
    use crate::support::pty::Terminal;

    const MOMENTS: u32 = 20;
    const ENOUGH: usize = 5;
    const LONG: Duration = Duration::from_secs(600);

    fn jeroboam(home: &Path, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_jeroboam"));
        command.args(args).env("HOME", home).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        command
    }

    fn create(home: &Path, name: &str) -> Child {
        let args = ["cluster", "create", name, "--cluster-template", "kills", "--node-count", "0", "--wait"];
        jeroboam(home, &args).spawn().unwrap()
    }

    /// Name -> stack name of every cluster the store knows.
    fn known(home: &Path) -> BTreeMap<String, String> {
        let output = jeroboam(home, &["cluster", "list", "-f", "json"]).stdout(Stdio::piped()).output().unwrap();
        let clusters: Vec<Value> = serde_json::from_slice(&output.stdout).unwrap();
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        clusters.iter().map(|c| (text(&c["name"]), text(&c["stack_name"]))).collect()
    }

    fn stacks(eye: &Eye, ours: &str) -> Vec<String> {
        let mut names: Vec<String> = eye.all_stacks().into_iter().filter(|name| name.starts_with(ours)).collect();
        names.sort();
        names
    }

    /// Asks again until it is so; each question is a whole program's run, so it paces itself.
    fn until(what: &str, mut so: impl FnMut() -> bool) {
        let deadline = Instant::now() + LONG;
        while !so() {
            assert!(Instant::now() < deadline, "waited {LONG:?} for {what}");
        }
    }

    /// Kills with -9 after that time, or sooner when the program ends by itself.
    fn kill_after(mut child: Child, span: Duration) {
        let (never, timer) = channel::<()>();
        assert_eq!(timer.recv_timeout(span), Err(RecvTimeoutError::Timeout));
        drop(never);
        child.kill().unwrap();
        child.wait().unwrap();
    }

    #[test]
    #[ignore = "needs a cloud: OS_CLOUD"]
    fn never_two_stacks_and_never_a_lost_one() {
        let (eye, ours) = (Eye::from_env(), unique("slain"));
        let home = tempfile::tempdir().unwrap();
        let template = [
            "template",
            "create",
            "kills",
            "--coe",
            "kubernetes",
            "--image",
            "ubuntu-22.04",
            "--flavor",
            "m1.medium",
            "--master-flavor",
            "m1.medium",
            "--external-network",
            "public",
            "--fixed-network",
            "private",
            "--floating-ip-disabled",
        ];
        assert!(jeroboam(home.path(), &template).status().unwrap().success());

        let start = Instant::now();
        let child = create(home.path(), &format!("{ours}-first"));
        until("the first stack", || !stacks(&eye, &ours).is_empty());
        let whole = start.elapsed();
        kill_after(child, Duration::ZERO);
        // Later and later, for the cloud grows slower with each stack: enough of them must have been accepted.
        let mut moment = 0;
        while moment < MOMENTS || (known(home.path()).len() <= ENOUGH && moment < 3 * MOMENTS) {
            let child = create(home.path(), &format!("{ours}-{moment}"));
            moment += 1;
            kill_after(child, whole * moment / MOMENTS);
        }

        // One process carries on with everything that the killed ones left.
        let config = std::env::var("OS_CLIENT_CONFIG_FILE").unwrap_or_default();
        let env = [("OS_CLOUD", eye.cloud.as_str()), ("OS_CLIENT_CONFIG_FILE", config.as_str())];
        let env: Vec<_> = env.into_iter().filter(|(_, value)| !value.is_empty()).collect();
        let mut dashboard = Terminal::start(&[], &env, home.path(), (120, 40));
        dashboard.sees("conductor");
        let clusters = known(home.path());
        assert!(clusters.len() > ENOUGH, "too few were accepted before they were killed: {clusters:?}");
        let mut wanted: Vec<String> = clusters.values().cloned().collect();
        wanted.sort();
        until("one stack for each cluster", || stacks(&eye, &ours).len() >= wanted.len());
        assert_eq!(stacks(&eye, &ours), wanted);

        for name in clusters.keys() {
            assert!(jeroboam(home.path(), &["cluster", "delete", name, "--yes"]).status().unwrap().success());
        }
        until("every cluster to be gone", || known(home.path()).is_empty());
        assert_eq!(stacks(&eye, &ours), Vec::<String>::new());
        dashboard.keys("q");
        assert_eq!(dashboard.ends(), 0);
    }
}
