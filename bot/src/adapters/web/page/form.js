// A text that a command needs: a small form below the message it is about.

const template = document.getElementById('form-template');

export class InlineForm {
  // `onSend` is given the command and answers with what the service says when it did not become a picture.
  constructor(form, { onSend, onClose }) {
    this.form = form;
    this.onClose = onClose;
    this.element = template.content.firstElementChild.cloneNode(true);
    this.field = this.element.querySelector('textarea');
    this.problem = this.element.querySelector('.problem');
    this.element.querySelector('.form-label').textContent = form.label;
    this.field.value = form.value;
    this.element.addEventListener('submit', (event) => {
      event.preventDefault();
      this.send(onSend);
    });
    this.element.querySelector('.close').addEventListener('click', () => this.close());
    this.field.addEventListener('keydown', (event) => this.onKey(event));
  }

  onKey(event) {
    if (event.isComposing || event.keyCode === 229) return;
    if (event.key === 'Escape') this.close();
    if (event.key !== 'Enter' || event.shiftKey) return;
    event.preventDefault();
    this.element.requestSubmit();
  }

  show() {
    this.field.focus();
    this.field.setSelectionRange(this.field.value.length, this.field.value.length);
  }

  async send(onSend) {
    const { command, job, field } = this.form;
    this.problem.textContent = '';
    const problem = await onSend({ command: { name: command, options: { job: String(job), [field]: this.field.value } } });
    if (problem === null) this.close();
    else this.problem.textContent = problem;
  }

  close() {
    this.element.remove();
    this.onClose();
  }
}
