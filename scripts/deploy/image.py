"""Carries out the last stage of deploy/Containerfile in a copy of a bare root, step by step as the file has them, and writes down what
the image would say of itself. Loaded by `scripts/deploy.sh`."""

import json
import os
import pathlib
import shlex
import shutil
import subprocess

FOLDER, BINARY = pathlib.Path(os.environ["DEPLOY_FOLDER"]), pathlib.Path(os.environ["CAPSTAN_BINARY"])
ROOT, CONFIG = FOLDER / "image", FOLDER / "image.json"
# What the stages before leave that is no file of the repository.
BUILT = {"/src/target/release/capstan": BINARY}


def instructions(path):
    """Word and rest of each instruction of the last stage, with its lines joined."""
    text = pathlib.Path(path).read_text(encoding="utf-8").replace("\\\n", " ")
    lines = [line.strip() for line in text.splitlines() if line.strip() and not line.startswith("#")]
    stages = [at for at, line in enumerate(lines) if line.startswith("FROM ")]
    for line in lines[stages[-1] :]:
        word, rest = line.split(maxsplit=1)
        yield word, rest


def run(command):
    """As a build does it: by a shell in the root, with the names of the network outside."""
    words = ["chroot", str(ROOT), "/bin/sh", "-c", command]
    subprocess.run(words, check=True, env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "DEBIAN_FRONTEND": "noninteractive"}, stdout=2)


def source(path):
    if path in BUILT:
        return BUILT[path]
    # All else comes from the repository, which `COPY . .` has put there.
    return pathlib.Path(path).relative_to("/src")


def copy(rest):
    *_, come_from, to = [word for word in rest.split() if not word.startswith("--")]
    target = ROOT / to.lstrip("/")
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy(source(come_from), target)


def main():
    subprocess.run(["rm", "-rf", str(ROOT)], check=True)
    subprocess.run(["cp", "-a", str(FOLDER / "base"), str(ROOT)], check=True)
    for name in ("resolv.conf", "hosts"):
        shutil.copy(f"/etc/{name}", ROOT / "etc" / name)
    subprocess.run(["mount", "--bind", "/dev", str(ROOT / "dev")], check=True)
    config = {"env": {}, "steps": 0}
    for word, rest in instructions("deploy/Containerfile"):
        config["steps"] += 1
        match word:
            case "FROM":
                config["from"] = rest
            case "RUN":
                run(rest)
            case "COPY":
                copy(rest)
            case "ENV":
                config["env"] |= dict(pair.split("=", 1) for pair in shlex.split(rest))
            case "USER" | "STOPSIGNAL" | "EXPOSE":
                config[word.lower()] = rest
            case "ENTRYPOINT" | "CMD":
                config[word.lower()] = json.loads(rest)
            case _:
                raise SystemExit(f"this script does not know the instruction {word}")
    CONFIG.write_text(json.dumps(config), encoding="utf-8")


main()
