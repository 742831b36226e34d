#!/bin/sh
# Called by mmdebstrap with the new root directory: makes it fit to run in a container, with systemd as process 1.
set -eu
root=$1

# udev would change the addresses of interfaces the test gave; the others set or need a kernel of their own.
for unit in systemd-udevd.service systemd-udevd-control.socket systemd-udevd-kernel.socket systemd-udev-trigger.service \
    systemd-timesyncd.service systemd-networkd-wait-online.service proc-fs-nfsd.mount run-rpc_pipefs.mount nfs-server.service systemd-firstboot.service \
    systemd-sysctl.service systemd-binfmt.service systemd-modules-load.service getty.target console-getty.service; do
    ln -sf /dev/null "$root/etc/systemd/system/$unit"
done

# A container may not be allowed to raise limits above those of whoever started it.
for unit in libvirtd virtlogd virtlockd; do
    mkdir -p "$root/etc/systemd/system/$unit.service.d"
    printf '[Service]\nLimitNOFILE=1024:20000\nLimitMEMLOCK=\n' > "$root/etc/systemd/system/$unit.service.d/lab.conf"
done

# networkd keeps bridges over a restart; libvirt waits until the role starts it.
chroot "$root" systemctl --quiet enable systemd-networkd.service ssh.service
chroot "$root" systemctl --quiet disable libvirtd.service libvirtd.socket libvirtd-ro.socket libvirtd-admin.socket \
    virtlogd.socket virtlockd.socket libvirt-guests.service 2> /dev/null
rm -f "$root/etc/machine-id" "$root/etc/resolv.conf"
touch "$root/etc/machine-id" "$root/etc/resolv.conf"
