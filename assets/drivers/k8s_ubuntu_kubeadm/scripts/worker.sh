# Second half of a worker's user data.
stage "joining the cluster"
api_answers() { curl --insecure --silent --output /dev/null --noproxy '*' --max-time 5 "https://$API_ENDPOINT/livez"; }
retry api_answers
join() {
  kubeadm join "$API_ENDPOINT" --token "$BOOTSTRAP_TOKEN" --discovery-token-ca-cert-hash "$CA_CERT_HASH" || { kubeadm reset --force; false; }
}
retry join

stage "joined"
signal SUCCESS "$(hostname) joined the cluster"
