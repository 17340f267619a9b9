# Puts Kubernetes on a machine whose image has none: one set of versions that belong together
# (see downloads), each file checked against the sum that came with the driver. The image's
# root is read-only; what is ours goes to /usr/local and /opt, which are not.
DOWNLOADS=/var/tmp/jeroboam-downloads

architecture() {
  case $(uname -m) in
    x86_64) echo amd64 ;;
    aarch64) echo arm64 ;;
    *) fail "there is no Kubernetes here for $(uname -m) machines" >&2 ;;
  esac
}

# wanted_version ARCHITECTURE: the one asked for, else the first there is.
wanted_version() {
  local wanted have
  wanted=$(setting KUBE_VERSION)
  have=$(awk -v arch="$1" '$2 == arch && !seen[$1]++ {print $1}' "$JEROBOAM/downloads")
  [ -n "$wanted" ] || wanted=$(head -n 1 <<<"$have")
  wanted=v${wanted#v}
  if grep -qxF "$wanted" <<<"$have"; then echo "$wanted"; return; fi
  fail "Kubernetes $wanted is none of the versions this driver has: $(tr '\n' ' ' <<<"$have")" >&2
}

# fetch NAME PLACE SUM
fetch() {
  local from mirror
  mirror=$(setting KUBERNETES_MIRROR)
  from=https://$2
  [ -z "$mirror" ] || from=${mirror%/}/$2
  retry 5 curl --fail --location --silent --show-error --connect-timeout 20 --max-time 900 \
    --output "$DOWNLOADS/$1" "$from" || fail "$from could not be fetched"
  sha256sum --check --quiet <<<"$3  $DOWNLOADS/$1" || fail "$from is not what it should be: its SHA-256 is another"
}

install_downloads() {
  mkdir -p /usr/local/bin /opt/cni/bin
  chmod 0755 /usr/local/bin /opt/cni /opt/cni/bin
  install -m 0755 "$DOWNLOADS/kubeadm" "$DOWNLOADS/kubelet" "$DOWNLOADS/kubectl" "$DOWNLOADS/runc" /usr/local/bin/
  tar --no-same-owner -xzf "$DOWNLOADS/crictl" -C /usr/local/bin crictl
  tar --no-same-owner -xzf "$DOWNLOADS/containerd" -C /usr/local bin
  tar --no-same-owner -xzf "$DOWNLOADS/cni" -C /opt/cni/bin
  if command -v restorecon >/dev/null; then restorecon -R /usr/local/bin /opt/cni || true; fi
}

write_units() {
  install_file /etc/systemd/system/containerd.service 0644 <<'END_OF_UNIT'
[Unit]
Description=containerd of the cluster's set
After=network-online.target
[Service]
ExecStart=/usr/local/bin/containerd
Environment=PATH=/usr/local/bin:/usr/local/sbin:/usr/bin:/usr/sbin
Type=notify
Delegate=yes
KillMode=process
Restart=always
RestartSec=5
LimitNOFILE=1048576
LimitNPROC=infinity
TasksMax=infinity
OOMScoreAdjust=-999
[Install]
WantedBy=multi-user.target
END_OF_UNIT
  # As kubeadm's packages have it.
  install_file /etc/systemd/system/kubelet.service 0644 <<'END_OF_UNIT'
[Unit]
Description=kubelet
Wants=network-online.target
After=network-online.target containerd.service
[Service]
Environment=PATH=/usr/local/bin:/usr/local/sbin:/usr/bin:/usr/sbin
Environment="KUBELET_KUBECONFIG_ARGS=--bootstrap-kubeconfig=/etc/kubernetes/bootstrap-kubelet.conf --kubeconfig=/etc/kubernetes/kubelet.conf"
Environment="KUBELET_CONFIG_ARGS=--config=/var/lib/kubelet/config.yaml"
EnvironmentFile=-/var/lib/kubelet/kubeadm-flags.env
ExecStart=/usr/local/bin/kubelet $KUBELET_KUBECONFIG_ARGS $KUBELET_CONFIG_ARGS $KUBELET_KUBEADM_ARGS
Restart=always
RestartSec=10
[Install]
WantedBy=multi-user.target
END_OF_UNIT
  systemctl daemon-reload
}

# add_option SETTING OPTION: unless the user has chosen one.
add_option() {
  local have
  have=$(setting "$1")
  case " $have" in *" ${2%%=*}="*) return 0 ;; esac
  { grep -v "^$1=" "$JEROBOAM/settings"; echo "$1=$2${have:+ $have}"; } | install_file "$JEROBOAM/settings" 0600
}

provide_kubernetes() {
  local arch wanted set file_arch name place sum
  export PATH=/usr/local/bin:/usr/local/sbin:$PATH
  arch=$(architecture)
  wanted=$(wanted_version "$arch")
  if [ "$(kubeadm version -o short 2>/dev/null)" != "$wanted" ]; then
    mkdir -p "$DOWNLOADS"
    while read -r set file_arch name place sum; do
      [ "$set $file_arch" != "$wanted $arch" ] || fetch "$name" "$place" "$sum"
    done <"$JEROBOAM/downloads"
    install_downloads
    rm -rf "$DOWNLOADS"
  fi
  write_units
  # Kubernetes looks for volume plug-ins below /usr, where nothing can be made.
  add_option KUBELET_OPTIONS --volume-plugin-dir=/var/lib/kubelet/volume-plugins
  add_option KUBECONTROLLER_OPTIONS --flex-volume-plugin-dir=/var/lib/kubelet/volume-plugins
}

stage "fetching Kubernetes"
use_proxies
provide_kubernetes
reached "Kubernetes fetched"
