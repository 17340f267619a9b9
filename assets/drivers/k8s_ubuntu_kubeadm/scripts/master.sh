# Second half of a master's user data. Every master holds the cluster's CAs, so the
# others join the first without anything being handed over between nodes.
NODE_INDEX="__NODE_INDEX__"
CLUSTER_NAME="__CLUSTER_NAME__"
PKI=/etc/kubernetes/pki

stage "writing the cluster's certificates"
mkdir -p "$PKI/etcd"
cat >"$PKI/ca.crt" <<'END'
__CA_CERT__
END
cat >"$PKI/ca.key" <<'END'
__CA_KEY__
END
cat >"$PKI/etcd/ca.crt" <<'END'
__ETCD_CA_CERT__
END
cat >"$PKI/etcd/ca.key" <<'END'
__ETCD_CA_KEY__
END
cat >"$PKI/front-proxy-ca.crt" <<'END'
__FRONT_PROXY_CA_CERT__
END
cat >"$PKI/front-proxy-ca.key" <<'END'
__FRONT_PROXY_CA_KEY__
END
cat >"$PKI/sa.key" <<'END'
__SERVICE_ACCOUNT_KEY__
END
cat >"$PKI/sa.pub" <<'END'
__SERVICE_ACCOUNT_PUBLIC_KEY__
END

sans() {
  echo "    - \"${API_ENDPOINT%:*}\""
  for address in __API_PUBLIC_ADDRESSES__; do echo "    - \"$address\""; done
}

if [ "$NODE_INDEX" = 0 ]; then
  stage "starting the control plane"
  cat >/etc/kubernetes/kubeadm.yaml <<END
apiVersion: $KUBEADM_API
kind: InitConfiguration
bootstrapTokens:
  - token: "$BOOTSTRAP_TOKEN"
    ttl: 24h0m0s
    usages: [signing, authentication]
    groups: [system:bootstrappers:kubeadm:default-node-token]
---
apiVersion: $KUBEADM_API
kind: ClusterConfiguration
clusterName: "$CLUSTER_NAME"
kubernetesVersion: "$FOUND_VERSION"
controlPlaneEndpoint: "$API_ENDPOINT"
networking:
  podSubnet: "__POD_CIDR__"
  serviceSubnet: "__SERVICE_CIDR__"
  dnsDomain: "__DNS_DOMAIN__"
apiServer:
  certSANs:
$(sans)
END
  kubeadm init --config /etc/kubernetes/kubeadm.yaml
  export KUBECONFIG=/etc/kubernetes/admin.conf

  stage "installing the pod network"
  cat >/etc/kubernetes/flannel.yaml <<'END'
apiVersion: v1
kind: Namespace
metadata:
  name: kube-flannel
  labels: {pod-security.kubernetes.io/enforce: privileged}
---
apiVersion: v1
kind: ServiceAccount
metadata: {name: flannel, namespace: kube-flannel}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: flannel}
rules:
  - {apiGroups: [""], resources: [pods], verbs: [get]}
  - {apiGroups: [""], resources: [nodes], verbs: [get, list, watch]}
  - {apiGroups: [""], resources: [nodes/status], verbs: [patch]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: flannel}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: flannel}
subjects:
  - {kind: ServiceAccount, name: flannel, namespace: kube-flannel}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: kube-flannel-cfg, namespace: kube-flannel}
data:
  cni-conf.json: |
    {"name": "cbr0", "cniVersion": "0.3.1", "plugins": [
      {"type": "flannel", "delegate": {"hairpinMode": true, "isDefaultGateway": true}},
      {"type": "portmap", "capabilities": {"portMappings": true}}]}
  net-conf.json: |
    {"Network": "__POD_CIDR__", "EnableNFTables": false, "Backend": {"Type": "vxlan"}}
---
apiVersion: apps/v1
kind: DaemonSet
metadata: {name: kube-flannel, namespace: kube-flannel, labels: {app: flannel}}
spec:
  selector: {matchLabels: {app: flannel}}
  template:
    metadata: {labels: {app: flannel}}
    spec:
      hostNetwork: true
      priorityClassName: system-node-critical
      serviceAccountName: flannel
      tolerations: [{operator: Exists, effect: NoSchedule}]
      initContainers:
        - name: install-cni-plugin
          image: ghcr.io/flannel-io/flannel-cni-plugin:v1.6.2-flannel1
          command: [cp]
          args: [-f, /flannel, /opt/cni/bin/flannel]
          volumeMounts: [{name: cni-plugin, mountPath: /opt/cni/bin}]
        - name: install-cni
          image: ghcr.io/flannel-io/flannel:v0.26.4
          command: [cp]
          args: [-f, /etc/kube-flannel/cni-conf.json, /etc/cni/net.d/10-flannel.conflist]
          volumeMounts:
            - {name: cni, mountPath: /etc/cni/net.d}
            - {name: flannel-cfg, mountPath: /etc/kube-flannel}
      containers:
        - name: kube-flannel
          image: ghcr.io/flannel-io/flannel:v0.26.4
          command: [/opt/bin/flanneld]
          args: [--ip-masq, --kube-subnet-mgr]
          securityContext: {capabilities: {add: [NET_ADMIN, NET_RAW]}}
          env:
            - {name: POD_NAME, valueFrom: {fieldRef: {fieldPath: metadata.name}}}
            - {name: POD_NAMESPACE, valueFrom: {fieldRef: {fieldPath: metadata.namespace}}}
          volumeMounts:
            - {name: run, mountPath: /run/flannel}
            - {name: flannel-cfg, mountPath: /etc/kube-flannel}
            - {name: xtables-lock, mountPath: /run/xtables.lock}
      volumes:
        - {name: run, hostPath: {path: /run/flannel}}
        - {name: cni-plugin, hostPath: {path: /opt/cni/bin}}
        - {name: cni, hostPath: {path: /etc/cni/net.d}}
        - {name: flannel-cfg, configMap: {name: kube-flannel-cfg}}
        - {name: xtables-lock, hostPath: {path: /run/xtables.lock, type: FileOrCreate}}
END
  retry kubectl apply --filename /etc/kubernetes/flannel.yaml
else
  stage "joining the control plane"
  api_answers() { curl --insecure --silent --output /dev/null --noproxy '*' --max-time 5 "https://$API_ENDPOINT/livez"; }
  retry api_answers
  # A reset wipes the CAs too, so a second try needs them put back.
  cp -a "$PKI" /root/cluster-pki
  join() {
    kubeadm join "$API_ENDPOINT" --control-plane --token "$BOOTSTRAP_TOKEN" --discovery-token-ca-cert-hash "$CA_CERT_HASH" ||
      { kubeadm reset --force; mkdir -p "$PKI"; cp -a /root/cluster-pki/. "$PKI"; false; }
  }
  retry join
  rm -rf /root/cluster-pki
fi

stage "control plane up"
signal SUCCESS "$(hostname): control plane up"
