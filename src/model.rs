//! What Jeroboam talks about: templates, clusters, labels, statuses, Heat's
//! stacks as seen from outside, and the rules that hold for them.
//!
//! Pure: no IO, no async, no clock. `now` is always an argument. Every other
//! layer may use these types; this one uses none of theirs.
//! Start reading at [`cluster`].

pub mod authority;
pub mod bastion;
pub mod call;
pub mod change;
pub mod check;
pub mod checks;
pub mod cluster;
pub mod destination;
pub mod fitness;
pub mod health;
pub mod history;
pub mod image;
pub mod inventory;
pub mod labels;
pub mod ledger;
pub mod machine;
pub mod node;
pub mod nodegroup;
pub mod patch;
pub mod problem;
pub mod quota;
pub mod service_quota;
pub mod spec;
pub mod stack;
pub mod status;
pub mod template;
pub mod text;
pub mod thing;
pub mod timeout;
pub mod validate;
pub mod version;

pub use authority::Authority;
pub use bastion::NewBastion;
pub use change::{ClusterChange, Rollout};
pub use check::{Check, Severity};
pub use cluster::{Cluster, ClusterId, NewCluster, Progress};
pub use destination::{CloudEntry, Destination, Places, Project};
pub use health::{Health, HealthStatus};
pub use history::{HistoryEntry, HistoryKind, Operation};
pub use image::NewImage;
pub use inventory::{Flavor, Image, Keypair, Network, Subnet};
pub use labels::Labels;
pub use ledger::{CertificateRequest, IssuedCertificate};
pub use machine::{Machine, Server, ServerSheet};
pub use node::Node;
pub use nodegroup::{NewNodeGroup, NodeGroup, NodeGroupId};
pub use patch::{Patch, PatchOp};
pub use problem::{Problem, ProblemKind};
pub use quota::Quota;
pub use service_quota::{Needs, QuotaUse, ServiceQuota};
pub use spec::{CaStage, MasterNode, NodeImage, Spec, WorkerGroup, WorkerNode};
pub use stack::{RootCause, Stack, StackEvent, StackResource, StackSheet};
pub use status::{Action, State, Status};
pub use template::{ClusterTemplate, NewTemplate, TemplateId, TemplateUsers};
pub use thing::{Doubt, Orphan, Thing, ThingSort};
pub use timeout::TimeOut;
pub use version::KubeVersion;
