"""Everybody else's mail exchanger: takes messages for people.test and writes each down as a line of JSON.

Whoever is called nouser… is unknown here. Usage: exchanger.py PORT FILE
"""

import asyncio
import base64
import email
import email.header
import json
import sys

from aiosmtpd.controller import Controller


class Exchanger:
    def __init__(self, path):
        self.file = open(path, "a", buffering=1)

    async def handle_RCPT(self, server, session, envelope, address, options):
        if address.startswith("nouser"):
            return "550 5.1.1 no such user here"
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 ok"

    async def handle_DATA(self, server, session, envelope):
        headers = email.message_from_bytes(envelope.original_content)
        message = {
            "from": envelope.mail_from,
            "to": envelope.rcpt_tos[0],
            "subject": str(email.header.make_header(email.header.decode_header(headers["Subject"]))),
            "leave": " ".join(headers["List-Unsubscribe"].split()),
            "message": base64.b64encode(envelope.original_content).decode(),
        }
        self.file.write(json.dumps(message) + "\n")
        return "250 2.0.0 taken"


Controller(Exchanger(sys.argv[2]), hostname="127.0.0.1", port=int(sys.argv[1])).start()
asyncio.new_event_loop().run_forever()
