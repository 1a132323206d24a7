# Makes a disk that boots (BIOS, GRUB) from a file system on standard input; runs in a container of the same system.
set -euo pipefail
mkdir -p /work/root && cd /work
tar -xpf - -C root
version=$(basename root/boot/vmlinuz-*) && version=${version#vmlinuz-}
# What the engine left of its own.
rm -f root/.dockerenv root/etc/hostname
: >root/etc/machine-id
ln -sfn /run/systemd/resolve/stub-resolv.conf root/etc/resolv.conf
echo '127.0.0.1 localhost' >root/etc/hosts
echo 'LABEL=root / ext4 defaults,errors=remount-ro 0 1' >root/etc/fstab
mkdir -p root/boot/grub
cat >root/boot/grub/grub.cfg <<END
search --no-floppy --label root --set=root
linux /boot/vmlinuz-$version root=LABEL=root ro console=ttyS0,115200 net.ifnames=0
initrd /boot/initrd.img-$version
boot
END
mib=2600
truncate -s "${mib}M" disk.raw
echo '2048,,L,*' | sfdisk -q disk.raw
mke2fs -q -t ext4 -L root -O ^metadata_csum_seed,^orphan_file -d root -E offset=$((2048 * 512)) disk.raw "$((mib - 1))M"
# GRUB's first sector finds its second at sector 1 unless it is told otherwise: nothing has to be installed on a device.
grub-mkimage -O i386-pc -p '(hd0,msdos1)/boot/grub' -o core.img biosdisk part_msdos ext2 normal linux search search_label configfile boot
dd if=/usr/lib/grub/i386-pc/boot.img of=disk.raw bs=440 count=1 conv=notrunc status=none
dd if=core.img of=disk.raw bs=512 seek=1 conv=notrunc status=none
qemu-img convert -O qcow2 disk.raw /out/guest.qcow2.new
mv /out/guest.qcow2.new /out/guest.qcow2
