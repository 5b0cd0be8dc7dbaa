# Rust tools and the Python environment of the tests, kept under the target folder. Sourced by tests/run, not run.
# shellcheck shell=bash

# Built when the machine has none that is new enough.
nextest_version=0.9.143
nextest_at_least=0.9.100
deny_version=0.20.2
deny_at_least=0.19.0

# at_least WANTED GIVEN
at_least() { [[ -n $2 && $(printf '%s\n' "$1" "$2" | sort -V | head -n 1) == "$1" ]]; }

# version_of SUBCOMMAND: such as 0.9.143, or nothing.
version_of() {
    { cargo "$1" --version 2>/dev/null || true; } | awk 'NR == 1 { print $2 }'
}

# need_tool SUBCOMMAND AT_LEAST VERSION
need_tool() {
    local given
    given=$(version_of "$1")
    if at_least "$2" "$given"; then
        echo "cargo-$1 $given"
        return 0
    fi
    echo "building cargo-$1 $3 into $target_dir/tools; the next run finds it there"
    cargo install --locked --root "$target_dir/tools" --version "$3" "cargo-$1"
}

install_rust_tools() {
    if ! command -v cargo >/dev/null; then
        echo 'there is no cargo; install Rust from https://rustup.rs and start tests/run again' >&2
        return 1
    fi
    cargo --version
    local component
    for component in fmt clippy; do
        if cargo "$component" --version >/dev/null 2>&1; then continue; fi
        if ! command -v rustup >/dev/null; then
            echo "there is no cargo $component and no rustup to add it; install it for this toolchain" >&2
            return 1
        fi
        rustup component add "${component/#fmt/rustfmt}"
    done
    need_tool nextest "$nextest_at_least" "$nextest_version"
    if ((${#only[@]} == 0)); then need_tool deny "$deny_at_least" "$deny_version"; fi
}

install_python() {
    local venv="$target_dir/test-venv" wanted python
    LOBEWATCH_TEST_PYTHON="$venv/bin/python"
    wanted=$(cksum <tests/setup/requirements.txt)
    if [[ $(cat "$venv/requirements.cksum" 2>/dev/null) != "$wanted" ]] ||
        ! "$LOBEWATCH_TEST_PYTHON" -c 'import aiosmtpd.controller' 2>/dev/null; then
        python=$(python_with_venv)
        rm -rf "$venv"
        "$python" -m venv "$venv"
        "$LOBEWATCH_TEST_PYTHON" -m pip --quiet --disable-pip-version-check install \
            --require-hashes --only-binary :all: --requirement tests/setup/requirements.txt
        echo "$wanted" >"$venv/requirements.cksum"
    fi
    "$LOBEWATCH_TEST_PYTHON" -c 'import aiosmtpd, sys; print("Python", sys.version.split()[0] + ", aiosmtpd", aiosmtpd.__version__)'
}
