#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# Usage: ci/sctp.sh [GTEST_FILTER]
# Runs roleperf's tests of SCTP, with iperf3 on the other side, under a kernel that has SCTP: many
# have not. It boots Debian's kernel in qemu (emulated, as any user; a minute or two) with nothing
# but a shell, iperf3, and what the dev preset has built. The kernel is fetched once with apt from
# the machine's configured mirror, into build-peers/linux/. Exits with 0 if all passed, 1 if not, 2
# for usage or what is missing.
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
filter=${1-*Sctp*}
tests=$root/build-dev/bin/roleperf_test
[ $# -le 1 ] || { echo "sctp: usage: ci/sctp.sh [GTEST_FILTER]" >&2 && exit 2; }
[ -x "$tests" ] || { echo "sctp: no $tests: cmake --workflow --preset dev builds it" >&2 && exit 2; }
"$root/ci/setup.sh" build sctp

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM
kernel=$root/build-peers/linux
# In this order; the diag ones tell the tests who listens.
modules='crc32c_generic libcrc32c inet_diag tcp_diag udp_tunnel ip6_udp_tunnel sctp'
[ -f "$kernel/tcp_diag.ko" ] || {
  image=$(apt-cache depends linux-image-amd64 | sed -n 's/^ *Depends: //p')
  (cd "$work" && apt-get -q download "$image" && dpkg-deb -x ./*.deb tree)
  mkdir -p "$kernel"
  cp "$work"/tree/boot/vmlinuz-* "$kernel/vmlinuz"
  for module in $modules; do
    find "$work/tree" -name "$module.ko" -exec cp {} "$kernel" \;
  done
}

# A program at its own place, with the libraries that it asks for.
put() {
  for file in "$1" $(ldd "$1" | grep -o '/[^ ]*'); do
    mkdir -p "$ram$(dirname "$file")"
    strip -o "$ram$file" "$(readlink -f "$file")" 2>/dev/null || cp -L "$file" "$ram$file"
  done
}

ram=$work/ram
mkdir -p "$ram/proc" "$ram/sys" "$ram/dev" "$ram/tmp" "$ram/bin" "$ram/linux"
cp "$(command -v busybox)" "$ram/bin/busybox"
cp "$kernel"/*.ko "$ram/linux"
put "$tests"
put "$root/build-dev/bin/roleperf"
put "$(command -v iperf3)"
for peer in "$root"/build-peers/iperf3-*; do
  [ -d "$peer" ] || continue
  mkdir -p "$ram$root/build-peers"
  cp -r "$peer" "$ram$root/build-peers"
done
cat >"$ram/init" <<EOF
#!/bin/busybox sh
/bin/busybox --install -s /bin
export PATH=/bin:/usr/bin
mount -t proc proc /proc && mount -t sysfs sys /sys && mount -t devtmpfs dev /dev
ip link set lo up
for module in $modules; do
  [ ! -f /linux/\$module.ko ] || insmod /linux/\$module.ko
done
$tests --gtest_filter='$filter' && echo "sctp: all passed"
poweroff -f
EOF
chmod +x "$ram/init"
(cd "$ram" && find . | cpio -o -H newc -R 0:0 2>"$work/cpio" | gzip -1 >"$work/initrd")

timeout 600 qemu-system-x86_64 -accel tcg,thread=multi -cpu max -m 3072 -smp 2 -nodefaults -nographic \
  -no-reboot -serial stdio -kernel "$kernel/vmlinuz" -initrd "$work/initrd" \
  -append "console=ttyS0 quiet panic=-1 mitigations=off" </dev/null | tr -d '\r' | tee "$work/said"
grep -q '^sctp: all passed' "$work/said"
