// Puts the page together: the timeline shows what the server says, the composer sends commands.

import { fetchHistory, followEvents, newKey, sendCommand } from '/assets/api.js';
import { Composer } from '/assets/composer.js';
import { Timeline } from '/assets/timeline.js';

const find = (id) => document.getElementById(id);
const labels = JSON.parse(find('labels').textContent);
const announce = (text) => (find('announcer').textContent = text);
const problemLabel = (code) => labels[`web-problem-${code}`] ?? labels['web-problem-unknown'];

const timeline = new Timeline({
  scroll: find('scroll'),
  list: find('timeline'),
  jump: find('jump'),
  labels,
  actions: {
    onAgain: (text) => composer.fill(withoutSeed(text)),
    onRetry: (message) => deliver(message.view.text, message.view.id),
    onAnnounce: announce,
  },
});

const composer = new Composer({
  form: find('composer'),
  field: find('command'),
  button: find('send'),
  recall: () => timeline.commands,
  onSend: (text) => deliver(text, newKey()),
});

// The same command draws another picture when it names no seed.
function withoutSeed(text) {
  return text.replace(/\s*(?:--|－－)seed(?:=|\s+)-?\d+/gu, '').trim();
}

function localView(text, id, state, reply) {
  return {
    id, text, state, reply, job: null, at: new Date().toISOString(), position: null, step: 0,
    num_inference_steps: 0, preview: null, size: null, images: [], recipe: null,
  };
}

async function deliver(text, key) {
  timeline.upsert(localView(text, key, 'pending', ''), { isNew: true });
  showWelcome();
  timeline.toBottom();
  try {
    const view = await sendCommand(text, key);
    // News over the event stream may have been faster than this answer.
    if (timeline.get(key).view.state === 'pending') receive(view);
  } catch (problem) {
    const reply = problemLabel(problem.code);
    if (timeline.get(key).view.state !== 'pending') return;
    timeline.upsert(localView(text, key, 'unsent', reply));
    announce(reply);
  }
}

function receive(view) {
  const wasActive = timeline.get(view.id)?.isActive ?? false;
  const before = timeline.get(view.id)?.view.state;
  const message = timeline.upsert(view, { isNew: true });
  if (view.state !== before && view.reply && (wasActive || message.isActive)) announce(view.reply);
  showWelcome();
}

function showWelcome() {
  find('welcome').hidden = !timeline.isEmpty;
}

async function showSnapshot({ messages, has_earlier: hasEarlier }) {
  const oldest = messages.find((view) => view.job !== null)?.job ?? null;
  // After a long gap jobs may be missing between what is shown and the snapshot: begin anew.
  if (hasEarlier && timeline.newestJob !== null && oldest > timeline.newestJob) timeline.clear();
  const isFirst = timeline.isEmpty;
  for (const view of messages) timeline.upsert(view);
  if (isFirst || oldest === timeline.oldestJob) find('earlier').hidden = !hasEarlier;
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
    const page = await fetchHistory(before);
    timeline.prepend(page.messages);
    return page;
  } catch (problem) {
    announce(problemLabel(problem.code));
    return null;
  }
}

let isLoading = false;
async function showEarlier() {
  if (isLoading || timeline.oldestJob === null) return;
  isLoading = true;
  const page = await loadEarlier(timeline.oldestJob);
  if (page) find('earlier').hidden = !page.has_earlier;
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
