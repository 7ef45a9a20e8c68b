#!/bin/sh
# Runs inside the image: takes out what packages bring and no node needs, gives the node
# its user, and sees that nothing that stays has lost a library.
set -eu

# Packages nobody calls. Open MPI's libraries are built with drivers for GPUs and brokers
# (a whole LLVM among them) that are loaded only where such hardware is; its -dev packages
# bring those of TLS, Kerberos, Fortran and the autotools. Slurm brings systemd.
drop='adduser apt autoconf automake autotools-dev comerr-dev gfortran gfortran-14 gfortran-14-x86-64-linux-gnu
gfortran-x86-64-linux-gnu krb5-multidev libamd-comgr2 libamdhip64-5 libbrotli-dev libcurl4-openssl-dev
libgcrypt20-dev libgfortran-14-dev libgnutls28-dev libgnutls-openssl27 libgnutls-dane0t64 libgpg-error-dev
libgssrpc4t64 libkadm5clnt-mit12 libkadm5srv-mit12 libkdb5-10t64 libhsa-runtime64-1 libhsakmt1 libhwasan0 libibverbs-dev libidn2-dev libjs-jquery libjs-jquery-ui
libkrb5-dev libldap-dev libllvm17t64 libnghttp2-dev libnghttp3-dev libngtcp2-dev libp11-kit-dev libperl5.40
libpsl-dev librtmp-dev libsasl2-dev libssh2-1-dev libssl-dev libsystemd-shared libtasn1-6-dev libunbound8
libz3-4 libze1 libzstd-dev m4 nettle-dev openssh-client perl perl-modules-5.40 systemd systemd-dev'

installed=$(for package in $drop; do
    dpkg-query -W -f '${binary:Package}\n' "$package" 2>/dev/null || true
done)
# Not apt, which would take along all that names these as needed.
dpkg --force-depends --force-remove-essential --force-remove-protected --purge $installed >/dev/null

# Debian makes a munge key when it installs munge: not one image's key for everybody.
rm -rf /etc/munge /var/lib/munge /var/log/munge /run/munge

# Static libraries other than the compiler's own, manuals, translations, caches.
find /usr/lib/x86_64-linux-gnu /usr/lib -name '*.a' ! -path '*/gcc/*' ! -name 'libc.a' ! -name 'lib*_nonshared.a' \
    ! -name 'libm.a' ! -name 'libmvec.a' ! -name 'libm-*.a' ! -name 'libpthread.a' ! -name 'librt.a' ! -name 'libdl.a' \
    ! -name 'libutil.a' -delete
rm -rf /usr/share/man /usr/share/info /usr/share/locale /usr/share/lintian /usr/share/perl* /usr/lib/python3* \
    /var/cache/* /var/log/* /var/lib/apt /etc/apt /usr/share/bash-completion
find /usr/share/doc -type f ! -name copyright -delete
# Plugins of what was dropped above.
rm -f /usr/lib/x86_64-linux-gnu/ucx/*_rocm.so* /usr/lib/x86_64-linux-gnu/hwloc/hwloc_levelzero.so

find / -xdev -perm /6000 -type f -exec chmod a-s {} +

# Slurm's commands look in /etc/slurm; the node writes its files where it may.
rm -rf /etc/slurm
ln -s /run/octavo/slurm /etc/slurm

# An engine's run-time gives the memory that it mounts there the mode of what is below, whatever
# it was told; Podman gives it no other owner either.
chmod 1777 /run

echo 'octavo:x:1000:1000:Octavo:/home/octavo:/bin/bash' >>/etc/passwd
echo 'octavo:x:1000:' >>/etc/group

missing=$(find /usr/bin /usr/sbin /usr/lib -type f \( -perm /111 -o -name '*.so*' \) ! -path '*/openmpi3/*' \
    -exec sh -c 'for f; do ldd "$f" 2>/dev/null | grep -q "not found" && echo "$f"; done' sh {} + || true)
echo "without all their libraries: ${missing:-none}"
