#!/bin/bash
# First half of every node's user data: settings, the signal to Heat, and what
# masters and workers prepare alike. Heat replaces the words between double underscores.
set -Eeuo pipefail
umask 077

API_ENDPOINT="__API_ADDRESS__:__API_PORT__"
BOOTSTRAP_TOKEN="__BOOTSTRAP_TOKEN__"
CA_CERT_HASH="__CA_CERT_HASH__"
WANTED_VERSION="__KUBE_VERSION__"
HTTP_PROXY="__HTTP_PROXY__"
HTTPS_PROXY="__HTTPS_PROXY__"
NO_PROXY="__NO_PROXY__"
CONTAINER_VOLUME_SIZE="__CONTAINER_VOLUME_SIZE__"

STAGE="starting"
LOG=/var/log/jeroboam-node.log
exec > >(tee -a "$LOG") 2>&1

# signal STATUS REASON: tells Heat's wait condition. The reason is shown to the
# user, so it must say what to look at; JSON is made by hand because python and jq
# need not be in the image.
signal() {
  local reason
  reason=$(printf '%s' "$2" | tr '\n\t' '  ' | tr -d '\000-\037"\\' | cut -c1-900)
  for _ in $(seq 1 30); do
    __SIGNAL__ --fail --silent --show-error --max-time 20 \
      --data-binary "{\"status\": \"$1\", \"id\": \"node\", \"reason\": \"$reason\", \"data\": \"$STAGE\"}" && return 0
    sleep 10
  done
  echo "Heat could not be reached to signal $1"
  return 1
}

# A failing step fails the stack at once, with its own last words, not at the time-out.
failed() {
  trap - ERR
  sleep 1 # tee may still be writing the last words
  signal FAILURE "$(hostname): $STAGE failed (exit $1, line $2): $(tail -n 8 "$LOG" | cut -c1-200)"
  exit "$1"
}
trap 'failed $? $LINENO' ERR

stage() { STAGE=$1; echo "$(date -u +%FT%TZ) stage: $STAGE"; }

# retry COMMAND...: for what depends on other nodes; the stack's own time-out is the limit.
retry() { until "$@"; do echo "again in 10 s: $*"; sleep 10; done; }

stage "preparing the node"
for tool in kubeadm kubelet containerd; do
  command -v "$tool" >/dev/null || { echo "$tool is not in this image"; false; }
done
FOUND_VERSION=$(kubeadm version -o short)
if [ -n "$WANTED_VERSION" ] && [ "${WANTED_VERSION#v}" != "${FOUND_VERSION#v}" ]; then
  echo "the image's property kube_version says $WANTED_VERSION, its kubeadm is $FOUND_VERSION"; false
fi
case ${FOUND_VERSION#v} in
  1.2[2-9].*|1.30.*) KUBEADM_API=kubeadm.k8s.io/v1beta3 ;;
  *) KUBEADM_API=kubeadm.k8s.io/v1beta4 ;;
esac

if [ -n "$HTTP_PROXY$HTTPS_PROXY" ]; then
  export HTTP_PROXY HTTPS_PROXY NO_PROXY http_proxy=$HTTP_PROXY https_proxy=$HTTPS_PROXY no_proxy=$NO_PROXY
  mkdir -p /etc/systemd/system/containerd.service.d
  printf '[Service]\nEnvironment="HTTP_PROXY=%s" "HTTPS_PROXY=%s" "NO_PROXY=%s"\n' "$HTTP_PROXY" "$HTTPS_PROXY" "$NO_PROXY" \
    >/etc/systemd/system/containerd.service.d/proxy.conf
fi

printf 'overlay\nbr_netfilter\n' >/etc/modules-load.d/jeroboam.conf
modprobe overlay
modprobe br_netfilter
printf 'net.ipv4.ip_forward = 1\nnet.bridge.bridge-nf-call-iptables = 1\n' >/etc/sysctl.d/90-jeroboam.conf
sysctl --quiet --system
swapoff -a

if [ "$CONTAINER_VOLUME_SIZE" != 0 ]; then
  stage "mounting the container volume"
  # The volume is attached while the node boots: wait for a disk without partitions and file system.
  blank_disk() {
    VOLUME=$(lsblk -dnpo NAME,TYPE | awk '$2 == "disk" {print $1}' | while read -r disk; do
      [ "$(lsblk -no NAME "$disk" | wc -l)" = 1 ] && ! blkid "$disk" >/dev/null && echo "$disk" && break
    done)
    [ -n "$VOLUME" ]
  }
  retry blank_disk
  systemctl stop containerd
  mkfs.ext4 -q -L containers "$VOLUME"
  mkdir -p /var/lib/containerd
  echo 'LABEL=containers /var/lib/containerd ext4 defaults,nofail 0 2' >>/etc/fstab
  mount /var/lib/containerd
fi

stage "starting containerd"
systemctl daemon-reload
systemctl enable --now containerd
systemctl restart containerd
systemctl enable kubelet
