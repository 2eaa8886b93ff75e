// The card that asks a person before an MCP App changes something.
//
// An app chooses when its card appears, and can move the page: by its size, and by scrolling to a part of its own document. A click
// that was meant for something else must not approve, so that a card accepts clicks only after it has stood still for a while.

/** Milliseconds without a move of the card and without a press on it. */
const STILL = 500;
const LOOK_EVERY = 100;

/** Whether a card of any app waits for a decision. */
export const isAsking = () => document.querySelector('.asked-by-app .asks') !== null;

function element(name, className, content) {
  const made = document.createElement(name);
  if (className) made.className = className;
  made.append(...content);
  return made;
}

/** Shows in `area` what the app wants to do, and resolves to the person's decision: false also if the card goes. */
export function approval(area, { tool, arguments: given }) {
  const shown = element('pre', '', [given]);
  shown.tabIndex = 0;
  const approve = element('button', 'primary', ['Approve']);
  const decline = element('button', '', ['Decline']);
  const buttons = [approve, decline];
  for (const button of buttons) {
    button.type = 'button';
    button.disabled = true;
  }
  const actions = element('div', 'actions', buttons);
  const head = [element('strong', '', [tool]), ' ', element('span', 'state', ['the app wants to call this tool'])];
  const card = element('div', 'call asks', [element('p', 'head', head), shown, actions]);

  let since = performance.now();
  let seen = '';
  const isStill = () => {
    const { left, top } = actions.getBoundingClientRect();
    if (`${left} ${top}` !== seen) {
      seen = `${left} ${top}`;
      since = performance.now();
    }
    return performance.now() - since >= STILL;
  };
  // A disabled button lets a press through to the card: people who press again and again press for something else.
  card.addEventListener('pointerdown', () => {
    if (approve.disabled) since = performance.now();
  });
  return new Promise((resolve) => {
    const decide = (approved) => {
      clearInterval(looking);
      card.remove();
      resolve(approved);
    };
    const looking = setInterval(() => {
      if (!card.isConnected) decide(false);
      else if (isStill()) for (const button of buttons) button.disabled = false;
    }, LOOK_EVERY);
    for (const button of buttons) {
      button.addEventListener('click', ({ detail }) => {
        // A key (detail 0) presses what has the focus, wherever the card is.
        if (detail === 0 || isStill()) decide(button === approve);
      });
    }
    area.append(card);
    isStill();
  });
}
