#!/bin/sh
# Print the newest interpreter of 3.13, 3.12, 3.11 that really runs (a pyenv shim on PATH may not) and can make a virtualenv.
usable() { "$1" -c 'import ensurepip, venv' >/dev/null 2>&1; }

for version in 3.13 3.12 3.11; do
    for candidate in "python$version" "${PYENV_ROOT:-$HOME/.pyenv}"/versions/"$version"*/bin/python "$(uv python find --no-project "$version" 2>/dev/null)"; do
        if usable "$candidate"; then
            "$candidate" -c 'import os, sys; print(os.path.realpath(sys.executable))'
            exit
        fi
    done
done
echo "No Python 3.13, 3.12 or 3.11 with venv found. Install one: apt-get install python3-venv, 'uv python install 3.13' or 'pyenv install 3.13'." >&2
exit 1
