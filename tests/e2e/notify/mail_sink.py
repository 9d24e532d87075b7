#!/usr/bin/python3
"""An SMTP server on loopback that takes mail only after STARTTLS, and prints each as a JSON line.

mail_sink.py CERTIFICATE KEY
"""

import asyncio
import base64
import email
import json
import ssl
import sys

from aiosmtpd.smtp import SMTP


class Sink:
    """Refuses one address for good and one for a while, and keeps everything else."""

    async def handle_RCPT(self, server, session, envelope, address, options):
        if address.startswith("nobody@"):
            return "550 5.1.1 no such mailbox"
        if address.startswith("later@"):
            return "451 4.7.1 try again later"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        message = email.message_from_bytes(envelope.content)
        print(json.dumps({
            "to": envelope.rcpt_tos,
            "from": envelope.mail_from,
            "tls": session.ssl is not None,
            "id": message["Message-ID"],
            "subject": message["Subject"],
            "text": base64.b64decode(message.get_payload()).decode(),
        }), flush=True)
        return "250 OK"


async def main():
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(sys.argv[1], sys.argv[2])
    server = await asyncio.get_running_loop().create_server(
        lambda: SMTP(Sink(), hostname="localhost", tls_context=context, require_starttls=True),
        "127.0.0.1", 0)
    print(f"port {server.sockets[0].getsockname()[1]}", flush=True)
    await server.serve_forever()


asyncio.run(main())
