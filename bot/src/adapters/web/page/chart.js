// Bars by day, drawn as SVG with the colours of the page. The numbers themselves are in the table below.

const SVG = 'http://www.w3.org/2000/svg';
const WIDTH = 640;
const HEIGHT = 190;
const LEFT = 44;
const BOTTOM = 24;
const TOP = 10;

function node(name, attributes, text = '') {
  const element = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  element.textContent = text;
  return element;
}

// A round number not below `value`: 1, 2 or 5 times a power of ten.
function roundUp(value) {
  const power = 10 ** Math.floor(Math.log10(Math.max(value, 1)));
  return [1, 2, 5, 10].map((factor) => factor * power).find((round) => round >= value) ?? 10 * power;
}

// `days` are { day, value, part }: `part` of the value is drawn in the warning colour, and `partTitle` says what it is.
export function chart({ title, partTitle, days, dateText, numberText }) {
  const most = roundUp(Math.max(...days.map(({ value }) => value), 1));
  const plot = { width: WIDTH - LEFT - 6, height: HEIGHT - TOP - BOTTOM };
  const svg = node('svg', { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: 'img', 'aria-label': title, class: 'chart' });
  const y = (value) => TOP + plot.height * (1 - value / most);
  for (const value of [0, most / 2, most]) {
    svg.append(node('line', { x1: LEFT, x2: WIDTH - 6, y1: y(value), y2: y(value), class: value === 0 ? 'axis' : 'grid' }));
    if (value === 0 || Number.isInteger(value) || most > 5) {
      svg.append(node('text', { x: LEFT - 8, y: y(value) + 4, 'text-anchor': 'end' }, numberText(value)));
    }
  }
  const room = plot.width / days.length;
  const bar = Math.min(Math.max(room * 0.7, 1), 26);
  const everyth = Math.ceil(days.length / 6);
  days.forEach(({ day, value, part = 0 }, index) => {
    const x = LEFT + room * index + (room - bar) / 2;
    const column = node('g', { class: 'column' });
    column.append(node('title', {}, `${dateText(day)}: ${numberText(value)}`));
    // The whole height answers to the pointer.
    column.append(node('rect', { x: LEFT + room * index, y: TOP, width: room, height: plot.height, class: 'field' }));
    column.append(node('rect', { x, y: y(value), width: bar, height: Math.max(plot.height * (value / most), 0), class: 'bar-value', rx: Math.min(bar / 4, 3) }));
    if (part > 0) column.append(node('rect', { x, y: y(part), width: bar, height: plot.height * (part / most), class: 'bar-part' }));
    svg.append(column);
    if (index % everyth === 0) svg.append(node('text', { x: x + bar / 2, y: HEIGHT - 6, 'text-anchor': 'middle' }, dateText(day)));
  });
  const figure = document.createElement('figure');
  const caption = Object.assign(document.createElement('figcaption'), { textContent: title });
  if (partTitle !== '') caption.append(Object.assign(document.createElement('span'), { className: 'part', textContent: partTitle }));
  figure.append(caption, svg);
  return figure;
}
