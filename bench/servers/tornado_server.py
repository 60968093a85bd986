"""Tornado's server: one process, one event loop, no access log."""

import asyncio
import gc
import json
import logging
import sys

from tornado.httpserver import HTTPServer
from tornado.netutil import bind_sockets
from tornado.web import Application
from tornado.websocket import WebSocketHandler

options = json.loads(sys.argv[1])
subscribers = set()


class Handler(WebSocketHandler):
    def get_compression_options(self):
        return None if options["compression"] == "off" else {}

    def on_message(self, message):
        self.write_message(message, binary=isinstance(message, bytes))


class Broadcast(WebSocketHandler):
    def open(self):
        subscribers.add(self)

    def on_message(self, message):
        for subscriber in subscribers:
            subscriber.write_message(message)

    def on_close(self):
        subscribers.discard(self)


def answer():
    """Collects garbage for whoever wants to measure memory."""
    if not sys.stdin.readline():
        sys.exit()
    gc.collect()
    print(json.dumps({"collected": True}), flush=True)


async def main():
    logging.getLogger("tornado.access").disabled = True
    handler = Handler if options["mode"] == "echo" else Broadcast
    application = Application([("/", handler)], websocket_max_message_size=options["messageBytesMax"])
    sockets = bind_sockets(0, "127.0.0.1")
    HTTPServer(application).add_sockets(sockets)
    asyncio.get_running_loop().add_reader(sys.stdin, answer)
    print(json.dumps({"port": sockets[0].getsockname()[1]}), flush=True)
    await asyncio.Event().wait()


asyncio.run(main())
