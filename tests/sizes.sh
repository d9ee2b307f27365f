#!/usr/bin/env bash
# How large each plugin's library is, built for release and stripped, and how long it took to build after what it depends on.
# Ends with 1 when one is 8 MB (8,000,000 bytes) or larger. Not part of continuous integration: it builds everything once more.
#
#   tests/sizes.sh [PLUGIN…]    all that talk to platforms, without names
set -euo pipefail
cd "$(dirname "$0")/.."
limit=8000000
[ $# -gt 0 ] || set -- email native-ads social outcomes
target=${CARGO_TARGET_DIR:-target}
over=0
for plugin in "$@"; do
  cargo build --release --locked --quiet -p "gevinst-$plugin"
  # Once more, the plugin alone.
  cargo clean --release --quiet -p "gevinst-$plugin" 2>/dev/null
  TIMEFORMAT='%R %U'
  read -r real user < <({ time cargo build --release --locked --quiet -p "gevinst-$plugin" 2>/dev/null; } 2>&1)
  library=$target/release/libgevinst_${plugin//-/_}.so
  stripped=$(mktemp)
  strip --strip-unneeded -o "$stripped" "$library"
  size=$(stat -c %s "$stripped")
  rm -f "$stripped"
  printf '%-11s %5.2f MB stripped (%5.2f MB before); built in %s s (%s s of user time)\n' "$plugin" \
    "$(awk "BEGIN { print $size / 1e6 }")" "$(awk "BEGIN { print $(stat -c %s "$library") / 1e6 }")" "$real" "$user"
  [ "$size" -lt $limit ] || over=1
done
exit $over
