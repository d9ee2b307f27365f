"""Verifies the DKIM signature of every message that the exchanger wrote down, with dkimpy.

The public key comes from a file in place of the DNS. Prints how many signatures hold and the headers that all of them cover;
ends with 1 at the first that does not hold. Usage: verify_dkim.py DELIVERED.jsonl DKIM.txt
"""

import base64
import json
import sys

import dkim

record = open(sys.argv[2], "rb").read()
asked = set()


def dns(name, timeout=5):
    asked.add(name.decode())
    return record


count, covered = 0, None
for line in open(sys.argv[1]):
    entry = json.loads(line)
    verifier = dkim.DKIM(base64.b64decode(entry["message"]))
    if not verifier.verify(dnsfunc=dns):
        sys.exit(f"the signature of message {count + 1} does not hold")
    signed = {name.strip().decode().lower() for name in verifier.signature_fields[b"h"].split(b":")}
    covered = signed if covered is None else covered & signed
    count += 1
print(json.dumps({"verified": count, "covered": sorted(covered or []), "asked": sorted(asked)}))
