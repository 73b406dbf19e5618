// One exchange: what the person typed, and under it everything the bot has said about it so far.

import { buttonElement } from '/assets/buttons.js';
import { InlineForm } from '/assets/form.js';
import { Picture } from '/assets/picture.js';

const template = document.getElementById('message-template');
const ACTIVE = ['pending', 'queued', 'running'];
const LONG_COMMAND = 600;
// The page has the recipe already and copies it by itself.
const OWN_ACTIONS = ['recipe'];

export class Message {
  constructor(view, labels, actions) {
    this.labels = labels;
    this.actions = actions;
    this.pictures = [];
    this.shownButtons = '';
    this.element = template.content.firstElementChild.cloneNode(true);
    this.part = (name) => this.element.querySelector(`.${name}`);
    this.part('copy').addEventListener('click', () => this.copyRecipe());
    this.part('retry').addEventListener('click', () => actions.onRetry(this));
    this.showCommand(view.text);
    this.update(view);
  }

  get isActive() {
    return ACTIVE.includes(this.view.state);
  }

  update(view) {
    if (this.view && this.view.state !== view.state) this.showAside(''); // It was about what is over now.
    this.view = view;
    this.element.dataset.state = view.state;
    this.element.dataset.id = view.id;
    if (view.job !== null) this.element.dataset.job = view.job;
    this.element.setAttribute('aria-busy', String(this.isActive));
    this.part('reply').textContent = view.reply;
    this.part('retry').hidden = view.state !== 'unsent';
    this.showProgress(view);
    this.showPictures(view);
    this.showCaption(view);
    this.showButtons(view);
    if (view.form && !this.form) this.showForm(view.form);
  }

  showCommand(text) {
    const name = /^\/\S+/.exec(text)?.[0] ?? '';
    this.part('command-name').textContent = name;
    this.part('command-text').textContent = text.slice(name.length);
    this.part('command').classList.toggle('long', text.length > LONG_COMMAND);
  }

  showProgress({ state, step, num_inference_steps: steps }) {
    const bar = this.part('progress');
    bar.hidden = !(state === 'running' || (state === 'queued' && steps > 0));
    bar.setAttribute('aria-valuemax', String(steps));
    bar.setAttribute('aria-valuenow', String(step));
    bar.style.setProperty('--done', String(steps > 0 ? step / steps : 0));
  }

  showPictures({ state, images, size, preview, step, num_inference_steps: steps, recipe, text }) {
    const waits = this.isActive && size !== null;
    const count = waits ? Math.max(size.count, images.length) : images.length;
    while (this.pictures.length > count) this.pictures.pop().element.remove();
    while (this.pictures.length < count) {
      const picture = new Picture(this.labels);
      this.pictures.push(picture);
      this.part('pictures').append(picture.element);
    }
    this.part('work').classList.toggle('many', count > 1);
    this.pictures.forEach((picture, index) => {
      const image = images[index] ?? size;
      picture.setSize(image, count);
      if (images[index]) picture.showResult(images[index], recipe?.prompt ?? text, count > 1);
    });
    if (state === 'running' && preview && this.pictures[preview.index]) {
      this.pictures[preview.index].showPreview(preview.source, steps > 0 ? step / steps : 0);
    }
  }

  showCaption({ recipe, images }) {
    this.part('caption').hidden = !recipe || images.length === 0;
    if (this.part('caption').hidden) return;
    this.part('caption-prompt').textContent = recipe.prompt;
    const facts = [
      ['web-recipe-negative', recipe.negative_prompt, 'long'],
      ['web-recipe-seed', recipe.seed, 'long'],
      ['web-recipe-steps', recipe.num_inference_steps],
      ['web-recipe-guidance', recipe.guidance_scale],
      ['web-recipe-size', `${recipe.width} × ${recipe.height}`],
      ['web-recipe-scheduler', recipe.scheduler],
      ['web-recipe-model', recipe.model],
    ];
    this.part('recipe').replaceChildren(
      ...facts.filter(([, value]) => value !== '').flatMap(([label, value, length]) => [
        Object.assign(document.createElement('dt'), { textContent: this.labels[label] }),
        Object.assign(document.createElement('dd'), { textContent: value, className: length ?? '' }),
      ]),
    );
    const download = this.part('caption').querySelector('.download');
    download.hidden = images.length !== 1 || images[0].url === null;
    if (download.hidden) return;
    download.href = `${images[0].url}?download`;
    download.download = images[0].file_name;
  }

  // Buttons about one of several pictures stand below it, the others beside the recipe, or alone.
  showButtons({ buttons, recipe }) {
    const all = buttons.flat().filter(({ action }) => !(recipe && OWN_ACTIONS.includes(action)));
    const wanted = JSON.stringify(all);
    if (wanted === this.shownButtons) return; // Progress must not take the focus from a button.
    this.shownButtons = wanted;
    const element = (button) => buttonElement(button, this.labels, (pressed) => this.actions.onPress(this, pressed));
    const isOfMany = ({ image }) => image !== null && this.pictures.length > 1 && this.pictures[image];
    const own = all.filter((button) => !isOfMany(button)).map(element);
    const isAlone = this.part('caption').hidden;
    this.part('offered').replaceChildren(...(isAlone ? [] : own));
    this.part('alone').replaceChildren(...(isAlone ? own : []));
    this.part('alone').hidden = !isAlone || own.length === 0;
    this.pictures.forEach((picture, index) => picture.showButtons(all.filter((button) => isOfMany(button) && button.image === index).map(element)));
  }

  // What the service says to a button: a sentence that stays until the next one.
  showAside(text) {
    this.part('aside').textContent = text;
  }

  showForm(form) {
    this.form?.close();
    const opener = document.activeElement;
    this.form = new InlineForm(form, {
      onSend: (given) => this.actions.onForm(given),
      onClose: () => {
        this.form = null;
        if (document.activeElement === document.body && this.element.contains(opener)) opener.focus();
      },
    });
    this.part('aside').after(this.form.element);
    this.form.show();
  }

  async copyRecipe() {
    const label = this.part('copy').querySelector('span');
    await copy(this.view.recipe.parameters);
    label.textContent = this.labels['web-copied'];
    this.actions.onAnnounce(this.labels['web-copied']);
    setTimeout(() => (label.textContent = this.labels['web-copy-recipe']), 2000);
  }
}

async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    // The clipboard needs https or loopback; elsewhere a selection is copied the old way.
    const area = Object.assign(document.createElement('textarea'), { value: text });
    document.body.append(area);
    area.select();
    document.execCommand('copy');
    area.remove();
  }
}
