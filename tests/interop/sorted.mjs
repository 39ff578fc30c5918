// The profiles sorted-rsa2 and sorted-sm2: form fields, sorted and joined, signed with Node's RSA or sm-crypto's SM2.
import { X509Certificate, randomBytes, sign, verify } from 'node:crypto';
import { createRequire } from 'node:module';

import { how, open, pointHexOf, privateHexOf } from './sm2.mjs';

const require = createRequire(import.meta.url);
const { sm2 } = require('sm-crypto');
const { Aes } = require('wechatpay-axios-plugin');

const joined = (fields) => Object.keys(fields).filter((name) => fields[name] !== '').sort()
  .map((name) => `${name}=${fields[name]}`).join('&');

const algorithms = {
  RSA2: {
    sign: (text, house) => sign('sha256', Buffer.from(text), house.privateKey).toString('base64'),
    verify: (text, signature, certificate) => verify('sha256', Buffer.from(text),
      new X509Certificate(certificate).publicKey, Buffer.from(signature, 'base64')),
    open: (sealed, house) => Aes.AesGcm.decrypt(
      sealed.ciphertext, house.apiv3, sealed.nonce, sealed.associated_data),
    query: 'algorithm_type=RSA',
  },
  SM2: {
    sign: (text, house) => Buffer.from(
      sm2.doSignature(text, privateHexOf(house.privateKey), how), 'hex').toString('base64'),
    verify: (text, signature, certificate) => sm2.doVerifySignature(
      text, Buffer.from(signature, 'base64').toString('hex'), pointHexOf(certificate), how),
    open: (sealed, house) => open(sealed, house.apiv3),
    query: 'algorithm_type=SM2',
  },
};

export async function connect(house, sign_type) {
  const algorithm = algorithms[sign_type];
  const certificates = {};

  // `method` is the call; `biz_content` its body, or a GET's query.
  async function ask(method, biz_content = '') {
    const fields = {
      biz_content, method, mchid: house.mchid, serial_no: house.serial, sign_type,
      nonce_str: randomBytes(16).toString('hex'), timestamp: String(Math.floor(Date.now() / 1000)),
    };
    const answer = await fetch(`${house.url}/gateway`, {
      method: 'POST',
      body: new URLSearchParams({ ...fields, sign: algorithm.sign(joined(fields), house) }),
    });
    const raw = await answer.text();
    return { status: answer.status, raw, headers: answer.headers, data: raw ? JSON.parse(raw) : null };
  }

  function verified({ status, raw, headers, data }) {
    if (status < 200 || status > 299) throw Object.assign(new Error(`HTTP ${status}`), { response: { status, data } });
    const serial_no = headers.get('signature-serial');
    const text = joined({
      biz_content: raw, serial_no, sign_type: headers.get('signature-type'),
      nonce_str: headers.get('signature-nonce'), timestamp: headers.get('signature-timestamp'),
    });
    if (!algorithm.verify(text, headers.get('signature-data'), certificates[serial_no]))
      throw new Error('the signature of the answer is wrong');
    return { status, data };
  }

  const first = await ask('GET /v3/certificates', algorithm.query);
  for (const item of first.data.data ?? [])
    certificates[item.serial_no] = algorithm.open(item.encrypt_certificate, house);
  verified(first);

  const get = async (path, query) => verified(await ask(`GET ${path}`, query));
  const post = async (path, body) => verified(await ask(`POST ${path}`, JSON.stringify(body)));
  const { mchid } = house;
  return {
    native: (order) => post('/v3/pay/transactions/native', order),
    codepay: (order) => post('/v3/pay/transactions/codepay', order),
    query: (number) => get(`/v3/pay/transactions/out-trade-no/${number}`, `mchid=${mchid}`),
    queryById: (id) => get(`/v3/pay/transactions/id/${id}`, `mchid=${mchid}`),
    close: (number) => post(`/v3/pay/transactions/out-trade-no/${number}/close`, { mchid }),
    refund: (refund) => post('/v3/refund/domestic/refunds', refund),
    queryRefund: (number) => get(`/v3/refund/domestic/refunds/${number}`),
  };
}
