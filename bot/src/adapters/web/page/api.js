// The page's way to the server. Every function either returns data or throws a Problem with a code
// for which there is a label.

export class Problem extends Error {
  constructor(code) {
    super(code);
    this.code = code;
  }
}

const CODES = { 400: 'refused', 403: 'refused', 413: 'too-large', 415: 'refused', 429: 'busy', 503: 'offline' };

export async function request(path, options) {
  let response;
  try {
    response = await fetch(path, { credentials: 'same-origin', ...options });
  } catch {
    throw new Problem('offline');
  }
  if (response.status === 401) location.reload(); // The server answers with the login page.
  if (!response.ok) throw new Problem(CODES[response.status] ?? 'unknown');
  return response.json();
}

export function post(path, data) {
  return request(path, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(data),
  });
}

// `given` is one of { text }, { button } and { command: { name, options } }. A repeated key is answered with the same
// message, so a command can be sent again after a lost answer.
export function sendCommand(given, key, file = null) {
  if (file === null) return post('/api/commands', { ...given, key });
  const body = new FormData();
  body.append('command', JSON.stringify({ ...given, key }));
  body.append('file', file, file.name);
  return request('/api/commands', { method: 'POST', body });
}

// Messages older than the job `before` whose text has `find`, oldest first.
export function fetchHistory({ before = null, find = '' } = {}) {
  const query = new URLSearchParams();
  if (before !== null) query.set('before', before);
  if (find !== '') query.set('find', find);
  return request(`/api/history?${query}`);
}

// What the person has chosen for themselves, and what they have left.
export function fetchMe() {
  return request('/api/me');
}

export function newKey() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

// A browser opens only six connections to one server, so a tab that nobody looks at gives its own back.
const HIDDEN_MS = 60000;
const LONGEST_WAIT_MS = 30000;

// Live news. Each connection begins with a snapshot, so nothing has to be replayed after a gap.
export function followEvents({ onSnapshot, onMessage, onConnection }) {
  let source;
  let retry;
  let hiding;
  let wait = 1000;
  const connect = () => {
    clearTimeout(retry);
    source?.close();
    source = new EventSource('/api/events');
    source.addEventListener('snapshot', (event) => {
      wait = 1000;
      onConnection(true);
      onSnapshot(JSON.parse(event.data));
    });
    source.addEventListener('message', (event) => onMessage(JSON.parse(event.data)));
    source.addEventListener('error', () => {
      onConnection(false);
      // The browser connects again by itself unless the server refused; then it is asked again later.
      if (source.readyState !== EventSource.CLOSED) return;
      retry = setTimeout(connect, wait);
      wait = Math.min(wait * 2, LONGEST_WAIT_MS);
    });
  };
  document.addEventListener('visibilitychange', () => {
    clearTimeout(hiding);
    if (document.hidden) hiding = setTimeout(() => source.close(), HIDDEN_MS);
    else if (source.readyState === EventSource.CLOSED) connect();
  });
  connect();
}
