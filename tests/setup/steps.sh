# Steps of tests/run: announce, time, run, and report what ran. Sourced, not run.
# shellcheck shell=bash

done_steps=()
notes=()
running_step=''
running_group=''

say() { printf '==> [%4d s] %s\n' "$SECONDS" "$*"; }

note() { notes+=("$*"); }

# here TITLE FUNCTION: a step that sets variables, so it runs in this shell.
here() {
    local started=$SECONDS
    running_step=$1
    say "$1"
    "$2"
    done_steps+=("$1 ($((SECONDS - started)) s)")
    running_step=''
}

# step TITLE COMMAND...: runs a command in a process group of its own, so that Ctrl-C, or a TERM sent to this
# script alone, ends all of it. The output is kept for the count of tests.
step() {
    local started=$SECONDS title=$1 log status=0
    shift
    running_step=$title
    say "$title: $*"
    log="$target_dir/tests-run.log"
    set -m
    { "$@" 2>&1 | tee "$log"; } </dev/null &
    running_group=$!
    set +m
    wait "$running_group" || status=$?
    running_group=''
    if ((status != 0)); then exit "$status"; fi
    done_steps+=("$title ($((SECONDS - started)) s)$(counted "$log")")
    running_step=''
}

# What the test runners say of themselves: the summary of nextest, or the sum of cargo test's own lines.
counted() {
    sed 's/\x1b\[[0-9;]*m//g' "$1" | awk '
        /^ *Summary \[/ { sub(/^ *Summary \[[^]]*\] */, ""); summary = $0 }
        /^test result:/ { passed += $4; failed += $6; plain = 1 }
        END {
            if (summary != "") print ": " summary
            else if (plain) print ": " passed " passed, " failed " failed"
        }'
}

stop_running_step() {
    [[ -n $running_group ]] || return 0
    kill -TERM -- "-$running_group" 2>/dev/null || true
    local tries
    for ((tries = 0; tries < 100; tries++)); do
        kill -0 -- "-$running_group" 2>/dev/null || return 0
        sleep 0.1
    done
    kill -KILL -- "-$running_group" 2>/dev/null || true
}

report() {
    local line
    echo
    for line in "${done_steps[@]}"; do echo "ok      $line"; done
    for line in "${notes[@]}"; do echo "note    $line"; done
    if (($1 == 0)); then
        say "passed: ${#done_steps[@]} steps"
    elif (($1 > 128)); then
        [[ -z $running_step ]] || echo "STOPPED $running_step"
        say "stopped by a signal, exit code $1; nothing is shown by this run"
    else
        [[ -z $running_step ]] || echo "FAILED  $running_step"
        say "failed with exit code $1; later steps did not run"
    fi
}
