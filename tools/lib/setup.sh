# shellcheck shell=bash
# Shared by the scripts of tools: installs missing packages and builds quietly. Source it after `set -euo pipefail`. It
# changes to the root of the project; $caller_dir is the folder of the caller.

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

# install_packages SECTION...: installs the packages that are missing
install_packages() {
    local package missing=() as_root=()
    command -v dpkg-query >/dev/null || {
        say "Not a Debian system; install these by other means: $(packages_for "$@" | paste -sd' ')"
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
    # A new machine has no package lists, or old ones: update them if the first attempt fails.
    "${install[@]}" >"$logs/apt.log" 2>&1 </dev/null && return
    { "${apt[@]}" update && "${install[@]}"; } >>"$logs/apt.log" 2>&1 </dev/null && return
    tail -n 20 "$logs/apt.log" >&2
    fail "could not install (check the network and your permissions): ${missing[*]}"
}

# quietly LOG COMMAND...: writes the output to a log and shows it if the command fails. A terminal shows the last line
# as progress.
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

# build PRESET [TARGET...] [-- CONFIGURE_OPTION...]: configures and builds in build/PRESET
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
