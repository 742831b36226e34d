#!/bin/bash
# Builds the guest image from Debian packages: vmlinuz, initrd (a complete guest in RAM, for direct kernel boot) and
# tiny.qcow2 (its own boot loader and root disk). Equal inputs give equal bytes.
#
# usage: build.sh OUTPUT_DIRECTORY DISK_MB KERNEL_PACKAGE PACKAGE... [--dry-run]
#
# Prints "built", "unchanged", or with --dry-run "would build". The inputs' hash is kept in OUTPUT_DIRECTORY/inputs;
# the result appears by rename, so a killed build leaves the former image whole.

set -euo pipefail
export LC_ALL=C PATH=/usr/sbin:/usr/bin:/sbin:/bin
export SOURCE_DATE_EPOCH=1700000000  # every time stamp in the image
umask 022

readonly BOOT_MB=24  # FAT partition: loader, kernel, small initrd
readonly SECTORS_PER_MB=2048
readonly UUID=8f2a6a1e-5d0c-4c52-9f07-7a1e57f0a3d1  # fixed, since a random one would change the bytes
readonly HERE=$(cd "$(dirname "$0")" && pwd)

fail() {
    echo "Failed to build the guest image: $*" >&2
    exit 1
}

# The kernel package is a meta package: what carries the files is what it depends on.
kernel_image() {
    apt-cache depends --important "$1" | awk '$1 == "Depends:" && $2 ~ /^linux-image-/ { print $2; exit }'
}

# inputs PACKAGE...: everything that decides the bytes of the result.
inputs() {
    echo "disk ${disk_mb}"
    apt-cache show --no-all-versions "$@" | grep -E '^(Package|Version|SHA256):'
    (cd "$HERE" && find . -type f -print0 | sort -z | xargs -0 sha256sum)
    (cd "$HERE" && find guest -perm -u+x -print | sort)
}

# unpack PACKAGE...: fetched and verified by apt, which skips what it finds whole from the last time, and unpacked under
# $work/packages. Never installed: a kernel must not appear in this machine's boot menu.
unpack() {
    local cache=$output/packages file
    mkdir -p "$cache" "$work/packages"
    # Asked in an empty directory: apt names only what is still to be fetched.
    (cd "$work/packages" && apt-get --print-uris download "$@") | awk '{ print $2 }' > "$work/files"
    (cd "$cache" && apt-get -qq -o APT::Sandbox::User=root download "$@") || fail "the packages could not be fetched"
    for file in "$cache"/*.deb; do
        grep -qxF "$(basename "$file")" "$work/files" || rm "$file"  # of an earlier version
    done
    while read -r file; do
        dpkg-deb --extract "$cache/$file" "$work/packages"
    done < "$work/files"
}

# find_file NAME: its path in the unpacked packages, wherever this Debian release puts it.
find_file() {
    find "$work/packages" -path "*/$1" ! -type d -print -quit | grep . || fail "no $1 in the packages"
}

# add_libraries ROOT FILE...: the libraries the files name, and those these name in turn.
add_libraries() {
    local root=$1 library
    shift
    for library in $(objdump -p "$@" | awk '$1 == "NEEDED" && $2 !~ /^ld-linux/ { print $2 }'); do
        [ ! -e "$root/lib/$library" ] || continue
        cp -L "$(find_file "$library")" "$root/lib/"
        add_libraries "$root" "$root/lib/$library"
    done
}

make_root() {
    local root=$work/root applet
    cp -r "$HERE/guest" "$root"
    chmod -R u=rwX,go=rX "$root"  # whatever the umask of the checkout was
    mkdir -p "$root"/{bin,dev,etc/dropbear,lib/modules,lib64,media,mnt,proc,root,run,sys,tmp,var/log}
    cp "$(find_file bin/busybox)" "$root/bin/busybox"
    for applet in $("$root/bin/busybox" --list); do
        [ -e "$root/bin/$applet" ] || ln -s busybox "$root/bin/$applet"
    done
    ln -s ../bin/busybox "$root/sbin/init"
    cp "$(find_file sbin/dropbear)" "$(find_file bin/dropbearkey)" "$root/bin/"
    cp -L "$(find_file ld-linux-x86-64.so.2)" "$root/lib64/"
    add_libraries "$root" "$root/bin/dropbear" "$root/bin/dropbearkey"
    chroot "$root" /bin/dropbear -V > /dev/null 2>&1 || fail "dropbear does not run with the libraries of its packages"
    chmod 0600 "$root/etc/shadow"
    chmod 0700 "$root/root"
}

# Drivers with everything they depend on, and the order to load them in; a driver built into the kernel is skipped.
add_drivers() {
    local modules=$work/root/lib/modules kernel base version driver action path
    kernel=$(find "$work/packages" -path '*/lib/modules/*/kernel' -print -quit)
    base=${kernel%/lib/modules/*} version=$(basename "$(dirname "$kernel")")
    depmod -b "$base" "$version"
    grep -v '^#' "$HERE/drivers.list" | while read -r driver; do
        modprobe -d "$base" -S "$version" --show-depends "$driver" || fail "the kernel has no driver $driver"
    done | while read -r action path; do
        [ "$action" = insmod ] || continue
        cp "$path" "$modules/"
        basename "${path%.xz}"
    done | awk '!seen[$0]++' > "$modules/order"
    find "$modules" -name '*.xz' -exec xz --decompress {} +
}

# archive DIRECTORY FILE: a cpio archive with fixed times, order and inode numbers.
archive() {
    find "$1" -exec touch --no-dereference --date="@$SOURCE_DATE_EPOCH" {} +
    (cd "$1" && find . -print0 | sort -z | cpio --null --create --format=newc --reproducible --owner=0:0 --quiet) \
        | gzip -9 --no-name > "$2"
}

# The initrd of the disk: only what finds and mounts the root disk, since the BIOS reads it slowly.
make_boot_initrd() {
    local boot=$work/boot applet
    mkdir -p "$boot"/{bin,dev,lib,mnt,proc,sys}
    cp -P "$work/root/init" "$boot/"
    cp -r "$work/root/lib/modules" "$boot/lib/"
    cp "$work/root/bin/busybox" "$boot/bin/"
    for applet in sh mount insmod grep findfs sleep switch_root poweroff; do
        ln -s busybox "$boot/bin/$applet"
    done
    archive "$boot" "$work/boot-initrd"
}

# boot_partition FILE: FAT with syslinux. mtools and mkfs.fat write the file: no loop device, no mount.
boot_partition() {
    truncate -s "${BOOT_MB}M" "$1"
    mkfs.fat --invariant -h "$SECTORS_PER_MB" -n TINYBOOT "$1" > /dev/null
    cp "$HERE/syslinux.cfg" "$work/syslinux.cfg"
    touch --date="@$SOURCE_DATE_EPOCH" "$work/syslinux.cfg" "$work/vmlinuz" "$work/boot-initrd"
    mcopy -m -i "$1" "$work/syslinux.cfg" ::syslinux.cfg
    mcopy -m -i "$1" "$work/vmlinuz" ::vmlinuz
    mcopy -m -i "$1" "$work/boot-initrd" ::initrd
    syslinux --install "$1"
}

# root_partition FILE: ext4 filled by mke2fs. It copies the sources' change time, which nobody can set: set afterwards.
root_partition() {
    truncate -s "$((disk_mb - BOOT_MB - 1))M" "$1"
    E2FSPROGS_FAKE_TIME=$SOURCE_DATE_EPOCH mke2fs -q -t ext4 -L tinyroot -U "$UUID" -E "hash_seed=$UUID" \
        -d "$work/root" "$1"
    (cd "$work/root" && find . -print | sed 's/^\.//; s/^$/\//') | while read -r path; do
        printf 'set_inode_field "%s" %s @%s\n' "$path" ctime "$SOURCE_DATE_EPOCH" "$path" crtime "$SOURCE_DATE_EPOCH" \
            "$path" atime "$SOURCE_DATE_EPOCH"
    done > "$work/times"
    E2FSPROGS_FAKE_TIME=$SOURCE_DATE_EPOCH debugfs -w -f "$work/times" "$1" > /dev/null 2>&1
}

make_disk() {
    local disk=$work/disk.raw start=$(((BOOT_MB + 1) * SECTORS_PER_MB))
    boot_partition "$work/boot.fat"
    root_partition "$work/root.ext4"
    truncate -s "${disk_mb}M" "$disk"
    sfdisk --quiet "$disk" << TABLE
label: dos
label-id: 0x5f0a3d1e
start=$SECTORS_PER_MB, size=$((BOOT_MB * SECTORS_PER_MB)), type=e, bootable
start=$start, type=83
TABLE
    dd if=/usr/lib/syslinux/mbr/mbr.bin of="$disk" bs=440 count=1 conv=notrunc status=none
    dd if="$work/boot.fat" of="$disk" bs=1M seek=1 conv=notrunc,sparse status=none
    dd if="$work/root.ext4" of="$disk" bs=1M seek=$((BOOT_MB + 1)) conv=notrunc,sparse status=none
    qemu-img convert -c -f raw -O qcow2 "$disk" "$work/tiny.qcow2"
}

# known PACKAGE...: whether the package lists name them all.
known() {
    apt-cache show --no-all-versions "$@" > /dev/null 2>&1
}

main() {
    local dry_run=no
    if [ "${*: -1}" = --dry-run ]; then
        dry_run=yes
        set -- "${@:1:$#-1}"
    fi
    [ "$#" -ge 4 ] || fail "usage: $0 OUTPUT_DIRECTORY DISK_MB KERNEL_PACKAGE PACKAGE... [--dry-run]"
    output=$(realpath -m "$1") disk_mb=$2
    local kernel=$3 wanted
    shift 3
    if ! known "$kernel" "$@"; then
        [ "$dry_run" = no ] || { echo "would build"; return; }
        apt-get -qq update
    fi
    kernel=$(kernel_image "$kernel")
    [ -n "$kernel" ] || fail "the kernel package depends on no linux-image"
    wanted=$(inputs "$kernel" "$@" | sha256sum | cut -d ' ' -f 1)
    if [ "$(cat "$output/inputs" 2>/dev/null)" = "$wanted" ] && [ -f "$output/tiny.qcow2" ]; then
        echo "unchanged"
        return
    fi
    [ "$dry_run" = no ] || { echo "would build"; return; }

    mkdir -p "$output"
    exec 9> "$output/lock"
    flock 9
    rm -rf "$output"/.build.*  # of a killed build: nobody else builds now
    work=$(mktemp -d "$output/.build.XXXXXX")
    trap 'rm -rf "$work"' EXIT
    unpack "$kernel" "$@"
    make_root
    add_drivers
    cp "$(find_file 'boot/vmlinuz-*')" "$work/vmlinuz"
    archive "$work/root" "$work/initrd"
    make_boot_initrd
    make_disk
    rm -f "$output/inputs"
    mv "$work/vmlinuz" "$work/initrd" "$work/tiny.qcow2" "$output/"
    echo "$wanted" > "$output/inputs"
    echo "built"
}

main "$@"
