/** Texts of the field and the cashier page, Chinese and English. */
import type { FieldKind, Language } from './protocol.ts';

type Words = Record<Language, string>;

export const LABELS: Record<FieldKind, Words> = {
  pin: { zh: '支付密码，6 位数字', en: 'Payment password, 6 digits' },
  card: { zh: '银行卡号', en: 'Card number' },
  code: { zh: '验证码', en: 'One-time code' },
  identity: { zh: '证件号码', en: 'Identity number' },
  name: { zh: '姓名', en: 'Name' },
  phone: { zh: '手机号码', en: 'Phone number' },
};

export const WORDS = {
  title: { zh: '收银台', en: 'Cashier' },
  amount: { zh: '应付金额', en: 'Amount to pay' },
  payee: { zh: '收款商户', en: 'Payee (merchant)' },
  description: { zh: '商品', en: 'For' },
  order: { zh: '商户订单号', en: "Merchant's order" },
  payer: { zh: '付款账号', en: 'Your account' },
  pay: { zh: '确认付款', en: 'Pay' },
  paying: { zh: '正在付款…', en: 'Paying…' },
  paid: { zh: '付款成功', en: 'Paid' },
  paidNext: { zh: '可以关闭本页，返回商户。', en: 'You may close this page and go back to the merchant.' },
  waiting: { zh: '付款正在处理', en: 'The payment is on its way' },
  waitingNext: { zh: '请勿重复付款，稍后在商户处查看结果。',
    en: 'Do not pay again; look at the result at the merchant in a while.' },
  over: { zh: '该订单不能付款', en: 'This order cannot be paid' },
  overNext: { zh: '请返回商户重新下单。', en: 'Go back to the merchant and order again.' },
  pad: { zh: '随机键盘', en: 'Shuffled keypad' },
  padHelp: { zh: '键盘上的数字每次不同。使用读屏软件时，请直接在输入框中用键盘输入。',
    en: 'Its digits lie elsewhere each time. With a screen reader, type into the box instead.' },
  back: { zh: '退格', en: 'Delete' },
  entered: { zh: '已输入', en: 'entered' },
  unsafe: { zh: '无法建立加密输入，请稍后再试。', en: 'Protected input cannot be set up; try again later.' },
  key: { zh: '加密密钥不可信，已停止输入。', en: 'The encryption key is not to be trusted; input is stopped.' },
  safe: { zh: '密码逐位加密，本页与商户都无法看到。',
    en: 'Each digit is encrypted as you enter it; neither this page nor the merchant can see it.' },
  safeAll: { zh: '输入内容逐位加密，本页与商户都无法看到。',
    en: 'Each character is encrypted as you enter it; neither this page nor the merchant can see it.' },
  bindCard: { zh: '绑定银行卡', en: 'Bind a bank card' },
  payerFirst: { zh: '请先填写付款账号。', en: 'Enter your account first.' },
  ownCard: { zh: '只能绑定本人的银行卡，信息由发卡银行核验。', en: 'A card of your own; your bank verifies what you enter.' },
  nextStep: { zh: '下一步', en: 'Next' },
  asking: { zh: '正在核验…', en: 'Asking your bank…' },
  codeSent: { zh: '请输入银行发送到预留手机的验证码。', en: 'Enter the code that your bank sent to your phone.' },
  confirmCode: { zh: '确认绑定', en: 'Confirm' },
  cardBound: { zh: '银行卡已绑定', en: 'Card bound' },
  backToOrder: { zh: '返回付款', en: 'Back to payment' },
  device: { zh: '该账号已绑定设备，请在手机应用中付款。',
    en: 'This account is bound to a device: pay in its app.' },
} satisfies Record<string, Words>;
