#!/bin/bash
# Control script of a package: what is started with it, and halted again in the reverse order.
#
# Called with `start` or `stop`. It ends with 0 if all is done, with 1 if the package may run nowhere
# until somebody has looked, and when started with 2 if another node is to try. Fill in the first part;
# put the script at the same path on every node.

# ---- What belongs to the package -------------------------------------------------------------------

# The commands, where they are linked elsewhere than in these.
PATH=$PATH:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin

# Volume groups, and how they are activated.
VGCHANGE="vgchange -a y"
#VG[0]=vg01

# Logical volumes, where they are mounted, and how.
#LV[0]=/dev/vg01/lvol1
#FS[0]=/data
#FS_TYPE[0]=ext4
#FS_MOUNT_OPT[0]="-o rw"
#FS_UMOUNT_OPT[0]=""
#FS_FSCK_OPT[0]=""
# How often a file system that is in use is tried to be unmounted, its users being killed meanwhile.
FS_UMOUNT_COUNT=1

# Addresses that move with the package, and the subnet of each.
#IP[0]=192.10.25.12
#SUBNET[0]=192.10.25.0

# Services: commands that are watched, and how often they are run again ("", "-r N" or "-R").
#SERVICE_NAME[0]=service1
#SERVICE_CMD[0]="/usr/bin/program -x"
#SERVICE_RESTART[0]="-r 3"

# What else is to be done, before services run and after they were halted.
function customer_defined_run_cmds
{
    : # your commands
    test_return 51
}

function customer_defined_halt_cmds
{
    : # your commands
    test_return 52
}

# ---- How it is done --------------------------------------------------------------------------------

package=${SG_PACKAGE:-package}
exit_value=0

function say
{
    printf '%s %s: %s\n' "$(date '+%b %e %T')" "$package" "$*"
}

# What is started so far is halted again, and the package fails with the code.
function give_up
{
    say "ERROR: $2"
    exit_value=$1
    halt_services
    customer_defined_halt_cmds
    remove_addresses
    unmount_all
    deactivate_groups
    exit "$exit_value"
}

# After commands of your own: their failure is the package's.
function test_return
{
    local code=$?
    [ "$code" = 0 ] && return 0
    case $1 in
    51) give_up 1 "customer_defined_run_cmds ended with $code" ;;
    *) say "ERROR: customer_defined_halt_cmds ended with $code"; exit_value=1 ;;
    esac
}

function activate_groups
{
    local group
    for group in "${VG[@]}"; do
        say "activating volume group $group"
        $VGCHANGE "$group" || give_up 1 "volume group $group is not activated"
    done
}

function deactivate_groups
{
    local at
    for ((at = ${#VG[@]} - 1; at >= 0; at--)); do
        say "deactivating volume group ${VG[at]}"
        vgchange -a n "${VG[at]}" || exit_value=1
    done
}

function mount_all
{
    local at
    for ((at = 0; at < ${#LV[@]}; at++)); do
        say "mounting ${LV[at]} at ${FS[at]}"
        # Options are words, and some are empty.
        fsck -p ${FS_FSCK_OPT[at]} "${LV[at]}" || [ $? = 1 ] || give_up 1 "${LV[at]} is damaged"
        mount ${FS_TYPE[at]:+-t ${FS_TYPE[at]}} ${FS_MOUNT_OPT[at]} "${LV[at]}" "${FS[at]}" ||
            give_up 1 "${LV[at]} is not mounted"
    done
}

function unmount_all
{
    local at try
    for ((at = ${#FS[@]} - 1; at >= 0; at--)); do
        mountpoint -q "${FS[at]}" || continue
        say "unmounting ${FS[at]}"
        for ((try = 0; ; try++)); do
            umount ${FS_UMOUNT_OPT[at]} "${FS[at]}" && break
            [ "$try" -ge "$FS_UMOUNT_COUNT" ] && { exit_value=1; break; }
            fuser -kmM "${FS[at]}"
            sleep 1
        done
    done
}

function add_addresses
{
    local at
    for ((at = 0; at < ${#IP[@]}; at++)); do
        say "adding address ${IP[at]}"
        cmmodnet -a -i "${IP[at]}" "${SUBNET[at]}" || give_up 1 "${IP[at]} is not added"
    done
}

function remove_addresses
{
    local at
    for ((at = ${#IP[@]} - 1; at >= 0; at--)); do
        cmmodnet -t -i "${IP[at]}" "${SUBNET[at]}" >/dev/null 2>&1 || continue
        say "removing address ${IP[at]}"
        cmmodnet -r -i "${IP[at]}" "${SUBNET[at]}" || exit_value=1
    done
}

function run_services
{
    local at
    for ((at = 0; at < ${#SERVICE_NAME[@]}; at++)); do
        say "running service ${SERVICE_NAME[at]}"
        cmrunserv ${SERVICE_RESTART[at]} "${SERVICE_NAME[at]}" "${SERVICE_CMD[at]}" ||
            give_up 1 "service ${SERVICE_NAME[at]} does not run"
    done
}

function halt_services
{
    local at
    for ((at = ${#SERVICE_NAME[@]} - 1; at >= 0; at--)); do
        say "halting service ${SERVICE_NAME[at]}"
        cmhaltserv "${SERVICE_NAME[at]}" || exit_value=1
    done
}

case $1 in
start)
    say "starting on $(hostname)"
    activate_groups
    mount_all
    add_addresses
    customer_defined_run_cmds
    run_services
    ;;
stop)
    say "halting on $(hostname)"
    halt_services
    customer_defined_halt_cmds
    remove_addresses
    unmount_all
    deactivate_groups
    ;;
*)
    echo "usage: $0 start|stop" >&2
    exit 1
    ;;
esac
exit "$exit_value"
