#!/bin/bash
# A signed call with openssl and curl alone:
#
#     order.sh METHOD TARGET [BODY]
#
# HUFU_URL, HUFU_CA, HUFU_MCHID, HUFU_SERIAL and HUFU_KEY (RSA) say where the house is and who you are.
set -euo pipefail
method=$1 target=$2 body=${3:-}
timestamp=$(date +%s)
nonce=$(openssl rand -hex 16)
signature=$(printf '%s\n%s\n%s\n%s\n%s\n' "$method" "$target" "$timestamp" "$nonce" "$body" |
    openssl dgst -sha256 -sign "$HUFU_KEY" | openssl base64 -A)
authorization="WECHATPAY2-SHA256-RSA2048 mchid=\"$HUFU_MCHID\",nonce_str=\"$nonce\",timestamp=\"$timestamp\""
authorization+=",serial_no=\"$HUFU_SERIAL\",signature=\"$signature\""
curl --silent --show-error --cacert "$HUFU_CA" --request "$method" --header "Authorization: $authorization" \
    --header 'Content-Type: application/json' --header 'Accept: application/json' \
    ${body:+--data-binary "$body"} --write-out '\n%{http_code}\n' "$HUFU_URL$target"
