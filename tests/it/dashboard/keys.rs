//! What keys lead to: effects, as data.

use jeroboam::model::{Check, Problem, Status, TemplateId};
use jeroboam::service::{Change, ConductorRole};
use jeroboam::ui::{Effect, Job, Msg, Reply, Saved, Slot, Target};
use rstest::rstest;
use uuid::Uuid;

use super::desk::{Desk, answer};
use super::world::{self, ML, PROD, STAGING};

#[test]
fn starting_asks_for_what_the_screen_needs_and_no_more() {
    let mut desk = Desk::new();
    assert!(desk.app.update(Msg::Resize).is_empty(), "nothing can be asked before the cloud is there");
    desk.send(Msg::Connected(Box::new(world::identity())));
    let jobs: Vec<&Job> = desk.open.iter().map(|(_, job)| job).collect();
    assert_eq!(jobs, [&Job::Templates, &Job::Clusters]);
    desk.answer_all();
    assert!(desk.wanted.contains(&Effect::Watch(Some(jeroboam::model::ClusterId(uuid::Uuid::from_u128(0xa2))))));
    let jobs = desk.wanted.iter().filter(|effect| matches!(effect, Effect::Run(..))).count();
    // Two lists, events and resources of the selected cluster, all certificates.
    assert_eq!(jobs, 5);
    desk.wanted.clear();
    desk.press("left");
    assert_eq!(desk.wanted, []);
}

#[test]
fn a_reply_counts_once_and_only_the_newest() {
    let mut desk = Desk::new();
    desk.send(Msg::Connected(Box::new(world::identity())));
    let (ticket, job) = desk.open.remove(1);
    assert_eq!(job, Job::Clusters);
    desk.answer_all();
    desk.send(Msg::Reply(ticket, answer(&job)));
    desk.answer_all();
    let before = desk.screen(120, 40);
    desk.app.take_changed();
    assert!(desk.app.update(Msg::Reply(ticket, Reply::Clusters(Ok(Vec::new())))).is_empty());
    assert!(!desk.app.take_changed(), "an answer fed twice draws nothing");
    assert_eq!(desk.screen(120, 40), before);
    // Moving on makes the older load useless.
    desk.send(Msg::Key("down".parse().unwrap()));
    let old = desk.open.clone();
    desk.send(Msg::Key("down".parse().unwrap()));
    let (ticket, _) = old[0];
    assert_eq!(ticket.slot, Slot::Events);
    assert!(desk.app.update(Msg::Reply(ticket, Reply::Events(ML, Ok(world::events(ML))))).is_empty());
}

#[test]
fn a_load_that_failed_waits_for_a_reason_to_be_repeated() {
    let mut desk = Desk::new();
    desk.send(Msg::Connected(Box::new(world::identity())));
    let (ticket, _) = desk.open.remove(0);
    let problem = Problem::local("store: disk I/O error");
    desk.send(Msg::Reply(ticket, Reply::Templates(Err(problem.clone()))));
    desk.answer_all();
    assert!(!desk.wanted.iter().skip(2).any(|effect| matches!(effect, Effect::Run(_, Job::Templates))));
    assert!(desk.screen(120, 40).contains("disk I/O error"));
    desk.wanted.clear();
    desk.send(Msg::Change(Change::Trouble { problem: Some(problem) }));
    assert_eq!(desk.wanted, []);
    desk.send(Msg::Change(Change::Trouble { problem: None }));
    assert!(desk.wanted.iter().any(|effect| matches!(effect, Effect::Run(_, Job::Templates))));
    desk.answer_all();
    desk.wanted.clear();
    desk.press("r");
    assert!(desk.wanted.iter().any(|effect| matches!(effect, Effect::Run(_, Job::Clusters))));
}

#[test]
fn a_late_list_cannot_roll_anything_back() {
    let mut desk = Desk::new();
    desk.send(Msg::Connected(Box::new(world::identity())));
    let mut prod = world::clusters().remove(0);
    prod.status = Status::CREATE_COMPLETE;
    prod.updated_at = Some(world::now());
    let mut new = prod.clone();
    new.uuid.0 = uuid::Uuid::from_u128(0xaa);
    new.name = "brand-new".into();
    desk.send(Msg::Change(Change::Cluster { cluster: Box::new(prod) }));
    desk.send(Msg::Change(Change::Cluster { cluster: Box::new(new) }));
    desk.send(Msg::Change(Change::ClusterGone { id: STAGING, name: "staging".into() }));
    desk.answer_all();
    let picture = desk.screen(120, 40);
    let line = picture.lines().find(|line| line.contains("prod-east")).unwrap();
    assert!(line.contains("● ready"), "{picture}");
    assert!(picture.contains("brand-new"), "{picture}");
    assert!(!picture.contains("staging"), "{picture}");
}

#[rstest]
#[case("q", Effect::Quit)]
#[case("ctrl-c", Effect::Quit)]
#[case("2 n ctrl-c", Effect::Quit)]
#[case("d ctrl-c", Effect::Quit)]
#[case("ctrl-z", Effect::Suspend)]
#[case("ctrl-l", Effect::Redraw)]
#[case("4 down y", Effect::Copy("-----BEGIN CERTIFICATE-----\nMIIBdjCCARugAwIBAgIUQ0N4\nc2VjcmV0bHkgbm90aGluZw==\n-----END CERTIFICATE-----\n".into()))]
#[case("down enter y", Effect::Copy("https://172.24.4.17:6443".into()))]
fn keys_that_want_something(#[case] keys: &str, #[case] effect: Effect) {
    let mut desk = Desk::ready();
    desk.press(keys);
    assert_eq!(desk.wanted.last(), Some(&effect));
}

#[test]
fn quitting_works_before_anything_is_connected_and_after_it_failed() {
    let mut desk = Desk::new();
    assert_eq!(desk.app.update(Msg::Key("q".parse().unwrap())), [Effect::Quit]);
    desk.send(Msg::ConnectFailed(Problem::local("no such cloud")));
    assert_eq!(desk.app.update(Msg::Key("r".parse().unwrap())), [Effect::Connect(None)]);
    assert_eq!(desk.app.update(Msg::Key("r".parse().unwrap())), [], "it is connecting already");
    assert_eq!(desk.app.update(Msg::Quit), [Effect::Quit]);
}

#[test]
fn a_cluster_is_deleted_only_by_its_name() {
    let mut desk = Desk::ready();
    desk.press("down d").write("ml-gp").press("enter").write("u");
    assert!(desk.wanted.iter().all(|effect| !matches!(effect, Effect::Run(_, Job::DeleteCluster(_)))));
    desk.press("enter");
    assert_eq!(desk.command().1, Job::DeleteCluster(ML));
    desk.press("d").write("ml-gpu").press("enter");
    assert!(desk.open.is_empty(), "it runs already and is not started twice");
}

#[test]
fn a_template_in_use_is_not_even_asked_to_go() {
    let mut desk = Desk::ready();
    desk.press("2 down down d enter");
    assert!(desk.open.is_empty());
    desk.press("g d enter");
    let (ticket, job) = desk.command();
    let id = world::templates()[2].uuid;
    assert_eq!(job, Job::DeleteTemplate(id));
    desk.send(Msg::Reply(ticket, Reply::TemplateDeleted(id, Ok(()))));
    assert!(!desk.screen(120, 40).contains("coreos"));
}

#[test]
fn another_projects_template_is_told_from_ours_and_stays() {
    let mut desk = Desk::ready();
    let mut foreign = world::templates().remove(0);
    foreign.uuid = TemplateId(Uuid::from_u128(0xbf));
    (foreign.spec.name, foreign.spec.public, foreign.project_id) = ("their-own".into(), true, "p2".into());
    let mut ours = world::templates().remove(2);
    ours.spec.public = true;
    for template in [foreign, ours] {
        desk.send(Msg::Change(Change::Template { template: Box::new(template) }));
    }
    desk.press("2 G z");
    let list = desk.screen(200, 50);
    let line = |name: &str| list.lines().find(|line| line.contains(name) && line.contains("m1.")).unwrap_or_default();
    assert!(line("their-own").contains("others'") && line("coreos").contains("public"), "{list}");
    desk.press("d enter");
    assert!(desk.open.is_empty(), "nobody is asked to delete it");
    desk.press("d");
    let told = desk.screen(120, 40);
    assert!(told.contains("It belongs to project p2"), "{told}");
}

#[test]
fn a_template_is_made_with_defaults_from_the_cloud() {
    let mut desk = Desk::ready();
    desk.press("2 n").write("new").press("ctrl-s");
    let (ticket, Job::CreateTemplate(wish)) = desk.command() else { panic!("another job") };
    assert_eq!(wish.name, "new");
    assert_eq!(wish.image_id, "ubuntu-24.04-kube-v1.31.4", "the newest Kubernetes");
    assert_eq!(wish.external_network_id.as_deref(), Some("public"), "the only one");
    assert_eq!((wish.flavor_id.as_deref(), wish.keypair_id.as_deref()), (Some("m1.medium"), Some("devkey")));
    assert!(wish.floating_ip_enabled && !wish.master_lb_enabled);
    // Refused: every problem at its field, nothing lost.
    let problems = vec![
        Problem::invalid("a template named \"new\" exists").on_field("name"),
        Problem::conflict("the store is full"),
    ];
    desk.send(Msg::Reply(ticket, Reply::TemplateCreated(Err(problems))));
    let picture = desk.screen(120, 40);
    assert!(picture.contains("a template named \"new\" exists") && picture.contains("the store is full"), "{picture}");
    desk.write("er").press("ctrl-s");
    let (ticket, job) = desk.command();
    desk.send(Msg::Reply(ticket, answer(&job)));
    let picture = desk.screen(120, 40);
    assert!(picture.contains("template newer is made") && picture.contains("2 Templates"), "{picture}");
}

#[test]
fn the_command_preview_follows_the_switches() {
    let mut desk = Desk::ready();
    desk.press("2 n").write("a b").press("tab tab tab tab tab tab right tab right");
    let picture = desk.screen(200, 50);
    assert!(picture.contains("jeroboam template create 'a b'"), "{picture}");
    assert!(picture.contains("--floating-ip-disabled") && picture.contains("--master-lb-enabled"), "{picture}");
    desk.press("ctrl-o");
    assert!(desk.screen(200, 50).contains("openstack coe cluster template create 'a b'"));
}

#[test]
fn a_cluster_takes_from_its_template_what_is_left_open() {
    let mut desk = Desk::ready();
    desk.press("2 down down c").write("work").press("tab tab tab backspace").write("2").press("ctrl-s");
    assert!(desk.open.is_empty(), "looked at once more before it is sent");
    desk.press("enter");
    let (ticket, Job::CreateCluster(wish)) = desk.command() else { panic!("another job") };
    assert_eq!((wish.name.as_str(), wish.cluster_template_id.as_str()), ("work", "k8s-1-31"));
    assert_eq!((wish.master_count, wish.node_count, wish.create_timeout), (1, 2, 60));
    assert_eq!((wish.flavor_id, wish.keypair, wish.master_lb_enabled), (None, None, None));
    desk.press("enter");
    assert!(desk.open.is_empty(), "sent once");
    desk.send(Msg::Reply(
        ticket,
        answer(&Job::CreateCluster(Box::new(jeroboam::model::NewCluster {
            name: "work".into(),
            ..Default::default()
        }))),
    ));
    let picture = desk.screen(120, 40);
    assert!(picture.contains("▸ work"), "the new one is selected\n{picture}");
}

#[test]
fn the_review_sends_nothing_with_errors_and_leads_back_to_their_fields() {
    let mut desk = Desk::ready();
    desk.press("n").write("work").send(Msg::Key("ctrl-s".parse().unwrap()));
    let (ticket, Job::Preview(wish)) = desk.open.remove(0) else { panic!("another job") };
    assert!(desk.screen(120, 40).contains("looking at the rules"));
    let mut preview = world::preview(&wish);
    preview.checks.insert(0, Check::error("node_count", "quota of nova: 9 of servers are needed and 7 are left"));
    desk.send(Msg::Reply(ticket, Reply::Preview(Ok(Box::new(preview)))));
    desk.press("enter y");
    assert!(desk.open.is_empty());
    let Some(Effect::Copy(command)) = desk.wanted.last() else { panic!("nothing copied") };
    assert!(command.starts_with("openstack coe cluster create work --cluster-template"), "{command}");
    desk.press("esc");
    let picture = desk.screen(120, 40);
    let at = |text: &str| picture.lines().position(|line| line.contains(text)).unwrap_or_else(|| panic!("{picture}"));
    assert_eq!(at("✖ quota of nova"), at("▸ Workers") + 1, "{picture}");
    // Mended, looked at again, refused by the manager: back in the form, at the field.
    desk.press("backspace").write("2").press("ctrl-s enter");
    let (ticket, job) = desk.command();
    assert!(matches!(job, Job::CreateCluster(wish) if wish.node_count == 2));
    let taken = Problem::conflict("there is a cluster \"work\" already").on_field("name");
    desk.send(Msg::Reply(ticket, Reply::ClusterCreated(Err(vec![taken]))));
    assert!(desk.screen(120, 40).contains("✖ there is a cluster \"work\" already"));
    desk.write("2").press("ctrl-s enter");
    let (ticket, job) = desk.command();
    desk.send(Msg::Reply(ticket, answer(&job)));
    assert!(desk.screen(120, 40).contains("▸ work2"));
}

#[test]
fn a_preview_that_is_late_is_for_nobody() {
    let mut desk = Desk::ready();
    desk.press("n").write("work").send(Msg::Key("ctrl-s".parse().unwrap()));
    let (old, job) = desk.open.remove(0);
    desk.send(Msg::Key("esc".parse().unwrap()));
    desk.send(Msg::Key("ctrl-s".parse().unwrap()));
    assert!(desk.app.update(Msg::Reply(old, answer(&job))).is_empty());
    assert!(desk.screen(120, 40).contains("looking at the rules"));
    desk.answer_loads();
    assert!(desk.screen(120, 40).contains("it can be created"));
}

#[test]
fn a_label_is_written_out_and_explained() {
    let mut desk = Desk::ready();
    desk.press("n").write("work");
    for _ in 0..11 {
        desk.press("tab");
    }
    desk.write("flannel_b");
    assert!(desk.screen(120, 40).contains("▸ flannel_backend"));
    desk.press("tab");
    let picture = desk.screen(120, 40);
    assert!(picture.contains("flannel_backend=") && picture.contains("default vxlan"), "{picture}");
    desk.write("vxlan").press("enter").write("octavia_prov");
    desk.press("tab");
    assert!(desk.screen(120, 40).contains("driver k8s_ubuntu_kubeadm does not read it"));
    desk.write("ovn").press("tab ctrl-s");
    let Some(Effect::Run(_, Job::Preview(wish))) = desk.wanted.last() else { panic!("{:?}", desk.wanted.last()) };
    assert_eq!(wish.labels.to_string(), "flannel_backend=vxlan,octavia_provider=ovn");
}

#[test]
fn a_templates_labels_are_remarked_on() {
    let mut desk = Desk::ready();
    desk.press("2 n").write("l");
    for _ in 0..13 {
        desk.press("tab");
    }
    desk.write("flanel_backend=x");
    let picture = desk.screen(120, 40);
    assert!(
        picture.contains("is flannel_backend meant?") && picture.contains("! label flanel_backend is not"),
        "{picture}"
    );
    desk.press("enter").write("boot_volume_size=many").press("tab tab");
    assert!(desk.screen(120, 40).contains("✖ label boot_volume_size cannot be \"many\""), "{}", desk.screen(120, 40));
    desk.press("ctrl-s");
    assert!(desk.open.is_empty());
}

#[test]
fn rules_are_checked_before_anything_is_sent() {
    let mut desk = Desk::ready();
    desk.press("n").write("bad name").press("tab tab backspace").write("3").press("ctrl-s");
    assert!(desk.open.is_empty());
    let picture = desk.screen(120, 40);
    assert!(picture.contains("cannot have \" \" in"), "{picture}");
    assert!(picture.contains("3 masters need the API load balancer"), "{picture}");
}

#[test]
fn labels_are_lines_and_a_paste_keeps_them() {
    let mut desk = Desk::ready();
    desk.press("2 n").write("l");
    for _ in 0..13 {
        desk.press("tab");
    }
    desk.write("a=1").press("enter").write("b=2");
    desk.send(Msg::Paste("\n# note\nc=\x1b[2J3\r\n".into()));
    desk.press("ctrl-s");
    let (_, Job::CreateTemplate(wish)) = desk.command() else { panic!("another job") };
    assert_eq!(wish.labels.to_string(), "a=1,b=2,c=[2J3");
}

#[test]
fn pickers_refuse_what_will_not_do_and_say_why() {
    let mut desk = Desk::ready();
    desk.press("2 n").write("x").press("tab enter").write("plain").press("enter");
    assert!(desk.screen(120, 40).contains("plain-no-distro has no os_distro property"));
    desk.press("esc enter").write("22.04").press("enter ctrl-s");
    let (_, Job::CreateTemplate(wish)) = desk.command() else { panic!("another job") };
    assert_eq!(wish.image_id, "ubuntu-22.04-kube-v1.30.2");
}

#[test]
fn a_picker_whose_service_is_down_takes_what_is_typed() {
    let mut desk = Desk::ready();
    desk.send(Msg::Key("2".parse().unwrap()));
    desk.send(Msg::Key("n".parse().unwrap()));
    let (ticket, job) = desk.open.pop().unwrap();
    assert_eq!(job, Job::Inventory);
    let mut cloud = world::inventory();
    cloud.images.clear();
    desk.write("t").send(Msg::Reply(ticket, Reply::Inventory(Box::new(cloud), vec![Problem::local("glance: gone")])));
    assert!(desk.screen(120, 40).contains("glance: gone"));
    desk.press("tab enter").write("my-image").press("enter ctrl-s");
    let (_, Job::CreateTemplate(wish)) = desk.command() else { panic!("another job") };
    assert_eq!((wish.name.as_str(), wish.image_id.as_str()), ("t", "my-image"));
}

#[test]
fn a_half_filled_form_is_not_lost_by_one_key() {
    let mut desk = Desk::ready();
    desk.press("2 n esc");
    assert!(desk.screen(120, 40).contains("1 Clusters"), "an untouched form just closes");
    desk.press("n").write("half").press("esc q esc");
    assert!(desk.screen(120, 40).contains("half"));
    desk.press("esc enter");
    assert!(desk.screen(120, 40).contains("1 Clusters"));
    assert!(!desk.wanted.contains(&Effect::Quit));
}

#[test]
fn a_kubeconfig_goes_where_it_is_wanted_and_overwriting_asks() {
    let mut desk = Desk::ready();
    desk.press("down K enter");
    let (ticket, job) = desk.command();
    let target = Target::File("~/.kube/ml-gpu.config".into());
    assert_eq!(job, Job::SaveKubeconfig { id: ML, target: target.clone(), overwrite: false });
    desk.send(Msg::Reply(ticket, Reply::Kubeconfig(Saved::Exists { what: "It exists.".into() })));
    desk.press("enter");
    let (ticket, job) = desk.command();
    assert_eq!(job, Job::SaveKubeconfig { id: ML, target, overwrite: true });
    desk.send(Msg::Reply(ticket, Reply::Kubeconfig(Saved::Failed(Problem::local("cannot write: the disk is full")))));
    assert!(desk.screen(120, 40).contains("the disk is full"));
    desk.press("tab enter");
    assert!(desk.open.is_empty(), "merging asks first");
    desk.press("enter");
    let (ticket, job) = desk.command();
    assert_eq!(job, Job::SaveKubeconfig { id: ML, target: Target::Merge, overwrite: false });
    desk.send(Msg::Reply(ticket, answer(&job)));
    desk.press("y");
    assert_eq!(desk.wanted.last(), Some(&Effect::Copy("kubectl config use-context ml-gpu".into())));
}

#[test]
fn why_leads_to_the_resource_even_before_it_is_loaded() {
    let mut desk = Desk::ready();
    for key in ["down", "down", "down", "w"] {
        desk.send(Msg::Key(key.parse().unwrap()));
    }
    assert!(desk.open.iter().any(|(_, job)| *job == Job::Resources(STAGING)));
    desk.answer_loads();
    assert!(desk.screen(120, 40).contains("▸ ✖       server"));
}

#[test]
fn events_follow_until_somebody_scrolls() {
    let mut desk = Desk::ready();
    desk.press("down down 3");
    let news = |n: usize| {
        Msg::Change(Change::Events { id: PROD, events: vec![world::event(100 + n, "late", "CREATE_COMPLETE", "")] })
    };
    assert!(desk.screen(120, 40).contains("following"));
    desk.press("up");
    desk.send(news(1));
    desk.send(news(2));
    desk.send(news(2));
    assert!(desk.screen(120, 40).contains("paused, 2 new"));
    desk.press("G");
    assert!(desk.screen(120, 40).contains("following"));
}

#[test]
fn news_that_change_nothing_draw_nothing() {
    let mut desk = Desk::ready();
    desk.app.take_changed();
    desk.send(Msg::Change(Change::Cluster { cluster: Box::new(world::clusters().remove(3)) }));
    desk.send(Msg::Change(Change::Conductor { role: ConductorRole::Active }));
    desk.send(Msg::Change(Change::Resources { id: PROD, resources: Vec::new() }));
    desk.app.take_changed();
    desk.send(Msg::Change(Change::Resources { id: PROD, resources: Vec::new() }));
    desk.send(Msg::Key("left".parse().unwrap()));
    assert!(!desk.app.take_changed());
}

#[test]
fn time_is_asked_for_only_while_something_moves() {
    let mut desk = Desk::new();
    assert_eq!(desk.app.wake_at(), None);
    desk.send(Msg::Connected(Box::new(world::identity())));
    assert_eq!(desk.app.wake_at(), None);
    desk.answer_all();
    let next = desk.app.wake_at().unwrap();
    assert_eq!(next - world::now(), chrono::TimeDelta::seconds(1), "clusters are moving");
    desk.app.take_changed();
    desk.send(Msg::Tick(world::now() + chrono::TimeDelta::milliseconds(400)));
    assert!(!desk.app.take_changed());
    desk.wait(1);
    assert!(desk.app.take_changed());
    // All at rest: the next change is an age, hours away.
    for mut cluster in world::clusters() {
        cluster.status = Status::CREATE_COMPLETE;
        cluster.created_at = world::ago(3 * 86_400);
        desk.send(Msg::Change(Change::Cluster { cluster: Box::new(cluster) }));
    }
    desk.wait(60);
    let next = desk.app.wake_at().unwrap();
    assert!(next - world::now() > chrono::TimeDelta::hours(1), "{next}");
}

#[test]
fn the_end_of_a_create_is_told() {
    let mut desk = Desk::ready();
    let mut prod = world::clusters().remove(0);
    prod.status = Status::CREATE_COMPLETE;
    desk.send(Msg::Change(Change::Cluster { cluster: Box::new(prod) }));
    assert!(desk.screen(120, 40).contains("● prod-east is ready"));
    desk.wait(9);
    assert!(!desk.screen(120, 40).contains("prod-east is ready"), "good news go by themselves");
    let mut ci = world::clusters().remove(1);
    ci.status = Status::from("UPDATE_FAILED");
    ci.status_reason = "quota".into();
    desk.send(Msg::Change(Change::Cluster { cluster: Box::new(ci) }));
    desk.wait(9999);
    assert!(desk.screen(120, 40).contains("ci-runners: update failed: quota"));
    desk.press("esc");
    assert!(!desk.screen(120, 40).contains("ci-runners: update failed"));
}

#[test]
fn text_from_outside_cannot_break_the_picture() {
    let mut desk = Desk::ready();
    let mut cluster = world::clusters().remove(0);
    cluster.uuid.0 = uuid::Uuid::from_u128(0xae);
    cluster.name = "👩‍👩‍👧‍👦🇩🇪é\u{0301}ｗｉｄｅ".repeat(40);
    cluster.status_reason = "x".repeat(100_000);
    cluster.status = Status::from("CREATE_FAILED");
    desk.send(Msg::Change(Change::Cluster { cluster: Box::new(cluster) }));
    desk.answer_loads();
    for (width, height) in [(40, 10), (80, 24), (120, 40)] {
        desk.press("g");
        for _ in 0..6 {
            desk.press("down");
            desk.screen(width, height);
        }
    }
}

#[test]
fn what_is_typed_is_done_where_the_user_was() {
    let mut desk = Desk::ready();
    desk.press(":").write("upgr").press("enter");
    assert!(desk.screen(120, 40).contains("Upgrade"), "{}", desk.screen(120, 40));
    desk.press("esc").press(":");
    // The last choice comes first.
    desk.press("enter");
    assert!(desk.screen(120, 40).contains("Upgrade"), "{}", desk.screen(120, 40));
    desk.press("esc").press(":").write("prod-e").press("enter");
    assert!(desk.screen(120, 40).contains("Node groups"), "{}", desk.screen(120, 40));
    desk.press(":").write("templates").press("enter").press("n");
    assert!(desk.screen(120, 40).contains("New cluster template"), "from a page to a pane of the home screen");
}

#[test]
fn a_form_is_not_left_by_what_is_typed_over_it() {
    let mut desk = Desk::with_keymap("emacs");
    desk.press("n").press("alt-x").write("prod-east");
    assert!(desk.screen(120, 40).contains("nothing here is called"), "{}", desk.screen(120, 40));
    desk.press("esc");
    assert!(desk.screen(120, 40).contains("New cluster"));
}

#[test]
fn who_looks_elsewhere_is_told_what_came_to_an_end() {
    let ended = |desk: &mut Desk| {
        let mut prod = world::clusters().remove(0);
        assert!(prod.status.is_in_progress());
        desk.send(Msg::Change(Change::Cluster { cluster: Box::new(prod.clone()) }));
        prod.status = Status::CREATE_COMPLETE;
        prod.updated_at = Some(world::now());
        desk.send(Msg::Change(Change::Cluster { cluster: Box::new(prod) }));
        desk.wanted.drain(..).filter(|effect| matches!(effect, Effect::Alert(_))).collect::<Vec<_>>()
    };
    let told = [Effect::Alert("prod-east is ready".into())];
    let mut desk = Desk::ready();
    assert_eq!(ended(&mut desk), [], "a key was pressed a moment ago");
    let mut desk = Desk::ready();
    desk.send(Msg::Tick(world::now() + chrono::TimeDelta::seconds(61)));
    assert_eq!(ended(&mut desk), told);
    let mut desk = Desk::ready();
    desk.send(Msg::Focus(false));
    assert_eq!(ended(&mut desk), told);
    let mut desk = Desk::ready();
    desk.send(Msg::Tick(world::now() + chrono::TimeDelta::seconds(61)));
    desk.send(Msg::Focus(true));
    assert_eq!(ended(&mut desk), []);
}

#[test]
fn the_window_is_named_after_what_moves() {
    assert_eq!(Desk::new().app.title(), "jeroboam");
    assert_eq!(Desk::ready().app.title(), "✖ 1 failed · 2 moving · jeroboam");
}
