/** Which looks a page may give a field: none that hides it, moves it or asks another server. */
const PROPERTIES = ['background-color', 'color', 'font-family', 'font-size', 'font-weight',
  'letter-spacing', 'text-align'];
const VALUE = /^[\w #.,%-]{1,64}$/;

export function allowedStyle(style: Record<string, string>): [string, string][] {
  return Object.entries(style).filter(([name, value]) =>
    PROPERTIES.includes(name) && typeof value === 'string' && VALUE.test(value));
}
