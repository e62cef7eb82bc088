#!/bin/sh
# Debian's Alertmanager as it was unpacked beside this script. It looks for its templates in /usr/share and nowhere else, so that it is
# shown its own in that place, and nobody else is.
user=--map-root-user
[ "$(id -u)" = 0 ] && user=
# shellcheck disable=SC2016,SC2086
exec unshare --mount $user sh -c \
    'mount --bind "$0/usr/share" /usr/share && exec "$0/usr/bin/prometheus-alertmanager" "$@"' \
    "$(dirname "$0")" "$@"
