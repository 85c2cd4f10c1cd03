# Does what the host asks, a line at a time, until the machine ends; each answer ends with a dot.
# What a finger holds until it sees something is done here: the host would see it too late.
board=/stay/debug/challng_board
until port=$(echo /stay/dev/vport*p1) && [ -e "$port" ]; do /stay/busybox sleep 0.2; done
exec 3<>"$port" # it can be opened once

is_lit() { read -r line <$board/state && [ "$line" = "on 1" ]; }
seen() { /stay/busybox md5sum <$board/ram; }

while :; do
    read -r asked more <&3 || { /stay/busybox sleep 0.2; continue; }
    tries=0
    case $asked in
    contact) echo "$more" >$board/contact ;;
    wake)
        echo "$more 1" >$board/contact
        until is_lit || [ $tries -ge 100 ]; do tries=$((tries + 1)); /stay/busybox sleep 0.1; done
        echo "$more 0" >$board/contact
        ;;
    tap)
        before=$(seen)
        echo "$more 1" >$board/contact
        until [ "$(seen)" != "$before" ] || [ $tries -ge 100 ]; do
            tries=$((tries + 1))
            /stay/busybox sleep 0.1
        done
        echo "$more 0" >$board/contact
        ;;
    state) while read -r line; do echo "$line"; done <$board/state ;;
    ram) /stay/busybox xxd -p $board/ram ;;
    esac >&3
    echo . >&3
done
