# Metadata over http, as CloudStack's virtual router and EC2 serve it.

# fetch ADDRESS PATH: the body, or failure. `timeout`, since wget -T crashes in Debian's static busybox.
fetch() {
    timeout 3 wget -q -O - "http://$1/latest/$2" 2>/dev/null
}

# from_http: leaves files in $state and prints the address that answered. Tries the well-known address, then the
# DHCP server, until 90 s after power on: the router may be starting while the guest boots.
from_http() {
    while [ "$(cut -d . -f 1 /proc/uptime)" -lt 90 ]; do
        for address in 169.254.169.254 $(cat /run/dhcp-server 2>/dev/null); do
            if fetch "$address" meta-data/instance-id > "$state/instance-id"; then
                read_http "$address"
                echo "$address"
                return 0
            fi
        done
        sleep 1
    done
    return 1
}

read_http() {
    fetch "$1" meta-data/local-hostname > "$state/local-hostname"
    fetch "$1" meta-data/public-keys > "$state/public-keys"
    if grep -q '^0=' "$state/public-keys"; then  # EC2 lists names; the key is one level below
        fetch "$1" meta-data/public-keys/0/openssh-key > "$state/public-keys"
    fi
    fetch "$1" user-data > "$state/user-data"
    read_password "$1"
}

# The password service hands a password out until it is told that it was saved.
read_password() {
    password=$(ask_password "$1" send_my_password) || return 0
    case "$password" in
    '' | saved_password | bad_request) return 0 ;;
    esac
    echo "$password" > "$state/password"
    ask_password "$1" saved_password > /dev/null
}

ask_password() {
    timeout 3 wget -q -O - --header "DomU_Request: $2" "http://$1:8080/" 2>/dev/null
}
