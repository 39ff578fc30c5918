import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);
const WxPay = require('wechatpay-node-v3');
const superagent = require('superagent');

// The host is fixed in this client: its own seam, createHttp, sends the calls elsewhere.
class Transport {
  constructor(house) {
    this.house = house;
  }

  async send(request, headers) {
    const answer = await request.set(headers).ok(() => true);
    const said = { status: answer.status, data: answer.body, raw: answer.text ?? '', headers: answer.headers };
    this.last = said;
    return said;
  }

  address(url) {
    return url.replace('https://api.mch.weixin.qq.com', this.house.url);
  }

  get(url, headers) {
    return this.send(superagent.get(this.address(url)), headers);
  }

  post(url, params, headers) {
    return this.send(superagent.post(this.address(url)).send(params), headers);
  }
}

export async function opened(house) {
  const pay = new WxPay({
    appid: 'wxhufuinterop',
    mchid: house.mchid,
    serial_no: house.serial,
    publicKey: Buffer.from('not looked at: serial_no is given'),
    privateKey: Buffer.from(house.privateKey),
    key: house.apiv3,
  });
  const transport = new Transport(house);
  pay.createHttp(transport);

  const signed = (headers, raw) => ({
    timestamp: headers['wechatpay-timestamp'],
    nonce: headers['wechatpay-nonce'],
    serial: headers['wechatpay-serial'],
    signature: headers['wechatpay-signature'],
    body: raw,
    apiSecret: house.apiv3,
  });

  // It verifies when it is asked to: fetches /v3/certificates and opens them with its own code.
  async function verified(call) {
    await call;
    const { status, data, raw, headers } = transport.last;
    if (status < 200 || status > 299) throw Object.assign(new Error(`HTTP ${status}`), { response: { status, data } });
    if (!await pay.verifySign(signed(headers, raw))) throw new Error('the signature of the answer is wrong');
    return { status, data: raw ? JSON.parse(raw) : data }; // of some it has made what the payer's page needs
  }
  return { pay, transport, signed, verified };
}

export async function connect(house) {
  const { pay, transport, signed, verified } = await opened(house);
  return {
    native: (order) => verified(pay.transactions_native(order)),
    jsapi: (order) => verified(pay.transactions_jsapi(order)),
    app: (order) => verified(pay.transactions_app(order)),
    h5: (order) => verified(pay.transactions_h5(order)),
    codepay: (order) => verified(transport.post(...signedPost(pay, '/v3/pay/transactions/codepay', order))),
    query: (out_trade_no) => verified(pay.query({ out_trade_no })),
    queryById: (transaction_id) => verified(pay.query({ transaction_id })),
    close: (out_trade_no) => verified(pay.close(out_trade_no)),
    refund: (refund) => verified(pay.refunds(refund)),
    queryRefund: (out_refund_no) => verified(pay.find_refunds(out_refund_no)),
    certificates: () => pay.get_certificates(house.apiv3),
    // What came to notify_url: headers in lower case, the body's exact text.
    async told({ headers, raw }) {
      if (!await pay.verifySign(signed(headers, raw))) throw new Error('the signature of the notification is wrong');
      const { resource } = JSON.parse(raw);
      return pay.decipher_gcm(resource.ciphertext, resource.associated_data, resource.nonce, house.apiv3);
    },
  };
}

// It has no call for payment codes: signed by its own buildAuthorization().
function signedPost(pay, path, params) {
  const url = `https://api.mch.weixin.qq.com${path}`;
  const authorization = pay.buildAuthorization('POST', url, params);
  return [url, params, pay.getHeaders(authorization, { 'Content-Type': 'application/json' })];
}
