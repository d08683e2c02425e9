# shellcheck shell=bash
# Shared by the scripts in tools/: installs what is missing, builds quietly. Sourced, not run; it expects
# `set -euo pipefail`. It changes to the project's root; $caller_dir is where the script was called.

# shellcheck disable=SC2034  # used by the scripts
caller_dir=$PWD
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
cd "$root" || exit
logs=$root/build/logs

say() { printf '%s\n' "$*" >&2; }

fail() {
    say "${0##*/}: $1"
    exit "${2:-1}"
}

# packages_for SECTION...: the names under these headings of tools/packages.txt
packages_for() {
    local wanted=" $* " section='' line
    while IFS= read -r line; do
        case $line in
            '' | '#'*) ;;
            '['*']') section=${line:1:-1} ;;
            *) [[ $wanted != *" $section "* ]] || printf '%s\n' "$line" ;;
        esac
    done <tools/packages.txt
}

is_installed() { [[ $(dpkg-query -W -f='${db:Status-Status}' "$1" 2>/dev/null) == installed ]]; }

# install_packages SECTION...: installs those that are missing, and nothing when none is.
install_packages() {
    local package missing=() as_root=()
    command -v dpkg-query >/dev/null || {
        say "Not a Debian system; these must be there by other means: $(packages_for "$@" | paste -sd' ')"
        return
    }
    for package in $(packages_for "$@"); do
        is_installed "$package" || missing+=("$package")
    done
    ((${#missing[@]})) || return 0

    if ((EUID != 0)); then
        command -v sudo >/dev/null || fail "needs root or sudo to install: ${missing[*]}"
        as_root=(sudo)
        [[ -t 0 ]] || as_root=(sudo -n)
    fi
    say "Installing with apt-get: ${missing[*]}"
    mkdir -p "$logs"
    local apt=("${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -q -o DPkg::Lock::Timeout=300)
    local install=("${apt[@]}" install -y --no-install-recommends "${missing[@]}")
    # The package lists of a fresh machine are empty or old: they are fetched only when the first try fails.
    "${install[@]}" >"$logs/apt.log" 2>&1 </dev/null && return
    { "${apt[@]}" update && "${install[@]}"; } >>"$logs/apt.log" 2>&1 </dev/null && return
    tail -n 20 "$logs/apt.log" >&2
    fail "could not install (is there a network, and the right to?): ${missing[*]}"
}

# quietly LOG COMMAND...: its output goes to a log, which is shown when it fails. On a terminal the last line is shown
# as it goes, so that nobody wonders whether anything happens.
quietly() {
    local log=$1 line
    shift
    mkdir -p "${log%/*}"
    if [[ -t 2 ]]; then
        if "$@" 2>&1 </dev/null | while IFS= read -r line; do
            printf '%s\n' "$line" >&3
            printf '\r\033[K%.*s' "$((${COLUMNS:-80} - 1))" "$line" >&2
        done 3>"$log"; then
            printf '\r\033[K' >&2
            return
        fi
        printf '\r\033[K' >&2
    elif "$@" >"$log" 2>&1 </dev/null; then
        return
    fi
    cat "$log" >&2
    fail "failed: $*"
}

# build PRESET [TARGET...] [-- CONFIGURE_OPTION...]: configures where needed and builds into build/PRESET
build() {
    local preset=$1 targets=() started=$SECONDS
    shift
    while (($#)) && [[ $1 != -- ]]; do
        targets+=("$1")
        shift
    done
    (($#)) && shift
    say "Building build/$preset ..."
    quietly "$logs/$preset-configure.log" cmake --preset "$preset" "$@"
    quietly "$logs/$preset-build.log" cmake --build --preset "$preset" ${targets[0]:+--target "${targets[@]}"}
    say "Built build/$preset in $((SECONDS - started)) s."
}
