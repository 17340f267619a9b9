//! What Jeroboam knows of Kubernetes itself, as seen from a client's side: the kubeconfig
//! file, and the little of the API that a cluster's manager needs. Must not know of clouds,
//! stores or the screen.

pub mod api;
pub mod kubeconfig;
