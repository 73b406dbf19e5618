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
    this.more.addEventListener('click', () => this.load(this.oldest));
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
      this.show(page, before === null);
    } catch (problem) {
      this.onProblem(problem);
    }
  }

  show({ messages, has_earlier: hasEarlier }, isFirst) {
    if (isFirst) this.list.replaceChildren();
    const newestFirst = [...messages].reverse();
    this.list.append(...newestFirst.map((view) => this.line(view)));
    this.oldest = messages[0]?.job ?? null;
    this.more.hidden = !hasEarlier;
    this.none.hidden = this.list.children.length > 0;
    const text = isFirst && messages.length === 0 ? this.labels['web-history-none'] : '';
    this.none.textContent = text;
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
