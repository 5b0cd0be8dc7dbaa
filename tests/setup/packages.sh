# What the tests need from the system's packages. Sourced by tests/run, not run.
# shellcheck shell=bash

# Prints the folder of PostgreSQL's server programs, the newest version first.
postgres_programs() {
    local folder
    while read -r folder; do
        if [[ -x $folder/initdb && -x $folder/pg_ctl && -x $folder/postgres ]]; then
            echo "$folder"
            return 0
        fi
    done < <(
        printf '%s\n' /usr/lib/postgresql/*/bin | sort -rV
        if command -v pg_config >/dev/null; then pg_config --bindir; fi
    )
    return 1
}

# Prints a Python that can make virtual environments.
python_with_venv() {
    local python
    for python in python3 /usr/bin/python3; do
        if "$python" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 9))' 2>/dev/null; then
            command -v "$python"
            return 0
        fi
    done
    return 1
}

missing_packages() {
    postgres_programs >/dev/null || echo postgresql
    python_with_venv >/dev/null || printf '%s\n' python3 python3-venv
    command -v openssl >/dev/null || echo openssl
    command -v git >/dev/null || echo git
    command -v cc >/dev/null || printf '%s\n' build-essential pkg-config
    [[ -s /etc/ssl/certs/ca-certificates.crt ]] || echo ca-certificates
    if ((EUID == 0)); then command -v runuser >/dev/null || echo util-linux; fi
}

install_packages() {
    local missing
    mapfile -t missing < <(missing_packages)
    if ((${#missing[@]} == 0)); then return 0; fi
    echo "missing: ${missing[*]}"
    if ((EUID != 0)) || ! command -v apt-get >/dev/null; then
        {
            echo 'tests/run installs nothing without being root on a Debian-like system. Install these yourself,'
            echo 'then start tests/run again. On Debian:'
            echo
            echo "    su -c 'apt-get update && apt-get install --yes --no-install-recommends ${missing[*]}'"
        } >&2
        return 1
    fi
    export DEBIAN_FRONTEND=noninteractive
    apt-get update
    apt-get install --yes --no-install-recommends "${missing[@]}"
    mapfile -t missing < <(missing_packages)
    if ((${#missing[@]} > 0)); then
        echo "still missing after apt-get install: ${missing[*]}" >&2
        return 1
    fi
}
