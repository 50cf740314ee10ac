"""A mail server that takes everything and keeps nothing: prints its port, then serves until its standard input ends."""

import socketserver
import sys
import threading

GREETING = b"220 sink\r\n"


class Sink(socketserver.StreamRequestHandler):
    def handle(self):
        self.wfile.write(GREETING)
        while line := self.rfile.readline(4096):
            verb = line.split(maxsplit=1)[0].upper() if line.strip() else b""
            if verb == b"DATA":
                self.wfile.write(b"354 go on\r\n")
                while (text := self.rfile.readline(65536)) and text.strip(b"\r\n") != b".":
                    pass
            self.wfile.write(b"221 bye\r\n" if verb == b"QUIT" else b"250 taken\r\n")
            if verb == b"QUIT":
                return


socketserver.ThreadingTCPServer.daemon_threads = True
with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Sink) as server:
    print(server.server_address[1], flush=True)
    threading.Thread(target=lambda: (sys.stdin.read(), server.shutdown()), daemon=True).start()
    server.serve_forever()
