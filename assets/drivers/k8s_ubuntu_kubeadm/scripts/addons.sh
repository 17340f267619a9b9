# Run by the first master, and by each that takes its place: what makes a control plane a cluster.

# fill_in: a manifest with this cluster's values, from standard input; images from the
# cluster's own registry if it has one.
fill_in() {
  local text minor=${FOUND_VERSION%.*}
  text=$(cat)
  text=${text//@POD_CIDR@/"$(setting POD_CIDR)"}
  text=${text//@SERVICE_CIDR@/"$(setting SERVICE_CIDR)"}
  # In a pod's annotations: another credential makes other pods, which read it.
  text=${text//@CREDENTIAL@/"$(cat "$JEROBOAM/cloud/application_credential_id" 2>/dev/null)"}
  text=${text//@CLUSTER_UUID@/"$(setting CLUSTER_UUID)"}
  text=${text//@API_ADDRESS@/"$API_ADDRESS"}
  text=${text//@API_PORT@/"$API_PORT"}
  text=${text//@FLANNEL_BACKEND@/"$(setting FLANNEL_BACKEND vxlan)"}
  text=${text//@FLANNEL_TAG@/"$(setting FLANNEL_TAG v0.26.4)"}
  # The providers' minor versions go with Kubernetes' own.
  text=${text//@CLOUD_PROVIDER_TAG@/"$(setting CLOUD_PROVIDER_TAG "$minor.0")"}
  text=${text//@AUTOSCALER_TAG@/"$(setting AUTOSCALER_TAG "$minor.0")"}
  text=${text//@MIN_NODE_COUNT@/"$(setting MIN_NODE_COUNT 0)"}
  text=${text//@MAX_NODE_COUNT@/"$(setting MAX_NODE_COUNT 0)"}
  if [ -n "$IMAGE_PREFIX" ]; then
    sed "s|image: [^ ,}]*/\([^/ ,}]*\)|image: $IMAGE_PREFIX/\1|" <<<"$text"
  else
    printf '%s\n' "$text"
  fi
}

# The cluster's own credential: made for it, restricted, gone with it. Only those who may read
# Secrets of kube-system see it.
cloud_secret() {
  kubectl create secret generic cloud-config --namespace kube-system \
    --from-file cloud.conf="$JEROBOAM/cloud.conf" --dry-run=client --output yaml | kubectl apply --filename -
}

cloud_configuration() {
  cat <<END
[Global]
auth-url=$(setting AUTH_URL)
region=$(setting REGION)
application-credential-id=$(cat "$JEROBOAM/cloud/application_credential_id")
application-credential-secret=$(cat "$JEROBOAM/cloud/application_credential_secret")
tls-insecure=$([ "$(setting VERIFY_CA true)" = false ] && echo true || echo false)

[LoadBalancer]
floating-network-id=$(setting EXTERNAL_NETWORK_ID)
$(setting FIXED_SUBNET_ID | sed 's/^./subnet-id=&/')
lb-provider=$(setting OCTAVIA_PROVIDER octavia)
lb-method=$(setting OCTAVIA_LB_ALGORITHM ROUND_ROBIN)
cluster-name=$(setting CLUSTER_UUID)
END
}

# wanted_addons: in the order they are applied; nodes become Ready by the first one.
wanted_addons() {
  local ingress
  ingress=$(setting INGRESS_CONTROLLER)
  setting NETWORK_DRIVER flannel
  echo
  [ "$(setting CLOUD_PROVIDER_ENABLED false)" != true ] || echo cloud-controller-manager
  if [ "$(setting VOLUME_DRIVER)" = cinder ] || [ "$(setting CINDER_CSI_ENABLED false)" = true ]; then echo cinder-csi; fi
  [ "$(setting METRICS_SERVER_ENABLED true)" != true ] || echo metrics-server
  [ "$(setting MONITORING_ENABLED false)" != true ] || echo monitoring
  [ -z "$ingress" ] || echo "ingress-$ingress"
  [ "$(setting AUTO_SCALING_ENABLED false)" != true ] || echo cluster-autoscaler
}

# manifest ADDON: the driver's own, else the mirror's, else its makers' where those publish one to apply as it is.
manifest() {
  local mirror url
  if [ -s "$JEROBOAM/addons/$1.yaml" ]; then
    cat "$JEROBOAM/addons/$1.yaml"
    return
  fi
  mirror=$(setting ADDONS_MIRROR)
  case $1 in
    calico) url="https://raw.githubusercontent.com/projectcalico/calico/$(setting CALICO_TAG v3.30.3)/manifests/calico.yaml" ;;
    *) url="" ;;
  esac
  [ -z "$mirror" ] || url="${mirror%/}/$1.yaml"
  [ -n "$url" ] || fail "no manifest for add-on $1 comes with the driver: name a place that has $1.yaml with the label addons_mirror" || return 1
  download "$url" |
    if [ "$1" = calico ]; then
      # The pool itself is read from kubeadm's configuration.
      sed "/CALICO_IPV4POOL_IPIP/{n;s|value: .*|value: \"$(setting CALICO_IPIP Always)\"|}"
    elif [ "$1" = cilium ]; then
      sed "s|@CILIUM_TAG@|$(setting CILIUM_TAG)|g"
    else
      cat
    fi
}

download() { curl --fail --silent --show-error --location --max-time 60 "$1"; }

apply() { kubectl apply --server-side --force-conflicts --filename "$1"; }

if [ -s "$JEROBOAM/cloud/application_credential_id" ]; then
  stage "storing the cloud's credential"
  cloud_configuration | install_file "$JEROBOAM/cloud.conf" 0600
  retry 12 cloud_secret
fi
for addon in $(wanted_addons); do
  stage "applying the add-on $addon"
  prepare_addon() { manifest "$addon" | fill_in | install_file "/etc/kubernetes/addons/$addon.yaml" 0600; }
  retry 3 prepare_addon
  retry 12 apply "/etc/kubernetes/addons/$addon.yaml"
done
for url in $(setting POST_INSTALL_MANIFEST_URL); do
  stage "applying $url"
  fetch_manifest() { download "$url" | install_file /etc/kubernetes/addons/post-install.yaml 0600; }
  retry 6 fetch_manifest
  retry 12 apply /etc/kubernetes/addons/post-install.yaml
done
reached "add-ons applied"
