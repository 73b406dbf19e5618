// Lists what keeps people from using the page: controls without a name, pictures without a text, letters that are too
// pale (WCAG 2.2 AA), fields without a label, ids that are there twice.

const problems = [];
const isVisible = (element) => element.checkVisibility({ opacityProperty: true, visibilityProperty: true });
const name = (element) =>
  element.getAttribute('aria-label') ||
  (element.getAttribute('aria-labelledby') ?? '').split(' ').map((id) => document.getElementById(id)?.textContent ?? '').join('') ||
  [...(element.labels ?? [])].map((label) => label.textContent).join('') ||
  element.textContent ||
  [...element.querySelectorAll('img')].map((image) => image.alt).join('');
const describe = (element) => `${element.tagName.toLowerCase()}${element.id ? `#${element.id}` : ''}.${element.className}`;

for (const element of document.querySelectorAll('a, button, input, select, textarea, dialog[open], nav, [role=group], [role=img]')) {
  if (isVisible(element) && name(element).trim() === '') problems.push(`no name: ${describe(element)}`);
}
for (const image of document.querySelectorAll('img')) {
  if (!image.hasAttribute('alt')) problems.push(`no alternative text: ${describe(image)}`);
}
const ids = [...document.querySelectorAll('[id]')].map(({ id }) => id);
for (const id of ids.filter((each, index) => ids.indexOf(each) !== index)) problems.push(`twice: #${id}`);

const canvas = document.createElement('canvas').getContext('2d', { willReadFrequently: true });
function rgba(color) {
  canvas.clearRect(0, 0, 1, 1);
  canvas.fillStyle = color;
  canvas.fillRect(0, 0, 1, 1);
  return [...canvas.getImageData(0, 0, 1, 1).data];
}
function luminance([red, green, blue]) {
  const linear = [red, green, blue].map((value) => (value / 255 <= 0.04045 ? value / 255 / 12.92 : ((value / 255 + 0.055) / 1.055) ** 2.4));
  return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2];
}
function background(element) {
  for (let each = element; each; each = each.parentElement) {
    const color = rgba(getComputedStyle(each).backgroundColor);
    if (color[3] === 255) return color;
  }
  return [255, 255, 255];
}
function contrast(one, other) {
  const [light, dark] = [luminance(one), luminance(other)].sort((a, b) => b - a);
  return (light + 0.05) / (dark + 0.05);
}

const open = document.querySelector('dialog[open]') ?? document.body;
const walker = document.createTreeWalker(open, NodeFilter.SHOW_TEXT);
for (let text = walker.nextNode(); text; text = walker.nextNode()) {
  const element = text.parentElement;
  if (text.textContent.trim() === '' || !isVisible(element) || element.closest('script, style, template, :disabled')) continue;
  const style = getComputedStyle(element);
  const size = parseFloat(style.fontSize);
  const isLarge = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700);
  const color = element instanceof SVGElement ? style.fill : style.color;
  const ratio = contrast(rgba(color), background(element));
  if (ratio < (isLarge ? 3 : 4.5)) problems.push(`contrast ${ratio.toFixed(2)}: ${describe(element)} "${text.textContent.trim().slice(0, 20)}"`);
}
for (const field of open.querySelectorAll('input:not([type=checkbox]), select, textarea')) {
  const style = getComputedStyle(field);
  if (!isVisible(field) || parseFloat(style.borderTopWidth) === 0) continue;
  const ratio = contrast(rgba(style.borderTopColor), background(field.parentElement));
  if (ratio < 3) problems.push(`border ${ratio.toFixed(2)}: ${describe(field)}`);
}
return problems;
