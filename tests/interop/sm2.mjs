// SM2 by hand, with sm-crypto or sm-crypto-v2: DER signatures, ID 1234567812345678, over SM3.
import { X509Certificate, randomBytes } from 'node:crypto';
import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);
const scheme = 'WECHATPAY2-SM2-WITH-SM3';
export const how = { hash: true, der: true, userId: '1234567812345678' };

// PKCS #8: the 32 bytes behind ECPrivateKey's version.
export const privateHexOf = (pem) => {
  const hex = Buffer.from(pem.replace(/-----.*-----|\s/g, ''), 'base64').toString('hex');
  return hex.slice(hex.indexOf('0201010420') + 10).slice(0, 64);
};
// The last 65 bytes of a SubjectPublicKeyInfo: 04, x, y.
export const pointHexOf = (certificate) => new X509Certificate(certificate).publicKey
  .export({ type: 'spki', format: 'der' }).subarray(-65).toString('hex');

// AEAD_SM4_GCM under the first half of SM3(APIv3 key).
export function open({ nonce, associated_data, ciphertext }, apiv3) {
  const { sm3, sm4 } = require('sm-crypto-v2');
  const sealed = Buffer.from(ciphertext, 'base64');
  const plain = sm4.decrypt(sealed.subarray(0, -16), sm3(apiv3).slice(0, 32), {
    mode: 'gcm',
    iv: Buffer.from(nonce).toString('hex'),
    associatedData: Buffer.from(associated_data),
    tag: sealed.subarray(-16),
    padding: 'none',
    output: 'array',
  });
  return Buffer.from(plain.output ?? plain).toString();
}

export async function connect(house, library) {
  const { sm2 } = require(library);
  const privateHex = privateHexOf(house.privateKey);
  const points = {};

  async function ask(method, path, body = '', more = {}) {
    const timestamp = Math.floor(Date.now() / 1000);
    const nonce = randomBytes(16).toString('hex');
    const signature = Buffer.from(
      sm2.doSignature(`${method}\n${path}\n${timestamp}\n${nonce}\n${body}\n`, privateHex, how), 'hex');
    const answer = await fetch(house.url + path, {
      method,
      headers: {
        Authorization: `${scheme} mchid="${house.mchid}",nonce_str="${nonce}",timestamp="${timestamp}",`
          + `serial_no="${house.serial}",signature="${signature.toString('base64')}"`,
        Accept: 'application/json',
        'Content-Type': 'application/json',
        ...more,
      },
      body: body || undefined,
    });
    const raw = await answer.text();
    return { status: answer.status, raw, headers: answer.headers, data: raw ? JSON.parse(raw) : null };
  }

  function verifySigned(header, raw) {
    const signature = Buffer.from(header('wechatpay-signature'), 'base64').toString('hex');
    const said = `${header('wechatpay-timestamp')}\n${header('wechatpay-nonce')}\n${raw}\n`;
    const point = points[header('wechatpay-serial')];
    if (!point || !sm2.doVerifySignature(said, signature, point, how))
      throw new Error('the signature is wrong');
  }

  function verify({ status, raw, headers, data }) {
    if (status < 200 || status > 299) throw Object.assign(new Error(`HTTP ${status}`), { response: { status, data } });
    verifySigned((name) => headers.get(name), raw);
    return { status, data };
  }

  const first = await ask('GET', '/v3/certificates?algorithm_type=SM2');
  for (const item of first.data.data ?? [])
    points[item.serial_no] = pointHexOf(open(item.encrypt_certificate, house.apiv3));
  verify(first);

  const call = async (method, path, body, headers) => verify(
    await ask(method, path, body && JSON.stringify(body), headers));
  const { mchid } = house;
  return {
    points,
    native: (order, headers) => call('POST', '/v3/pay/transactions/native', order, headers),
    codepay: (order, headers) => call('POST', '/v3/pay/transactions/codepay', order, headers),
    query: (number) => call('GET', `/v3/pay/transactions/out-trade-no/${number}?mchid=${mchid}`),
    queryById: (id) => call('GET', `/v3/pay/transactions/id/${id}?mchid=${mchid}`),
    close: (number) => call('POST', `/v3/pay/transactions/out-trade-no/${number}/close`, { mchid }),
    refund: (refund) => call('POST', '/v3/refund/domestic/refunds', refund),
    queryRefund: (number) => call('GET', `/v3/refund/domestic/refunds/${number}`),
    // What came to notify_url: headers in lower case, the body's exact text.
    told({ headers, raw }) {
      verifySigned((name) => headers[name], raw);
      return JSON.parse(open(JSON.parse(raw).resource, house.apiv3));
    },
  };
}
