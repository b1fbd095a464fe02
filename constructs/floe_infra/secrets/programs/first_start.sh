# Prints what the first OpenBao server is told besides, for its very first start: to initialize itself.
#
#   first_start.sh SCHEME SERVERS
#
# A server that is initialized already takes no notice. One that has lost its disk must join the others instead, so it
# asks whether they are initialized. None is there at the first start of all, for they come one after the other.
set -eu
scheme=$1
servers=$2

case $HOSTNAME in
  *-0) ;;
  *) exit 0 ;;
esac
name=${HOSTNAME%-0}
export BAO_CLIENT_TIMEOUT=5s BAO_MAX_RETRIES=0 BAO_SKIP_VERIFY=true
peer=1
while [ "$peer" -lt "$servers" ]; do
  if bao operator init -status -address="$scheme://$name-$peer.$name-internal:8200" >/dev/null 2>&1; then
    exit 0
  fi
  peer=$((peer + 1))
done
echo "-config=$(dirname "$0")/initialize.json"
