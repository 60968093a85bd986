"""Tornado's server for HTTP: one process, one event loop, no access log."""

import asyncio
import json
import logging
import sys

from tornado.httpserver import HTTPServer
from tornado.netutil import bind_sockets
from tornado.web import Application, RequestHandler

options = json.loads(sys.argv[1])


class Greeting(RequestHandler):
    def get(self):
        self.set_header("Content-Type", "text/plain; charset=utf-8")
        self.write("Hello, world!")


class Item(RequestHandler):
    def get(self, item_id):
        self.write(
            {
                "id": item_id,
                "name": f"Item {item_id}",
                "price": 19.99,
                "currency": "EUR",
                "inStock": True,
                "tags": ["new", "blue"],
            }
        )


async def main():
    logging.getLogger("tornado.access").disabled = True
    application = Application(
        [("/", Greeting), (r"/items/([^/]+)", Item)],
        static_path=options["directory"],
        static_url_prefix="/static/",
    )
    sockets = bind_sockets(0, "127.0.0.1")
    HTTPServer(application).add_sockets(sockets)
    asyncio.get_running_loop().add_reader(sys.stdin, sys.exit)
    print(json.dumps({"port": sockets[0].getsockname()[1]}), flush=True)
    await asyncio.Event().wait()


asyncio.run(main())
