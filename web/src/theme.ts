import type { ThemeConfig } from 'antd';

/** zeroRuntime: every style is in the file that the build made (vite.config.ts). */
export const theme: ThemeConfig = {
  zeroRuntime: true,
  hashed: false,
  cssVar: { key: 'hufu' },
  token: { colorPrimary: '#8c5a1e', colorLink: '#8c5a1e', borderRadius: 6, colorBgLayout: '#f6f4ef' },
};

/** What the page is made of: the styles of these are built in, and of no others. */
export const COMPONENTS = [
  'Alert', 'App', 'Button', 'Card', 'Collapse', 'Descriptions', 'Divider', 'Empty', 'Flex', 'Form',
  'Input', 'Layout', 'Modal', 'Popconfirm', 'Popover', 'QRCode', 'Segmented',
  'Space', 'Spin', 'Steps', 'Table', 'Tabs', 'Tag', 'Tooltip', 'Typography', 'Pagination',
  'Dropdown', 'Checkbox', 'Radio', 'Select', 'message', 'notification',
];
