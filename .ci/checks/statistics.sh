#!/usr/bin/env bash
# A sample of the long statistical checks; each file says how to run it whole.
set -euo pipefail
cargo run --release --locked --quiet -p gevinst-stats --example firing_table -- 200
cargo run --release --locked --quiet -p gevinst-runner --example validity -- 60 46 3
