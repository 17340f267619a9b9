# A master: the first one starts the control plane, others join it. Every master has the
# cluster's CAs, so nothing is handed over between nodes and no discovery service is asked.
read -ra MASTER_ADDRESSES <<<"$(setting MASTER_ADDRESSES)"
NODE_ADDRESS=${MASTER_ADDRESSES[$(setting NODE_INDEX 0)]}
MASTER_COUNT=$(setting MASTER_COUNT 1)
GENERATION=$(setting NODE_GENERATION 0)
ETCD_DATA=/var/lib/etcd
# A volume has its lost+found where it is mounted.
[ "$(setting ETCD_VOLUME_SIZE 0)" = 0 ] || ETCD_DATA=/var/lib/etcd/data
export KUBECONFIG=/etc/kubernetes/admin.conf

install_pki() {
  pki_files ca.key sa.key sa.pub front-proxy-ca.crt front-proxy-ca.key etcd/ca.crt etcd/ca.key
  install_file "$PKI/ca.crt" 0644 <"$JEROBOAM/pki/ca-bundle.crt"
  # The controller manager signs with exactly one certificate, trusts as many as there are.
  install_file "$PKI/signing-ca.crt" 0644 <"$JEROBOAM/pki/ca.crt"
}

# component SETTING OPTIONS...: a part of the control plane with our options and the user's.
component() {
  local options=() args
  read -ra options <<<"$(setting "$1")" || true
  args=$(extra_args "    " "${@:2}" "${options[@]}")
  [ -z "$args" ] || printf '  extraArgs:\n%s\n' "$args"
}

cluster_configuration() {
  local address cloud=() sans admission=() patience=() plugins
  [ "$(setting CLOUD_PROVIDER_ENABLED false)" != true ] || cloud=(--cloud-provider=external)
  plugins=$(setting ADMISSION_CONTROL_LIST)
  [ -z "$plugins" ] || admission=("--enable-admission-plugins=$plugins")
  # Where kubeadm needs more time, ten seconds to renew a lease are too few as well: controllers would die of it.
  [ -z "$(setting KUBEADM_TIMEOUT)" ] || patience=(--leader-elect-lease-duration=120s --leader-elect-renew-deadline=90s --leader-elect-retry-period=15s)
  sans=$(for address in "$API_ADDRESS" $(setting API_PUBLIC_ADDRESSES); do
    printf '    - %s\n' "$(quoted "$address")"
  done)
  cat <<END
apiVersion: $KUBEADM_API
kind: InitConfiguration
# kubeadm makes a token if it is given none; nodes join with a certificate, so let it expire at once.
bootstrapTokens:
  - {ttl: 1s, usages: [signing, authentication], groups: ["system:bootstrappers:kubeadm:default-node-token"]}
localAPIEndpoint: {advertiseAddress: $(quoted "$NODE_ADDRESS"), bindPort: $API_PORT}
$(kubeadm_timeouts)
$(node_registration)
---
apiVersion: $KUBEADM_API
kind: ClusterConfiguration
clusterName: $(quoted "$(setting CLUSTER_NAME kubernetes)")
kubernetesVersion: $(quoted "$FOUND_VERSION")
controlPlaneEndpoint: $(quoted "$API_ENDPOINT")
${IMAGE_PREFIX:+imageRepository: $(quoted "$IMAGE_PREFIX")}
networking:
  podSubnet: $(quoted "$(setting POD_CIDR)")
  serviceSubnet: $(quoted "$(setting SERVICE_CIDR)")
  dnsDomain: $(quoted "$(setting DNS_DOMAIN cluster.local)")
etcd:
  local: {dataDir: $ETCD_DATA}
apiServer:
  certSANs:
$sans
$(component KUBEAPI_OPTIONS "${admission[@]}")
controllerManager:
$(component KUBECONTROLLER_OPTIONS "--cluster-signing-cert-file=$PKI/signing-ca.crt" "${cloud[@]}" "${patience[@]}")
scheduler:
$(component KUBESCHEDULER_OPTIONS --bind-address=127.0.0.1 "${patience[@]}")
$(proxy_configuration)
END
}

# kube-proxy reads a file and passes over its flags when there is one: what has a place there is put there.
proxy_configuration() {
  local option options=()
  read -ra options <<<"$(setting KUBEPROXY_OPTIONS)"
  [ ${#options[@]} != 0 ] || return 0
  printf -- '---\napiVersion: kubeproxy.config.k8s.io/v1alpha1\nkind: KubeProxyConfiguration\n'
  for option in "${options[@]}"; do
    case $option in
      --proxy-mode=*) printf 'mode: %s\n' "$(quoted "${option#*=}")" ;;
      --metrics-bind-address=*) printf 'metricsBindAddress: %s\n' "$(quoted "${option#*=}")" ;;
      --nodeport-addresses=*) printf 'nodePortAddresses: [%s]\n' "$(quoted "${option#*=}")" ;;
      *) echo "kubeproxy_options: $option has no place in kube-proxy's configuration" >&2; return 1 ;;
    esac
  done
}

# while_two_cas: kubeadm writes only the first CA into kubeconfigs; while a CA is being replaced
# these must trust the other masters' certificates too.
while_two_cas() {
  [ -s "$JEROBOAM/pki/ca-trust.crt" ] || return 0
  local bundle file
  bundle=$(base64_line <"$JEROBOAM/pki/ca-bundle.crt")
  for file in /etc/kubernetes/*.conf; do
    sed -i "s|certificate-authority-data: .*|certificate-authority-data: $bundle|" "$file"
  done
  systemctl restart kubelet
}

etcd_is_empty() { [ -z "$(ls -A "$ETCD_DATA/member" 2>/dev/null)" ]; }

# preflight: kubeadm takes an empty folder for etcd; an earlier master's data is what we want.
preflight() { etcd_is_empty || echo "--ignore-preflight-errors=DirAvailable-${ETCD_DATA//\//-}"; }

# forget_predecessor (tried again as a whole, so every step says when it failed): a replaced master has the name and address of the one before it. Without
# that one's data it is a new member of etcd, and the old one must go first.
forget_predecessor() {
  local admin=/run/jeroboam/admin.conf pod member
  kubeadm init phase kubeconfig admin --cert-dir "$PKI" --kubeconfig-dir /run/jeroboam \
    --control-plane-endpoint "$API_ENDPOINT" --kubernetes-version "$FOUND_VERSION" >/dev/null || return 1
  sed -i "s|certificate-authority-data: .*|certificate-authority-data: $(base64_line <"$JEROBOAM/pki/ca-bundle.crt")|" "$admin" || return 1
  kubectl --kubeconfig "$admin" delete node "$NODE_NAME" --ignore-not-found --timeout 60s || return 1
  if etcd_is_empty; then
    pod=$(kubectl --kubeconfig "$admin" --namespace kube-system get pods --selector component=etcd \
      --field-selector status.phase=Running --output 'jsonpath={range .items[*]}{.spec.nodeName} {.metadata.name}{"\n"}{end}' |
      awk -v me="$NODE_NAME" '$1 != me {print $2; exit}') || return 1
    [ -n "$pod" ] || fail "no other master runs etcd" || return 1
    etcdctl() {
      kubectl --kubeconfig "$admin" --namespace kube-system exec "$pod" -- etcdctl --cacert /etc/kubernetes/pki/etcd/ca.crt \
        --cert /etc/kubernetes/pki/etcd/server.crt --key /etc/kubernetes/pki/etcd/server.key "$@"
    }
    # A member that never started has no name: its address tells it.
    member=$(etcdctl member list | awk -F', ' -v name="$NODE_NAME" -v peer="https://$NODE_ADDRESS:2380" \
      '$3 == name || $4 == peer {print $1; exit}') || return 1
    [ -z "$member" ] || etcdctl member remove "$member" || return 1
  fi
  rm -f "$admin"
}

init_master() {
  local ignored
  ignored=$(preflight)
  kubeadm init --config /etc/kubernetes/kubeadm.yaml ${ignored:+"$ignored"}
}

join_master() {
  local ignored
  install_pki && forget_predecessor || return 1
  ignored=$(preflight)
  kubeadm join --config /etc/kubernetes/kubeadm-join.yaml ${ignored:+"$ignored"} || { kubeadm reset --force; false; }
}

stage "writing the cluster's certificates"
ca_bundle | install_file "$JEROBOAM/pki/ca-bundle.crt" 0644
install_pki
cluster_configuration | install_file /etc/kubernetes/kubeadm.yaml 0600

stage "pulling images"
mapfile -t IMAGES < <(kubeadm config images list --config /etc/kubernetes/kubeadm.yaml 2>/dev/null)
pull "${IMAGES[@]}"
reached "images pulled"

# Master 0 of a cluster that already answers is a replaced one, whatever it was told.
if [ "$(setting NODE_INDEX 0)" = 0 ] && { [ "$MASTER_COUNT" = 1 ] || [ "$GENERATION" = 0 ]; } && ! api_answers 3; then
  stage "starting the control plane"
  init_master
  while_two_cas
  reached "control plane up"
  # shellcheck source=addons.sh
  . "$JEROBOAM/addons.sh"
else
  stage "waiting for the Kubernetes API"
  retry 0 api_answers
  discovery_file
  join_configuration "$NODE_ADDRESS" | install_file /etc/kubernetes/kubeadm-join.yaml 0600
  stage "joining the control plane"
  retry 6 join_master
  while_two_cas
  reached "joined"
  # Replaced for another version, or another credential: the add-ons follow.
  # shellcheck source=addons.sh
  [ "$(setting NODE_INDEX 0)" != 0 ] || . "$JEROBOAM/addons.sh"
fi
