// Orders for one person, with the encryption of clients that we did not write:
//
//   node identity.mjs wechatpay-axios-plugin|sm-crypto STEP ARGUMENT...
//
// The number and the name come in HUFU_IDENTITY ("number name"), as a merchant's own records would have them.
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';

import * as axiosPlugin from './axios_plugin.mjs';
import { house } from './house.mjs';
import * as sm2 from './sm2.mjs';

const require = createRequire(import.meta.url);
const { Rsa } = require('wechatpay-axios-plugin');
const { sm2: cipher } = require('sm-crypto');

// GM/T 0009: SEQUENCE { INTEGER x, INTEGER y, OCTET STRING hash, OCTET STRING cipher }; sm-crypto has the bare parts.
const der = (tag, bytes) => Buffer.concat([Buffer.from([tag]), bytes.length < 128 ? Buffer.from([bytes.length])
  : Buffer.from([0x81, bytes.length]), bytes]);
const integer = (bytes) => {
  let from = 0;
  while (from < bytes.length - 1 && bytes[from] === 0) from += 1;
  const plain = bytes.subarray(from);
  return der(2, plain[0] < 128 ? plain : Buffer.concat([Buffer.from([0]), plain]));
};
const parts = (bytes) => {
  const found = [];
  for (let at = bytes[1] < 128 ? 2 : 3; at < bytes.length;) {
    const size = bytes[at + 1];
    found.push(bytes.subarray(at + 2, at + 2 + size));
    at += 2 + size;
  }
  return found;
};
const fixed = (bytes) => Buffer.concat([Buffer.alloc(32), bytes]).subarray(-32);

const ways = {
  'wechatpay-axios-plugin': async () => {
    const certificates = await axiosPlugin.certificates(house);
    const [serial] = Object.keys(certificates);
    return {
      client: await axiosPlugin.connect(house, certificates),
      serial,
      encrypt: (text) => Rsa.encrypt(text, certificates[serial]),
      decrypt: (text) => Rsa.decrypt(text, house.privateKey),
    };
  },
  'sm-crypto': async () => {
    const client = await sm2.connect(house, 'sm-crypto');
    const [[serial, point]] = Object.entries(client.points);
    return {
      client,
      serial,
      encrypt: (text) => {
        const raw = Buffer.from(cipher.doEncrypt(text, point, 1), 'hex'); // C1C3C2
        return der(0x30, Buffer.concat([integer(raw.subarray(0, 32)), integer(raw.subarray(32, 64)),
          der(4, raw.subarray(64, 96)), der(4, raw.subarray(96))])).toString('base64');
      },
      decrypt: (text) => {
        const [x, y, hash, rest] = parts(Buffer.from(text, 'base64'));
        return cipher.doDecrypt(Buffer.concat([fixed(x), fixed(y), hash, rest]).toString('hex'),
          sm2.privateHexOf(house.privateKey), 1);
      },
    };
  },
};

const [name, step, number, ...words] = process.argv.slice(2);
const { client, serial, encrypt, decrypt } = await ways[name]();
const [identityNumber, identityName] = process.env.HUFU_IDENTITY.split(' ');
const headers = { 'Wechatpay-Serial': serial };
const masked = [...identityName][0] + '*'.repeat([...identityName].length - 1);
const say = (text) => writeFileSync(join(house.folder, 'said'), text);

const sealed = (idNumber = identityNumber, called = identityName) => (
  { identity: { type: 'IDCARD', number: encrypt(idNumber), name: encrypt(called) } });
const order = (payer) => ({
  appid: 'wxhufuinterop', mchid: house.mchid, description: '实名订单', out_trade_no: number,
  notify_url: `${house.notifyUrl}/${number}`, amount: { total: 1250, currency: 'CNY' }, payer,
});
async function refused(call, status, code) {
  const said = await call.then((done) => assert.fail(`accepted: ${JSON.stringify(done.data)}`), (error) => error);
  assert.equal(said.response?.status, status, said.stack);
  assert.equal(said.response.data.code, code);
}

const steps = {
  // Each ciphertext is another one, and the order is the same; another person's is another order.
  async order() {
    const first = await client.native(order(sealed()), headers);
    const again = await client.native(order(sealed()), headers);
    assert.equal(again.data.code_url, first.data.code_url);
    await refused(client.native(order(sealed('440524188001010014')), headers), 400, 'INVALID_REQUEST');
    await refused(client.native(order(sealed(identityNumber, '李四')), headers), 400, 'INVALID_REQUEST');
    await refused(client.native(order(undefined), headers), 400, 'INVALID_REQUEST');
    const { data } = await client.query(number);
    assert.equal(data.trade_state, 'NOTPAY');
    assert.equal(data.payer, undefined);
    say(first.data.code_url);
  },

  // Without its key, with another's, with what does not open or is no identity.
  async wrong() {
    const bad = (payer, more = headers) => refused(client.native(order(payer), more), 400, 'PARAM_ERROR');
    await bad(sealed(), {});
    await bad(sealed(), { 'Wechatpay-Serial': house.serial });
    const { identity } = sealed();
    const cut = Buffer.from(identity.name, 'base64').subarray(0, -1).toString('base64');
    const bent = Buffer.from(identity.number, 'base64');
    bent[40] ^= 1;
    await bad({ identity: { ...identity, name: cut } });
    await bad({ identity: { ...identity, number: bent.toString('base64') } });
    await bad({ identity: { ...identity, number: 'MDAw'.repeat(170) } });
    await bad({ identity: { ...identity, name: 'MDAw'.repeat(400) } });
    await bad({ identity: { ...identity, type: 'PASSPORT' } });
    await bad({ identity: { ...identity, name: undefined } });
    await bad(sealed('11010519491231002'));
    await bad(sealed('110105194912310021'));
    await bad(sealed(identityNumber, '12345'));
    await refused(client.query(number), 404, 'ORDER_NOT_EXIST');
  },

  // What the merchant said comes back, masked and to his own key; nothing else does.
  async paid() {
    const { data } = await client.query(number);
    assert.equal(data.trade_state, 'SUCCESS');
    const { matched, name: shown, serial_no, ...more } = data.payer.identity;
    assert.equal(matched, true);
    assert.equal(serial_no, house.serial);
    assert.deepEqual(more, {});
    assert.equal(decrypt(shown), masked);
  },

  async charge() {
    const [code, state] = words;
    const { notify_url, ...rest } = order({ auth_code: code, ...sealed() });
    const call = client.codepay({ ...rest, scene_info: { store_info: { id: 'store-1' } } }, headers);
    if (state !== 'SUCCESS') {
      await refused(call, 403, 'NO_AUTH');
      return;
    }
    const { data } = await call;
    assert.equal(data.trade_state, 'SUCCESS');
    assert.equal(decrypt(data.payer.identity.name), masked);
  },
};
await steps[step]();
