#!/bin/bash
# A node, from its first boot to its last signal. Masters and workers prepare alike, side by
# side; then master.sh or worker.sh says how it becomes part of the cluster.
set -Eeuo pipefail
umask 077
# shellcheck source=lib.sh
. /etc/jeroboam/lib.sh
# shellcheck source=prepare.sh
. "$JEROBOAM/prepare.sh"
# shellcheck source=kubeadm.sh
. "$JEROBOAM/kubeadm.sh"

# A driver whose images carry no Kubernetes brings a script that puts it there.
if [ -f "$JEROBOAM/provide.sh" ]; then
  # shellcheck source=/dev/null
  . "$JEROBOAM/provide.sh"
fi

stage "preparing the node"
check_image
use_proxies
set_up_kernel
keep_pods_from_metadata

ROLE=$(setting ROLE worker)
if [ "$ROLE" = master ]; then use_volume ETCD etcd /var/lib/etcd; fi
use_volume CONTAINER containers /var/lib/containerd

stage "starting containerd"
set_up_containerd
reached "containerd ready"

# shellcheck source=master.sh
# shellcheck source=worker.sh
. "$JEROBOAM/$ROLE.sh"

stage "waiting for the node to be Ready"
READY_TRIES=$(($(setting NODE_READY_TIMEOUT 1200) / 10))
retry "$READY_TRIES" node_is_ready || fail "the node did not become Ready: $(why_not_ready)"
reached "node Ready"
rm -f "$JEROBOAM/pki/join.key" "$JEROBOAM/discovery.conf"
finished "$(case $ROLE in master) echo control plane up ;; *) echo joined the cluster ;; esac), node Ready"
