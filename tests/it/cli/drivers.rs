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

#[test]
fn a_folder_is_checked_with_its_scripts() {
    let home = Home::new();
    let dir = home.path().join("mine");
    std::fs::create_dir_all(dir.join("scripts")).unwrap();
    let text = "name = \"mine\"\nextends = \"k8s_ubuntu_kubeadm\"\nsummary = \"my own\"\n";
    std::fs::write(dir.join("driver.toml"), text).unwrap();
    let clean = home.run("driver check mine").ok();
    assert_eq!((clean.out.as_str(), clean.err.as_str()), ("", "Nothing is wrong\n"));
    assert_eq!(home.run("driver check mine -f json").ok().out, "[]\n");

    std::fs::write(dir.join("scripts/broken.sh"), "if true; then\n").unwrap();
    std::fs::write(dir.join("driver.toml"), format!("{text}[parameters]\nnowhere = \"label.a\"\n")).unwrap();
    let ran = home.run("driver check mine -f json");
    assert_eq!(ran.code, 1);
    assert!(ran.err.starts_with("error: mine has "), "{}", ran.err);
    let found = ran.json();
    let told = |file: &str, level: &str, words: &str| {
        let mut all = found.as_array().unwrap().iter();
        let has = |finding: &serde_json::Value| finding["text"].as_str().unwrap().contains(words);
        assert!(all.any(|f| f["file"] == file && f["level"] == level && has(f)), "{found:#}");
    };
    told("driver.toml", "error", "parameter nowhere is sent");
    told("scripts/broken.sh", "error", "line 2: syntax error");
    told("scripts/broken.sh", "warning", "is used by nothing");
    assert!(home.run("driver check mine").out.contains("LEVEL    FILE"));
    assert!(home.run("driver check elsewhere").failed(2).err.contains("elsewhere"));
}
