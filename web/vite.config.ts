import { fileURLToPath } from 'node:url';
import { createElement } from 'react';
import { extractStyle } from '@ant-design/static-style-extract';
import react from '@vitejs/plugin-react';
import { ConfigProvider } from 'antd';
import { defineConfig, type Plugin } from 'vite';
import { COMPONENTS, theme } from './src/theme.ts';

/** Ant Design's styles as a file, so that the page needs no style of its own making (CSP). */
function antdStyles(): Plugin {
  const measure = fileURLToPath(new URL('src/scroll_bar_size.ts', import.meta.url));
  const id = '\0antd.css';
  const atBuild = { ...theme, zeroRuntime: false };
  const customTheme = (node: React.JSX.Element) =>
    createElement(ConfigProvider, { theme: atBuild }, node);
  return {
    name: 'antd-styles',
    enforce: 'pre',
    resolveId: (source) => {
      if (/\/getScrollBarSize$/.test(source)) return measure;
      return source === 'virtual:antd.css' ? id : null;
    },
    load: (asked) => (asked === id ? extractStyle({ includes: COMPONENTS, customTheme }) : null),
  };
}

export default defineConfig({
  plugins: [react(), antdStyles()],
  build: {
    target: 'es2022',
    modulePreload: { polyfill: false },
    assetsInlineLimit: 0,
    chunkSizeWarningLimit: 2048, /* kB: what hufud takes (api/console_files.h) */
  },
});
