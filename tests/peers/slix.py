#!/usr/bin/env python3
"""An independent peer on slixmpp: sends or receives files in band.

slix.py recv --server HOST:PORT --jid USER@DOMAIN/RES --dir DIR [--count N]
slix.py send --server HOST:PORT --jid USER@DOMAIN/RES --to JID/RES [--block N] [--messages] FILE...
    both: [--ca CA.pem] [--tls starttls|direct] [--password-file F, else XFT_PASSWORD] [--raw] [--seconds N]

With --raw there is no stream initiation, only the bytestream (XEP-0047). A sender can lie: --name, --size and --md5
replace what the offer says. With --auto-accept a receiver takes any bytestream, also the second try after it refused
the first one's block size; without, slixmpp forgets at the first try that it had agreed. Lines on stdout:
`ready jid=JID`, and for each file `sent|received NAME bytes=N sha256=HEX seconds=S`.
Exit codes: 0 all files, 1 a transfer failed, 2 usage, 3 no login, 4 time is up.
"""

import argparse
import asyncio
import hashlib
import os
import pathlib
import sys
import time

import slixmpp
from slixmpp.exceptions import IqError, IqTimeout
from slixmpp.xmlstream.handler import CoroutineCallback
from slixmpp.xmlstream.matcher import StanzaPath

IBB = "http://jabber.org/protocol/ibb"


def say(line):
    print(line, flush=True)


def summary(verb, name, data, begin):
    digest = hashlib.sha256(data).hexdigest()
    say(f"{verb} {name} bytes={len(data)} sha256={digest} seconds={time.monotonic() - begin:.3f}")


class Peer(slixmpp.ClientXMPP):
    def __init__(self, options, password):
        super().__init__(options.jid, password)
        self.options = options
        self.left = options.count
        self.names = {}
        self.streams = {}
        self.outcome = self.loop.create_future()
        self.register_plugin("xep_0047", {"auto_accept": options.raw or options.auto_accept})
        self.register_plugin("xep_0030")
        self.register_plugin("xep_0096")
        self.ca_certs = options.ca
        self.enable_direct_tls = options.tls == "direct"
        self.enable_starttls = options.tls == "starttls"
        self.add_event_handler("session_start", self.on_session)
        self.add_event_handler("failed_all_auth", lambda _: self.end(3))
        self.add_event_handler("connection_failed", lambda _: self.end(3))
        self.add_event_handler("disconnected", lambda _: self.end(1))
        if options.command == "recv":
            self.add_event_handler("si_request", self.on_offer)
            self.add_event_handler("ibb_stream_start", self.on_stream)
            self.add_event_handler("ibb_stream_data", self.on_data)
            self.add_event_handler("ibb_stream_end", self.on_close)

    def end(self, code):
        if not self.outcome.done():
            self.outcome.set_result(code)

    async def on_session(self, _):
        # The plugin registers its coroutine as a plain callback, which is never awaited: no offer would be answered.
        self.remove_handler("SI Request")
        handle = self.plugin["xep_0095"]._handle_request
        self.register_handler(CoroutineCallback("SI Request", StanzaPath("iq@type=set/si"), handle))
        self.send_presence()
        say(f"ready jid={self.boundjid.full}")
        if self.options.command == "send":
            try:
                for path in self.options.files:
                    await self.send_file(path)
                self.end(0)
            except (IqError, IqTimeout) as error:
                condition = error.iq["error"]["condition"] if isinstance(error, IqError) else "no answer"
                say(f"refused {condition}")
            finally:
                # Whatever else went wrong has been logged by now.
                self.end(1)

    async def send_file(self, path):
        data = path.read_bytes()
        sid = os.urandom(12).hex()
        begin = time.monotonic()
        if not self.options.raw:
            name = self.options.name or path.name
            size = len(data) if self.options.size is None else self.options.size
            digest = self.options.md5 or hashlib.md5(data).hexdigest()
            # Its form wants options as mappings, which its own default is not.
            answer = await self.plugin["xep_0096"].request_file_transfer(
                self.options.to, sid=sid, name=name, size=size, hash=digest, methods=[{"value": IBB}])
            form = answer["si"]["feature_neg"]["form"]
            chosen = form.get_values().get("stream-method")
            if chosen not in (IBB, [IBB]):
                say(f"refused the peer chose {chosen!r}")
                return self.end(1)
        stream = await self.plugin["xep_0047"].open_stream(
            slixmpp.JID(self.options.to), sid=sid, block_size=self.options.block, use_messages=self.options.messages)
        await stream.sendall(data)
        await stream.close()
        summary("sent", path.name, data, begin)

    async def on_offer(self, iq):
        sid, peer = iq["si"]["id"], iq["from"]
        self.names[(sid, peer)] = os.path.basename(iq["si"]["file"]["name"]) or "unnamed"
        await self.plugin["xep_0095"].accept(peer, sid, ifrom=iq["to"])

    def on_stream(self, stream):
        self.streams[stream] = (bytearray(), time.monotonic())

    def on_data(self, stream):
        self.streams[stream][0].extend(stream.read())

    def on_close(self, stream):
        if stream not in self.streams:
            return
        data, begin = self.streams.pop(stream)
        name = self.names.pop((stream.sid, stream.peer_jid), stream.sid)
        (self.options.dir / name).write_bytes(data)
        summary("received", name, data, begin)
        self.left -= 1
        if self.left == 0:
            # The answer to the close is still in the queue.
            self.loop.call_later(0.2, self.end, 0)


async def main(options):
    password = options.password_file.read_text().strip() if options.password_file else os.environ["XFT_PASSWORD"]
    peer = Peer(options, password)
    host, port = options.server.rsplit(":", 1)
    peer.connect(host, int(port))
    try:
        code = await asyncio.wait_for(peer.outcome, options.seconds)
    except asyncio.TimeoutError:
        code = 4
    await peer.disconnect(wait=1.0)
    return code


def arguments():
    parser = argparse.ArgumentParser()
    parser.add_argument("command", choices=["recv", "send"])
    parser.add_argument("--server", required=True)
    parser.add_argument("--jid", required=True)
    parser.add_argument("--password-file", type=pathlib.Path)
    parser.add_argument("--ca", type=pathlib.Path)
    parser.add_argument("--tls", choices=["starttls", "direct"], default="starttls")
    parser.add_argument("--raw", action="store_true")
    parser.add_argument("--auto-accept", action="store_true")
    parser.add_argument("--seconds", type=float, default=120)
    parser.add_argument("--to")
    parser.add_argument("--block", type=int, default=4096)
    parser.add_argument("--messages", action="store_true")
    parser.add_argument("--name")
    parser.add_argument("--size", type=int)
    parser.add_argument("--md5")
    parser.add_argument("--dir", type=pathlib.Path)
    parser.add_argument("--count", type=int, default=1)
    parser.add_argument("files", nargs="*", type=pathlib.Path)
    options = parser.parse_intermixed_args()
    if options.command == "send" and not (options.to and options.files):
        parser.error("send needs --to and files")
    if options.command == "recv" and not options.dir:
        parser.error("recv needs --dir")
    return options


if __name__ == "__main__":
    sys.exit(asyncio.run(main(arguments())))
