#!/usr/bin/env bash
# Make sure that MuJoCo can render without a screen. Usage: install-gl.sh PYTHON
set -euo pipefail
python=$1
packages="libegl1 libgl1 libgles2 libosmesa6"

if "$python" -m vlareg.envs.rendering; then exit 0; fi

echo "No software GL (EGL or OSMesa) was found; MuJoCo needs one of them."
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    apt-get update --quiet
    # shellcheck disable=SC2086
    DEBIAN_FRONTEND=noninteractive apt-get install --quiet --yes --no-install-recommends $packages </dev/null
    "$python" -m vlareg.envs.rendering
else
    echo "Type this, then run make again:"
    echo "    sudo apt-get update && sudo apt-get install --yes $packages"
    exit 1
fi
