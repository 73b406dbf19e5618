// Drawn with the same brush: lines of one width on a field of 16 × 16.

const SVG = 'http://www.w3.org/2000/svg';
const PATHS = {
  again: 'M13 8a5 5 0 1 1-1.6-3.7M13 2v3h-3',
  cancel: 'm4 4 8 8M12 4l-8 8',
  copy: 'M6 5.5h7v8H6zM10 3H3v8',
  delete: 'M3 4.5h10M6.5 4.5v-2h3v2M4.5 4.5l.6 9h5.8l.6-9',
  download: 'M8 2.5v8M4.5 7.5 8 11l3.5-3.5M3 13.5h10',
  edit: 'm3 13 .7-3L10.8 3 13 5.2 6 12.3 3 13Zm6.3-8.6 2.2 2.2',
  forgetme: 'M3 4.5h10M6.5 4.5v-2h3v2M4.5 4.5l.6 9h5.8l.6-9',
  history: 'M8 3v10M3.5 8.5 8 13l4.5-4.5',
  show: 'M1.5 8S4 3.5 8 3.5 14.5 8 14.5 8 12 12.5 8 12.5 1.5 8 1.5 8ZM8 6a2 2 0 1 0 0 4 2 2 0 0 0 0-4Z',
  upscale: 'M9.5 2.5h4v4M13.5 2.5 9 7M6.5 13.5h-4v-4M2.5 13.5 7 9',
  vary: 'M8 1.5 9.6 6.4 14.5 8 9.6 9.6 8 14.5 6.4 9.6 1.5 8 6.4 6.4Z',
};

// The icon with this name, or null when there is none.
export function icon(name) {
  if (!(name in PATHS)) return null;
  const svg = document.createElementNS(SVG, 'svg');
  svg.setAttribute('viewBox', '0 0 16 16');
  svg.setAttribute('aria-hidden', 'true');
  const path = document.createElementNS(SVG, 'path');
  path.setAttribute('d', PATHS[name]);
  svg.append(path);
  return svg;
}
