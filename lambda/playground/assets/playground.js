// What htmx does not do: Enter sends, a new conversation gets its address, the page follows what is being written.

// On wide screens the conversation scrolls, on narrow ones the page.
function scroller() {
  const main = document.getElementById('main');
  return main && main.scrollHeight > main.clientHeight + 1 ? main : document.scrollingElement;
}

function isAtEnd() {
  const { scrollHeight, scrollTop, clientHeight } = scroller();
  return scrollHeight - scrollTop - clientHeight < 120;
}

function goToEnd() {
  scroller().scrollTop = scroller().scrollHeight;
}

document.addEventListener('keydown', (event) => {
  const send = document.getElementById('send');
  if (event.target.id !== 'talk-text' || event.key !== 'Enter' || event.shiftKey || event.isComposing) return;
  event.preventDefault();
  if (send && event.target.value.trim() !== '') event.target.form.requestSubmit(send);
});

// Sent by the server when a conversation exists.
document.addEventListener('opened', (event) => {
  if (location.pathname !== event.detail.data) history.replaceState(null, '', event.detail.data);
});

// A person who reads further up stays there.
let follows = true;
document.addEventListener('htmx:sse:before:message', () => {
  follows = isAtEnd();
});
document.addEventListener('htmx:sse:after:message', () => {
  if (follows) goToEnd();
});
document.addEventListener('submit', (event) => {
  if (event.target.id === 'talk') goToEnd();
});

if (document.getElementById('turns')) goToEnd();
