// The profiles lianlian-rsa, lianlian-sm2 and lianlian-md5: a JSON body that is signed whole, the signature in headers.
import { X509Certificate, createHash, randomBytes, sign, verify } from 'node:crypto';
import { createRequire } from 'node:module';

import { how, open, pointHexOf, privateHexOf } from './sm2.mjs';

const require = createRequire(import.meta.url);
const { sm2, sm3 } = require('sm-crypto');
const { Aes } = require('wechatpay-axios-plugin');

const hex = (digest, text) => createHash(digest).update(text).digest('hex');
const withRsa = (digest) => ({
  sign: (text, house) => sign(digest, Buffer.from(hex(digest, text)), house.privateKey).toString('base64'),
  verify: (text, signature, certificate) => verify(digest, Buffer.from(hex(digest, text)),
    new X509Certificate(certificate).publicKey, Buffer.from(signature, 'base64')),
  open: (sealed, house) => Aes.AesGcm.decrypt(
    sealed.ciphertext, house.apiv3, sealed.nonce, sealed.associated_data),
  query: 'algorithm_type=RSA',
});

// By Signature-Type. `RSA` is the open platform's own, with MD5 twice; it is answered by `RSA2`.
export const algorithms = {
  RSA: withRsa('md5'),
  RSA2: withRsa('sha256'),
  SM2: {
    sign: (text, house) => Buffer.from(
      sm2.doSignature(sm3(text), privateHexOf(house.privateKey), how), 'hex').toString('base64'),
    verify: (text, signature, certificate) => sm2.doVerifySignature(
      sm3(text), Buffer.from(signature, 'base64').toString('hex'), pointHexOf(certificate), how),
    open: (sealed, house) => open(sealed, house.apiv3),
    query: 'algorithm_type=SM2',
  },
};

// yyyyMMddHHmmss of +08:00.
const stamp = (later_s = 0) => new Date(Date.now() + (8 * 3600 + later_s) * 1000).toISOString().replace(/\D/g, '').slice(0, 14);

export async function connect(house, type) {
  const certificates = {};

  // `method` is the call; `biz_content` its body, or a GET's query.
  const bodyOf = (method, biz_content = '') => JSON.stringify({
    oid_partner: house.mchid, serial_no: house.serial, timestamp: stamp(), method, biz_content,
    nonce_str: randomBytes(8).toString('hex'),
  });

  async function send(body, signature = algorithms[type].sign(body, house), as = type) {
    const answer = await fetch(`${house.url}/gateway/json`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', 'Signature-Type': as, 'Signature-Data': signature },
      body,
    });
    return { body, raw: await answer.text(), headers: answer.headers, http: answer.status };
  }

  // What is answered to whom stands in the body, so the signature covers it.
  function verified({ body, raw, headers, http }) {
    const { biz_content: data, status, request_digest, timestamp } = JSON.parse(raw);
    if (http < 200 || http > 299) throw Object.assign(new Error(`HTTP ${http}`), { response: { status, data } });
    const algorithm = algorithms[headers.get('signature-type')];
    if (!algorithm.verify(raw, headers.get('signature-data'), certificates[headers.get('signature-serial')]))
      throw new Error('the signature of the answer is wrong');
    if (request_digest !== hex('sha256', body)) throw new Error('the answer is another request\'s');
    if (timestamp < stamp(-300) || timestamp > stamp(300)) throw new Error('the answer is old');
    return { status, data };
  }

  const first = await send(bodyOf('GET /v3/certificates', algorithms[type].query));
  for (const item of JSON.parse(first.raw).biz_content.data ?? [])
    certificates[item.serial_no] = algorithms[type].open(item.encrypt_certificate, house);
  verified(first);

  const get = async (path, query) => verified(await send(bodyOf(`GET ${path}`, query)));
  const post = async (path, body) => verified(await send(bodyOf(`POST ${path}`, JSON.stringify(body))));
  const { mchid } = house;
  return {
    bodyOf,
    send,
    verified,
    native: (order) => post('/v3/pay/transactions/native', order),
    codepay: (order) => post('/v3/pay/transactions/codepay', order),
    query: (number) => get(`/v3/pay/transactions/out-trade-no/${number}`, `mchid=${mchid}`),
    queryById: (id) => get(`/v3/pay/transactions/id/${id}`, `mchid=${mchid}`),
    close: (number) => post(`/v3/pay/transactions/out-trade-no/${number}/close`, { mchid }),
    refund: (refund) => post('/v3/refund/domestic/refunds', refund),
    queryRefund: (number) => get(`/v3/refund/domestic/refunds/${number}`),
  };
}
