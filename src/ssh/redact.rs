//! Takes secrets out of text that is given to somebody else. What looks like one is one: too
//! much taken out costs a word of a log, too little costs a cluster.

use std::sync::LazyLock;

use regex_lite::Regex;

const GONE: &str = "[removed]";

/// What each finds, and how much of it stays.
static RULES: LazyLock<Vec<(Regex, &'static str)>> = LazyLock::new(|| {
    let rules = [
        // A whole block, also where a log has put words before its lines.
        (r"(?s)-----BEGIN [A-Z0-9 ]*PRIVATE KEY-----.*?(?:-----END [A-Z0-9 ]*PRIVATE KEY-----|\z)", GONE),
        (
            r"(?i)((?:x-auth-token|x-subject-token|authorization)[ \x22':=]+)(?:(?:bearer|basic) +)?[^\s\x22',;]+",
            "${1}[removed]",
        ),
        (
            r"(?i)([a-z0-9_.-]*(?:password|passwd|secret|token|private[_-]?key|client-key-data|certificate-key|api[_-]?key)[\x22']?\s*[:=]\s*[\x22']?)(?:\[removed\]|[^\s\x22',;}\]]+)",
            "${1}[removed]",
        ),
        // In a URL before its host.
        (r"(://[^\s/:@]*:)[^\s/@]+(@)", "${1}[removed]${2}"),
        // Keystone's and Kubernetes' own.
        (r"\bgAAAA[A-Za-z0-9_=-]{20,}", GONE),
        (r"\beyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*", GONE),
        (r"\b[a-z0-9]{6}\.[a-z0-9]{16}\b", GONE),
    ];
    rules.into_iter().filter_map(|(rule, kept)| Some((Regex::new(rule).ok()?, kept))).collect()
});

pub fn redact(text: &str) -> String {
    RULES.iter().fold(text.to_owned(), |text, (rule, kept)| rule.replace_all(&text, *kept).into_owned())
}

#[cfg(test)]
mod tests {
    use super::{RULES, redact};

    #[test]
    fn every_rule_can_be_read() {
        assert_eq!(RULES.len(), 7);
    }

    #[test]
    fn secrets_go_and_the_rest_stays() {
        for (text, kept) in [
            ("a -----BEGIN EC PRIVATE KEY-----\nMHcC\n-----END EC PRIVATE KEY----- b", "a [removed] b"),
            ("x -----BEGIN PRIVATE KEY-----\ncut off", "x [removed]"),
            ("X-Auth-Token: abc123 ok", "X-Auth-Token: [removed] ok"),
            ("Authorization: Bearer abc.def\nnext", "Authorization: [removed]\nnext"),
            ("SIGNAL_TOKEN=abc123;NODE=1", "SIGNAL_TOKEN=[removed];NODE=1"),
            ("\"password\": \"hunter2\", \"n\": 1", "\"password\": \"[removed]\", \"n\": 1"),
            ("client-key-data: LS0tLS1==", "client-key-data: [removed]"),
            ("amqp://guest:hidden@host/", "amqp://guest:[removed]@host/"),
            ("token gAAAAABmabcdefghijklmnopqrstuvw", "token [removed]"),
            ("kubeadm join --token abcdef.0123456789abcdef", "kubeadm join --token [removed]"),
            ("eyJhbGciOiJSUzI1.eyJzdWIi.c2ln", "[removed]"),
        ] {
            assert_eq!(redact(text), kept);
        }
        for plain in ["node Ready after 41 s", "https://10.0.0.4:6443/healthz", "-----BEGIN CERTIFICATE-----"] {
            assert_eq!(redact(plain), plain);
        }
    }
}
