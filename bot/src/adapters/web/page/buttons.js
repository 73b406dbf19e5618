// The buttons that the service offers below a message. What takes something away asks again.

import { icon } from '/assets/icons.js';

const CONFIRM_MS = 5000;

// A button as an element. `onPress` may return a promise; until it settles, the button waits.
export function buttonElement(button, labels, onPress) {
  const element = Object.assign(document.createElement('button'), { type: 'button', className: 'action' });
  element.dataset.action = button.action;
  element.classList.toggle('danger', button.is_danger);
  const label = Object.assign(document.createElement('span'), { textContent: button.label });
  const sign = icon(button.action);
  if (sign === null) element.append(Object.assign(document.createElement('span'), { className: 'emoji', textContent: button.emoji, ariaHidden: 'true' }));
  else element.append(sign);
  element.append(label);
  const press = async () => {
    element.ariaDisabled = 'true';
    try {
      await onPress(button);
    } finally {
      element.ariaDisabled = null;
    }
  };
  const asks = button.is_danger && button.action !== 'cancel'; // What was cancelled can be drawn again.
  const confirmed = asks ? confirming(element, label, labels, press) : press;
  element.addEventListener('click', () => element.ariaDisabled !== 'true' && confirmed());
  return element;
}

// The first press asks, a second one within five seconds means it. Leaving the button takes the question back.
function confirming(element, label, labels, press) {
  const text = label.textContent;
  let timer;
  const calm = () => {
    clearTimeout(timer);
    label.textContent = text;
    element.classList.remove('asking');
  };
  element.addEventListener('blur', calm);
  element.addEventListener('keydown', ({ key }) => key === 'Escape' && calm());
  return () => {
    if (element.classList.contains('asking')) {
      calm();
      return press();
    }
    element.classList.add('asking');
    label.textContent = labels['web-sure'];
    timer = setTimeout(calm, CONFIRM_MS);
    return undefined;
  };
}
