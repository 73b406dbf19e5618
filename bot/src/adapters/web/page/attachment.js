// A picture to begin with: chosen, dropped on the page, or pasted.

// The service refuses larger ones; so nobody has to wait for that.
const MAX_BYTES = 20 * 1024 * 1024;

export class Attachment {
  constructor({ form, field, labels, onProblem }) {
    Object.assign(this, { field, labels, onProblem });
    this.file = null;
    this.input = form.querySelector('.attach-file');
    this.opener = form.querySelector('.attach');
    this.chip = form.querySelector('.attached');
    this.opener.addEventListener('click', () => this.input.click());
    this.input.addEventListener('change', () => this.set(this.input.files[0] ?? null));
    this.chip.querySelector('.detach').addEventListener('click', () => {
      this.set(null);
      this.opener.focus();
    });
    field.addEventListener('paste', ({ clipboardData }) => this.takeFrom(clipboardData));
    document.addEventListener('dragover', (event) => event.preventDefault());
    document.addEventListener('drop', (event) => {
      event.preventDefault();
      this.takeFrom(event.dataTransfer);
    });
  }

  takeFrom({ files }) {
    const picture = [...files].find(({ type }) => type.startsWith('image/'));
    if (picture) this.set(picture);
  }

  // Gives the picture away.
  take() {
    const { file } = this;
    this.set(null);
    return file;
  }

  async set(file) {
    if (file !== null && file.size > MAX_BYTES) {
      this.onProblem(this.labels['web-problem-too-large']);
      return;
    }
    this.file = file;
    this.input.value = '';
    this.chip.hidden = file === null;
    if (file === null) return;
    this.chip.querySelector('.attached-name').textContent = file.name;
    this.field.focus();
    this.chip.querySelector('img').src = await dataUrl(file);
  }
}

// The policy of the page allows such an address, and no address of a blob.
function dataUrl(file) {
  return new Promise((resolve) => {
    const reader = new FileReader();
    reader.addEventListener('load', () => resolve(reader.result));
    reader.addEventListener('error', () => resolve(''));
    reader.readAsDataURL(file);
  });
}
