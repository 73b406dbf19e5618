#!/bin/sh
# Makes sure that the page can be tested: a Chromium with its driver, and a font with Japanese characters.
set -eu

missing=""
command -v chromedriver >/dev/null 2>&1 || missing="chromium chromium-driver"
if ! command -v fc-list >/dev/null 2>&1 || ! fc-list :lang=ja | grep -q .; then
    missing="$missing fontconfig fonts-noto-cjk"
fi
[ -n "$missing" ] || exit 0

as_root=""
if [ "$(id -u)" != 0 ]; then
    as_root="sudo -n"
    $as_root true 2>/dev/null || as_root="impossible"
fi

if command -v apt-get >/dev/null 2>&1 && [ "$as_root" != "impossible" ]; then
    echo "Installing for the tests of the page: $missing"
    # shellcheck disable=SC2086  # Both are lists of words.
    if $as_root apt-get update -q && $as_root env DEBIAN_FRONTEND=noninteractive apt-get install -q -y $missing; then
        command -v chromedriver >/dev/null 2>&1 && exit 0
    fi
fi

cat >&2 <<MESSAGE
The tests of the page need a Chromium (or Chrome), its chromedriver in the PATH, and a Japanese font.
  Debian:  sudo apt-get install chromium chromium-driver fonts-noto-cjk
  Ubuntu:  sudo snap install chromium && sudo apt-get install fonts-noto-cjk
  Fedora:  sudo dnf install chromium chromedriver google-noto-sans-cjk-fonts
  macOS:   brew install --cask chromedriver google-chrome
Then run "make test" again.
MESSAGE
exit 1
