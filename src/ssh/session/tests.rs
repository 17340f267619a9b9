use std::ffi::OsString;
use std::path::Path;

use super::super::login::tests::node;
use super::{Jump, Made, Session, Way, Wish, forward_over, quoted, ways};
use crate::model::Machine;
use crate::ssh::login::Preferences;

fn session(way: Way) -> Session {
    let preferences = Preferences { keys: [("laptop".into(), "~/.ssh/k".into())].into(), ..Preferences::default() };
    Session::new(&node(), way, &preferences, "/data/known_hosts/c".into()).unwrap()
}

fn line(words: &[OsString]) -> String {
    words.iter().map(|word| word.to_str().unwrap()).collect::<Vec<_>>().join(" ")
}

fn made() -> Jump {
    Jump::Made(Made {
        server_id: uuid::Uuid::from_u128(0xb),
        address: "198.51.100.9".parse().unwrap(),
        user: Some("ubuntu".into()),
        key: Some("/it's/k%".into()),
    })
}

#[test]
fn a_shell_is_asked_for_in_plain_words() {
    let direct = session(Way::Direct("198.51.100.7".parse().unwrap()));
    insta::assert_snapshot!(line(&direct.arguments(Wish::SHELL, &[]).unwrap()), @"-a -x -o StrictHostKeyChecking=ask -o ControlPath=none -o ConnectTimeout=15 -o ServerAliveInterval=15 -o ServerAliveCountMax=3 -o HostKeyAlias=5f3c1d52-7a0f-4c8e-9d55-2b8f0a6f3a11 -o UserKnownHostsFile=\"/data/known_hosts/c\" -o GlobalKnownHostsFile=/dev/null -o VerifyHostKeyDNS=no -o UpdateHostKeys=no -o HashKnownHosts=no -l ubuntu -i ~/.ssh/k -o IdentitiesOnly=yes -- 198.51.100.7");
    let over = session(Way::Over(Jump::parse("jane@gate:2222").unwrap(), "10.0.0.5".parse().unwrap()));
    let words = line(&over.arguments(Wish::BATCH, &["uptime".into(), "-p".into()]).unwrap());
    assert!(words.ends_with("-o ProxyJump=jane@gate:2222 -- 10.0.0.5 uptime -p"), "{words}");
    assert!(words.starts_with("-a -x -T -o StrictHostKeyChecking=yes -o BatchMode=yes "), "{words}");
    let lent = direct.arguments(Wish { forward_agent: true, ..Wish::SHELL }, &[]).unwrap();
    assert!(lent[0] == "-A" && !lent.contains(&"-a".into()));
}

#[test]
fn a_bastion_of_ours_is_trusted_by_its_own_id() {
    let over = session(Way::Over(made(), "10.0.0.5".parse().unwrap()));
    let words = over.arguments(Wish::SHELL, &[]).unwrap();
    let proxy = words.iter().find_map(|word| word.to_str().unwrap().strip_prefix("ProxyCommand=")).unwrap();
    assert!(proxy.starts_with("ssh '-a' '-x' "), "{proxy}");
    assert!(proxy.contains("'HostKeyAlias=00000000-0000-0000-0000-00000000000b'"), "{proxy}");
    assert!(proxy.contains(r"'-i' '/it'\''s/k%%'"), "{proxy}");
    assert!(proxy.ends_with(" -W '[%h]:%p' -- 198.51.100.9"), "{proxy}");
}

#[test]
fn a_program_that_speaks_for_a_node_is_told_its_server() {
    let by = session(Way::Program("/d e/speak%".into()));
    let words = line(&by.arguments(Wish::SHELL, &[]).unwrap());
    let server = "5f3c1d52-7a0f-4c8e-9d55-2b8f0a6f3a11";
    assert!(
        words.ends_with(&format!(
            "-F /dev/null -o SendEnv=LANG LC_* -o ProxyCommand='/d e/speak%%' {server} -- {server}"
        )),
        "{words}"
    );
}

#[test]
fn ports_are_forwarded_from_this_machine_only() {
    let over =
        forward_over(&Jump::parse("a,jane@gate:2222").unwrap(), Path::new("/k"), 16443, "10.0.0.4:6443").unwrap();
    let words = line(&over);
    assert!(words.contains("-N -o ExitOnForwardFailure=yes -L 127.0.0.1:16443:10.0.0.4:6443"));
    assert!(words.ends_with("-o ProxyJump=a -l jane -p 2222 -- gate"), "{words}");
    let made = line(&forward_over(&made(), Path::new("/k"), 1, "h:1").unwrap());
    assert!(made.ends_with("-o IdentitiesOnly=yes -- 198.51.100.9") && made.contains("HostKeyAlias="), "{made}");
    let node = session(Way::Direct("198.51.100.7".parse().unwrap())).forward(7, "10.0.0.4:6443").unwrap();
    let node = line(&node);
    assert!(node.contains("-L 127.0.0.1:7:10.0.0.4:6443") && !node.contains("ClearAllForwardings"), "{node}");
}

#[test]
fn floating_addresses_come_first_and_fixed_ones_over_the_bastion() {
    let gate = Jump::parse("gate").unwrap();
    let fixed = "10.0.0.5".parse().unwrap();
    let floating = "198.51.100.7".parse().unwrap();
    assert_eq!(ways(&node(), None), [Way::Direct(fixed)]);
    assert_eq!(ways(&node(), Some(&gate)), [Way::Over(gate.clone(), fixed)]);
    let both = Machine { floating_address: Some(floating), ..node() };
    assert_eq!(ways(&both, Some(&gate)), [Way::Direct(floating), Way::Over(gate, fixed)]);
    assert_eq!(ways(&Machine { address: None, ..node() }, None), []);
}

#[test]
fn what_a_cloud_says_never_becomes_an_option() {
    let preferences = Preferences::default();
    let way = || Way::Direct("10.0.0.5".parse().unwrap());
    let odd = |node: Machine| Session::new(&node, way(), &preferences, "/k".into()).is_err();
    assert!(odd(Machine { server_id: "-oProxyCommand=x".into(), ..node() }));
    assert!(odd(Machine { server_id: String::new(), ..node() }));
    assert!(odd(Machine { os_admin_user: Some("-oProxyCommand=x".into()), ..node() }));
    let named = Session::new(&Machine { name: "-oProxyCommand=x".into(), ..node() }, way(), &preferences, "/k".into());
    assert!(!line(&named.unwrap().arguments(Wish::SHELL, &[]).unwrap()).contains("ProxyCommand"));
}

#[test]
fn paths_keep_their_meaning() {
    assert_eq!(quoted(Path::new("/a b/100%")).unwrap(), "\"/a b/100%%\"");
    for odd in ["/a\"b", "/a\\b", "/${HOME}", "/a\nb"] {
        assert!(quoted(Path::new(odd)).is_err(), "{odd}");
    }
}
