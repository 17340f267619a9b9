use rstest::rstest;

use super::*;

fn ubuntu() -> Folder {
    let mut files = Folder::new();
    let folder = BUILT_IN.get_dir("k8s_ubuntu_kubeadm").unwrap();
    collect(folder, folder, &mut files);
    files
}

fn with(own: Vec<(&str, Folder)>) -> Drivers {
    Drivers::load(own.into_iter().map(|(name, folder)| (name.to_owned(), Ok(folder))).collect())
}

fn only(text: &str) -> Folder {
    [(MANIFEST.to_owned(), text.to_owned())].into()
}

fn broken(drivers: &Drivers, name: &str) -> String {
    drivers.broken().find(|(broken, _)| *broken == name).unwrap().1.line()
}

#[test]
fn the_choice_is_by_server_type_distro_and_coe_or_by_name() {
    let drivers = Drivers::builtin().unwrap();
    assert_eq!(drivers.choose("vm", "ubuntu", "kubernetes", None).unwrap().manifest.name, "k8s_ubuntu_kubeadm");
    assert!(drivers.choose("vm", "whatever", "kubernetes", Some("k8s_ubuntu_kubeadm")).is_ok());
    let told = drivers.choose("vm", "slackware", "kubernetes", None).unwrap_err();
    assert!(told.line().contains("slackware") && told.line().contains("k8s_ubuntu_kubeadm (kubernetes vm on ubuntu)"));
    assert_eq!(
        drivers.choose("vm", "ubuntu", "kubernetes", Some("nope")).unwrap_err().field.as_deref(),
        Some("driver")
    );
}

const PARAVIRT: &str = r#"
name = "mine"
extends = "k8s_ubuntu_kubeadm"
summary = "as ours, with a longer patience"
os_distro = ["ubuntu", "debian"]
files = ["scripts/more.sh"]

[refuses]
registry_enabled = false
docker_volume_size = "no volumes here"

[[environments]]
when = "cluster.master_lb_enabled"
use = "env-api-load-balancer.yaml"
otherwise = "env-api-load-balancer.yaml"

[[environments]]
when = "cluster.has_fixed_network"
use = "env-mine.yaml"
"#;

#[test]
fn a_driver_says_only_what_is_different() {
    let mut folder = only(PARAVIRT);
    folder.insert("scripts/more.sh".into(), "true".into());
    folder.insert("env-mine.yaml".into(), "resource_registry: {}".into());
    folder.insert("worker.yaml".into(), "mine".into());
    let drivers = with(vec![("mine", folder)]);
    assert_eq!(drivers.broken().count(), 0);
    let (mine, ours) = (drivers.get("mine").unwrap(), drivers.get("k8s_ubuntu_kubeadm").unwrap());
    assert_eq!((mine.origin, ours.origin), (Origin::User, Origin::BuiltIn));
    assert_eq!((mine.manifest.coe.as_str(), &mine.manifest.template), ("kubernetes", &ours.manifest.template));
    assert_eq!(mine.files["worker.yaml"], "mine");
    assert_eq!(mine.files["cluster.yaml"], ours.files["cluster.yaml"]);
    assert_eq!(mine.manifest.files.len(), ours.manifest.files.len() + 1);
    assert!(ours.manifest.refuses.contains_key("registry_enabled"));
    assert!(!mine.manifest.refuses.contains_key("registry_enabled"));
    assert!(mine.manifest.refuses.contains_key("docker_volume_size"));
    assert_eq!(mine.manifest.environments.len(), ours.manifest.environments.len());
    let network = &mine.manifest.environments[0];
    assert_eq!((network.then.as_deref(), network.otherwise.as_deref()), (Some("env-mine.yaml"), None));
    // The user's own comes first where both fit.
    assert_eq!(drivers.choose("vm", "ubuntu", "kubernetes", None).unwrap().manifest.name, "mine");
    assert_eq!(drivers.choose("vm", "debian", "kubernetes", None).unwrap().manifest.name, "mine");
}

#[test]
fn a_user_may_change_a_built_in_driver_in_its_place() {
    let text = "name = \"k8s_ubuntu_kubeadm\"\nextends = \"k8s_ubuntu_kubeadm\"\nsummary = \"mine\"\n";
    let drivers = with(vec![("k8s_ubuntu_kubeadm", only(text))]);
    let driver = drivers.get("k8s_ubuntu_kubeadm").unwrap();
    assert_eq!((driver.manifest.summary.as_str(), driver.origin), ("mine", Origin::User));
    assert_eq!(driver.files["cluster.yaml"], ubuntu()["cluster.yaml"]);
}

#[rstest]
#[case::no_manifest("", "needs a driver.toml")]
#[case::not_toml("name = \n", "driver.toml, line 1")]
#[case::unknown_key("name = \"x\"\ncolour = 1\nextends = \"k8s_ubuntu_kubeadm\"", "unknown field `colour`")]
#[case::missing_key("name = \"x\"", "missing field")]
#[case::another_name("name = \"y\"\nextends = \"k8s_ubuntu_kubeadm\"", "names it \"y\"")]
#[case::nothing_beneath("name = \"x\"\nextends = \"z\"", "extends z, and there is no such driver")]
#[case::itself("name = \"x\"\nextends = \"x\"", "there is no such driver")]
#[case::circle("name = \"x\"\nextends = \"round\"", "extends x, which extends round in turn")]
#[case::not_a_name("name = \"x\"\nextends = 7", "must be the name of a driver")]
#[case::no_file("name = \"x\"\nextends = \"k8s_ubuntu_kubeadm\"\nfiles = [\"a\"]", "file a is named but not there")]
#[case::no_attribute(
    "name = \"x\"\nextends = \"k8s_ubuntu_kubeadm\"\n[parameters]\na = \"cluster.nodecount\"",
    "cluster.nodecount is not known"
)]
fn a_broken_driver_says_what_is_broken_and_stops_no_other(#[case] text: &str, #[case] told: &str) {
    let folder = if text.is_empty() { Folder::new() } else { only(text) };
    let round = only("name = \"round\"\nextends = \"x\"");
    let good = only("name = \"good\"\nextends = \"k8s_ubuntu_kubeadm\"\nos_distro = [\"debian\"]");
    let drivers = with(vec![("x", folder), ("round", round), ("good", good)]);
    let line = broken(&drivers, "x");
    assert!(line.contains(told) && line.contains("driver x"), "{line}");
    assert!(drivers.get("x").is_none());
    assert!(drivers.choose("vm", "debian", "kubernetes", None).is_ok());
    assert!(drivers.choose("vm", "ubuntu", "kubernetes", None).is_ok());
    assert_eq!(drivers.choose("vm", "", "", Some("x")).unwrap_err().field.as_deref(), Some("driver"));
    let nothing = drivers.choose("vm", "slackware", "kubernetes", None).unwrap_err().line();
    assert!(nothing.contains("Broken, see \"jeroboam driver list\": "), "{nothing}");
}

#[test]
fn a_broken_one_hides_the_built_in_one_but_not_what_stands_on_it() {
    let unread = ("k8s_ubuntu_kubeadm".to_owned(), Err(Problem::local("cannot read it")));
    for own in [unread, ("k8s_ubuntu_kubeadm".to_owned(), Ok(only("name = 3")))] {
        let drivers = Drivers::load(vec![own]);
        assert!(drivers.get("k8s_ubuntu_kubeadm").is_none());
        assert_eq!(drivers.broken().count(), 1);
        assert_eq!(drivers.iter().count() + 1, Drivers::builtin().unwrap().iter().count());
    }
}
