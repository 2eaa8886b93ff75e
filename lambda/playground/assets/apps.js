// The host of MCP Apps (specification of 2026-01-26): what a frame of an app may ask of this page.
//
// A frame has an opaque origin, so that messages are told apart by the window that sent them. Whatever a message says, it reaches
// the conversation's own server alone, and what does not only read waits for a button of this page.

import { approval, isAsking } from './approval.js';

const PROTOCOL = '2026-01-26';
/** The longest message of an app, in characters of JSON. */
const LONGEST = 120 * 1024;
/** An app that sends more messages than this within MANY_IN milliseconds is stopped. */
const MANY = 200;
const MANY_IN = 10_000;
/** Calls of tools that one app has open at the same time. */
const MOST_OPEN = 4;
const TALLEST = 720;
/** Codes of JSON-RPC. */
const UNKNOWN_METHOD = -32601;
const INVALID_PARAMS = -32602;
const DENIED = -32000;

const dark = matchMedia('(prefers-color-scheme: dark)');
/** What is known of each frame. */
const frames = new WeakMap();
/** The heights that apps asked for while a card waits. */
const laterSizes = new Map();

const isObject = (value) => typeof value === 'object' && value !== null && !Array.isArray(value);

function frameOf(source) {
  return [...document.querySelectorAll('.app iframe')].find((frame) => frame.contentWindow === source);
}

function stateOf(frame) {
  if (!frames.has(frame)) frames.set(frame, { times: [], open: 0, isReady: false, isStopped: false });
  return frames.get(frame);
}

function send(frame, message) {
  frame.contentWindow?.postMessage({ jsonrpc: '2.0', ...message }, '*');
}

const theme = () => (dark.matches ? 'dark' : 'light');

/** Colours of this page under the names that apps know. */
function variables() {
  const page = getComputedStyle(document.documentElement);
  const names = {
    '--color-background-primary': '--paper',
    '--color-background-secondary': '--raised',
    '--color-text-primary': '--ink',
    '--color-text-secondary': '--quiet',
    '--color-border-primary': '--line',
    '--color-ring-primary': '--accent',
    '--color-text-success': '--good',
    '--color-text-danger': '--bad',
    '--color-text-warning': '--warn',
  };
  return Object.fromEntries(Object.entries(names).map(([name, own]) => [name, page.getPropertyValue(own).trim()]));
}

function context(frame) {
  return {
    theme: theme(),
    styles: { variables: variables() },
    displayMode: 'inline',
    availableDisplayModes: ['inline'],
    containerDimensions: { width: frame.clientWidth, maxHeight: TALLEST },
    locale: navigator.language,
    timeZone: Intl.DateTimeFormat().resolvedOptions().timeZone,
    platform: 'web',
  };
}

/** Asks the playground; the error is a sentence for people and apps. */
async function ask(path, body) {
  const options = body && { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) };
  const response = await fetch(path, options);
  const isJson = response.headers.get('content-type') === 'application/json';
  const answer = isJson ? await response.json() : {};
  if (!response.ok) throw new Error(answer.error ?? `the page's server responded ${response.status}`);
  return answer;
}

const areaOf = (frame) => frame.parentElement.querySelector('.asked-by-app');

function applySize(frame, height) {
  const border = frame.offsetHeight - frame.clientHeight;
  frame.style.height = `${Math.min(Math.max(height, 48), TALLEST) + border}px`;
}

/** A frame keeps its size while a card asks: an app could otherwise move a button under the pointer. */
function resize(frame, height) {
  if (isAsking()) laterSizes.set(frame, height);
  else applySize(frame, height);
}

/** Asks the person about a call; the last card lets the frames have the sizes that they asked for meanwhile. */
async function isApproved(frame, call) {
  const decision = await approval(areaOf(frame), call);
  if (!isAsking()) {
    for (const [sized, height] of laterSizes) applySize(sized, height);
    laterSizes.clear();
  }
  return decision;
}

async function callTool(frame, params) {
  const path = `${frame.getAttribute('src')}/tools`;
  const asked = { name: params.name, arguments: params.arguments ?? {} };
  let called = await ask(path, asked);
  if (called.approval) {
    if (!(await isApproved(frame, called.approval))) throw new Error('the person declined this call');
    called = await ask(path, { ...asked, approved: true });
  }
  if (called.result === undefined) throw new Error(called.error ?? 'the call has no result');
  return called.result;
}

async function begin(frame, state) {
  if (state.isReady) return;
  state.isReady = true;
  try {
    // An app may begin again and again; what it was called with stays the same.
    state.call ??= ask(`${frame.getAttribute('src')}/call`);
    const call = await state.call;
    send(frame, { method: 'ui/notifications/tool-input', params: { arguments: call.arguments } });
    send(frame, { method: 'ui/notifications/tool-result', params: call.result });
  } catch (problem) {
    state.call = undefined;
    send(frame, { method: 'ui/notifications/tool-cancelled', params: { reason: problem.message } });
  }
}

/** What this page does for an app, by the method. Each returns the result. */
const requests = {
  'ui/initialize': (frame) => {
    stateOf(frame).isReady = false;
    return {
      protocolVersion: PROTOCOL,
      hostInfo: { name: 'mcp-lambda-playground', version: '1' },
      hostCapabilities: { serverTools: {}, sandbox: {} },
      hostContext: context(frame),
    };
  },
  'ui/request-display-mode': () => ({ mode: 'inline' }),
  ping: () => ({}),
};

async function respond(frame, state, { id, method, params }) {
  const refuse = (code, message) => send(frame, { id, error: { code, message } });
  if (method !== 'tools/call') {
    const react = Object.hasOwn(requests, method) ? requests[method] : undefined;
    if (react) send(frame, { id, result: react(frame) });
    else refuse(UNKNOWN_METHOD, `this page does not do ${String(method).slice(0, 60)}`);
    return;
  }
  if (!isObject(params) || typeof params.name !== 'string' || !(params.arguments === undefined || isObject(params.arguments))) {
    refuse(INVALID_PARAMS, 'tools/call needs the name of a tool, and arguments that are an object');
    return;
  }
  if (state.open >= MOST_OPEN) {
    refuse(DENIED, `an app has at most ${MOST_OPEN} calls open at the same time`);
    return;
  }
  state.open += 1;
  try {
    send(frame, { id, result: await callTool(frame, params) });
  } catch (problem) {
    refuse(DENIED, problem.message);
  } finally {
    state.open -= 1;
  }
}

function notified(frame, state, { method, params }) {
  if (method === 'ui/notifications/initialized') begin(frame, state);
  if (method === 'ui/notifications/size-changed' && isObject(params) && Number.isFinite(params.height)) {
    resize(frame, params.height);
  }
}

/** Ends an app that does not leave the page in peace. */
function stop(frame, state) {
  state.isStopped = true;
  areaOf(frame).replaceChildren();
  const note = document.createElement('p');
  note.className = 'note';
  note.setAttribute('role', 'alert');
  note.textContent = 'This app sent too many messages and was stopped. Reload the page to start it again.';
  frame.replaceWith(note);
}

addEventListener('message', ({ source, data }) => {
  const frame = frameOf(source);
  if (!frame) return;
  const state = stateOf(frame);
  if (state.isStopped) return;
  const now = performance.now();
  state.times = state.times.filter((time) => now - time < MANY_IN);
  state.times.push(now);
  if (state.times.length > MANY) {
    stop(frame, state);
    return;
  }
  if (!isObject(data) || data.jsonrpc !== '2.0' || typeof data.method !== 'string') return;
  let length = Number.POSITIVE_INFINITY;
  try {
    length = JSON.stringify(data).length;
  } catch {
    // What is no JSON is no message.
  }
  const isRequest = typeof data.id === 'string' || typeof data.id === 'number';
  if (length > LONGEST) {
    if (isRequest) send(frame, { id: data.id, error: { code: DENIED, message: `a message has at most ${LONGEST} characters` } });
    return;
  }
  if (isRequest) respond(frame, state, data);
  else if (data.id === undefined) notified(frame, state, data);
});

dark.addEventListener('change', () => {
  for (const frame of document.querySelectorAll('.app iframe')) {
    if (frames.get(frame)?.isReady) {
      send(frame, {
        method: 'ui/notifications/host-context-changed',
        params: { theme: theme(), styles: { variables: variables() } },
      });
    }
  }
});
