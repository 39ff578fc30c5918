/** How wide a scroll bar is: in place of a measure of Ant Design's that writes a style into the page
 * (vite.config.ts puts it there). */
export interface Size {
  width: number;
  height: number;
}

export function getTargetScrollBarSize(target: HTMLElement): Size {
  const measure = document.createElement('div');
  const { scrollbarColor, scrollbarWidth } = getComputedStyle(target);
  Object.assign(measure.style, { position: 'absolute', top: '0', left: '0', width: '100px',
    height: '100px', overflow: 'scroll', scrollbarColor, scrollbarWidth });
  document.body.append(measure);
  const width = measure.offsetWidth - measure.clientWidth;
  const height = measure.offsetHeight - measure.clientHeight;
  measure.remove();
  return { width, height };
}

export default function getScrollBarSize(): number {
  return getTargetScrollBarSize(document.body).width;
}
