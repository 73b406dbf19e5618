// One board: an empty paper, then a preview that gets clearer with every step, then the picture.

const template = document.getElementById('picture-template');

// Small pictures are shown larger than they are; nobody looks at 128 pixels.
const PLEASANT = 384;
const LARGEST = 640;
const BLUR_FIRST = 14;
const BLUR_LAST = 2;

function shownWidth({ width, height, kind }, columns) {
  if (kind === 'strip') return LARGEST;
  const longest = Math.max(width, height);
  const wanted = columns > 2 ? PLEASANT - 90 : columns > 1 ? PLEASANT - 40 : Math.min(Math.max(longest, PLEASANT), LARGEST);
  return Math.round((width / longest) * wanted);
}

export class Picture {
  constructor(labels) {
    this.labels = labels;
    this.element = template.content.firstElementChild.cloneNode(true);
    this.paper = this.element.querySelector('.paper');
    this.preview = this.element.querySelector('.preview');
    this.result = this.element.querySelector('.result');
    this.note = this.element.querySelector('figcaption');
    this.cover = this.element.querySelector('.cover');
    this.cover.addEventListener('click', () => this.setCovered(!this.isCovered));
  }

  get isCovered() {
    return this.paper.classList.contains('covered');
  }

  // Whoever uncovered a picture can cover it again, and the focus stays where it is.
  setCovered(isCovered) {
    this.paper.classList.toggle('covered', isCovered);
    this.cover.textContent = this.labels[isCovered ? 'web-uncover' : 'web-cover'];
    this.cover.setAttribute('aria-expanded', String(!isCovered));
    this.result.ariaHidden = String(isCovered);
  }

  setSize(image, columns) {
    this.element.classList.toggle('wide', image.kind === 'strip');
    this.element.style.setProperty('--width', `${shownWidth(image, columns)}px`);
    this.element.style.setProperty('--ratio', `${image.width} / ${image.height}`);
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

  showButtons(elements) {
    for (const element of elements) element.title = element.textContent; // Only the sign is seen.
    this.note.querySelector('.of-image').replaceChildren(...elements);
  }

  showGone() {
    this.paper.classList.add('gone');
    this.paper.querySelector('.gone-text').hidden = false;
    this.note.hidden = true;
  }

  async showResult(image, alt, isOneOfMany) {
    if (image.url === null) return this.showGone();
    if (this.result.dataset.source === image.url) return undefined;
    this.result.dataset.source = image.url;
    this.result.alt = image.kind === 'picture' ? alt : this.labels['web-making-of'];
    this.result.width = image.width;
    this.result.height = image.height;
    this.result.hidden = false;
    if (image.is_spoiler) {
      this.cover.hidden = false;
      this.setCovered(true);
    }
    this.note.hidden = !isOneOfMany;
    this.note.querySelector('.note').textContent = image.kind === 'picture' ? image.seed : this.labels['web-making-of'];
    const link = this.note.querySelector('a');
    link.href = `${image.url}?download`;
    link.download = image.file_name;
    if (this.preview.hidden) {
      this.result.loading = 'lazy';
      this.result.src = image.url;
      this.result.classList.add('shown');
      return undefined;
    }
    this.result.src = image.url;
    await this.result.decode().catch(() => undefined); // A broken file shows its alternative text.
    this.result.classList.add('developing', 'shown');
    setTimeout(() => {
      this.preview.hidden = true;
      this.paper.style.backgroundImage = '';
    }, 900);
    return undefined;
  }
}
