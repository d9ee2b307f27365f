#!/usr/bin/env bash
# The e-mail channel against a real mail server; see tests/mail/rig.sh.
set -euo pipefail
# Built before the servers run.
cargo test --locked --quiet -p gevinst-email --test real_mta --no-run
tests/mail/rig.sh cargo test --locked --quiet -p gevinst-email --test real_mta -- --nocapture
