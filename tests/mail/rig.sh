#!/usr/bin/env bash
# A mail world on this machine: Postfix takes messages, Dovecot keeps what comes back, aiosmtpd plays everybody else's exchanger.
#
#   tests/mail/rig.sh COMMAND…   starts it, runs the command with GEVINST_MAIL_RIG set to its folder, and ends it
#
# Both speak TLS with a certificate for `localhost` of an authority that is made anew each time (`ca.pem`). Nothing can leave the machine: every domain but those of the rig bounces at once (`default_transport = error:…`), and all
# listen on 127.0.0.1. Installs what is missing, from Debian and PyPI. Needs root on Debian; elsewhere it says so and does
# nothing, unless CI=true, where that is an error.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
[ $# -gt 0 ] || { sed -n '2,8s/^# \{0,1\}//p' "$0" >&2; exit 2; }

if [ "$(id -u)" != 0 ] || [ ! -e /etc/debian_version ]; then
  echo "skipped: a real mail server needs root on Debian" >&2
  [ "${CI:-}" = true ] && exit 1
  exit 0
fi

missing=()
for package in postfix dovecot-imapd dovecot-lmtpd openssl python3-venv; do
  dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'install ok installed' || missing+=("$package")
done
if [ ${#missing[@]} -gt 0 ]; then
  echo "installing ${missing[*]}" >&2
  # No service of the packages is started: the rig has its own.
  policy=/usr/sbin/policy-rc.d
  if [ ! -e "$policy" ]; then
    printf '#!/bin/sh\nexit 101\n' >"$policy"
    chmod +x "$policy"
    trap 'rm -f "$policy"' EXIT
  fi
  DEBIAN_FRONTEND=noninteractive apt-get update -qq >&2
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
  rm -f "$policy"
  trap - EXIT
fi

# In memory where there is such a place: Postfix flushes every message to the disk, and so does the send ledger. What a SIGKILL leaves
# behind is the same either way.
memory=/dev/shm
[ -d "$memory" ] && [ -w "$memory" ] || memory=/tmp
rig=$(mktemp -d "$memory/gevinst-mail.XXXXXX")
export GEVINST_MAIL_RIG=$rig
started=()
finish() {
  code=$?
  [ -e "$rig/postfix/main.cf" ] && postfix -c "$rig/postfix" stop >/dev/null 2>&1 || true
  [ -e "$rig/dovecot.conf" ] && doveadm -c "$rig/dovecot.conf" stop >/dev/null 2>&1 || true
  for pid in ${started[@]+"${started[@]}"}; do kill "$pid" 2>/dev/null || true; done
  if [ $code != 0 ]; then
    for log in mail.log dovecot.log exchanger.log; do
      [ -s "$rig/$log" ] && { echo "== the last of $log" >&2; tail -n 20 "$rig/$log" >&2; }
    done
  fi
  [ -n "${GEVINST_MAIL_KEEP:-}" ] && echo "kept: $rig" >&2 || rm -rf "$rig"
  exit $code
}
trap finish EXIT
chmod 755 "$rig"

# Kept from run to run; made whole or not at all.
venv=${CARGO_TARGET_DIR:-$here/../../target}/mail-environment
if [ ! -e "$venv/ready" ]; then
  python3 -m venv --clear "$venv"
  "$venv/bin/pip" install --quiet --disable-pip-version-check aiosmtpd==1.4.6 dkimpy==1.1.8
  touch "$venv/ready"
fi
ln -s "$(cd "$venv" && pwd)" "$rig/venv"

# A key for DKIM; its public half, where a verifier would ask the DNS.
openssl genrsa -traditional -out "$rig/dkim.pem" 2048 2>/dev/null
public=$(openssl rsa -in "$rig/dkim.pem" -pubout -outform DER 2>/dev/null | openssl base64 -A)
printf 'v=DKIM1; k=rsa; p=%s' "$public" >"$rig/dkim.txt"

# An authority and its certificate for this machine, which nobody else trusts.
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj "/CN=An authority for tests" \
  -keyout "$rig/ca.key" -out "$rig/ca.pem" 2>/dev/null
openssl req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj "/CN=localhost" \
  -keyout "$rig/tls.key" -out "$rig/tls.csr" 2>/dev/null
openssl x509 -req -in "$rig/tls.csr" -CA "$rig/ca.pem" -CAkey "$rig/ca.key" -CAcreateserial -days 2 \
  -extfile <(printf 'subjectAltName=DNS:localhost\nextendedKeyUsage=serverAuth') -out "$rig/tls.pem" 2>/dev/null
chmod 600 "$rig"/*.key

# Ports that are free now.
read -r smtp smtps imap imaps lmtp exchanger clicks <<<"$(python3 - <<'PYTHON'
import socket
sockets = [socket.socket() for _ in range(7)]
for s in sockets:
    s.bind(("127.0.0.1", 0))
print(*(s.getsockname()[1] for s in sockets))
PYTHON
)"
printf 'smtp=%s\nsmtps=%s\nimap=%s\nimaps=%s\nexchanger=%s\nclicks=%s\n' \
  "$smtp" "$smtps" "$imap" "$imaps" "$exchanger" "$clicks" >"$rig/ports"

"$rig/venv/bin/python" "$here/exchanger.py" "$exchanger" "$rig/delivered.jsonl" >"$rig/exchanger.log" 2>&1 &
started+=($!)

mkdir -p "$rig/postfix" "$rig/queue" "$rig/data" "$rig/mailbox" "$rig/tmp"
chown postfix "$rig/data"
cat >"$rig/postfix/main.cf" <<CONF
compatibility_level = 3.6
queue_directory = $rig/queue
data_directory = $rig/data
maillog_file = $rig/mail.log
maillog_file_prefixes = $rig
mail_owner = postfix
setgid_group = postdrop
myhostname = mta.news.test
mydestination =
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
mynetworks = 127.0.0.0/8
smtpd_relay_restrictions = permit_mynetworks, reject
smtpd_client_connection_rate_limit = 0
in_flow_delay = 0
smtpd_tls_security_level = may
smtpd_tls_cert_file = $rig/tls.pem
smtpd_tls_key_file = $rig/tls.key
alias_maps =
local_recipient_maps =
recipient_delimiter = +
default_transport = error:5.1.2 nothing leaves this machine
relay_transport = error:5.1.2 nothing leaves this machine
transport_maps = inline:{ { people.test = smtp:[127.0.0.1]:$exchanger }, { away.test = smtp:[127.0.0.1]:1 } }
virtual_mailbox_domains = bounces.news.test
virtual_mailbox_maps = static:all
virtual_transport = lmtp:[127.0.0.1]:$lmtp
# A queue that gives up at once, so that what is away bounces with its 4.4.1 within the test.
queue_run_delay = 1s
minimal_backoff_time = 1s
maximal_backoff_time = 2s
maximal_queue_lifetime = 1s
bounce_queue_lifetime = 1s
CONF
cat >"$rig/postfix/master.cf" <<CONF
127.0.0.1:$smtp inet n - n - - smtpd
127.0.0.1:$smtps inet n - n - - smtpd
  -o smtpd_tls_wrappermode=yes
pickup    unix n - n 60 1 pickup
cleanup   unix n - n - 0 cleanup
qmgr      unix n - n 300 1 qmgr
rewrite   unix - - n - - trivial-rewrite
bounce    unix - - n - 0 bounce
defer     unix - - n - 0 bounce
trace     unix - - n - 0 bounce
verify    unix - - n - 1 verify
flush     unix n - n 1000? 0 flush
proxymap  unix - - n - - proxymap
smtp      unix - - n - - smtp
relay     unix - - n - - smtp
error     unix - - n - - error
retry     unix - - n - - error
discard   unix - - n - - discard
lmtp      unix - - n - - lmtp
anvil     unix - - n - 1 anvil
scache    unix - - n - 1 scache
tlsmgr    unix - - n 1000? 1 tlsmgr
postlog   unix-dgram n - n - 1 postlogd
CONF

chown nobody "$rig/mailbox"
cat >"$rig/dovecot.conf" <<CONF
base_dir = $rig/dovecot
state_dir = $rig/dovecot
log_path = $rig/dovecot.log
protocols = imap lmtp
listen = 127.0.0.1
ssl = yes
ssl_cert = <$rig/tls.pem
ssl_key = <$rig/tls.key
disable_plaintext_auth = no
first_valid_uid = 1
mail_location = maildir:$rig/mailbox/Maildir
passdb {
  driver = static
  args = password=returned
}
userdb {
  driver = static
  args = uid=nobody gid=nogroup home=$rig/mailbox allow_all_users=yes
}
service imap-login {
  inet_listener imap {
    port = $imap
  }
  inet_listener imaps {
    port = $imaps
    ssl = yes
  }
}
service lmtp {
  inet_listener lmtp {
    port = $lmtp
  }
}
CONF

dovecot -c "$rig/dovecot.conf"
postfix -c "$rig/postfix" start >/dev/null 2>&1
for port in "$smtp" "$smtps" "$imap" "$imaps" "$lmtp" "$exchanger"; do
  for _ in $(seq 100); do
    (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null && break
    sleep 0.1
  done
done

TMPDIR=$rig/tmp "$@"
