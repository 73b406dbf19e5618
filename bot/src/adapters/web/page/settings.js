// What a person chooses for themselves, and what they have left.

import { fetchMe } from '/assets/api.js';
import { connectDialog } from '/assets/dialogs.js';

const SIZES = ['square', 'portrait', 'landscape'];
const CALM_MS = 400;

export class Settings {
  constructor({ dialog, opener, quota, labels, onSave, onForget, onProblem }) {
    Object.assign(this, { dialog, quota, labels, onSave, onProblem });
    this.form = dialog.querySelector('form');
    this.problem = dialog.querySelector('.problem');
    connectDialog(dialog, opener, () => this.refresh());
    this.form.addEventListener('submit', (event) => {
      event.preventDefault();
      this.save();
    });
    dialog.querySelector('.forget').addEventListener('click', () => {
      dialog.close();
      onForget();
    });
    this.refresh();
  }

  // Asked after every picture, but not for each of many at once.
  refreshSoon() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.refresh(), CALM_MS);
  }

  async refresh() {
    try {
      this.me = await fetchMe();
    } catch (problem) {
      if (this.dialog.open) this.onProblem(problem);
      return;
    }
    this.showQuota(this.me.quota);
    if (!this.dialog.open || this.form.contains(document.activeElement)) return;
    this.fill(this.me);
  }

  // The limit that is nearest to its end.
  showQuota({ windows }) {
    const nearest = [...windows].sort((a, b) => left(a) - left(b))[0];
    this.quota.hidden = !nearest;
    if (!nearest) return;
    const text = this.labels[`web-quota-${nearest.window}`];
    this.quota.textContent = text.replace('%left%', left(nearest)).replace('%limit%', nearest.limit);
    this.quota.classList.toggle('empty', left(nearest) === 0);
  }

  fill({ settings, choices, is_admin: isAdmin }) {
    const sizes = SIZES.map((size) => [size, this.labels[`web-size-${size}`]]);
    this.choose('size', settings.size, sizes);
    this.choose('model', settings.model, choices.models.map(({ id, name }) => [id, name]));
    this.choose('style', settings.style, choices.styles.map((name) => [name, name]));
    this.choose('language', settings.language, choices.languages);
    this.form.elements.private.checked = settings.private ?? false;
    this.form.elements.style.closest('.field').hidden = choices.styles.length === 0;
    this.dialog.querySelector('.to-admin').hidden = !isAdmin;
    this.problem.textContent = '';
  }

  choose(name, value, known) {
    const options = [['', this.labels[`web-settings-no-${name}`]], ...known];
    if (value && !known.some(([id]) => id === value)) options.push([value, value]);
    this.form.elements[name].replaceChildren(...options.map(([id, text]) => new Option(text, id, false, id === (value ?? ''))));
  }

  async save() {
    const { size, model, style, language, private: isPrivate } = this.form.elements;
    const chosen = Object.entries({ size, model, style, language }).filter(([, { value }]) => value !== '');
    const options = Object.fromEntries(chosen.map(([name, { value }]) => [name, value]));
    const problem = await this.onSave({ reset: 'true', private: String(isPrivate.checked), ...options });
    this.problem.textContent = problem ?? '';
    if (problem !== null) return;
    this.dialog.close();
    // The page is written in the language of its person.
    if (language.value !== (this.me.settings.language ?? '')) location.reload();
  }
}

function left({ used, limit }) {
  return Math.max(limit - used, 0);
}
