/** As much of a browser as a sign-in needs, so that hundreds fit on one machine: cookies, links, forms and redirects. */

import { patience } from './patience.ts';

/** How often one request is sent again because the gateway asks for it. */
const attempts = 60;

/** Fetches, and comes back when the answer is 429 and says when (RFC 9110 section 10.2.3), not all at the same moment. */
export async function fetchPatiently(
  url: URL | string,
  init: () => RequestInit,
): Promise<{ readonly response: Response; readonly throttled: number }> {
  for (let throttled = 0; throttled < attempts; throttled += 1) {
    const response = await fetch(url, { ...init(), redirect: 'manual', signal: AbortSignal.timeout(patience) });
    if (response.status !== 429) return { response, throttled };
    await response.body?.cancel();
    const seconds = Number(response.headers.get('retry-after'));
    if (!(seconds >= 1 && seconds <= 60))
      throw new Error(`${url} answered 429 with Retry-After ${response.headers.get('retry-after')}`);
    await new Promise((resolve) => setTimeout(resolve, seconds * 1000 * (1 + Math.random())));
  }
  throw new Error(`${url} answered 429 ${attempts} times`);
}

/** Where a browser stands. */
interface Page {
  readonly url: URL;
  readonly html: string;
}

/** One person's browser. */
export class LoadBrowser {
  /** How often it was told to come back later. */
  throttled = 0;
  readonly #cookies = new Map<string, string>();
  #page: Page | undefined;

  /** Goes there and follows redirects, and the page after a sign-in; stops before the first URL that begins with `end`, and gives it. */
  async go(url: URL, end?: string): Promise<URL | undefined> {
    return this.#request(url, { method: 'GET' }, end);
  }

  /** Follows the only button that is a link. */
  async followButton(): Promise<void> {
    const { html, url } = this.#here();
    const href = /<a class="button" href="([^"]+)"/.exec(html)?.[1];
    if (href === undefined) throw new Error(`no button to follow at ${url.pathname}: ${html}`);
    await this.go(new URL(unescaped(href), url));
  }

  /** Sends the only form of the page with its hidden fields and these; stops before the first URL that begins with `end`. */
  async submit(fields: Record<string, string>, end?: string): Promise<URL | undefined> {
    const { html, url } = this.#here();
    const action = /<form method="post" action="([^"]+)"/.exec(html)?.[1];
    if (action === undefined) throw new Error(`no form at ${url.pathname}: ${html}`);
    const hidden = [...html.matchAll(/<input type="hidden" name="([^"]+)" value="([^"]*)"/g)].map(([, name, value]) => [
      name ?? '',
      unescaped(value ?? ''),
    ]);
    const body = new URLSearchParams([...hidden, ...Object.entries(fields)]);
    return this.#request(
      new URL(unescaped(action), url),
      { method: 'POST', body, headers: { origin: url.origin } },
      end,
    );
  }

  #here(): Page {
    if (this.#page === undefined) throw new Error('the browser is nowhere yet');
    return this.#page;
  }

  async #request(url: URL, init: RequestInit, end?: string): Promise<URL | undefined> {
    const response = await this.#patiently(url, init);
    const location = response.headers.get('location') ?? refreshTo(response, end);
    if (location === null) {
      const html = await response.text();
      if (!response.ok) throw new Error(`${init.method} ${url.pathname} answered ${response.status}: ${html}`);
      this.#page = { url, html };
      return undefined;
    }
    await response.body?.cancel();
    const next = new URL(location, url);
    return end !== undefined && next.href.startsWith(end) ? next : this.#request(next, { method: 'GET' }, end);
  }

  async #patiently(url: URL, init: RequestInit): Promise<Response> {
    const { response, throttled } = await fetchPatiently(url, () => {
      const cookie = this.#jar(url)
        .map(([name, value]) => `${name}=${value}`)
        .join('; ');
      return {
        ...init,
        headers: { ...(init.headers as Record<string, string> | undefined), ...(cookie === '' ? {} : { cookie }) },
      };
    });
    this.throttled += throttled;
    this.#keep(url, response);
    return response;
  }

  #jar(url: URL): [string, string][] {
    return [...this.#cookies]
      .filter(([key]) => key.startsWith(`${url.origin} `))
      .map(([key, value]) => [key.slice(url.origin.length + 1), value]);
  }

  #keep(url: URL, response: Response): void {
    for (const cookie of response.headers.getSetCookie()) {
      const [pair = '', ...attributes] = cookie.split(';');
      const at = pair.indexOf('=');
      const key = `${url.origin} ${pair.slice(0, at)}`;
      if (attributes.some((attribute) => attribute.trim().toLowerCase() === 'max-age=0')) this.#cookies.delete(key);
      else this.#cookies.set(key, pair.slice(at + 1));
    }
  }
}

/** Where a page leads on by itself, if that is the end of the way; every other page has a button. */
function refreshTo(response: Response, end: string | undefined): string | null {
  const target = /^0; url=(.*)$/.exec(response.headers.get('refresh') ?? '')?.[1];
  return target !== undefined && end !== undefined && target.startsWith(end) ? target : null;
}

function unescaped(text: string): string {
  return text
    .replace(/&#(\d+);/g, (_, code: string) => String.fromCodePoint(Number(code)))
    .replaceAll('&quot;', '"')
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&amp;', '&');
}
