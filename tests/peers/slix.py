#!/usr/bin/env python3
"""An independent peer on slixmpp: sends or receives files in band or over SOCKS5.

slix.py recv --server HOST:PORT --jid USER@DOMAIN/RES --dir DIR [--count N]
slix.py send --server HOST:PORT --jid USER@DOMAIN/RES --to JID/RES [--block N] [--messages] FILE...
    both: [--method inband|mediated|auto] [--ca CA.pem] [--tls starttls|direct]
          [--password-file F, else XFT_PASSWORD] [--raw] [--seconds N]

A sender offers its method alone: inband (unless told otherwise), or mediated through the proxies of its server and those
of --streamhost JID=HOST:PORT (with --only: through no others); slixmpp has no listener, so it cannot offer itself. With
auto it offers both and, when SOCKS5 failed, once more in band alone. A receiver takes in band where it is offered, as
slixmpp does by itself; with mediated it prefers SOCKS5, with direct too, since as target it tries whatever is offered.

With --raw there is no stream initiation, only the bytestream (XEP-0047). A sender can lie: --name, --size and --md5
replace what the offer says, and with --no-close it never ends its bytestream. With --length a receiver asks for so many bytes only. With --auto-accept a receiver takes any bytestream, also the second try after it refused
the first one's block size; without, slixmpp forgets at the first try that it had agreed. Lines on stdout:
`ready jid=JID`, and for each file `sent|received NAME bytes=N sha256=HEX method=M seconds=S`.
Exit codes: 0 all files, 1 a transfer failed, 2 usage, 3 no login, 4 time is up.
"""

import argparse
import asyncio
import hashlib
import os
import pathlib
import sys
import time
from xml.etree import ElementTree

import slixmpp
from slixmpp.exceptions import IqError, IqTimeout
from slixmpp.plugins.xep_0065 import Socks5Protocol
from slixmpp.xmlstream.handler import CoroutineCallback
from slixmpp.xmlstream.matcher import StanzaPath

IBB = "http://jabber.org/protocol/ibb"
SOCKS5 = "http://jabber.org/protocol/bytestreams"


def say(line):
    print(line, flush=True)


def summary(verb, name, data, method, begin):
    digest = hashlib.sha256(data).hexdigest()
    say(f"{verb} {name} bytes={len(data)} sha256={digest} method={method} seconds={time.monotonic() - begin:.3f}")


class Refused(Exception):
    """What the other side, or slixmpp for it, said instead of taking the file."""


class Peer(slixmpp.ClientXMPP):
    def __init__(self, options, password):
        super().__init__(options.jid, password)
        self.options = options
        self.left = options.count
        self.names = {}
        self.streams = {}
        self.streamhost = None
        self.outcome = self.loop.create_future()
        self.register_plugin("xep_0047", {"auto_accept": options.raw or options.auto_accept})
        self.register_plugin("xep_0030")
        self.register_plugin("xep_0096")
        if options.command == "recv" and options.method in ("direct", "mediated"):
            # It takes the first of this order that is offered.
            self.plugin["xep_0095"].unregister_method(IBB)
            self.plugin["xep_0095"].register_method(IBB, "xep_0047", 200)
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
            self.add_filter("out", self.note_streamhost)

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
            except Refused as refused:
                say(f"refused {refused}")
            finally:
                # Whatever else went wrong has been logged by now.
                self.end(1)

    async def send_file(self, path):
        data = path.read_bytes()
        begin = time.monotonic()
        method = self.options.method
        if method in ("auto", "mediated"):
            try:
                taken = await self.offer_and_send(path, data, [SOCKS5] if method == "mediated" else [SOCKS5, IBB])
                return summary("sent", path.name, data, "inband" if taken == IBB else "mediated", begin)
            except Refused as refused:
                if method == "mediated":
                    raise
                say(f"again in band, SOCKS5 was refused: {refused}")
        await self.offer_and_send(path, data, [IBB])
        summary("sent", path.name, data, "inband", begin)

    async def offer_and_send(self, path, data, methods):
        sid = os.urandom(12).hex()
        taken = IBB
        try:
            if not self.options.raw:
                taken = await self.offer(path, data, sid, methods)
            await (self.send_in_band if taken == IBB else self.send_socks5)(data, sid)
        except (IqError, IqTimeout) as error:
            raise Refused(error.iq["error"]["condition"] if isinstance(error, IqError) else "no answer") from error
        return taken

    async def offer(self, path, data, sid, methods):
        name = self.options.name or path.name
        size = len(data) if self.options.size is None else self.options.size
        digest = self.options.md5 or hashlib.md5(data).hexdigest()
        # Its form wants options as mappings, which its own default is not.
        answer = await self.plugin["xep_0096"].request_file_transfer(
            self.options.to, sid=sid, name=name, size=size, hash=digest, methods=[{"value": each} for each in methods])
        form = answer["si"]["feature_neg"]["form"]
        chosen = form.get_values().get("stream-method")
        chosen = chosen[0] if isinstance(chosen, list) and len(chosen) == 1 else chosen
        if chosen not in methods:
            raise Refused(f"the peer chose {chosen!r}")
        return chosen

    async def send_in_band(self, data, sid):
        stream = await self.plugin["xep_0047"].open_stream(
            slixmpp.JID(self.options.to), sid=sid, block_size=self.options.block, use_messages=self.options.messages)
        await stream.sendall(data)
        if self.options.no_close:
            await asyncio.sleep(self.options.seconds)
        await stream.close()

    async def send_socks5(self, data, sid):
        plugin = self.plugin["xep_0065"]
        if not self.options.only:
            await plugin.discover_proxies()
        for proxy, host, port in self.options.streamhost:
            plugin._proxies[slixmpp.JID(proxy)] = (host, port)
        if not plugin._proxies:
            raise Refused("no proxy is known")
        stream = await plugin.handshake(self.options.to, sid=sid, timeout=30)
        if stream is None:
            raise Refused("the proxy cannot be reached")
        gone = self.loop.create_future()
        # Its events do not tell which stream ended.
        stream.connection_lost = lambda error: gone.done() or gone.set_result(error)
        await stream.write(data)
        # It has no close of its own; this one sends what is left first.
        stream.transport.close()
        if error := await gone:
            raise Refused(f"the stream broke: {error}")

    async def on_offer(self, iq):
        sid, peer = iq["si"]["id"], iq["from"]
        self.names[(sid, peer)] = os.path.basename(iq["si"]["file"]["name"]) or "unnamed"
        size = int(iq["si"]["file"]["size"])
        # This event alone tells which stream it is, of either method.
        self.add_event_handler(f"stream:{sid}:{peer}", lambda stream: self.on_socks5(stream, sid, peer, size), disposable=True)
        await self.plugin["xep_0095"].accept(peer, sid, payload=self.part(), ifrom=iq["to"])

    def part(self):
        if self.options.length is None:
            return None
        profile = "http://jabber.org/protocol/si/profile/file-transfer"
        file = ElementTree.Element(f"{{{profile}}}file")
        ElementTree.SubElement(file, f"{{{profile}}}range", length=str(self.options.length))
        return file

    def note_streamhost(self, stanza):
        # Nothing else says which of the streamhosts it took.
        if isinstance(stanza, slixmpp.Iq) and stanza["type"] == "result" and stanza.get_plugin("socks", check=True):
            self.streamhost = stanza["socks"]["streamhost_used"]["jid"]
        return stanza

    def on_socks5(self, stream, sid, peer, size):
        if not isinstance(stream, Socks5Protocol):
            return
        data, begin = bytearray(), time.monotonic()

        def lost(error):
            name = self.names.pop((sid, peer), sid)
            if error or len(data) != size:
                say(f"failed {name} bytes={len(data)} of {size}: {error}")
                return self.end(1)
            self.store(name, data, "direct" if self.streamhost == peer else "mediated", begin)

        # Its events carry bytes and ends of all streams alike, also of those that lost the race.
        stream.data_received = data.extend
        stream.connection_lost = lost

    def store(self, name, data, method, begin):
        (self.options.dir / name).write_bytes(data)
        summary("received", name, data, method, begin)
        self.left -= 1
        if self.left == 0:
            # The answer to the close is still in the queue.
            self.loop.call_later(0.2, self.end, 0)

    def on_stream(self, stream):
        self.streams[stream] = (bytearray(), time.monotonic())

    def on_data(self, stream):
        self.streams[stream][0].extend(stream.read())

    def on_close(self, stream):
        if stream not in self.streams:
            return
        data, begin = self.streams.pop(stream)
        name = self.names.pop((stream.sid, stream.peer_jid), stream.sid)
        self.store(name, data, "inband", begin)


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


def streamhost(text):
    jid, address = text.split("=")
    host, port = address.rsplit(":", 1)
    return jid, host, port


def arguments():
    parser = argparse.ArgumentParser()
    parser.add_argument("command", choices=["recv", "send"])
    parser.add_argument("--server", required=True)
    parser.add_argument("--jid", required=True)
    parser.add_argument("--password-file", type=pathlib.Path)
    parser.add_argument("--ca", type=pathlib.Path)
    parser.add_argument("--tls", choices=["starttls", "direct"], default="starttls")
    parser.add_argument("--raw", action="store_true")
    parser.add_argument("--method", choices=["auto", "direct", "mediated", "inband"], default="inband")
    parser.add_argument("--streamhost", type=streamhost, action="append", default=[])
    parser.add_argument("--only", action="store_true")
    parser.add_argument("--auto-accept", action="store_true")
    parser.add_argument("--seconds", type=float, default=120)
    parser.add_argument("--to")
    parser.add_argument("--block", type=int, default=4096)
    parser.add_argument("--no-close", action="store_true")
    parser.add_argument("--length", type=int)
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
    if options.command == "send" and options.method == "direct":
        parser.error("slixmpp cannot listen, so it has no address of its own to offer")
    if options.command == "recv" and not options.dir:
        parser.error("recv needs --dir")
    return options


if __name__ == "__main__":
    sys.exit(asyncio.run(main(arguments())))
