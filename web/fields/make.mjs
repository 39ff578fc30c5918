/** Make the cashier page and the protected fields: web/fields/dist, which hufud serves under /cashier/
 * (`field_files`). One script a page, named by its content, with its digest in the page (SRI); hufud
 * names the same digests in its content policy. Prints what a merchant writes into his own page. */
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { build } from 'vite';

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const dist = here('dist');
const integrity = (bytes) => `sha256-${createHash('sha256').update(bytes).digest('base64')}`;

/** @returns where it lies and what its bytes must be */
function keep(name, ending, bytes) {
  const path = `assets/${name}-${createHash('sha256').update(bytes).digest('hex').slice(0, 16)}.${ending}`;
  writeFileSync(`${dist}/${path}`, bytes);
  return { path, integrity: integrity(bytes) };
}

async function script(name) {
  const made = await build({
    configFile: false,
    root: here('.'),
    logLevel: 'warn',
    build: {
      write: false,
      target: 'es2022',
      modulePreload: { polyfill: false },
      lib: { entry: here(`${name}.ts`), formats: ['iife'], name: 'HufuFields', fileName: name },
    },
  });
  const [{ output }] = Array.isArray(made) ? made : [made];
  return keep(name, 'js', output[0].code);
}

function page(from, to, files) {
  const text = readFileSync(here(from), 'utf8').replace(/%(\w+)%/g, (_, name) => {
    const { path, integrity: digest } = files[name];
    const what = path.endsWith('.css') ? `<link rel="stylesheet" href="${path}"` : `<script defer src="${path}"`;
    const end = path.endsWith('.css') ? '>' : '></script>';
    return `${what} integrity="${digest}" crossorigin="anonymous"${end}`;
  });
  writeFileSync(`${dist}/${to}`, text);
}

rmSync(dist, { recursive: true, force: true });
mkdirSync(`${dist}/assets`, { recursive: true });
const files = {
  style: keep('fields', 'css', readFileSync(here('fields.css'))),
  field: await script('field'),
  cashier: await script('cashier'),
  embed: await script('hufu_fields'),
};
page('cashier.html', 'index.html', files);
page('field.html', 'field.html', files);
writeFileSync(`${dist}/platform.pem`, '');
const line = `<script src="https://PAY.EXAMPLE/cashier/${files.embed.path}" integrity="${files.embed.integrity}" crossorigin="anonymous"></script>`;
writeFileSync(`${dist}/embed.txt`, `${line}\n`);
console.log(`fields: ${line}`);
