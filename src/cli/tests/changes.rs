//! Changes of a cluster, from their flags to what the manager is asked for.

use super::*;

#[tokio::test]
async fn changes_are_asked_for_as_openstack_coe_says_them() {
    let manager = Arc::new(Scripted { clusters: vec![cluster(Status::UPDATE_COMPLETE)], ..Scripted::default() });
    for (line, asked) in [
        (
            "cluster resize prod 3 --nodegroup gpu --nodes-to-remove 10.0.0.7 --nodes-to-remove 2",
            r#"{"change":"resize","count":3,"nodegroup":"gpu","nodes_to_remove":["10.0.0.7","2"]}"#,
        ),
        (
            "cluster update prod replace node_count=4",
            r#"{"change":"resize","count":4,"nodegroup":null,"nodes_to_remove":[]}"#,
        ),
        (
            "cluster update prod remove node_count",
            r#"{"change":"resize","count":1,"nodegroup":null,"nodes_to_remove":[]}"#,
        ),
        (
            "cluster upgrade prod k8s-1.32 --max-batch-size 2",
            r#"{"change":"upgrade","template":"k8s-1.32","nodegroup":null,"max_batch_size":2}"#,
        ),
        ("cluster pause prod", r#"{"change":"pause"}"#),
        ("ca rotate prod", r#"{"change":"rotate_ca","max_batch_size":1}"#),
        ("nodegroup delete prod gpu", r#"{"change":"delete_nodegroup","nodegroup":"gpu"}"#),
    ] {
        let ran = ran(&manager, line, false).await;
        assert_eq!(ran.exit, None, "{}", ran.err);
        assert_eq!(manager.asked.lock().unwrap().pop().unwrap(), asked);
    }
    for line in [
        "cluster update prod replace name=x",
        "cluster update prod replace node_count=many",
        "cluster update prod replace node_count",
    ] {
        let ran = ran(&manager, line, false).await;
        assert_eq!((ran.exit, ran.work), (Some(Exit::Usage), None), "{line}: {}", ran.err);
    }
    assert!(manager.asked.lock().unwrap().is_empty());
}
