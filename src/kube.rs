//! What Jeroboam knows of Kubernetes itself, as seen from a client's side: for now the
//! kubeconfig file. Must not know of clouds, stores or the screen.

pub mod kubeconfig;
