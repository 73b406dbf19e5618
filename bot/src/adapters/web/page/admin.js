// The admin page: one section at a time, by the address's fragment; the queue is looked at every two seconds.

import { give, read } from '/assets/admin-data.js';
import { buttonElement } from '/assets/buttons.js';
import { chart } from '/assets/chart.js';
import { table } from '/assets/table.js';

const LIVE_MS = 2000;
const labels = JSON.parse(document.getElementById('labels').textContent);
const { lang } = document.documentElement;
const find = (id) => document.getElementById(id);
const label = (name) => labels[`web-admin-${name}`];
const number = new Intl.NumberFormat(lang, { maximumFractionDigits: 1 });
const times = new Intl.DateTimeFormat(lang, { dateStyle: 'medium', timeStyle: 'short' });
const shortDay = new Intl.DateTimeFormat(lang, { month: 'numeric', day: 'numeric', timeZone: 'UTC' });

const time = (text) => times.format(new Date(text));
const day = (text) => shortDay.format(new Date(`${text}T00:00:00Z`));
const code = (text) => Object.assign(document.createElement('code'), { textContent: text });
const person = ({ platform, id }, name) => (name ? [`${name} `, code(`${platform}:${id}`)] : [code(`${platform}:${id}`)]);

// A time that nobody knows exactly, in the unit that suits it and rounded up, as the chat says it.
function about(seconds) {
  const inUnit = (text, length) => text.replace('%n%', number.format(Math.ceil(seconds / length)));
  if (seconds <= 55) return inUnit(label('seconds'), 1);
  return seconds <= 90 * 60 ? inUnit(label('minutes'), 60) : inUnit(label('hours'), 60 * 60);
}

// Who has written a rule: what stands in the settings file cannot be changed here.
const setBy = (isOfSettings) => (isOfSettings ? label('by-settings') : label('by-admin'));

// The facts of a change that say something: `rule: brick`.
function facts(detail) {
  const known = Object.entries(detail ?? {}).filter(([, value]) => value !== null && value !== '');
  return known.map(([name, value]) => `${name}: ${typeof value === 'object' ? JSON.stringify(value) : value}`).join(', ');
}

function fill(name, columns, rows) {
  const place = document.querySelector(`[data-table="${name}"]`);
  const key = JSON.stringify(rows);
  if (place.dataset.rows === key) return; // A table that has not changed keeps the focus that is in it.
  place.dataset.rows = key;
  place.replaceChildren(table(columns, rows, label('none')));
}

function say(text) {
  find('answer').textContent = text;
}

// Gives a command, says what came of it, and shows the section anew.
async function change(name, options) {
  try {
    say(await give(name, options));
  } catch (problem) {
    say(labels[`web-problem-${problem.code}`] ?? labels['web-problem-unknown']);
  }
  await refresh();
}

// `sign` is the icon; what deletes asks again.
function action(text, name, options, sign = 'delete') {
  const shown = { action: sign, image: null, emoji: '', label: text, is_danger: sign === 'delete' };
  return buttonElement(shown, labels, () => change(name, options));
}

const sections = {
  async queue() {
    const queue = await read('queue');
    for (const button of document.querySelectorAll('[data-mode]')) {
      button.setAttribute('aria-pressed', String(button.dataset.mode === queue.mode));
    }
    const left = ({ remaining_s: seconds }) => (seconds === null ? '–' : about(seconds));
    const columns = [
      [label('job'), ({ job }) => String(job)],
      [label('user'), ({ user }) => person(user)],
      [label('remaining'), left],
      [label('change'), ({ job }) => action(label('cancel'), 'cancel', { job: String(job) }, 'cancel')],
    ];
    fill('running', columns, queue.running);
    fill('waiting', [[label('position'), ({ position }) => String(position)], ...columns], queue.waiting);
    find('waiting-count').textContent = queue.waiting_count > 0 ? number.format(queue.waiting_count) : '';
    const clear = find('clear');
    clear.hidden = queue.waiting_count === 0;
    if (!clear.firstChild) clear.append(action(label('clear'), 'admin queue clear', {}));
  },

  async people() {
    const { active, blocks } = await read('people');
    fill('active', [
      [label('user'), ({ user, name }) => person(user, name)],
      [label('jobs'), ({ jobs }) => number.format(jobs)],
      [label('last'), ({ last_at: last }) => time(last)],
      [label('change'), ({ user }) => blockButton(user)],
    ], active);
    fill('blocks', [
      [label('user'), ({ user }) => person(user)],
      [label('where'), ({ server }) => server ?? label('everywhere')],
      [label('reason'), ({ reason }) => reason],
      [label('until'), ({ until }) => (until === null ? label('for-ever') : time(until))],
      [label('change'), ({ user, server }) => action(label('unblock'), 'admin unblock', subject(user, server), 'cancel')],
    ], blocks);
  },

  async limits() {
    const isSet = ([, value]) => String(value) !== '';
    const values = ({ limits }) => Object.entries(limits).filter(isSet).map(([name, value]) => `${name} = ${value}`).join(', ');
    const reset = ({ scope }) => action(label('reset'), 'admin limit reset', { scope });
    fill('limits', [
      [label('scope'), ({ scope }) => code(scope)],
      [label('values'), values],
      [label('origin'), ({ is_of_settings: isOfSettings }) => setBy(isOfSettings)],
      [label('change'), (row) => (row.is_of_settings ? '–' : [editButton(row), reset(row)])],
    ], await read('limits'));
  },

  async words() {
    const remove = (id) => action(label('remove'), 'admin words remove', { number: String(id) });
    fill('words', [
      [label('id'), ({ id }) => String(id ?? '–')],
      [label('rule'), ({ rule }) => code(rule)],
      [label('where'), ({ platform, server }) => [platform, server].filter(Boolean).join(' ') || label('everywhere')],
      [label('origin'), ({ id }) => setBy(id === null)],
      [label('change'), ({ id }) => (id === null ? '–' : remove(id))],
    ], await read('words'));
  },

  async stats() {
    const days = await read(`stats?days=${find('days').value}`);
    const graphs = [
      ['jobs', ({ jobs, failed }) => ({ value: jobs, part: failed })],
      ['users', ({ users }) => ({ value: users })],
      ['images', ({ images }) => ({ value: images })],
      ['drawing', ({ seconds }) => ({ value: seconds / 60 })],
    ];
    const numberText = (value) => number.format(value);
    find('charts').replaceChildren(...graphs.map(([name, values]) => chart({
      title: label(name),
      partTitle: name === 'jobs' ? label('failed') : '',
      days: days.map((row) => ({ day: row.day, ...values(row) })),
      dateText: day,
      numberText,
    })));
    const sum = (name) => days.reduce((all, row) => all + row[name], 0);
    const totals = [['jobs', sum('jobs')], ['failed', sum('failed')], ['images', sum('images')], ['drawing', sum('seconds') / 60]];
    find('totals').replaceChildren(...totals.map(([name, value]) => {
      const pair = document.createElement('div');
      pair.append(
        Object.assign(document.createElement('dt'), { textContent: label(name) }),
        Object.assign(document.createElement('dd'), { textContent: numberText(value) }),
      );
      return pair;
    }));
    fill('stats', [
      [label('day'), (row) => row.day],
      ...['jobs', 'failed', 'users', 'images'].map((name) => [label(name), (row) => numberText(row[name])]),
      [label('drawing'), ({ seconds }) => numberText(seconds / 60)],
    ], [...days].reverse());
  },

  async audit() {
    audit = await read('audit');
    showAudit(audit.length);
  },
};

let audit = [];
function showAudit(added) {
  fill('audit', [
    [label('when'), ({ at }) => time(at)],
    [label('who'), ({ platform, actor }) => person({ platform, id: actor })],
    [label('where'), ({ server }) => server ?? label('everywhere')],
    [label('what'), ({ action: what }) => what],
    [label('detail'), ({ detail }) => code(facts(detail))],
  ], audit);
  find('audit-more').hidden = added === 0;
}

find('audit-more').addEventListener('click', async () => {
  const older = await read(`audit?before=${audit.at(-1).id}`);
  audit.push(...older);
  showAudit(older.length);
});

// The options that name a person in a server or everywhere.
function subject({ platform, id }, server) {
  return { user: `${platform}:${id}`, chat: server ?? '' };
}

// The limits that were last taken into their form, and whose they are.
let edited = { scope: {}, limits: {} };

// Whether a limit that was taken into the form is empty there now, for the same people.
function isUnset(name, fields) {
  const isSame = ['platform', 'chat', 'channel', 'role', 'user']
    .every((part) => (fields[part] ?? '').trim() === (edited.scope[part] ?? ''));
  return isSame && String(edited.limits[name] ?? '') !== '';
}

// Forms whose fields are not the options of their command.
const options = {
  'admin block': ({ platform, user, ...others }) => ({ user: `${platform}:${user}`, ...others }),
  'admin limit set': (fields) => ({
    limits: Object.entries(fields)
      .map(([name, value]) => [name, value.replace(/\s+/gu, '') || (isUnset(name, fields) ? '-' : '')])
      .filter(([, value]) => value !== '')
      .map(([name, value]) => `${name}=${value}`)
      .join(' '),
  }),
};

// Fills a form in from a row, and takes one there.
function editing(text, form, values, began = () => {}) {
  const shown = { action: 'edit', image: null, emoji: '', label: text, is_danger: false };
  return buttonElement(shown, labels, () => {
    form.reset();
    began();
    for (const [name, value] of Object.entries(values)) {
      if (form.elements[name]) form.elements[name].value = String(value);
    }
    const first = [...form.elements].find(({ name, value }) => name && value === '') ?? form.elements[0];
    form.scrollIntoView({ block: 'center' });
    first.focus({ preventScroll: true });
  });
}

function blockButton({ platform, id }) {
  return editing(label('block'), document.querySelector('[data-command="admin block"]'), { platform, user: id });
}

function editButton({ scope, limits }) {
  const people = scope === 'everybody' ? {} : Object.fromEntries(scope.split(' ').map((part) => part.split('=')));
  const form = document.querySelector('[data-command="admin limit set"]');
  return editing(label('edit'), form, { ...people, ...limits }, () => { edited = { scope: people, limits }; });
}

function current() {
  const name = location.hash.slice(1);
  return name in sections ? name : 'queue';
}

async function refresh() {
  try {
    await sections[current()]();
  } catch (problem) {
    say(labels[`web-problem-${problem.code}`] ?? labels['web-problem-unknown']);
  }
}

async function show() {
  const name = current();
  for (const section of document.querySelectorAll('main > section')) section.hidden = section.id !== name;
  for (const link of document.querySelectorAll('.tabs a')) {
    if (link.hash === `#${name}`) link.setAttribute('aria-current', 'page');
    else link.removeAttribute('aria-current');
  }
  say('');
  await refresh();
}

for (const form of document.querySelectorAll('form[data-command]')) {
  form.addEventListener('submit', async (event) => {
    event.preventDefault();
    const { command } = form.dataset;
    const fields = Object.fromEntries(new FormData(form));
    await change(command, options[command]?.(fields) ?? fields);
  });
}
for (const button of document.querySelectorAll('button[data-command]')) {
  button.addEventListener('click', () => change(button.dataset.command));
}
find('days').addEventListener('change', refresh);
window.addEventListener('hashchange', async () => {
  await show();
  find(`${current()}-title`).focus();
});
setInterval(() => !document.hidden && current() === 'queue' && refresh(), LIVE_MS);
show();
