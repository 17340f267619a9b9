//! `jeroboam driver …`: without a cloud, with the user's own folders.

use super::Home;

#[test]
fn own_drivers_are_listed_beside_ours_and_broken_ones_say_why() {
    let home = Home::new();
    let place = home.path().join(".config/jeroboam/drivers");
    for (name, text) in
        [("mine", "name = \"mine\"\nextends = \"k8s_ubuntu_kubeadm\"\nsummary = \"my own\"\n"), ("bad", "name =")]
    {
        std::fs::create_dir_all(place.join(name)).unwrap();
        std::fs::write(place.join(name).join("driver.toml"), text).unwrap();
    }
    let rows = home.run("driver list -f json").ok().json();
    let row = |name: &str| rows.as_array().unwrap().iter().find(|row| row["name"] == name).unwrap();
    assert_eq!((row("mine")["origin"].as_str(), row("mine")["coe"].as_str()), (Some("user"), Some("kubernetes")));
    assert_eq!(row("k8s_ubuntu_kubeadm")["origin"], "built-in");
    assert!(row("bad")["problem"]["summary"].as_str().unwrap().contains("driver.toml, line 1"));
    let table = home.run("driver list").ok().out;
    assert!(table.contains("my own") && table.contains("broken: driver bad: "), "{table}");

    let shown = home.run("driver show mine -f json").ok().json();
    assert_eq!((&shown["extends"], &shown["template"]), (&"k8s_ubuntu_kubeadm".into(), &"cluster.yaml".into()));
    assert!(shown["folder"].as_array().unwrap().contains(&"cluster.yaml".into()));
    let none = home.run("driver show nope").failed(3);
    assert!(none.err.contains("There are: ") && none.err.contains("mine"), "{}", none.err);
    let broken = home.run("driver show bad").failed(1);
    assert!(broken.err.contains("driver bad: driver.toml, line 1"), "{}", broken.err);
}
