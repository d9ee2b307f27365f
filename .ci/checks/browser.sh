#!/usr/bin/env bash
# The reports in Chromium, from files and served; see tests/browser/README.md. Screenshots and PDFs are left in target/browser/shots.
# Installs what is missing, from Debian and npm: needs root on Debian for that; elsewhere Chromium, Node.js 18 and npm must be there.
# `--all` pictures and prints the slow pages too.
set -euo pipefail
chromium=${CHROMIUM:-chromium}
if [ "$(id -u)" = 0 ] && [ -e /etc/debian_version ]; then
  missing=()
  command -v "$chromium" >/dev/null || missing+=(chromium)
  command -v node >/dev/null || missing+=(nodejs)
  command -v npm >/dev/null || missing+=(npm)
  if [ ${#missing[@]} -gt 0 ]; then
    echo "installing ${missing[*]}" >&2
    DEBIAN_FRONTEND=noninteractive apt-get update -qq >&2
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
  fi
fi
for program in "$chromium" node npm; do
  command -v "$program" >/dev/null && continue
  echo "skipped: there is no $program" >&2
  [ "${CI:-}" = true ] && exit 1
  exit 0
done
export CHROMIUM=$chromium

(cd tests/browser && npm ci --silent --no-audit --no-fund)
out=${CARGO_TARGET_DIR:-target}/browser
rm -rf "$out"
mkdir -p "$out/pages"
cargo run --locked --quiet -p gevinst-report --example sample -- "$out/pages"
node tests/browser/check.mjs "$out/pages" "$out/shots" "$@"

cargo build --locked --quiet -p gevinst -p gevinst-rehearsal
GEVINST_BROWSER=$PWD/tests/browser GEVINST_SHOTS=$(realpath "$out/shots") \
  cargo test --locked --quiet -p gevinst-tests --test report -- --nocapture in_a_browser
