# A worker: fetches its images while the masters start, and joins the moment the API answers.
ca_bundle | install_file "$JEROBOAM/pki/ca-bundle.crt" 0644
discovery_file
join_configuration | install_file /etc/kubernetes/kubeadm-join.yaml 0600

stage "pulling images"
mapfile -t IMAGES < <(kubeadm config images list --kubernetes-version "$FOUND_VERSION" \
  ${IMAGE_PREFIX:+--image-repository "$IMAGE_PREFIX"} 2>/dev/null | grep -E '/(pause|kube-proxy):')
pull "${IMAGES[@]}"
reached "images pulled"

stage "waiting for the Kubernetes API"
retry 0 api_answers

stage "joining the cluster"
join_worker() { kubeadm join --config /etc/kubernetes/kubeadm-join.yaml || { kubeadm reset --force; false; }; }
retry 6 join_worker
reached "joined"
