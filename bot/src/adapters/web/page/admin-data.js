// What the admin page reads and changes. Changes are the commands that admins give everywhere.

import { post, request } from '/assets/api.js';

export const read = (what) => request(`/api/admin/${what}`);

// Gives a command, and answers with what the service says.
export async function give(name, options = {}) {
  const given = Object.fromEntries(Object.entries(options).filter(([, value]) => value !== ''));
  const { reply } = await post('/api/admin/commands', { name, options: given });
  return reply;
}
