// Where the house is and who the merchant is: told by the environment (tests/flow_interop.c).
import { readFileSync } from 'node:fs';

const told = (name) => {
  const value = process.env[name];
  if (!value) throw new Error(`${name} is not set`);
  return value;
};

export const house = {
  url: told('HUFU_URL'),
  mchid: told('HUFU_MCHID'),
  serial: told('HUFU_SERIAL'),
  keyFile: told('HUFU_KEY'),
  privateKey: readFileSync(told('HUFU_KEY'), 'utf8'),
  apiv3: readFileSync(told('HUFU_APIV3'), 'utf8'),
  notifyUrl: told('HUFU_NOTIFY'), // how the addresses begin that this merchant is told at
  folder: told('HUFU_FOLDER'), // for what a client writes
};
