#!/bin/sh
# SPDX-License-Identifier: EUPL-1.2
# Makes all vectors of this folder with openssl, xmllint and xmlsec1. Run by hand, here; the results are committed. Keys are new each time.
set -eu
days=36500
key() { # name, openssl genpkey arguments…
  name=$1; shift
  openssl genpkey "$@" -out "keys/$name.key.pem" 2>/dev/null
  openssl req -x509 -new -key "keys/$name.key.pem" -subj "/CN=Test $name" -days $days -out "keys/$name.crt.pem"
}
key rsa3072 -algorithm RSA -pkeyopt rsa_keygen_bits:3072
key rsa2048 -algorithm RSA -pkeyopt rsa_keygen_bits:2048
key rsa1024 -algorithm RSA -pkeyopt rsa_keygen_bits:1024
for curve in P-256 P-384 P-521 brainpoolP256r1 brainpoolP384r1 brainpoolP512r1 secp256k1; do
  key "ec-$curve" -algorithm EC -pkeyopt "ec_paramgen_curve:$curve" -pkeyopt ec_param_enc:named_curve
done

# Canonical forms: every c14n/*.xml gets its *.c14n from libxml2.
for f in c14n/*.xml; do xmllint --nonet --c14n "$f" > "${f%.xml}.c14n"; done

# Signatures by xmlsec1 over template.xml: SIGNATURE, DIGEST and KEY are filled in.
sign() { # name, key, signature URI, digest URI
  sed -e "s|SIGNATURE_METHOD|$3|" -e "s|DIGEST_METHOD|$4|g" dsig/template.xml > dsig/tmp.xml
  xmlsec1 --sign --id-attr:Id Block --id-attr:Id Data --privkey-pem "keys/$2.key.pem" --output "dsig/$1.xml" dsig/tmp.xml
  rm dsig/tmp.xml
}
more=http://www.w3.org/2001/04/xmldsig-more
enc=http://www.w3.org/2001/04/xmlenc
sign rsa-sha256 rsa3072 "$more#rsa-sha256" "$enc#sha256"
sign rsa-sha512 rsa3072 "$more#rsa-sha512" "$enc#sha512"
sign ecdsa-p256-sha256 ec-P-256 "$more#ecdsa-sha256" "$enc#sha256"
sign ecdsa-p384-sha384 ec-P-384 "$more#ecdsa-sha384" "$enc#sha512"
sign ecdsa-p521-sha512 ec-P-521 "$more#ecdsa-sha512" "$enc#sha512"
sign ecdsa-brainpool256-sha256 ec-brainpoolP256r1 "$more#ecdsa-sha256" "$enc#sha256"
sign ecdsa-brainpool384-sha384 ec-brainpoolP384r1 "$more#ecdsa-sha384" "$enc#sha256"
sign ecdsa-brainpool512-sha512 ec-brainpoolP512r1 "$more#ecdsa-sha512" "$enc#sha512"
sign rsa-sha1 rsa3072 "http://www.w3.org/2000/09/xmldsig#rsa-sha1" "http://www.w3.org/2000/09/xmldsig#sha1"

# What xmlsec1 does not know (PSS, SHA-3): openssl signs pss.data, the salt as long as the hash.
for hash in sha256 sha512 sha3-256 sha3-384 sha3-512; do
  openssl dgst "-$hash" -sigopt rsa_padding_mode:pss -sigopt rsa_pss_saltlen:digest -sign keys/rsa3072.key.pem -out "dsig/pss-$hash.sig" dsig/pss.data
done

# Wrapped keys: openssl OAEP with equal hashes, of xenc/cek.bin (32 octets).
printf '0123456789abcdef0123456789abcdef' > xenc/cek.bin
for hash in sha256 sha384 sha512; do
  openssl pkeyutl -encrypt -certin -inkey keys/rsa3072.crt.pem -in xenc/cek.bin -out "xenc/oaep-$hash.bin" -pkeyopt rsa_padding_mode:oaep -pkeyopt "rsa_oaep_md:$hash" -pkeyopt "rsa_mgf1_md:$hash"
done
# Octets: AES-CBC and Triple DES by openssl enc (IV in front), AES-GCM by xmlsec1 (12-byte IV, whole EncryptedData).
iv=000102030405060708090a0b0c0d0e0f
{ echo $iv | xxd -r -p; openssl enc -aes-256-cbc -K "$(xxd -p -c 64 xenc/cek.bin)" -iv $iv -in xenc/plain.txt; } > xenc/aes256-cbc.bin
{ echo $iv | cut -c1-16 | xxd -r -p; openssl enc -des-ede3-cbc -K "$(xxd -p -c 64 xenc/cek.bin | cut -c1-48)" -iv "$(echo $iv | cut -c1-16)" -in xenc/plain.txt; } > xenc/tripledes-cbc.bin
xmlsec1 --encrypt --aeskey xenc/cek.bin --binary-data xenc/plain.txt --output xenc/aes256-gcm.xml xenc/template.xml
