#!/bin/sh
# Installs the package $1 on a copy of this machine, uses it, and removes it again; what changes lies in
# the directory $2. Called in a mount namespace of its own.
set -eu

package=$(realpath "$1")
layers=$(realpath "$2")

mount -t tmpfs none "$layers"
mkdir "$layers/upper" "$layers/work" "$layers/root"
mount -t overlay overlay -o "lowerdir=/,upperdir=$layers/upper,workdir=$layers/work" "$layers/root"
root=$layers/root
mount -t tmpfs none "$root/run"
mount --rbind /proc "$root/proc"
mount --rbind /dev "$root/dev"
mkdir -p "$root/run/trial"
cp "$package" "$root/run/trial/quorate.deb"

in_copy() { DEBIAN_FRONTEND=noninteractive PATH=/usr/sbin:/usr/bin:/sbin:/bin chroot "$root" "$@"; }
fails() { echo "$*" >&2; exit 1; }

# As an administrator does; Pacemaker's packages give way, the clients stay.
in_copy apt-get -qq -y --no-install-recommends install /run/trial/quorate.deb >"$layers/log" 2>&1 ||
    { cat "$layers/log" >&2; fails "apt-get does not install it"; }
[ -z "$(in_copy dpkg --audit)" ] || fails "dpkg --audit: $(in_copy dpkg --audit)"
[ -z "$(in_copy dpkg --verify quorate)" ] || fails "dpkg --verify: $(in_copy dpkg --verify quorate)"

in_copy id hacluster | grep -q haclient || fails "hacluster is not of the group haclient"
in_copy cibadmin --empty | grep -q '<cib ' || fails "cibadmin has no empty document"
in_copy /usr/lib/pacemaker/pacemaker-controld metadata | grep -q '<resource-agent ' ||
    fails "pacemaker-controld has no metadata"
for folder in cib pengine; do
    in_copy runuser -u hacluster -- test -w "/var/lib/pacemaker/$folder" ||
        fails "hacluster cannot write into Pacemaker's directory $folder"
done
for agent in lan package-address package-attach package-resources package-script package-service package-site polled-resource; do
    in_copy crm_resource --show-metadata "ocf:quorate:$agent" | grep -q "name=\"$agent\"" ||
        fails "ocf:quorate:$agent has no metadata"
done
for schema in pacemaker-4.0.rng api/api-result.rng; do
    [ -s "$root/usr/share/pacemaker/$schema" ] || fails "there is no schema $schema"
done
in_copy quorate --version
in_copy systemd-analyze verify --man=no quorate.service quorate-door.service quorate-lock.service pacemaker.service ||
    fails "systemd does not take the units"

in_copy dpkg --list quorate | tail -1
in_copy dpkg --listfiles quorate >"$layers/files"
in_copy mkdir -p /var/lib/quorate
in_copy touch /var/lib/pacemaker/cib/cib-1.raw /var/lib/pacemaker/cib/cib.last
in_copy dpkg --force-depends --purge quorate >"$layers/log" 2>&1 ||
    { cat "$layers/log" >&2; fails "dpkg does not remove it"; }
# Directories may be others' too.
while read -r file; do
    if [ -L "$root$file" ] || [ -f "$root$file" ]; then fails "$file was left there"; fi
done <"$layers/files"
[ ! -e "$root/var/lib/quorate" ] || fails "the state was left there"
[ -z "$(ls "$root/var/lib/pacemaker/cib" 2>/dev/null)" ] || fails "former configurations were left there"
