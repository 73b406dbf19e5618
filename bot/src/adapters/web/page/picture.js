// One board: an empty paper, then a preview that gets clearer with every step, then the picture.

const template = document.getElementById('picture-template');

// Small pictures are shown larger than they are; nobody looks at 128 pixels.
const PLEASANT = 384;
const LARGEST = 640;
const BLUR_FIRST = 14;
const BLUR_LAST = 2;

function shownWidth(width, height, columns) {
  const longest = Math.max(width, height);
  const wanted = columns > 2 ? PLEASANT - 90 : columns > 1 ? PLEASANT - 40 : Math.min(Math.max(longest, PLEASANT), LARGEST);
  return Math.round((width / longest) * wanted);
}

export class Picture {
  constructor() {
    this.element = template.content.firstElementChild.cloneNode(true);
    this.paper = this.element.querySelector('.paper');
    this.preview = this.element.querySelector('.preview');
    this.result = this.element.querySelector('.result');
    this.note = this.element.querySelector('figcaption');
  }

  setSize(width, height, columns) {
    this.element.style.setProperty('--width', `${shownWidth(width, height, columns)}px`);
    this.element.style.setProperty('--ratio', `${width} / ${height}`);
  }

  showPreview(source, progress) {
    if (this.result.classList.contains('shown')) return;
    this.preview.src = source;
    // Under the blurred preview lies a sharp one, so that the blur does not let the paper through at the edges.
    this.paper.style.backgroundImage = `url("${source}")`;
    this.preview.hidden = false;
    const blur = BLUR_FIRST + (BLUR_LAST - BLUR_FIRST) * progress;
    this.preview.style.setProperty('--blur', `${blur.toFixed(1)}px`);
  }

  async showResult(image, alt, isOneOfMany) {
    if (this.result.dataset.source === image.url) return;
    this.result.dataset.source = image.url;
    this.result.alt = alt;
    this.result.width = image.width;
    this.result.height = image.height;
    this.result.hidden = false;
    this.note.hidden = !isOneOfMany;
    this.note.querySelector('span').textContent = String(image.seed);
    const link = this.note.querySelector('a');
    link.href = `${image.url}?download`;
    link.download = image.file_name;
    if (this.preview.hidden) {
      this.result.loading = 'lazy';
      this.result.src = image.url;
      this.result.classList.add('shown');
      return;
    }
    this.result.src = image.url;
    await this.result.decode().catch(() => undefined); // A broken file shows its alternative text.
    this.result.classList.add('developing', 'shown');
    setTimeout(() => {
      this.preview.hidden = true;
      this.paper.style.backgroundImage = '';
    }, 900);
  }
}
