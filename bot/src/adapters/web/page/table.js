// A table with a head. `columns` are [label, cell], where a cell makes a text, an
// element or a list of both of a row.

export function table(columns, rows, none) {
  if (rows.length === 0) return Object.assign(document.createElement('p'), { className: 'none', textContent: none });
  const element = document.createElement('table');
  const head = element.createTHead().insertRow();
  for (const [label] of columns) {
    head.append(Object.assign(document.createElement('th'), { scope: 'col', textContent: label }));
  }
  const body = element.createTBody();
  for (const row of rows) {
    const line = body.insertRow();
    for (const [label, cell] of columns) {
      const field = line.insertCell();
      field.dataset.label = label; // On a narrow page it stands before the value.
      const content = document.createElement('div');
      content.append(...[cell(row)].flat());
      field.append(content);
    }
  }
  return element;
}
