"""Secrets, the forms in which they may be written somewhere, and the search for them in files."""

import base64
import html
import json
import os
import random
import re
import subprocess
import urllib.parse

# What is looked for of a longer form are pieces of so many bytes: whoever writes the form writes them. By chance none comes.
PIECE_BYTES = 24
# Of a form that is not the secret itself, so many pieces, evenly over it.
PIECES_OF_FORM = 4
# Characters at which programs stumble; a secret ends with one that no trimming takes away.
CHARS = "aZ0\"\\/+=%& <'ß_~"
LENGTH_MIN, LENGTH_MAX = 8, 4_096


def secret(number, of):
    """The same in every run, each of another length."""
    length = LENGTH_MIN + (LENGTH_MAX - LENGTH_MIN) * number // max(of - 1, 1)
    dice = random.Random(f"canary {number}")
    return "".join(dice.choice(CHARS) for _ in range(length - 1)) + "x"


def escaped(text, **how):
    return json.dumps(text, **how)[1:-1]


def forms(text):
    """By name. In base64 a secret looks otherwise after one or two other bytes: what is its own alone is given of these."""
    raw = text.encode()
    found = {
        "raw": text,
        "json": escaped(text, ensure_ascii=False),
        "json in ascii": escaped(text),
        "json of go": re.sub("[<>&]", lambda found: f"\\u{ord(found[0]):04x}", escaped(text, ensure_ascii=False)),
        "json of .net": re.sub("[\"&'+<>`\x7f-\uffff]", lambda found: f"\\u{ord(found[0]):04X}", text.replace("\\", "\\\\")),
        "json in json": escaped(escaped(text, ensure_ascii=False), ensure_ascii=False),
        "json in json in ascii": escaped(escaped(text, ensure_ascii=False)),
        "json in ascii in json": escaped(escaped(text)),
        "url": urllib.parse.quote(text, safe=""),
        "url in lower case": re.sub("%..", lambda hexed: hexed[0].lower(), urllib.parse.quote(text, safe="")),
        "form": urllib.parse.quote_plus(text),
        "component": urllib.parse.quote(text, safe="!*'()"),
        "path": urllib.parse.quote(text),
        "html": html.escape(text),
        "text of html": html.escape(text, quote=False),
        "base64": base64.b64encode(raw).decode().rstrip("="),
        "base64url": base64.urlsafe_b64encode(raw).decode().rstrip("="),
    }
    for before in (1, 2):
        inner = slice(-(-before * 8 // 6), (before + len(raw)) * 8 // 6)
        found[f"base64 after {before}"] = base64.b64encode(b"\0" * before + raw).decode()[inner]
        found[f"base64url after {before}"] = base64.urlsafe_b64encode(b"\0" * before + raw).decode()[inner]
    return found


def pieces(name, form):
    """Parts of a form of which one at least is written by whoever writes it; of the secret itself also those of a half of it."""
    raw = form.encode()
    if len(raw) <= PIECE_BYTES:
        return [raw]
    cut = [raw[at : at + PIECE_BYTES] for at in range(0, len(raw) - PIECE_BYTES + 1, PIECE_BYTES)]
    return cut if name == "raw" else cut[:: -(-len(cut) // PIECES_OF_FORM)]


class Search:
    """Needles of secrets by their names."""

    def __init__(self, named, path):
        self.path, self.needles = path, {}
        for name, text in named.items():
            for form, written in forms(text).items():
                for piece in pieces(form, written):
                    self.needles.setdefault(piece, (name, form))
        with open(path, "wb") as file:
            file.write(b"\n".join(self.needles) + b"\n")

    def find(self, *files):
        """Names and forms of what is in one of the files."""
        command = ["grep", "-aohF", "-f", str(self.path), "--", *map(str, files)]
        done = subprocess.run(command, env=os.environ | {"LC_ALL": "C"}, capture_output=True, check=False)
        if done.returncode > 1:
            raise SystemExit(f"grep failed: {done.stderr.decode()}")
        return {self.needles[line] for line in done.stdout.split(b"\n") if line in self.needles}
