// The list of messages: oldest at the top, kept in order of their jobs, with a line between days.

import { Message } from '/assets/message.js';

const NEAR_BOTTOM = 80;

export class Timeline {
  constructor({ scroll, list, jump, labels, actions }) {
    Object.assign(this, { scroll, list, jump, labels, actions });
    this.messages = new Map();
    this.isAtBottom = true;
    this.dayFormat = new Intl.DateTimeFormat(document.documentElement.lang, { dateStyle: 'long' });
    scroll.addEventListener('scroll', () => this.noticeScroll(), { passive: true });
    jump.addEventListener('click', () => this.toBottom());
    new ResizeObserver(() => this.isAtBottom && this.toBottom()).observe(list);
    new ResizeObserver(() => this.isAtBottom && this.toBottom()).observe(scroll);
  }

  get isEmpty() {
    return this.messages.size === 0;
  }

  get jobs() {
    return [...this.messages.values()].map((message) => message.view.job).filter((job) => job !== null);
  }

  get oldestJob() {
    return this.jobs.length > 0 ? Math.min(...this.jobs) : null;
  }

  get newestJob() {
    return this.jobs.length > 0 ? Math.max(...this.jobs) : null;
  }

  // What was typed, oldest first, without repetitions.
  get commands() {
    const texts = [...this.list.querySelectorAll('.message')].map(({ dataset }) => this.messages.get(dataset.id).view.text);
    return texts.filter((text, index) => text !== texts[index + 1]);
  }

  get(id) {
    return this.messages.get(id);
  }

  clear() {
    this.messages.clear();
    this.list.replaceChildren();
  }

  // Whether the focus was in what is gone now.
  remove(id) {
    const { element } = this.messages.get(id);
    const hadFocus = element.contains(document.activeElement);
    this.messages.delete(id);
    element.remove();
    this.drawDays();
    return hadFocus;
  }

  // Brings a message to where one looks. False when it is not on the page.
  reveal(id) {
    const message = this.messages.get(id);
    if (!message) return false;
    this.isAtBottom = false;
    message.element.tabIndex = -1;
    message.element.focus({ preventScroll: true });
    message.element.scrollIntoView({ block: 'center' });
    return true;
  }

  upsert(view, { isNew = false } = {}) {
    const known = this.messages.get(view.id);
    if (known) {
      const hadJob = known.view.job !== null;
      known.update(view);
      if (!hadJob && view.job !== null) this.place(known);
      return known;
    }
    const message = new Message(view, this.labels, this.actions);
    this.messages.set(view.id, message);
    message.element.classList.toggle('arriving', isNew);
    this.place(message);
    return message;
  }

  // Jobs stand in the order of their numbers; an exchange without a job stays where it arrived.
  place(message) {
    const { job } = message.view;
    const later = job === null ? null : [...this.list.querySelectorAll('[data-job]')].find(
      (element) => element !== message.element && Number(element.dataset.job) > job,
    );
    if (later) later.before(message.element);
    else if (message.element.parentNode === null) this.list.append(message.element);
    this.drawDays();
  }

  // Messages before the ones that are shown; what the reader looks at stays where it is.
  prepend(views) {
    const anchor = this.list.querySelector('.message');
    const before = anchor?.getBoundingClientRect().top ?? 0;
    for (const view of views) {
      const known = this.messages.get(view.id);
      if (!known || known.isActive) this.upsert(view);
    }
    if (anchor) this.scroll.scrollTop += anchor.getBoundingClientRect().top - before;
  }

  drawDays() {
    for (const line of this.list.querySelectorAll('.day')) line.remove();
    let day = this.dayFormat.format(new Date());
    for (const element of this.list.querySelectorAll('.message')) {
      const { at } = this.messages.get(element.dataset.id).view;
      const own = this.dayFormat.format(new Date(at));
      if (own !== day) {
        const line = Object.assign(document.createElement('li'), { className: 'day', textContent: own });
        element.before(line);
      }
      day = own;
    }
  }

  noticeScroll() {
    const { scrollHeight, scrollTop, clientHeight } = this.scroll;
    this.isAtBottom = scrollHeight - scrollTop - clientHeight < NEAR_BOTTOM;
    this.jump.hidden = this.isAtBottom || this.isEmpty;
  }

  toBottom() {
    this.isAtBottom = true;
    this.jump.hidden = true;
    this.scroll.scrollTop = this.scroll.scrollHeight;
  }
}
