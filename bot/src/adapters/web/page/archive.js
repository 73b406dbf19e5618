// The history: what was drawn before, found by a word of its prompt.

import { fetchHistory } from '/assets/api.js';
import { connectDialog } from '/assets/dialogs.js';

const TYPING_MS = 250;
const template = document.getElementById('found-template');

export class Archive {
  constructor({ dialog, opener, labels, onShow, onProblem }) {
    Object.assign(this, { dialog, labels, onShow, onProblem });
    this.field = dialog.querySelector('input');
    this.list = dialog.querySelector('.found-list');
    this.none = dialog.querySelector('.none');
    this.more = dialog.querySelector('.more');
    this.turn = 0;
    const { lang } = document.documentElement;
    this.dates = new Intl.DateTimeFormat(lang, { dateStyle: 'medium', timeStyle: 'short' });
    connectDialog(dialog, opener, () => this.search());
    dialog.querySelector('form').addEventListener('submit', (event) => {
      event.preventDefault();
      this.search();
    });
    this.field.addEventListener('input', () => {
      clearTimeout(this.timer);
      this.timer = setTimeout(() => this.search(), TYPING_MS);
    });
    this.more.addEventListener('click', () => this.load(this.earlier));
  }

  search() {
    clearTimeout(this.timer);
    return this.load(null);
  }

  async load(before) {
    this.turn += 1;
    const { turn } = this;
    try {
      const page = await fetchHistory({ before, find: this.field.value.trim() });
      if (turn !== this.turn) return; // Somebody has typed on.
      if (before === null) this.list.replaceChildren();
      this.show(page);
      // Nothing so far, and there are older ones to look through.
      if (page.messages.length === 0 && page.earlier !== null) await this.load(page.earlier);
    } catch (problem) {
      this.onProblem(problem);
    }
  }

  show({ messages, earlier }) {
    const newestFirst = [...messages].reverse();
    this.list.append(...newestFirst.map((view) => this.line(view)));
    this.earlier = earlier;
    this.more.hidden = earlier === null;
    const isNone = this.list.children.length === 0 && earlier === null;
    this.none.hidden = !isNone;
    this.none.textContent = isNone ? this.labels['web-history-none'] : '';
  }

  line(view) {
    const element = template.content.firstElementChild.cloneNode(true);
    const picture = element.querySelector('img');
    const image = view.images.find(({ url }) => url !== null);
    picture.hidden = !image || image.is_spoiler;
    if (!picture.hidden) picture.src = image.url;
    element.querySelector('.found-text').textContent = view.recipe?.prompt ?? view.text;
    element.querySelector('.found-date').textContent = `${this.dates.format(new Date(view.at))} · ${view.job}`;
    element.querySelector('button').addEventListener('click', () => {
      this.dialog.close();
      this.onShow(view);
    });
    return element;
  }
}
