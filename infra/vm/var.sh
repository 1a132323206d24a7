#!/bin/bash
# Gives /var the disk with the serial number $1, with what is in /var. The next boot mounts it.
set -euo pipefail
umask 022

disk=/dev/disk/by-id/virtio-$1
label=convocate-var
udevadm settle
[ -b "$disk" ] || { echo "there is no disk $disk: nothing was changed" >&2; exit 1; }
if mounted=$(findmnt -no SOURCE /var); then
  [ "$mounted" != "$(readlink -f "$disk")" ] || exit 0
  echo "/var is on $mounted already: nothing was changed" >&2
  exit 1
fi

# A disk with anything on it is somebody's, but for one that an interrupted run of this has labelled.
kind=$(blkid -p -o value -s TYPE "$disk" || true)
if [ -z "$kind" ]; then
  mkfs.ext4 -q -L "$label" "$disk"
elif [ "$(blkid -p -o value -s LABEL "$disk")" != "$label" ]; then
  echo "$disk has a filesystem ($kind) that is not ours: nothing was changed" >&2
  exit 1
fi
new=$(mktemp -d)
mount "$disk" "$new"
cp -ax /var/. "$new/"
umount "$new"
rmdir "$new"
grep -q "^LABEL=$label " /etc/fstab || echo "LABEL=$label /var ext4 defaults,nosuid,nodev 0 2" >>/etc/fstab
touch /run/convocate-var-moved
