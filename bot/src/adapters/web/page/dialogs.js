// What opens over the chat. The browser keeps the focus inside, Escape closes, and the focus goes back where it was.

// Opens `dialog` with `opener`, and calls `onOpen` each time.
export function connectDialog(dialog, opener, onOpen) {
  opener.addEventListener('click', () => {
    dialog.showModal();
    onOpen();
  });
  dialog.querySelector('.dialog-close').addEventListener('click', () => dialog.close());
  // A click beside it closes it, too.
  dialog.addEventListener('click', (event) => event.target === dialog && dialog.close());
}
