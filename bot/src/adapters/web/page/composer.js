// The line at the bottom: Enter sends, Shift+Enter breaks the line, ↑ and ↓ recall what was typed,
// "/" comes here from anywhere, Escape leaves.

import { Attachment } from '/assets/attachment.js';

export class Composer {
  constructor({ form, labels, recall, onSend, onProblem }) {
    Object.assign(this, { form, recall, onSend });
    this.field = form.querySelector('textarea');
    this.button = form.querySelector('.send');
    this.attachment = new Attachment({ form, field: this.field, labels, onProblem });
    const { field } = this;
    this.recalled = 0; // How many commands back; 0 is the draft.
    this.draft = '';
    form.addEventListener('submit', (event) => {
      event.preventDefault();
      this.send();
    });
    field.addEventListener('input', () => {
      this.recalled = 0;
      this.refresh();
    });
    field.addEventListener('keydown', (event) => this.onKey(event));
    document.addEventListener('keydown', (event) => this.onKeyAnywhere(event));
    this.refresh();
  }

  fill(text) {
    this.field.value = text;
    this.recalled = 0;
    this.refresh();
    this.field.focus();
    this.field.setSelectionRange(text.length, text.length);
  }

  send() {
    const text = this.field.value.trim();
    if (text === '') return;
    this.field.value = '';
    this.recalled = 0;
    this.refresh();
    this.onSend(text, this.attachment.take());
  }

  refresh() {
    this.button.disabled = this.field.value.trim() === '';
    if (CSS.supports('field-sizing', 'content')) return;
    this.field.style.height = 'auto';
    this.field.style.height = `${this.field.scrollHeight}px`;
  }

  onKey(event) {
    // While an input method composes, Enter and the arrows belong to it.
    if (event.isComposing || event.keyCode === 229) return;
    if (event.key === 'Enter' && !event.shiftKey && !event.ctrlKey && !event.altKey && !event.metaKey) {
      event.preventDefault();
      this.send();
    } else if (event.key === 'ArrowUp' && this.isCaretInLine('first')) {
      this.step(event, 1);
    } else if (event.key === 'ArrowDown' && this.recalled > 0 && this.isCaretInLine('last')) {
      this.step(event, -1);
    } else if (event.key === 'Escape') {
      this.field.blur();
    }
  }

  onKeyAnywhere(event) {
    if (event.key !== '/' || event.ctrlKey || event.altKey || event.metaKey) return;
    if (document.activeElement?.matches('input, textarea, select') || document.querySelector('dialog[open]')) return;
    // In an empty line the key's own "/" begins a command.
    if (this.field.value !== '') event.preventDefault();
    this.field.focus();
  }

  isCaretInLine(which) {
    const { value, selectionStart, selectionEnd } = this.field;
    if (selectionStart !== selectionEnd) return false;
    return which === 'first' ? !value.slice(0, selectionStart).includes('\n') : !value.slice(selectionEnd).includes('\n');
  }

  step(event, direction) {
    const commands = this.recall();
    const next = this.recalled + direction;
    if (next > commands.length) return;
    event.preventDefault();
    if (this.recalled === 0) this.draft = this.field.value;
    this.recalled = next;
    this.field.value = next === 0 ? this.draft : commands[commands.length - next];
    this.refresh();
    this.field.setSelectionRange(this.field.value.length, this.field.value.length);
  }
}
