#!/bin/sh
# plain_host.sh COMMAND...: runs a command on what looks like a machine of its own without a service manager: this
# machine's programs, but private processes, network, /run, /etc and /var. Nothing it does is left afterwards.
set -eu
if [ "${1:-}" != --inside ]; then
    exec unshare --mount --net --pid --fork --mount-proc --kill-child "$0" --inside "$@"
fi
shift

layers=$(mktemp -d)
mount -t tmpfs tmpfs "$layers"
for directory in etc var/lib var/log; do
    mkdir -p "$layers/$directory/upper" "$layers/$directory/work"
    mount -t overlay overlay "/$directory" \
        -o "lowerdir=/$directory,upperdir=$layers/$directory/upper,workdir=$layers/$directory/work"
done
mount -t tmpfs tmpfs /run
mkdir -p /run/lock /run/libvirt
mount -t sysfs sysfs /sys
rm -rf /etc/stratoform /var/lib/stratoform /var/log/stratoform
ip link set lo up
"$@"
