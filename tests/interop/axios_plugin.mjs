import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);
const { Wechatpay, Aes, Rsa, Formatter } = require('wechatpay-axios-plugin');

const open = (house, certs) => new Wechatpay({
  baseURL: house.url,
  mchid: house.mchid,
  serial: house.serial,
  privateKey: house.privateKey,
  certs,
});

// The first answer can only be verified with what it brings: opened with the APIv3 key, asked for once more.
export async function certificates(house) {
  const first = await open(house, { none: undefined }).v3.certificates.get({ transformResponse: [JSON.parse] });
  const certs = Object.fromEntries(first.data.data.map(({ serial_no, encrypt_certificate: sealed }) => [
    serial_no, Aes.AesGcm.decrypt(sealed.ciphertext, house.apiv3, sealed.nonce, sealed.associated_data)]));
  await open(house, certs).v3.certificates.get();
  return certs;
}

export async function connect(house, certs) {
  const known = certs ?? await certificates(house);
  const wxpay = open(house, known);
  const { mchid } = house;
  return {
    native: (order, headers) => wxpay.v3.pay.transactions.native.post(order, { headers }),
    jsapi: (order) => wxpay.v3.pay.transactions.jsapi.post(order),
    app: (order) => wxpay.v3.pay.transactions.app.post(order),
    h5: (order) => wxpay.v3.pay.transactions.h5.post(order),
    codepay: (order, headers) => wxpay.v3.pay.transactions.codepay.post(order, { headers }),
    query: (out_trade_no) => wxpay.v3.pay.transactions.outTradeNo.$out_trade_no$
      .get({ params: { mchid }, out_trade_no }),
    queryById: (transaction_id) => wxpay.v3.pay.transactions.id.$transaction_id$
      .get({ params: { mchid }, transaction_id }),
    close: (out_trade_no) => wxpay.v3.pay.transactions.outTradeNo.$out_trade_no$.close
      .post({ mchid }, { out_trade_no }),
    refund: (refund) => wxpay.v3.refund.domestic.refunds.post(refund),
    queryRefund: (out_refund_no) => wxpay.v3.refund.domestic.refunds.$out_refund_no$.get({ out_refund_no }),
    // What came to notify_url: headers in lower case, the body's exact text.
    told({ headers, raw }) {
      const said = Formatter.response(headers['wechatpay-timestamp'], headers['wechatpay-nonce'], raw);
      if (!Rsa.verify(said, headers['wechatpay-signature'], known[headers['wechatpay-serial']]))
        throw new Error('the signature of the notification is wrong');
      const { resource } = JSON.parse(raw);
      return JSON.parse(Aes.AesGcm.decrypt(
        resource.ciphertext, house.apiv3, resource.nonce, resource.associated_data));
    },
  };
}
