#!/usr/bin/env bash
# Every seventh value of gevinst-stats held against scipy, statsmodels, gbstats and savvi.
# Needs Python 3.9 to 3.11 with its venv module (Debian 12: the packages python3 and python3-venv) and PyPI; the environment is kept
# in target/compare-environment.
set -euo pipefail
values=$(mktemp)
trap 'rm -f "$values"' EXIT
cargo run --release --locked --quiet -p gevinst-stats --example compare_values -- --sample > "$values"
python3 crates/stats/checks/compare.py --sample --values "$values"
