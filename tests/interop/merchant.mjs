// One step of a merchant who uses a client that we did not write:
//
//   node merchant.mjs CLIENT STEP ARGUMENT...
//
// Exits 0 when everything was as it must be; what the next step needs stands in <folder>/said.
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { generateKeyPairSync } from 'node:crypto';

import * as axiosPlugin from './axios_plugin.mjs';
import { house } from './house.mjs';
import * as lianlian from './lianlian.mjs';
import * as nodeV3 from './node_v3.mjs';
import * as sm2 from './sm2.mjs';
import * as sorted from './sorted.mjs';

const clients = {
  'wechatpay-axios-plugin': axiosPlugin.connect,
  'wechatpay-node-v3': nodeV3.connect,
  'sm-crypto': (who) => sm2.connect(who, 'sm-crypto'),
  'sm-crypto-v2': (who) => sm2.connect(who, 'sm-crypto-v2'),
  'sorted-rsa2': (who) => sorted.connect(who, 'RSA2'),
  'sorted-sm2': (who) => sorted.connect(who, 'SM2'),
  'lianlian-rsa': (who) => lianlian.connect(who, 'RSA2'),
  'lianlian-sm2': (who) => lianlian.connect(who, 'SM2'),
  'lianlian-md5': (who) => lianlian.connect(who, 'RSA'),
};
const POLL_MS = 100;

const say = (text) => writeFileSync(join(house.folder, 'said'), text);

const order = (number, total) => ({
  appid: 'wxhufuinterop',
  mchid: house.mchid,
  description: '养乐多 ("interop")',
  out_trade_no: number,
  notify_url: `${house.notifyUrl}/${number}`,
  amount: { total, currency: 'CNY' },
});
const scanned = (number, total, auth_code) => {
  const { notify_url, ...rest } = order(number, total);
  return { ...rest, payer: { auth_code }, scene_info: { store_info: { id: 'store-1' } } };
};

async function refused(call, status, code) {
  const said = await call.then((done) => assert.fail(`accepted: ${JSON.stringify(done.data)}`), (error) => error);
  assert.equal(said.response?.status, status, said.stack);
  assert.equal(said.response.data.code, code);
  return said.response.data;
}

const steps = {
  // An order, again, its state, what is not there, and orders that contradict each other.
  async order(client, number, total) {
    const first = await client.native(order(number, Number(total)));
    assert.equal(first.status, 200);
    const again = await client.native(order(number, Number(total)));
    assert.equal(again.data.code_url, first.data.code_url);
    await refused(client.native(order(number, Number(total) + 1)), 400, 'INVALID_REQUEST');
    const { data } = await client.query(number);
    assert.equal(data.trade_state, 'NOTPAY');
    assert.equal(data.amount.total, Number(total));
    await refused(client.query('NOSUCH-1'), 404, 'ORDER_NOT_EXIST');
    say(first.data.code_url);
  },

  // What was paid is found by both of its names and can no longer be closed.
  async paid(client, number, total) {
    const { data } = await client.query(number);
    assert.equal(data.trade_state, 'SUCCESS');
    assert.equal(data.amount.payer_total, Number(total));
    const byId = await client.queryById(data.transaction_id);
    assert.deepEqual(byId.data, data);
    await refused(client.close(number), 400, 'ORDERPAID');
    say(data.payer.openid);
  },

  // What came to notify_url is the house's, says what a query says, and with a byte changed it is nobody's.
  async told(client, number) {
    const lines = readFileSync(join(house.folder, 'told.headers'), 'utf8').trim().split('\n');
    const headers = Object.fromEntries(lines.map((line) => line.split(': ')));
    const raw = readFileSync(join(house.folder, 'told.body'), 'utf8');
    const resource = await client.told({ headers, raw });
    const { data } = await client.query(number);
    assert.equal(resource.out_trade_no, number);
    assert.equal(resource.trade_state, 'SUCCESS');
    assert.equal(resource.transaction_id, data.transaction_id);
    assert.deepEqual(resource.amount, data.amount);
    const { id, event_type } = JSON.parse(raw);
    assert.equal(event_type, 'TRANSACTION.SUCCESS');
    assert.match(id, /^EV-/);
    await assert.rejects(async () => client.told({ headers, raw: raw.replace('支付成功', '支付失败') }), /signature/);
  },

  // Parts of what was paid go back, never more than was paid; the same refund again is the same refund.
  async refund(client, number, total) {
    const wish = (out_refund_no, refund) => ({
      out_trade_no: number, out_refund_no, reason: '退货', amount: { refund, total: Number(total), currency: 'CNY' },
    });
    const { data } = await client.refund(wish(`${number}-R1`, 100));
    assert.ok(['SUCCESS', 'PROCESSING'].includes(data.status), data.status);
    assert.equal((await client.refund(wish(`${number}-R1`, 100))).data.refund_id, data.refund_id);
    const found = await client.queryRefund(`${number}-R1`);
    assert.equal(found.data.refund_id, data.refund_id);
    assert.equal(found.data.amount.refund, 100);
    await refused(client.refund(wish(`${number}-R2`, Number(total))), 400, 'INVALID_REQUEST');
    await refused(client.queryRefund(`${number}-R3`), 404, 'RESOURCE_NOT_EXISTS');
    assert.equal((await client.query(number)).data.trade_state, 'REFUND');
  },

  // The other kinds of orders: for the payer's app, for the one payer whom a payment has named, for a browser (this
  // house has no cashier page).
  async kinds(client, number, total, openid) {
    const app = await client.app(order(`${number}-APP`, Number(total)));
    assert.equal(app.status, 200);
    const { data } = await client.query(`${number}-APP`);
    assert.equal(data.trade_type, 'APP');
    const theirs = { ...order(number, Number(total)), payer: { openid } };
    const first = await client.jsapi(theirs);
    assert.match(first.data.prepay_id, /^hf[0-9a-z]{34}$/);
    assert.equal((await client.jsapi(theirs)).data.prepay_id, first.data.prepay_id);
    const others = { ...theirs, payer: { openid: `oH${'0'.repeat(26)}` } };
    await refused(client.jsapi(others), 400, 'INVALID_REQUEST');
    await client.jsapi({ ...others, out_trade_no: `${number}-OTHERS` });
    const scene = { payer_client_ip: '127.0.0.1', h5_info: { type: 'Wap' } };
    await refused(client.h5({ ...order(`${number}-H5`, Number(total)), scene_info: scene }), 403, 'NO_AUTH');
    say(`hufu://pay/${first.data.prepay_id}`);
  },

  async close(client, number) {
    await client.native(order(number, 5));
    const { status } = await client.close(number);
    assert.equal(status, 204);
    assert.equal((await client.query(number)).data.trade_state, 'CLOSED');
  },

  // Somebody who has the merchant's number and serial, but not its key.
  async stranger(client, number, name) {
    const { privateKey } = /sm2|sm-/.test(name) ? generateKeyPairSync('ec', { namedCurve: 'SM2' })
      : generateKeyPairSync('rsa', { modulusLength: 2048 });
    const pem = privateKey.export({ type: 'pkcs8', format: 'pem' });
    const asked = clients[name]({ ...house, privateKey: pem }).then((thief) => thief.native(order(number, 5)));
    const { detail } = await refused(asked, 401, 'SIGN_ERROR');
    assert.ok(detail.sign_information.sign_message_length > 0);
    await refused(client.query(number), 404, 'ORDER_NOT_EXIST');
  },

  // An answer that another key signed is no answer.
  async forged(client, number) {
    const { publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    const pem = publicKey.export({ type: 'spki', format: 'pem' });
    const serials = Object.keys(await axiosPlugin.certificates(house));
    const misled = await axiosPlugin.connect(house, Object.fromEntries(serials.map((serial) => [serial, pem])));
    await assert.rejects(misled.native(order(number, 5)), { code: 'EV3_RES_HEADER_SIGNATURE_DIGEST' });
    assert.equal((await client.query(number)).data.trade_state, 'NOTPAY');
  },

  // Another byte, another digest, another call, and the same request again: each is refused.
  async bent(client, number, type) {
    const { algorithms } = lianlian;
    const answered = async (sent, status, code) => {
      const { http, raw } = await sent;
      assert.equal(http, status, raw);
      assert.equal(JSON.parse(raw).biz_content.code, code);
    };
    const path = 'POST /v3/pay/transactions/native';
    const body = client.bodyOf(path, JSON.stringify(order(number, 5)));
    const signature = algorithms[type].sign(body, house);
    for (const other of [`${body} `, body.replace('"total', '"t0tal'), body.replace('native', 'app'),
      body.replace('"timestamp":"2', '"timestamp":"3')])
      await answered(client.send(other, signature), 401, 'SIGN_ERROR');
    if (type !== 'SM2') {
      const wrong = type === 'RSA' ? 'RSA2' : 'RSA';
      await answered(client.send(body, algorithms[wrong].sign(body, house)), 401, 'SIGN_ERROR');
      await answered(client.send(body, signature, wrong), 401, 'SIGN_ERROR');
    }
    const first = await client.send(body, signature);
    assert.equal(client.verified(first).status, 200);
    await answered(client.send(body, signature), 401, 'SIGN_ERROR');
    for (const raw of [first.raw.replace('code_url', 'code_uri'), first.raw.replace('200', '201')])
      assert.throws(() => client.verified({ ...first, raw }), /signature/);
    assert.throws(() => client.verified({ ...first, body: `${body} ` }), /another request/);
    const lacking = JSON.stringify({ ...JSON.parse(body), oid_partner: undefined });
    const { http, raw } = await client.send(lacking);
    assert.equal(http, 400);
    assert.equal(JSON.parse(raw).code, 'PARAM_ERROR');
  },

  async code(client, number, total, code, state) {
    const { data } = await client.codepay(scanned(number, Number(total), code));
    assert.equal(data.trade_state, state);
  },

  // Until the house has decided; the test's own limit ends it.
  async becomes(client, number, state) {
    for (;;) {
      const { data } = await client.query(number);
      if (data.trade_state === state) return;
      assert.equal(data.trade_state, 'USERPAYING');
      await pause(POLL_MS);
    }
  },
};

const [name, step, ...words] = process.argv.slice(2);
// A way of signing that the merchant was not given.
if (step === 'not-given') {
  await refused(clients[name](house), 403, 'NO_AUTH');
  process.exit(0);
}
await steps[step](await clients[name](house), ...words, name);
