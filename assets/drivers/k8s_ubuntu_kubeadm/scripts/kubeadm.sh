# kubeadm's configurations, and the questions masters and workers both ask of the API.
# shellcheck disable=SC2154 # FOUND_VERSION and KUBEADM_API come from prepare.sh

API_ADDRESS=$(setting API_ADDRESS "")
API_PORT=$(setting API_PORT 6443)
API_ENDPOINT="$API_ADDRESS:$API_PORT"
[[ $API_ADDRESS == *:* ]] && API_ENDPOINT="[$API_ADDRESS]:$API_PORT"
IMAGE_PREFIX=$(setting CONTAINER_INFRA_PREFIX)
IMAGE_PREFIX=${IMAGE_PREFIX%/}
PKI=/etc/kubernetes/pki

# quoted TEXT: as a YAML string.
quoted() {
  local text=${1//\\/\\\\}
  printf '"%s"' "${text//\"/\\\"}"
}

# extra_args INDENT OPTIONS...: `--name=value` words as kubeadm's extraArgs, a list since v1beta4.
extra_args() {
  local indent=$1 option name value
  shift
  for option; do
    option=${option#--}
    name=${option%%=*}
    value=${option#*=}
    [ "$name" != "$option" ] || value=true
    if [ "$KUBEADM_API" = kubeadm.k8s.io/v1beta3 ]; then
      printf '%s%s: %s\n' "$indent" "$name" "$(quoted "$value")"
    else
      printf '%s- {name: %s, value: %s}\n' "$indent" "$name" "$(quoted "$value")"
    fi
  done
}

# with_args INDENT OPTIONS...: nothing at all where there are no options.
with_args() {
  [ $# -gt 1 ] || return 0
  printf '%sextraArgs:\n' "$1"
  extra_args "$1  " "${@:2}"
}

# kubeadm_timeouts: raised where machines are slow; v1beta3 knows two of them, elsewhere.
kubeadm_timeouts() {
  local seconds
  seconds=$(setting KUBEADM_TIMEOUT)
  [ -n "$seconds" ] && [ "$KUBEADM_API" != kubeadm.k8s.io/v1beta3 ] || return 0
  printf 'timeouts: {controlPlaneComponentHealthCheck: %ss, kubeletHealthCheck: %ss, kubernetesAPICall: %ss, etcdAPICall: %ss, tlsBootstrap: %ss, discovery: %ss}\n' \
    "$seconds" "$seconds" "$seconds" "$seconds" "$seconds" "$seconds"
}

# node_registration: how this node's kubelet is started.
node_registration() {
  local options=() labels taints
  read -ra options <<<"$(setting KUBELET_OPTIONS)"
  [ "$(setting CLOUD_PROVIDER_ENABLED false)" != true ] || options+=(--cloud-provider=external)
  # As Magnum labels nodes, so that what selects by group or role goes on working.
  labels="magnum.openstack.org/nodegroup=$(setting NODE_GROUP default-worker),magnum.openstack.org/role=$(setting NODE_ROLE worker)"
  options+=("--node-labels=$labels$(printf ',%s' "$(setting NODE_LABELS)" | sed 's/,$//')")
  taints=$(setting NODE_TAINTS)
  [ -z "$taints" ] || options+=("--register-with-taints=$taints")
  printf 'nodeRegistration:\n  name: %s\n  criSocket: unix:///run/containerd/containerd.sock\n' "$(quoted "$NODE_NAME")"
  local args
  args=$(extra_args "    " "${options[@]}")
  [ -z "$args" ] || printf '  kubeletExtraArgs:\n%s\n' "$args"
}

# pki_files FILE...: from what was delivered, as often as needed: kubeadm reset wipes them.
pki_files() {
  local file
  for file; do
    install_file "$PKI/$file" "$(case $file in *.key) echo 0600 ;; *) echo 0644 ;; esac)" <"$JEROBOAM/pki/$file"
  done
}

# ca_bundle: the CA that signs first, then those that are also trusted while it is being replaced.
ca_bundle() {
  cat "$JEROBOAM/pki/ca.crt"
  [ ! -s "$JEROBOAM/pki/ca-trust.crt" ] || { echo; cat "$JEROBOAM/pki/ca-trust.crt"; } | sed '/^$/d'
}

base64_line() { base64 | tr -d '\n'; }

# discovery_file: who the node is until its kubelet has a certificate of its own. The client
# certificate lives as long as the stack operation that makes the node, and an hour.
discovery_file() {
  install_file "$JEROBOAM/discovery.conf" 0600 <<END
apiVersion: v1
kind: Config
clusters:
  - name: cluster
    cluster:
      server: https://$API_ENDPOINT
      certificate-authority-data: $(ca_bundle | base64_line)
users:
  - name: join
    user:
      client-certificate-data: $(base64_line <"$JEROBOAM/pki/join.crt")
      client-key-data: $(base64_line <"$JEROBOAM/pki/join.key")
contexts:
  - name: join
    context: {cluster: cluster, user: join}
current-context: join
END
}

# join_configuration [ADVERTISE_ADDRESS]: with an address, as a further master.
join_configuration() {
  local timeout=""
  [ "$KUBEADM_API" != kubeadm.k8s.io/v1beta3 ] || [ -z "$(setting KUBEADM_TIMEOUT)" ] ||
    timeout="  timeout: $(setting KUBEADM_TIMEOUT)s"
  cat <<END
apiVersion: $KUBEADM_API
kind: JoinConfiguration
discovery:
  file: {kubeConfigPath: $JEROBOAM/discovery.conf}
$timeout
$(kubeadm_timeouts)
$(node_registration)
END
  [ $# = 0 ] || printf 'controlPlane:\n  localAPIEndpoint: {advertiseAddress: %s, bindPort: %s}\n' "$(quoted "$1")" "$API_PORT"
}

# api_answers [SECONDS]: over TLS that this cluster's CA vouches for.
api_answers() {
  curl --cacert "$JEROBOAM/pki/ca-bundle.crt" --silent --fail --output /dev/null --noproxy '*' \
    --max-time "${1:-5}" "https://$API_ENDPOINT/livez"
}

# own_node: this node's object, asked for with the kubelet's own certificate.
own_node() {
  local identity=/var/lib/kubelet/pki/kubelet-client-current.pem
  curl --cacert "$JEROBOAM/pki/ca-bundle.crt" --cert "$identity" --key "$identity" --silent --fail --noproxy '*' \
    --max-time 20 "https://$API_ENDPOINT/api/v1/nodes/$NODE_NAME" | tr -d '\n' | sed 's/": */":/g; s/, */,/g; s/{ */{/g; s/ *}/}/g'
}

# The conditions' fields come in the order of their names.
ready_condition() { own_node | grep -o '{[^{}]*"type":"Ready"[^{}]*}'; }

node_is_ready() { ready_condition | grep -q '"status":"True"'; }

why_not_ready() { ready_condition | sed 's/.*"message":"\([^"]*\)".*/\1/' || echo "the API does not answer"; }
