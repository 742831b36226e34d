# Configuration drives: OpenStack layout, CloudStack layout (both labelled config-2) and NoCloud (cidata).

# from_drive: leaves files in $state and prints the label; fails when no such drive is attached.
from_drive() {
    for label in config-2 CONFIG-2 cidata CIDATA; do
        device=$(findfs "LABEL=$label" 2>/dev/null) || continue
        mount -o ro "$device" /media || continue
        read_openstack /media/openstack/latest
        read_cloudstack /media/cloudstack
        read_nocloud /media
        umount /media
        echo "$label"
        return 0
    done
    return 1
}

read_openstack() {
    [ -f "$1/meta_data.json" ] || return 0
    sed -n 's/.*"hostname": *"\([^"]*\)".*/\1/p' "$1/meta_data.json" | head -n 1 > "$state/local-hostname"
    public_keys_in "$1/meta_data.json" > "$state/public-keys"
    [ ! -f "$1/user_data" ] || cp "$1/user_data" "$state/user-data"
}

read_cloudstack() {
    [ -d "$1/metadata" ] || return 0
    for name in local-hostname public-keys; do
        [ ! -f "$1/metadata/$name.txt" ] || cp "$1/metadata/$name.txt" "$state/$name"
    done
    [ ! -f "$1/userdata/user_data.txt" ] || cp "$1/userdata/user_data.txt" "$state/user-data"
    [ ! -s "$1/password/vm_password.txt" ] || cp "$1/password/vm_password.txt" "$state/password"
}

read_nocloud() {
    [ -f "$1/meta-data" ] || return 0
    sed -n 's/^local-hostname: *//p' "$1/meta-data" > "$state/local-hostname"
    [ -f "$1/user-data" ] || return 0
    cp "$1/user-data" "$state/user-data"
    public_keys_in "$1/user-data" > "$state/public-keys"
}

# public_keys_in FILE: every OpenSSH public key in a document of any kind, one a line.
public_keys_in() {
    grep -oE '(ssh|ecdsa|sk)-[a-z0-9@.-]+ [A-Za-z0-9+/=]+' "$1"
}
