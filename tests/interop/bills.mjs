// A day's bills with clients that we did not write: asked for, downloaded, held against the hash that came signed, read
// by the client's own code.
//
//   node bills.mjs CLIENT DATE LINES SUM REFUNDED    sums in fen
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { createRequire } from 'node:module';
import { gunzipSync } from 'node:zlib';

import * as axiosPlugin from './axios_plugin.mjs';
import { house } from './house.mjs';
import * as nodeV3 from './node_v3.mjs';

const require = createRequire(import.meta.url);
const { Wechatpay, Formatter, Hash } = require('wechatpay-axios-plugin');

async function byAxiosPlugin(bill, params) {
  const { mchid, serial, privateKey, url } = house;
  const certs = await axiosPlugin.certificates(house);
  const wxpay = new Wechatpay({ baseURL: url, mchid, serial, privateKey, certs });
  const { data: { download_url, hash_type, hash_value } } = await wxpay.v3.bill[bill].get({ params });
  assert.equal(hash_type, 'SHA1');
  const { data } = await wxpay.v3.billdownload.file.get({
    params: new URL(download_url).searchParams, responseType: 'arraybuffer',
  });
  const text = params.tar_type === 'GZIP' ? gunzipSync(data) : data;
  assert.equal(Hash.sha1(text), hash_value);
  return text;
}

async function byNodeV3(bill, params) {
  const { pay, verified, transport } = await nodeV3.opened(house);
  const { data: { download_url, hash_value } } = await verified(pay[bill](params));
  const { pathname, search } = new URL(download_url);
  await pay.downloadBill(`https://api.mch.weixin.qq.com${pathname}${search}`); // its host is fixed
  assert.equal(transport.last.status, 200);
  const text = Buffer.from(transport.last.raw);
  assert.equal(createHash('sha1').update(text).digest('hex'), hash_value);
  return text;
}

const clients = { 'wechatpay-axios-plugin': byAxiosPlugin, 'wechatpay-node-v3': byNodeV3 };
const [name, bill_date, lines, sum, refunded] = process.argv.slice(2);
const fetched = clients[name];
const fen = (yuan) => Math.round(Number(yuan) * 100);
const total = (rows, column) => rows.reduce((before, row) => before + fen(row[column]), 0);

const trade = await fetched('tradebill', { bill_date, bill_type: 'ALL' });
const { rows, summary } = Formatter.castCsvBill(trade);
assert.equal(rows.length, Number(lines));
assert.equal(total(rows, '应结订单金额'), Number(sum));
assert.equal(total(rows, '退款金额'), Number(refunded));
assert.equal(Number(summary['总交易单数']), Number(lines));
assert.equal(fen(summary['退款总金额']), Number(refunded));
for (const row of rows) {
  assert.match(row['交易时间'], /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$/); // the first column: no byte of the mark is left in it
  assert.equal(row['商户号'], house.mchid);
}

const fund = Formatter.castCsvBill(await fetched('fundflowbill', { bill_date, account_type: 'BASIC' }));
assert.equal(fund.rows.length, Number(lines));
assert.equal(fen(fund.summary['收入金额']), Number(sum));
assert.equal(fen(fund.summary['支出金额']), Number(refunded));

if (name === 'wechatpay-axios-plugin')
  assert.deepEqual(await fetched('tradebill', { bill_date, bill_type: 'ALL', tar_type: 'GZIP' }), trade);
