"""Somebody else's servers: one that gives away whatever it is sent, in every form that it knows, and a collector of traces."""

import base64
import gzip
import http.server
import json
import threading
import urllib.parse

from forms import forms

# Of an answer that is no good one at most so much is kept.
EXCERPT_BYTES = 500


def serve(handler):
    """Address of a server with that handler; it lives as long as this program."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return f"127.0.0.1:{server.server_address[1]}"


class Quiet(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        """Nothing is said of requests."""

    def answer(self, status, body, **headers):
        self.send_response(status)
        for name, value in ({"Content_Type": "application/json", "Content_Length": str(len(body))} | headers).items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(body)


class Echo:
    """`/echo` answers 200 and `/fail` 400 with the secret that came, `/ask` 200 with nothing; `heard` are those that came."""

    def __init__(self):
        self.heard = set()
        echo = self

        class Handler(Quiet):
            def do_GET(self):
                secret = secret_of(self)
                echo.heard.add(secret)
                if self.path.startswith("/ask"):
                    return self.answer(200, b"{}")
                header = base64.b64encode(secret.encode()).decode()
                if self.path.startswith("/fail"):
                    return self.answer(400, wrong(secret).encode(), X_Echo=header, Content_Type="text/plain; charset=utf-8")
                self.answer(200, json.dumps(shown(secret), ensure_ascii=len(secret) % 2 == 0).encode(), X_Echo=header)

        self.address = serve(Handler)


def secret_of(request):
    """As its way of authorization has it."""
    query = urllib.parse.parse_qs(urllib.parse.urlsplit(request.path).query)
    if "key" in query:
        return query["key"][0]
    # Bytes beyond ASCII come as those of Latin 1.
    header = request.headers.get("Authorization", "").encode("latin-1").decode()
    scheme, _, rest = header.partition(" ")
    return base64.b64decode(rest).decode().split(":", 1)[1] if scheme == "Basic" else rest


def wrong(secret):
    """A text with the secret, in JSON and in JSON within JSON, and in all forms. It begins so that what is kept of it ends anywhere."""
    within = json.dumps({"error": secret, "again": json.dumps({"error": secret})}, ensure_ascii=len(secret) % 2 == 0)
    return "." * (len(secret) % EXCERPT_BYTES) + " ".join([secret, within, *forms(secret).values()])


def shown(secret):
    """The same as a document."""
    return {
        "forms": list(forms(secret).values()),
        secret: 1,
        "sentence": f"you sent {secret}, did you not?",
        "login": base64.b64encode(f"user:{secret}".encode()).decode(),
        "cut": f"you sent {secret[: len(secret) // 2]}" if len(secret) >= 32 else "",
    }


class Collector:
    """Takes what is exported by OTLP over HTTP, and keeps its bytes in a file."""

    def __init__(self, path):
        self.path, self.requests = path, 0
        lock, collector = threading.Lock(), self
        path.touch()

        class Handler(Quiet):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                if self.headers.get("Content-Encoding") == "gzip":
                    body = gzip.decompress(body)
                with lock, open(path, "ab") as kept:
                    kept.write(body + b"\n")
                    collector.requests += 1
                # Everything was taken: the empty message in either form.
                is_json = "json" in self.headers["Content-Type"]
                self.answer(200, b"{}" if is_json else b"", Content_Type=self.headers["Content-Type"])

        self.address = serve(Handler)
