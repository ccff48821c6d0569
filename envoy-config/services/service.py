"""A service of the demo shop: `service.py orders|payments|users`. Nothing but Python's standard library.

The services know nothing about tokens, keys, limits or schemas: Meshward stands before each of them. They believe what it says
about the caller in `x-meshward-subject`, because nothing else can reach them, and it takes that header from every request first.
"""

import argparse
import importlib
import json
import sys
import urllib.error
import urllib.request
from dataclasses import dataclass
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Lock
from urllib.parse import parse_qsl, urlsplit


class Problem(Exception):
    """An answer that says what went wrong (RFC 9457)."""

    def __init__(self, status, title, detail=None):
        super().__init__(title)
        self.status = status
        self.body = {"title": title, "status": int(status)}
        if detail:
            self.body["detail"] = detail


@dataclass(frozen=True)
class Request:
    """What a service sees of a request."""

    path: dict
    query: dict
    body: object
    caller: str
    id: str


class Peers:
    """The other services, each behind its own Envoy. This service has one key for them all."""

    def __init__(self, urls, key):
        self._urls = urls
        self._key = key
        # A proxy of the environment has no business between two services.
        self._opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))

    def call(self, request, peer, method, path, body=None):
        """Calls another service and gives its answer; the request's id goes with it, so that one id is in the log of every proxy."""
        headers = {
            "Host": f"{peer}.shop.svc.cluster.local",
            "Accept": "application/json",
            "x-request-id": request.id,
            "x-service-key": self._key,
        }
        data = None
        if body is not None:
            headers["Content-Type"] = "application/json"
            data = json.dumps(body).encode()
        call = urllib.request.Request(self._urls[peer] + path, data, headers, method=method)
        try:
            with self._opener.open(call, timeout=5) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as error:
            raise Problem(HTTPStatus.BAD_GATEWAY, "Another service refused", f"{peer} answered {error.code}") from None
        except OSError:
            raise Problem(HTTPStatus.BAD_GATEWAY, "Another service cannot be reached", peer) from None


def handler_of(routes):
    """The HTTP side of a service with `routes`: a list of (method, path template, function)."""
    table = [(method, template.split("/"), function) for method, template, function in routes]

    def find(method, path):
        parts = path.split("/")
        for known, template, function in table:
            if known == method and len(parts) == len(template):
                pairs = list(zip(template, parts))
                if all(t.startswith("{") or t == p for t, p in pairs):
                    return function, {t[1:-1]: p for t, p in pairs if t.startswith("{")}
        raise Problem(HTTPStatus.NOT_FOUND, "There is no such endpoint")

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def version_string(self):
            return "shop"

        def answer(self):
            try:
                body = self.content()
                target = urlsplit(self.path)
                function, path = find(self.command, target.path)
                status, value = function(
                    Request(
                        path=path,
                        query=dict(parse_qsl(target.query)),
                        body=body,
                        caller=self.headers.get("x-meshward-subject", ""),
                        id=self.headers.get("x-request-id", ""),
                    )
                )
                self.send(status, value, "application/json")
            except Problem as problem:
                self.send(problem.status, problem.body, "application/problem+json")

        do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = answer

        def content(self):
            if "transfer-encoding" in self.headers:
                self.close_connection = True
                raise Problem(HTTPStatus.LENGTH_REQUIRED, "Send `content-length`")
            raw = self.rfile.read(int(self.headers.get("content-length", 0)))
            return json.loads(raw) if raw else None

        def send(self, status, value, content_type):
            raw = b"" if value is None else json.dumps(value).encode()
            self.send_response(status)
            if raw:
                self.send_header("content-type", content_type)
            # RFC 9110, 8.6: an answer without content, by its status, has no length either.
            if status != HTTPStatus.NO_CONTENT:
                self.send_header("content-length", str(len(raw)))
            self.end_headers()
            self.wfile.write(raw)

        def log_message(self, format, *args):
            request_id = self.headers.get("x-request-id", "-") if hasattr(self, "headers") else "-"
            print(request_id, format % args, file=sys.stderr, flush=True)

    return Handler


def locked(function):
    """One request at a time: the state of a service is plain Python."""
    lock = Lock()

    def one_at_a_time(request):
        with lock:
            return function(request)

    return one_at_a_time


def health(_request):
    return HTTPStatus.OK, {"status": "ok"}


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("name", choices=["orders", "payments", "users"])
    parser.add_argument("--listen", metavar="ADDRESS:PORT", default="127.0.0.1:9000")
    parser.add_argument("--peer", metavar="NAME=URL", action="append", default=[], help="where another service's Envoy listens")
    parser.add_argument("--keys", metavar="FILE", help="a JSON file with this service's key for its peers, under its name")
    return parser.parse_args()


def main():
    given = arguments()
    key = ""
    if given.keys:
        with open(given.keys, encoding="utf-8") as file:
            key = json.load(file)[given.name]
    peers = Peers(dict(peer.split("=", 1) for peer in given.peer), key)
    routes = [("GET", "/health", health), *importlib.import_module(given.name).routes(peers)]
    address, port = given.listen.rsplit(":", 1)
    server = ThreadingHTTPServer((address, int(port)), handler_of(routes))
    print(f"{given.name} listens on {given.listen}", file=sys.stderr, flush=True)
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        server.server_close()


if __name__ == "__main__":
    # `orders`, `payments` and `users` import this module by its name: let there be one of it.
    sys.modules["service"] = sys.modules["__main__"]
    main()
