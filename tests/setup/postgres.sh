# A PostgreSQL cluster of its own for one run: a temporary folder, a free loopback port, no socket, a password
# that nobody else knows, and fsync on, because durability is under test. Sourced by tests/run, not run.
# shellcheck shell=bash

postgres_home=''
postgres_started=''

# PostgreSQL refuses to run as root. The cluster's own folder is a place that its user can enter.
as_postgres() {
    if ((EUID == 0)); then
        (cd "$postgres_home" && exec runuser -u postgres -- "$@")
    else
        (cd "$postgres_home" && exec "$@")
    fi
}

free_port() {
    "$LOBEWATCH_TEST_PYTHON" -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}

start_postgres() {
    local programs password port try
    programs=$(postgres_programs)
    postgres_ctl="$programs/pg_ctl"
    postgres_home=$(mktemp -d /tmp/lobewatch-tests.XXXXXX)
    password=$(openssl rand -hex 16)
    (umask 077 && printf '%s\n' "$password" >"$postgres_home/password")
    if ((EUID == 0)); then chown -R postgres: "$postgres_home"; fi

    as_postgres "$programs/initdb" --pgdata "$postgres_home/data" --username lobewatch_admin \
        --pwfile "$postgres_home/password" --auth scram-sha-256 --encoding UTF8 --locale C.UTF-8 \
        >"$target_dir/tests-initdb.log" 2>&1 || { cat "$target_dir/tests-initdb.log" >&2; return 1; }
    rm -f "$postgres_home/password"
    as_postgres tee -a "$postgres_home/data/postgresql.conf" >/dev/null <<'CONF'
listen_addresses = '127.0.0.1'
unix_socket_directories = ''
max_connections = 200
fsync = on
synchronous_commit = on
full_page_writes = on
CONF

    # Another program may take the port between our look and PostgreSQL's start.
    for try in 1 2 3 4 5; do
        port=$(free_port)
        # Marked first: a signal that comes while it starts must stop it all the same.
        postgres_started=yes
        if as_postgres "$postgres_ctl" start --pgdata "$postgres_home/data" --wait --timeout 60 --silent \
            --log "$postgres_home/server.log" --options "-p $port"; then
            LOBEWATCH_TEST_POSTGRES_URL="postgres://lobewatch_admin:$password@127.0.0.1:$port/postgres"
            echo "$("$programs/postgres" --version) on 127.0.0.1:$port"
            return 0
        fi
    done
    echo "PostgreSQL did not start in $try tries; its log:" >&2
    as_postgres cat "$postgres_home/server.log" >&2
    return 1
}

stop_postgres() {
    [[ -n $postgres_home ]] || return 0
    if [[ -n $postgres_started ]] && as_postgres "$postgres_ctl" status --pgdata "$postgres_home/data" >/dev/null 2>&1; then
        as_postgres "$postgres_ctl" stop --pgdata "$postgres_home/data" --mode immediate --wait --silent >/dev/null 2>&1 || true
    fi
    rm -rf "$postgres_home"
    postgres_home=''
}
