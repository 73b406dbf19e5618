// Puts the page together: the timeline shows what the server says, the composer sends commands.

import { fetchHistory, followEvents, newKey, sendCommand } from '/assets/api.js';
import { Archive } from '/assets/archive.js';
import { Composer } from '/assets/composer.js';
import { Settings } from '/assets/settings.js';
import { Timeline } from '/assets/timeline.js';

const find = (id) => document.getElementById(id);
const labels = JSON.parse(find('labels').textContent);
const announce = (text) => (find('announcer').textContent = text);
const ACTIVE = new Set(['pending', 'queued', 'running']);
const problemLabel = (code) => labels[`web-problem-${code}`] ?? labels['web-problem-unknown'];

const timeline = new Timeline({
  scroll: find('scroll'),
  list: find('timeline'),
  jump: find('jump'),
  labels,
  actions: {
    onPress: press,
    onForm: sendForm,
    onRetry: (message) => deliver(message.view.text, message.view.id, message.file),
    onAnnounce: announce,
  },
});

const composer = new Composer({
  form: find('composer'),
  labels,
  recall: () => timeline.commands,
  onSend: (text, file) => deliver(text, newKey(), file),
  onProblem: announce,
});

const settings = new Settings({
  dialog: find('settings'),
  opener: find('open-settings'),
  quota: find('quota'),
  labels,
  onSave: (options) => say({ command: { name: 'settings', options } }),
  onForget: () => deliver('/forgetme', newKey()),
  onProblem: (problem) => announce(problemLabel(problem.code)),
});

new Archive({
  dialog: find('archive'),
  opener: find('open-archive'),
  labels,
  onShow: (view) => timeline.reveal(view.id) || deliver(`/show ${view.job}`, newKey()),
  onProblem: (problem) => announce(problemLabel(problem.code)),
});

function localView(text, id, state, reply) {
  return {
    id, text, state, reply, is_refusal: false, job: null, at: new Date().toISOString(), position: null, step: 0,
    num_inference_steps: 0, preview: null, size: null, images: [], recipe: null, buttons: [], form: null,
  };
}

async function deliver(text, key, file = null) {
  const message = timeline.upsert(localView(text, key, 'pending', ''), { isNew: true });
  message.file = file;
  showWelcome();
  timeline.toBottom();
  try {
    const view = await sendCommand({ text }, key, file);
    // News over the event stream may have been faster than this answer.
    if (timeline.get(key)?.view.state === 'pending') receive(view);
  } catch (problem) {
    const reply = problemLabel(problem.code);
    if (timeline.get(key)?.view.state !== 'pending') return;
    timeline.upsert(localView(text, key, 'unsent', reply));
    announce(reply);
  }
}

// A button was pressed. What became a picture is a message of its own; a sentence stands beside the button.
async function press(message, button) {
  const { state } = message.view;
  try {
    const view = await sendCommand({ button: button.id }, newKey());
    if (isMessage(view)) appear(view);
    else if (view.form) message.showForm(view.form);
    else if (message.view.state === state) message.showAside(view.reply);
    if (!isMessage(view) && view.reply) announce(view.reply);
    if (button.action === 'forgetme') await forget(view);
  } catch (problem) {
    const reply = problemLabel(problem.code);
    message.showAside(reply);
    announce(reply);
  }
}

// A form was filled in. Answers with the sentence to show in it, or null when it became a picture.
async function sendForm(given) {
  try {
    const view = await sendCommand(given, newKey());
    if (!isMessage(view)) return view.reply;
    appear(view);
    return null;
  } catch (problem) {
    return problemLabel(problem.code);
  }
}

// Gives a command of which only a failure is worth a sentence.
// Gives a command that changes nothing in the timeline. Answers with what was wrong, or with null.
async function say(given) {
  try {
    const { reply, is_refusal: isRefusal } = await sendCommand(given, newKey());
    if (isRefusal) return reply;
    announce(reply);
    return null;
  } catch (problem) {
    return problemLabel(problem.code);
  }
}

function isMessage({ job, images, buttons }) {
  return job !== null || images.length > 0 || buttons.length > 0;
}

function appear(view) {
  receive(view);
  timeline.toBottom();
}

// After everything was deleted nothing of it stays on the page, either.
async function forget({ text, reply }) {
  if ((await fetchHistory()).messages.length > 0) return;
  timeline.clear();
  timeline.upsert(localView(text, newKey(), 'answered', reply));
  settings.refreshSoon();
}

function receive(view) {
  const known = timeline.get(view.id);
  if (view.state === 'removed') {
    if (known && timeline.remove(view.id)) find('command').focus();
    showWelcome();
    return;
  }
  // A late answer does not bring back what the event stream has finished.
  if (known && !known.isActive && view.state !== known.view.state && ACTIVE.has(view.state)) return;
  const wasActive = known?.isActive ?? false;
  const before = known?.view.state;
  const message = timeline.upsert(view, { isNew: true });
  if (view.state !== before && view.reply && (wasActive || message.isActive)) announce(view.reply);
  if (view.job !== null && view.state !== before) settings.refreshSoon();
  showWelcome();
}

function showWelcome() {
  find('welcome').hidden = !timeline.isEmpty;
}

// Where the page before the oldest message begins.
let earlier = null;
function setEarlier(job) {
  earlier = job;
  find('earlier').hidden = job === null;
}

async function showSnapshot({ messages, earlier: before }) {
  const oldest = messages.find((view) => view.job !== null)?.job ?? null;
  // After a long gap jobs may be missing between what is shown and the snapshot: begin anew.
  if (before !== null && timeline.newestJob !== null && oldest > timeline.newestJob) timeline.clear();
  const isFirst = timeline.isEmpty;
  for (const view of messages) timeline.upsert(view);
  if (isFirst || oldest === timeline.oldestJob) setEarlier(before);
  showWelcome();
  if (isFirst) timeline.toBottom();
  // Jobs that ended during a long gap may be older than the snapshot reaches.
  const seen = new Set(messages.map((view) => view.id));
  for (const message of timeline.messages.values()) {
    const { id, job } = message.view;
    if (message.isActive && job !== null && !seen.has(id)) await loadEarlier(job + 1);
  }
}

async function loadEarlier(before) {
  try {
    const page = await fetchHistory({ before });
    timeline.prepend(page.messages);
    return page;
  } catch (problem) {
    announce(problemLabel(problem.code));
    return null;
  }
}

let isLoading = false;
async function showEarlier() {
  if (isLoading || earlier === null) return;
  isLoading = true;
  const page = await loadEarlier(earlier);
  if (page) setEarlier(page.earlier);
  isLoading = false;
}

find('earlier').addEventListener('click', showEarlier);
new IntersectionObserver(([entry]) => entry.isIntersecting && timeline.scroll.scrollTop > 0 && showEarlier(), {
  root: find('scroll'),
  rootMargin: '400px 0px 0px',
}).observe(find('earlier'));

find('welcome').addEventListener('click', ({ target }) => {
  const { example } = target.closest('[data-example]')?.dataset ?? {};
  if (example) deliver(example, newKey());
});

let offlineTimer;
followEvents({
  onSnapshot: showSnapshot,
  onMessage: receive,
  onConnection: (isOnline) => {
    clearTimeout(offlineTimer);
    if (isOnline) find('connection').hidden = true;
    else offlineTimer = setTimeout(() => (find('connection').hidden = false), 800);
  },
});

// On a phone the keyboard would cover half of the page.
if (!matchMedia('(pointer: coarse)').matches) find('command').focus();
