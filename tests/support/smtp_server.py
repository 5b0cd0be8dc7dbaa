"""A real SMTP server for the mail tests: STARTTLS, TLS from the first byte, or plain; AUTH; faults on demand.

Listens on 127.0.0.1 on a free port and prints one JSON line when ready. Each message taken is written to
DIR/messages/NNNN.eml and as one line of DIR/messages.jsonl. DIR/control.json, read anew at each command, asks for
faults:
  {"rcpt": "450 4.2.1 busy"}     answer to RCPT
  {"mail": "550 5.1.8 no"}       answer to MAIL
  {"message": "554 5.6.0 no"}    answer to the last line of a message, which is then not kept
  {"cut": "rcpt|data|dot"}       abort the connection at that point; at "dot" the message is kept first
  {"wait_s": 2}                  keep the message, then wait before answering its last line
Needs Python 3 with aiosmtpd, and the openssl command for the certificates.
"""
import argparse
import asyncio
import email
import email.policy
import json
import pathlib
import signal
import ssl
import subprocess
import sys
import warnings

from aiosmtpd.smtp import SMTP, AuthResult

# The library does not see TLS from the first byte as encryption, and warns about sign-in without any.
warnings.simplefilter("ignore")

parser = argparse.ArgumentParser()
parser.add_argument("--dir", required=True, type=pathlib.Path)
parser.add_argument("--mode", choices=["starttls", "tls", "plain"], default="starttls")
parser.add_argument("--user", default="")
parser.add_argument("--password", default="")
parser.add_argument("--idle-s", type=float, default=300)
options = parser.parse_args()


def openssl(*arguments):
    subprocess.run(["openssl", *arguments], cwd=options.dir, check=True, capture_output=True)


def make_certificates():
    """An authority and a certificate for `localhost` only, so that 127.0.0.1 is a wrong name."""
    new = ["req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    openssl(*new, "-x509", "-days", "2", "-subj", "/CN=lobewatch test authority", "-keyout", "ca.key", "-out", "ca.pem",
            "-addext", "keyUsage=critical,keyCertSign,cRLSign")
    openssl(*new, "-subj", "/CN=localhost", "-keyout", "server.key", "-out", "server.csr")
    (options.dir / "san.ext").write_text("subjectAltName=DNS:localhost\nbasicConstraints=critical,CA:FALSE\n")
    openssl("x509", "-req", "-days", "2", "-in", "server.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial",
            "-extfile", "san.ext", "-out", "server.pem")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(options.dir / "server.pem", options.dir / "server.key")
    return context


def asked(name):
    control = options.dir / "control.json"
    return json.loads(control.read_text()).get(name) if control.exists() else None


class Handler:
    count = 0

    async def handle_MAIL(self, server, session, envelope, address, mail_options):
        if asked("mail"):
            return asked("mail")
        envelope.mail_from = address
        return "250 2.1.0 ok"

    async def handle_RCPT(self, server, session, envelope, address, rcpt_options):
        if asked("cut") == "rcpt":
            server.transport.abort()
        if asked("rcpt"):
            return asked("rcpt")
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 ok"

    async def handle_DATA(self, server, session, envelope):
        if asked("message"):
            return asked("message")
        self.keep(session, envelope)
        if asked("cut") == "dot":
            server.transport.abort()
        if asked("wait_s"):
            await asyncio.sleep(asked("wait_s"))
        return "250 2.0.0 kept as %d" % Handler.count

    def keep(self, session, envelope):
        Handler.count += 1
        raw = envelope.original_content
        (options.dir / "messages").mkdir(exist_ok=True)
        (options.dir / "messages" / ("%04d.eml" % Handler.count)).write_bytes(raw)
        message = email.message_from_bytes(raw, policy=email.policy.default)
        body = {part.get_content_type(): part.get_content() for part in message.walk() if not part.is_multipart()}
        record = dict(
            envelope_from=envelope.mail_from, envelope_to=envelope.rcpt_tos, peer=session.peer[1],
            encrypted=session.ssl is not None or options.mode == "tls", signed_in=bool(session.authenticated),
            headers=[[name.lower(), str(value)] for name, value in message.items()],
            text=body.get("text/plain"), html=body.get("text/html"),
            bare=any(line.count(b"\r") or b"\0" in line for line in raw.split(b"\r\n")),
        )
        with open(options.dir / "messages.jsonl", "a") as log:
            log.write(json.dumps(record) + "\n")


class Server(SMTP):
    async def smtp_DATA(self, arg):
        if asked("cut") == "data":
            self.transport.abort()
            return
        await super().smtp_DATA(arg)


def authenticate(server, session, envelope, mechanism, data):
    good = (data.login, data.password) == (options.user.encode(), options.password.encode())
    return AuthResult(success=good, handled=False)


async def main():
    context = None if options.mode == "plain" else make_certificates()
    starttls = options.mode == "starttls"

    def protocol():
        return Server(
            Handler(), hostname="localhost", ident="test relay", timeout=options.idle_s, loop=asyncio.get_running_loop(),
            tls_context=context if starttls else None, require_starttls=starttls,
            auth_required=bool(options.user), auth_require_tls=starttls, authenticator=authenticate,
        )

    server = await asyncio.get_running_loop().create_server(
        protocol, "127.0.0.1", 0, ssl=context if options.mode == "tls" else None)
    print(json.dumps(dict(port=server.sockets[0].getsockname()[1])), flush=True)
    # The test holds our standard input: when it ends, however it ends, so do we.
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
    server.close()


signal.signal(signal.SIGINT, signal.SIG_DFL)
asyncio.run(main())
