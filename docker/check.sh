#!/bin/sh
# Runs every command of the Dockerfile without an engine: as an unprivileged user, in a plain directory, with the same
# lock, the same copied paths and the same entry point, and asks the started service whether it is ready.
set -eu
cd "$(dirname "$0")/.."
root=$(mktemp -d "${TMPDIR:-/tmp}/sanqu-image-XXXXXX")
trap 'kill "$server" 2>/dev/null || true; rm -rf "$root"' EXIT
server=
mkdir -p "$root/opt" "$root/srv"
cp -R app migrations seeds "$root/srv/"
cp requirements.lock "$root/"
find "$root/srv" -name __pycache__ -prune -exec rm -rf {} +
runner=
if [ "$(id -u)" = 0 ]; then
    # Nobody's rights, nobody's home: what the image's user 10001 has.
    chown -R 65534:65534 "$root"
    runner="setpriv --reuid=65534 --regid=65534 --clear-groups"
fi
python=$(readlink -f .venv/bin/python)
in_image() { ${exec:-} $runner env -i PATH="$root/opt/sanqu/bin:/usr/bin:/bin" HOME="$root" PYTHONPATH="$root/srv" PYTHONDONTWRITEBYTECODE=1 \
    PIP_CERT="${PIP_CERT:-}" PIP_FIND_LINKS="${PIP_FIND_LINKS:-}" PIP_DISABLE_PIP_VERSION_CHECK=1 "$@"; }
if ! in_image "$python" -c '' 2>/dev/null; then
    python=$(command -v /usr/bin/python3) # a root-only interpreter cannot be the plain user's
fi
in_image "$python" -m venv "$root/opt/sanqu"
in_image "$root/opt/sanqu/bin/pip" install -q --no-cache-dir --require-hashes --only-binary=:all: -r "$root/requirements.lock"
cp docker/sanqu "$root/opt/sanqu/bin/sanqu"
sed -i "1s|.*|#!$root/opt/sanqu/bin/python|" "$root/opt/sanqu/bin/sanqu"
chmod 755 "$root/opt/sanqu/bin/sanqu"
# A read-only root: only the data folder may be written.
chmod -R a-w "$root/srv"
mkdir "$root/data"
if [ -n "$runner" ]; then chown 65534:65534 "$root/data"; fi
cd "$root/srv"
in_image SANQU_DATA_DIR="$root/data" sanqu migrate
in_image SANQU_DATA_DIR="$root/data" sanqu seed >/dev/null
port=$(in_image "$root/opt/sanqu/bin/python" -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
# exec: the process to stop is the server itself, not a shell that waits for it.
(exec=exec; in_image SANQU_DATA_DIR="$root/data" sanqu serve --port "$port" >"$root/data/log" 2>&1) &
server=$!
for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
    if in_image "$root/opt/sanqu/bin/python" -c "import urllib.request; urllib.request.urlopen('http://127.0.0.1:$port/readyz', timeout=3)" 2>/dev/null; then
        echo "镜像命令核对通过：安装、迁移、载入、启动、健康检查"
        exit 0
    fi
    sleep 0.5
done
cat "$root/data/log" >&2
echo "服务没有就绪" >&2
exit 1
