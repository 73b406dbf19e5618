// The page's way to the server. Every function either returns data or throws a Problem with a code
// for which there is a label.

export class Problem extends Error {
  constructor(code) {
    super(code);
    this.code = code;
  }
}

const CODES = { 400: 'refused', 403: 'refused', 413: 'too-large', 415: 'refused', 503: 'offline' };

async function request(path, options) {
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

// A repeated key is answered with the same message, so a command can be sent again after a lost answer.
export function sendCommand(text, key) {
  return request('/api/commands', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ text, key }),
  });
}

// Messages older than the job `before`, oldest first.
export function fetchHistory(before) {
  return request(`/api/history?before=${encodeURIComponent(before)}`);
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
