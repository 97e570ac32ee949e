#!/bin/sh
# Debian packages the tests need: installed when missing and allowed, else named exactly.
set -eu
missing=""
for package in "$@"; do
  case "$package" in
    chromium) command -v chromium >/dev/null || missing="$missing $package" ;;
    poppler-utils) command -v pdftoppm >/dev/null || missing="$missing $package" ;;
    libreoffice-writer-nogui) ls /usr/lib/libreoffice/program/libsw*lo.so >/dev/null 2>&1 || missing="$missing $package" ;;
    libreoffice-calc-nogui) ls /usr/lib/libreoffice/program/libsc*lo.so >/dev/null 2>&1 || missing="$missing $package" ;;
    nodejs) command -v node >/dev/null || missing="$missing $package" ;;
    npm) command -v npm >/dev/null || missing="$missing $package" ;;
    *) dpkg -s "$package" >/dev/null 2>&1 || missing="$missing $package" ;;
  esac
done
[ -z "$missing" ] && exit 0
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
  echo "installing:$missing"
  export DEBIAN_FRONTEND=noninteractive
  apt-get update -qq -o DPkg::Lock::Timeout=300
  # shellcheck disable=SC2086
  apt-get install -y -qq -o DPkg::Lock::Timeout=300 --no-install-recommends $missing >/dev/null
else
  echo "Missing on this machine. Please run:  sudo apt-get install --no-install-recommends$missing" >&2
  exit 1
fi
