use std::sync::Mutex;

use async_trait::async_trait;
use rstest::rstest;

use super::*;
use crate::conductor::testing::fault;

const ID: &str = "6f5c1d0e-8a55-4f6e-9c55-3d3a3a6b0c11";
const OTHER: &str = "0b6a9d0f-1111-4222-8333-444455556666";

fn thing(sort: ThingSort, name: &str) -> Thing {
    Thing {
        sort,
        id: format!("{}-{name}", sort.word()),
        name: name.into(),
        description: String::new(),
        status: String::new(),
        metadata: BTreeMap::new(),
        tags: Vec::new(),
        holder: None,
        owner: String::new(),
        network: None,
        created: None,
    }
}

fn described(sort: ThingSort, description: &str) -> Thing {
    Thing { description: description.into(), ..thing(sort, "x") }
}

fn with(sort: ThingSort, key: &str, value: &str) -> Thing {
    Thing { metadata: [(key.to_owned(), value.to_owned())].into(), ..thing(sort, "x") }
}

fn cluster(text: &str) -> ClusterId {
    id(text).unwrap()
}

#[rstest]
#[case(thing(ThingSort::LoadBalancer, &format!("kube_service_{ID}_default_web")), true)]
#[case(thing(ThingSort::LoadBalancer, &format!("kube_ingress_{ID}_default_web")), true)]
#[case(described(ThingSort::LoadBalancer, &format!("Kubernetes external service default/web from cluster {ID}")), true)]
#[case(thing(ThingSort::LoadBalancer, &format!("my_kube_service_{ID}_default_web")), false)]
#[case(thing(ThingSort::LoadBalancer, "kube_service_kubernetes_default_web"), false)]
#[case(described(ThingSort::FloatingIp, &format!("Floating IP for Kubernetes external service default/web from cluster {ID}")), true)]
#[case(described(ThingSort::FloatingIp, &format!("mine, not from cluster {ID}")), false)]
#[case(
    described(
        ThingSort::FloatingIp,
        "Floating IP for Kubernetes external service default/web from cluster kubernetes"
    ),
    false
)]
#[case(described(ThingSort::SecurityGroup, &format!("Security Group for default/web Service LoadBalancer in cluster {ID}")), true)]
#[case(with(ThingSort::Volume, CSI, ID), true)]
#[case(with(ThingSort::Volume, CSI, "kubernetes"), false)]
#[case(with(ThingSort::Server, "jeroboam_cluster", ID), true)]
#[case(thing(ThingSort::AppCredential, &format!("jeroboam-{ID}")), true)]
#[case(thing(ThingSort::AppCredential, &format!("jeroboam-{ID}.3")), true)]
#[case(thing(ThingSort::AppCredential, &format!("jeroboam-{ID}x")), false)]
#[case(Thing { tags: vec!["jeroboam".into(), ID.into()], ..thing(ThingSort::Stack, "s") }, true)]
#[case(Thing { tags: vec![ID.into()], ..thing(ThingSort::Stack, "s") }, false)]
fn things_are_known_by_their_marks(#[case] thing: Thing, #[case] ours: bool) {
    assert_eq!(owner(&thing), ours.then(|| cluster(ID)));
}

#[test]
fn a_balancer_that_two_clusters_share_goes_with_neither() {
    let mine = format!("kube_service_{ID}_default_web");
    let tags = |tags: &[&str]| Thing {
        tags: tags.iter().map(|tag| (*tag).to_owned()).collect(),
        ..thing(ThingSort::LoadBalancer, &mine)
    };
    assert_eq!(owner(&tags(&[&mine, &format!("kube_service_{ID}_default_other")])), Some(cluster(ID)));
    assert_eq!(owner(&tags(&[&mine, &format!("kube_service_{OTHER}_default_web")])), None);
}

#[test]
fn what_may_be_somebody_elses_is_told_so() {
    let server = with(ThingSort::Server, "jeroboam_cluster", ID);
    let group = thing(ThingSort::ServerGroup, "prod-6f5c1d0e8a55-master");
    let balancer = thing(ThingSort::LoadBalancer, &format!("kube_service_{OTHER}_default_web"));
    let unrelated = thing(ThingSort::ServerGroup, "prod-aaaaaaaaaaaa-master");
    let vip = Thing { owner: "Octavia".into(), ..thing(ThingSort::Port, "octavia-lb-6f5c1d0e8a55") };
    let stack = Thing { tags: vec!["jeroboam".into(), ID.into()], ..thing(ThingSort::Stack, "prod-6f5c1d0e8a55") };
    let things = vec![server, group, balancer, unrelated, vip];
    let doubts = |things: &[Thing], present: &[&str], past: &[&str]| -> Vec<(ThingSort, Option<Doubt>)> {
        let ids = |all: &[&str]| all.iter().map(|id| cluster(id)).collect::<BTreeSet<_>>();
        let found = orphans(things.to_vec(), &ids(present), &ids(past));
        found.into_iter().map(|orphan| (orphan.thing.sort, orphan.doubt)).collect()
    };
    let (balancer, server, group) = (ThingSort::LoadBalancer, ThingSort::Server, ThingSort::ServerGroup);
    assert_eq!(doubts(&things, &[], &[]), [(balancer, Some(Doubt::Stranger)), (server, None), (group, None)]);
    assert_eq!(doubts(&things, &[ID], &[OTHER]), [(balancer, None)]);
    let with_stack: Vec<Thing> = things.iter().cloned().chain([stack]).collect();
    assert!(doubts(&with_stack, &[], &[]).iter().skip(1).all(|(_, doubt)| *doubt == Some(Doubt::Stack)));
    assert!(doubts(&with_stack, &[], &[ID]).iter().skip(1).all(|(_, doubt)| doubt.is_none()));
}

#[tokio::test]
async fn a_forgotten_bastion_goes_and_nodes_stay() {
    let node = with(ThingSort::Server, OURS, ID);
    let mut bastion = Thing { id: "b".into(), ..node.clone() };
    bastion.metadata.insert(super::ROLE.into(), super::BASTION.into());
    let mark = super::bastion_mark(cluster(ID));
    let parts = [described(ThingSort::FloatingIp, &mark), described(ThingSort::SecurityGroup, &mark)];
    assert!(parts.iter().chain([&bastion]).all(|thing| super::is_bastions(thing, cluster(ID))));
    assert!(!super::is_bastions(&node, cluster(ID)) && !super::is_bastions(&bastion, cluster(OTHER)));
    let of = |thing: &Thing| (thing.clone(), None);
    let project = Project(Mutex::new(vec![of(&node), of(&bastion), of(&parts[0]), of(&parts[1])]));
    let going = clear(&project, cluster(ID), &BEFORE).await.unwrap();
    assert!(going.len() == 1 && going[0].thing.id == "b", "{going:?}");
    assert_eq!(clear(&project, cluster(ID), &BEFORE).await.unwrap(), []);
    assert_eq!(clear(&project, cluster(ID), &AFTER).await.unwrap(), []);
    let left: Vec<Thing> = project.0.lock().unwrap().iter().map(|(thing, _)| thing.clone()).collect();
    assert_eq!(left, [node]);
    assert_eq!(orphans(vec![bastion.clone()], &BTreeSet::new(), &BTreeSet::new()).len(), 1);
}

/// A project whose things say what becomes of removing them.
struct Project(Mutex<Vec<(Thing, Option<CloudErrorKind>)>>);

#[async_trait]
impl Things for Project {
    async fn things(&self, sort: ThingSort) -> Result<Vec<Thing>, CloudError> {
        if sort == ThingSort::Port {
            return Err(fault(CloudErrorKind::Forbidden));
        }
        let all = self.0.lock().unwrap();
        Ok(all.iter().map(|(thing, _)| thing).filter(|thing| thing.sort == sort).cloned().collect())
    }

    async fn remove(&self, thing: &Thing) -> Result<bool, CloudError> {
        let mut all = self.0.lock().unwrap();
        let Some(at) = all.iter().position(|(other, _)| other.id == thing.id) else { return Ok(false) };
        match all[at].1 {
            Some(kind) => Err(fault(kind)),
            None if thing.sort == ThingSort::LoadBalancer => {
                all[at].0.status = "PENDING_DELETE".into();
                all[at].1 = Some(CloudErrorKind::Server);
                Ok(true)
            }
            None => {
                all.remove(at);
                Ok(true)
            }
        }
    }
}

#[tokio::test]
async fn a_cluster_is_cleared_step_by_step_and_nothing_else_is_touched() {
    let ip = format!("Floating IP for Kubernetes external service default/web from cluster {ID}");
    let project = Project(Mutex::new(vec![
        (thing(ThingSort::LoadBalancer, &format!("kube_service_{ID}_default_web")), None),
        (thing(ThingSort::LoadBalancer, &format!("kube_service_{OTHER}_default_web")), None),
        (described(ThingSort::FloatingIp, &ip), None),
        (with(ThingSort::Volume, CSI, ID), Some(CloudErrorKind::BadRequest)),
    ]));
    let lines = async || {
        let left = clear(&project, cluster(ID), &BEFORE).await.unwrap();
        left.iter().map(Left::line).collect::<Vec<_>>()
    };
    // It is asked to go once, and then waited for.
    assert_eq!(lines().await.len(), 1);
    assert!(lines().await[0].ends_with(" is PENDING_DELETE"), "{:?}", lines().await);
    project.0.lock().unwrap().retain(|(thing, _)| thing.status.is_empty());
    assert_eq!(lines().await, [] as [String; 0]);
    assert_eq!(project.0.lock().unwrap().len(), 2);
    // A volume that hangs on says why.
    let left = clear(&project, cluster(ID), &AFTER_WITH_VOLUMES).await.unwrap();
    assert!(left.len() == 1 && left[0].words.as_deref() == Some("heat: BadRequest it said"), "{left:?}");
    assert_eq!(clear(&project, cluster(ID), &AFTER).await.unwrap(), []);
}

#[tokio::test]
async fn a_service_that_fails_is_asked_again_later() {
    struct Down;
    #[async_trait]
    impl Things for Down {
        async fn things(&self, _: ThingSort) -> Result<Vec<Thing>, CloudError> {
            Err(fault(CloudErrorKind::Unreachable))
        }
        async fn remove(&self, _: &Thing) -> Result<bool, CloudError> {
            Ok(false)
        }
    }
    assert!(clear(&Down, cluster(ID), &BEFORE).await.is_err());
    let (things, shut) = all(&Down).await;
    assert!(things.is_empty() && shut.len() == ThingSort::ALL.len());
}
