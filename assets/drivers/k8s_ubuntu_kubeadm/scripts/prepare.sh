# The machine under Kubernetes: what the image must have, proxies, kernel, disks, containerd.

check_image() {
  local tool wanted
  for tool in kubeadm kubelet containerd ctr curl; do
    command -v "$tool" >/dev/null || fail "$tool is not in this image"
  done
  FOUND_VERSION=$(kubeadm version -o short)
  wanted=$(setting KUBE_VERSION)
  [ -z "$wanted" ] || [ "${wanted#v}" = "${FOUND_VERSION#v}" ] ||
    fail "the image's property kube_version says $wanted, its kubeadm is $FOUND_VERSION"
  case ${FOUND_VERSION#v} in
    1.2[2-9].*|1.30.*) KUBEADM_API=kubeadm.k8s.io/v1beta3 ;;
    *) KUBEADM_API=kubeadm.k8s.io/v1beta4 ;;
  esac
}

use_proxies() {
  HTTP_PROXY=$(setting HTTP_PROXY)
  HTTPS_PROXY=$(setting HTTPS_PROXY)
  NO_PROXY=$(setting NO_PROXY),127.0.0.1,localhost,.svc,.$(setting DNS_DOMAIN cluster.local),$(setting API_ADDRESS "")
  [ -n "$HTTP_PROXY$HTTPS_PROXY" ] || return 0
  export HTTP_PROXY HTTPS_PROXY NO_PROXY http_proxy=$HTTP_PROXY https_proxy=$HTTPS_PROXY no_proxy=$NO_PROXY
  # A per cent sign means something to systemd.
  printf '[Service]\nEnvironment="HTTP_PROXY=%s" "HTTPS_PROXY=%s" "NO_PROXY=%s"\n' \
    "${HTTP_PROXY//%/%%}" "${HTTPS_PROXY//%/%%}" "${NO_PROXY//%/%%}" |
    install_file /etc/systemd/system/containerd.service.d/proxy.conf 0600
}

set_up_kernel() {
  printf 'overlay\nbr_netfilter\n' | install_file /etc/modules-load.d/jeroboam.conf 0644
  modprobe overlay
  modprobe br_netfilter
  printf 'net.ipv4.ip_forward = 1\nnet.bridge.bridge-nf-call-iptables = 1\n' | install_file /etc/sysctl.d/90-jeroboam.conf 0644
  sysctl --quiet --load /etc/sysctl.d/90-jeroboam.conf
  swapoff -a
  hostnamectl set-hostname "$NODE_NAME" || true
}

# User data holds keys, and Nova's metadata service gives it to whoever asks from this node.
# What comes from pods is forwarded and passes PREROUTING; the node's own questions do not.
keep_pods_from_metadata() {
  install_file "$JEROBOAM/metadata-guard.sh" 0700 <<'END_OF_GUARD'
#!/bin/bash
# Pods must not read this node's user data.
if command -v nft >/dev/null; then
  nft -f - <<'END_OF_RULES'
add table ip jeroboam
flush table ip jeroboam
table ip jeroboam {
  chain pods { type filter hook prerouting priority raw; policy accept; ip daddr 169.254.169.254 drop; }
}
END_OF_RULES
else
  iptables -t raw -C PREROUTING -d 169.254.169.254 -j DROP 2>/dev/null ||
    iptables -t raw -I PREROUTING -d 169.254.169.254 -j DROP
fi
END_OF_GUARD
  install_file /etc/systemd/system/jeroboam-metadata-guard.service 0644 <<'END_OF_UNIT'
[Unit]
Description=Keep pods from reading this node's user data
Before=kubelet.service
[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/bin/bash /etc/jeroboam/metadata-guard.sh
[Install]
WantedBy=multi-user.target
END_OF_UNIT
  systemctl daemon-reload
  systemctl enable --now jeroboam-metadata-guard.service
}

# disk_of VOLUME SIZE: a Cinder volume is known by its id, whose first 20 characters most
# hypervisors show as the disk's serial; where none shows serials, by being blank and of this size.
disk_of() {
  local name size serial type
  DISK=$(lsblk --nodeps --noheadings --paths --output NAME,SERIAL |
    awk -v id="${1:0:20}" '$2 != "" && index($2, id) == 1 {print $1; exit}')
  [ -z "$DISK" ] || return 0
  while read -r name size type serial; do
    [ "$type" = disk ] && [ -z "$serial" ] && [ "$size" = $(($2 * 1024 * 1024 * 1024)) ] || continue
    [ "$(lsblk --noheadings --output NAME "$name" | wc -l)" = 1 ] || continue
    blkid "$name" >/dev/null || { DISK=$name; return 0; }
  done < <(lsblk --nodeps --noheadings --bytes --paths --output NAME,SIZE,TYPE,SERIAL)
  return 1
}

# use_volume PREFIX LABEL FOLDER: the volume is attached while the node boots. What is on an
# etcd volume is kept: it is the cluster. Containers of a replaced node are of no use to the next.
use_volume() {
  local id size
  id=$(setting "$1_VOLUME_ID")
  size=$(setting "$1_VOLUME_SIZE" 0)
  [ -n "$id" ] && [ "$size" != 0 ] || return 0
  stage "waiting for the volume for $2"
  DISK=""
  retry 60 disk_of "$id" "$size" || fail "volume $id was not attached in 10 minutes, or shows no serial"
  stage "mounting the volume for $2"
  if [ "$1" = ETCD ] && [ "$(blkid -s LABEL -o value "$DISK")" = "jb-$2" ]; then
    echo "$DISK has an earlier master's data"
  else
    mkfs.ext4 -q -F -L "jb-$2" "$DISK"
  fi
  mkdir -p "$3"
  grep -q "^LABEL=jb-$2 " /etc/fstab || echo "LABEL=jb-$2 $3 ext4 defaults,nofail 0 2" >>/etc/fstab
  [ "$1" != CONTAINER ] || systemctl stop containerd
  mountpoint -q "$3" || mount "$DISK" "$3"
}

set_up_containerd() {
  local config=/etc/containerd/config.toml mirror insecure host
  mirror=$(setting REGISTRY_MIRROR)
  insecure=$(setting INSECURE_REGISTRY)
  # Kubernetes wants systemd's cgroups. An image that knows it keeps its configuration.
  if ! grep -q 'SystemdCgroup *= *true' "$config" 2>/dev/null || { [ -n "$mirror$insecure" ] && ! grep -q 'certs\.d' "$config"; }; then
    containerd config default |
      sed -e 's/SystemdCgroup = false/SystemdCgroup = true/' \
        -e "s|config_path = \(''\|\"\"\)|config_path = \"/etc/containerd/certs.d\"|" |
      install_file "$config" 0644
  fi
  if [ -n "$mirror" ]; then
    printf '[host."%s"]\n  capabilities = ["pull", "resolve"]\n' "$mirror" | install_file /etc/containerd/certs.d/docker.io/hosts.toml 0644
  fi
  for host in ${insecure//,/ }; do
    printf '[host."https://%s"]\n  capabilities = ["pull", "resolve"]\n  skip_verify = true\n[host."http://%s"]\n  capabilities = ["pull", "resolve"]\n' \
      "$host" "$host" | install_file "/etc/containerd/certs.d/$host/hosts.toml" 0644
  done
  systemctl daemon-reload
  systemctl enable containerd
  systemctl restart containerd
  retry 12 ctr --namespace k8s.io images list --quiet >/dev/null
  systemctl enable kubelet
}

# pull IMAGE...: only what the image does not carry.
pull() {
  local image have missing=()
  have=$(ctr --namespace k8s.io images list --quiet)
  for image; do
    grep -qxF "$image" <<<"$have" || missing+=("$image")
  done
  for image in "${missing[@]}"; do
    retry 5 ctr --namespace k8s.io images pull --hosts-dir /etc/containerd/certs.d "$image" >/dev/null ||
      fail "image $image could not be pulled"
  done
  echo "images: $# wanted, ${#missing[@]} pulled"
}
