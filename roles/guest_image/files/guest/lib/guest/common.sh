# Shared by the guest's scripts. Messages go to the console, where the host keeps them in the serial log.

export PATH=/bin:/sbin HOME=/root

# say TEXT: one line for a person or a test that reads the console; the seconds are since power on.
say() {
    read -r uptime _ < /proc/uptime
    echo "guest: $* (${uptime}s)" > /dev/console
}
