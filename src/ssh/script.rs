//! What nodes' shells are asked to do for us. Plain POSIX words without single quotes, because
//! they travel in a pair of them.

/// Units that make a machine a node, by the names that images have for them.
const UNITS: &str = "-u kubelet -u containerd -u crio -u jeroboam -u cloud-init -u cloud-final";
/// What cloud-init says, and what the drivers' scripts say.
const FILES: &str = "/var/log/cloud-init-output.log /var/log/jeroboam-node.log";

/// Follows a node's logs from their last `lines` lines on, until its input ends: that is when
/// our side goes, and nothing may stay behind there.
pub fn follow(lines: u32) -> String {
    as_root(&format!(
        "tail -n {lines} -F {FILES} 2>/dev/null & \
         (journalctl -n {lines} -f -o short-iso {UNITS} 2>/dev/null) & \
         cat >/dev/null; trap : TERM; kill -TERM 0"
    ))
}

/// The last `lines` lines of each log, and how the machine is.
pub fn collect(lines: u32) -> String {
    as_root(&format!(
        "for file in {FILES}; do echo \"==> $file <==\"; tail -n {lines} \"$file\" 2>&1; done; \
         for ask in \"uname -a\" uptime \"df -h\" \"free -m\" \"ip -br address\" \"ip route\" \
         \"systemctl --no-pager --failed\" \"crictl ps -a\" \"journalctl --no-pager -n {lines} -o short-iso {UNITS}\"; \
         do echo \"==> $ask <==\"; timeout 20 $ask 2>&1; done"
    ))
}

/// Logs are root's; images let their user become root without a password.
fn as_root(script: &str) -> String {
    format!("if [ \"$(id -u)\" = 0 ]; then become=; else become=\"sudo -n\"; fi; $become sh -c '{script}'")
}

#[cfg(test)]
mod tests {
    use std::process::{Command, Stdio};

    use super::{collect, follow};

    #[test]
    fn a_shell_can_read_them() {
        for script in [follow(10), collect(10)] {
            assert_eq!(script.matches('\'').count(), 2, "{script}");
            let read = Command::new("sh").args(["-n", "-c", &script]).stderr(Stdio::piped()).output().unwrap();
            assert!(read.status.success(), "{}", String::from_utf8_lossy(&read.stderr));
        }
    }
}
