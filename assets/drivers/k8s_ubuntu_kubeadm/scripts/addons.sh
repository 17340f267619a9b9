# Run by the first master: what makes a control plane a cluster.

# fill_in FILE: a manifest with this cluster's values; images from the cluster's own registry if it has one.
fill_in() {
  local text
  text=$(cat "$1")
  text=${text//@POD_CIDR@/"$(setting POD_CIDR)"}
  text=${text//@SERVICE_CIDR@/"$(setting SERVICE_CIDR)"}
  text=${text//@CLUSTER_NAME@/"$(setting CLUSTER_NAME kubernetes)"}
  text=${text//@CLUSTER_UUID@/"$(setting CLUSTER_UUID)"}
  text=${text//@API_ADDRESS@/"$API_ADDRESS"}
  text=${text//@API_PORT@/"$API_PORT"}
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
subnet-id=$(setting FIXED_SUBNET_ID)
lb-provider=$(setting OCTAVIA_PROVIDER octavia)
lb-method=$(setting OCTAVIA_LB_ALGORITHM ROUND_ROBIN)
cluster-name=$(setting CLUSTER_UUID)
END
}

wanted_addons() { setting NETWORK_DRIVER flannel; }

apply() { kubectl apply --server-side --force-conflicts --filename "$1"; }

if [ -s "$JEROBOAM/cloud/application_credential_id" ]; then
  stage "storing the cloud's credential"
  cloud_configuration | install_file "$JEROBOAM/cloud.conf" 0600
  retry 12 cloud_secret
fi
for addon in $(wanted_addons); do
  [ -s "$JEROBOAM/addons/$addon.yaml" ] || fail "add-on $addon is not among this driver's"
  stage "applying the add-on $addon"
  fill_in "$JEROBOAM/addons/$addon.yaml" | install_file "/etc/kubernetes/addons/$addon.yaml" 0600
  retry 12 apply "/etc/kubernetes/addons/$addon.yaml"
done
for url in $(setting POST_INSTALL_MANIFEST_URL); do
  stage "applying $url"
  fetch_manifest() { curl --fail --silent --show-error --location --max-time 60 "$url" | install_file /etc/kubernetes/addons/fetched.yaml 0600; }
  retry 6 fetch_manifest
  retry 12 apply /etc/kubernetes/addons/fetched.yaml
done
reached "add-ons applied"
