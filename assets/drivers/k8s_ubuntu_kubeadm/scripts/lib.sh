# What every node's scripts share: settings, stages, and what Heat is told.
# node.sh reads it first.
#
# A node finds in /etc/jeroboam:
#   settings   KEY=value lines; a value goes to the end of its line and is never read as shell
#   pki/       PEM: ca.crt, ca-trust.crt (further CAs to trust), join.crt, join.key; on masters all CAs and keys
#   cloud/     on masters, where add-ons need it: a credential of the cluster's own
#   addons/    on masters: manifests for the first one to apply
#   *.sh       these scripts
JEROBOAM=/etc/jeroboam

# setting KEY [DEFAULT]: an empty setting counts as none.
setting() {
  local line
  while IFS= read -r line || [ -n "$line" ]; do
    case $line in
      "$1="?*) printf '%s' "${line#*=}"; return 0 ;;
    esac
  done <"$JEROBOAM/settings"
  printf '%s' "${2:-}"
}

NODE_NAME=$(setting NODE_NAME "$(hostname)")
NODE_NAME=${NODE_NAME,,}
LOG=/var/log/jeroboam-node.log
STAGE="starting"
STAGE_NUMBER=0
STAGE_BEGAN=$SECONDS
FAILED_LINE=0
FINISHED=""
PROGRESS=()

# All output goes to the log; stages also go where the image shows what cloud-init says.
exec 3>&1 >>"$LOG" 2>&1

# json_text TEXT: without what would need escaping, because python and jq need not be in the image.
json_text() { printf '%s' "$1" | tr '\n\t' '  ' | tr -d '\000-\037"\134' | cut -c1-900; }

# post HANDLE STATUS ID REASON TRIES: one signal. The token must not show in a list of processes.
# Directly and through the proxy in turn: only one of the two may lead to Heat.
post() {
  local body route try
  local url token
  url=$(setting "$1_URL")
  token=$(setting "$1_TOKEN")
  [ -n "$url" ] || return 0
  body="{\"status\": \"$2\", \"id\": \"$3\", \"reason\": \"$(json_text "$4")\", \"data\": \"$(json_text "$STAGE")\"}"
  local trust=()
  [ ! -s "$JEROBOAM/pki/openstack-ca.crt" ] || trust=(--cacert "$JEROBOAM/pki/openstack-ca.crt")
  [ "$(setting VERIFY_CA true)" != false ] || trust=(--insecure)
  for ((try = 1; try <= $5; try++)); do
    route=()
    [ $((try % 2)) = 0 ] || route=(--noproxy '*')
    curl --fail --silent --show-error --connect-timeout 10 --max-time 30 "${trust[@]}" "${route[@]}" \
      --header 'Content-Type: application/json' --data-binary "$body" \
      --config <(printf 'url = "%s"\nheader = "X-Auth-Token: %s"\n' "$url" "$token") && return 0
    [ "$try" = "$5" ] || sleep 10
  done
  echo "Heat could not be reached to signal $2 $3"
  return 1
}

# stage WORD...: what begins now. A word that names something reached ("joined") is told
# through the progress handle, in the background: it must not hold up the node.
stage() {
  STAGE=$*
  STAGE_BEGAN=$SECONDS
  echo "$(date -u +%FT%TZ) stage: $STAGE" | tee /dev/fd/3
}

reached() {
  STAGE=$*
  STAGE_NUMBER=$((STAGE_NUMBER + 1))
  echo "$(date -u +%FT%TZ) reached: $STAGE, $SECONDS s after the scripts began" | tee /dev/fd/3
  post PROGRESS SUCCESS "$STAGE_NUMBER" "$NODE_NAME: $STAGE" 3 &
  PROGRESS+=($!)
}

# What was reached is told before the scripts end, which would take its telling with them.
progress_told() {
  local one
  for one in "${PROGRESS[@]}"; do wait "$one" || true; done
}

# A failing step fails the stack at once, with its own last words, not at the time-out.
ended() {
  [ "$BASHPID" = "$$" ] || exit "$1"
  trap - ERR EXIT
  set +eu
  [ -n "$FINISHED" ] && exit 0
  local words
  words=$(tail -n 8 "$LOG" | cut -c1-200)
  echo "$(date -u +%FT%TZ) failed: $STAGE (exit $1, line $FAILED_LINE)" | tee /dev/fd/3
  tail -n 20 "$LOG" >&3
  post SIGNAL FAILURE node "$NODE_NAME: $STAGE failed after $((SECONDS - STAGE_BEGAN)) s (exit $1, line $FAILED_LINE): $words" 30
  progress_told
  [ "$1" = 0 ] && exit 1
  exit "$1"
}
trap 'FAILED_LINE=$LINENO' ERR
trap 'ended $?' EXIT

finished() {
  progress_told
  post SIGNAL SUCCESS node "$NODE_NAME: $*" 60
  FINISHED=yes
}

# fail WORDS...: what the user is to read.
fail() { echo "$*" >&2; return 1; }

# retry TRIES COMMAND...: 10 s apart; 0: until the stack's own time-out.
retry() {
  local tries=$1 try=1
  shift
  until "$@"; do
    [ "$try" != "$tries" ] || fail "given up after $try tries: $*" || return 1
    try=$((try + 1))
    sleep 10
  done
}

# install_file FILE MODE: standard input to a file that is whole or not there.
install_file() {
  mkdir -p "$(dirname "$1")"
  (umask 077; cat >"$1.new")
  chmod "$2" "$1.new"
  mv -f "$1.new" "$1"
}
