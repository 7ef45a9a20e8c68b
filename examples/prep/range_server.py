"""A server of files for tests, which cuts connections as told.

    range_server.py FOLDER PORT_FILE LOG

Knows Range and If-Range; what it calls a version is its contents' digest. How it misbehaves is in FOLDER/.how, read at
each request: "cut N" ends each reply after N bytes, "hold N" says no more then, "plain" knows no ranges nor versions, "busy" answers 503.
LOG has a line a request: path, range or -, status.
"""
import hashlib
import os
import re
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

folder, port_file, log = sys.argv[1:]


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        how = self.how()
        path = os.path.join(folder, os.path.basename(self.path))
        if how[0] == "busy" or not os.path.exists(path):
            return self.head(503 if how[0] == "busy" else 404, {"Content-Length": "0"})
        with open(path, "rb") as file:
            body = file.read()
        headers, status = {}, 200
        if how[0] != "plain":
            tag = '"%s"' % hashlib.sha256(body).hexdigest()[:16]
            headers["ETag"] = tag
            asked = re.match(r"bytes=(\d+)-$", self.headers.get("Range", ""))
            if asked and self.headers.get("If-Range", tag) == tag:
                first, size = int(asked.group(1)), len(body)
                if first >= size:
                    return self.head(416, {"Content-Range": "bytes */%d" % size, "Content-Length": "0"})
                headers["Content-Range"] = "bytes %d-%d/%d" % (first, size - 1, size)
                body, status = body[first:], 206
        headers["Content-Length"] = str(len(body))
        self.head(status, headers)
        self.wfile.write(body[: int(how[1])] if len(how) > 1 else body)
        if how[0] == "hold":
            self.rfile.read(1)  # until the other has gone
        self.close_connection = True

    def how(self):
        try:
            with open(os.path.join(folder, ".how")) as file:
                return file.read().split() or ["well"]
        except FileNotFoundError:
            return ["well"]

    def head(self, status, headers):
        with open(log, "a") as file:
            print(os.path.basename(self.path), self.headers.get("Range", "-"), status, file=file)
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()

    def log_message(self, *_):
        pass


server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
with open(port_file + ".part", "w") as file:
    print(server.server_port, file=file)
os.rename(port_file + ".part", port_file)
server.serve_forever()
