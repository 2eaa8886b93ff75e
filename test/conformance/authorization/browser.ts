/** A browser without a window: follows links, keeps cookies by origin, and stops where the MCP client listens. */

/** What a browser shows: the answer and where it came from. */
export interface Page {
  readonly url: URL;
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
}

const MOST_STEPS = 12;

export class Browser {
  /** The newest answer. */
  last: Page | undefined;
  readonly #cookies = new Map<string, Map<string, string>>();

  /** One request, nothing followed. */
  async open(url: URL | string, init: RequestInit = {}): Promise<Page> {
    const at = new URL(url);
    const cookies = this.cookiesOf(at.origin);
    const headers = new Headers(init.headers);
    if (cookies.size > 0) headers.set('cookie', [...cookies].map(([name, value]) => `${name}=${value}`).join('; '));
    const response = await fetch(at, { ...init, headers, redirect: 'manual' });
    for (const line of response.headers.getSetCookie()) {
      const [pair = '', ...attributes] = line.split(';').map((part) => part.trim());
      const name = pair.slice(0, pair.indexOf('='));
      if (attributes.some((attribute) => attribute.toLowerCase() === 'max-age=0')) cookies.delete(name);
      else cookies.set(name, pair.slice(name.length + 1));
    }
    this.last = { url: at, status: response.status, headers: response.headers, text: await response.text() };
    return this.last;
  }

  /** Sends a form as a page of the same origin does. */
  submit(url: URL | string, fields: Record<string, string>): Promise<Page> {
    const at = new URL(url);
    return this.open(at, {
      method: 'POST',
      body: new URLSearchParams(fields),
      headers: { origin: at.origin, 'sec-fetch-site': 'same-origin' },
    });
  }

  /** Follows redirects from a page until one leads to an origin that is not in `inside`, and gives that address. */
  async leave(page: Page, inside: readonly string[], onPage: (page: Page) => Promise<Page>): Promise<URL> {
    let at = page;
    for (let step = 0; step < MOST_STEPS; step += 1) {
      const target = targetOf(at);
      if (target === undefined) at = await onPage(at);
      else if (inside.includes(target.origin)) at = await this.open(target);
      else return target;
    }
    throw new Error(`${MOST_STEPS} steps led nowhere; the last page was ${at.url.href}: ${at.text.slice(0, 500)}`);
  }

  /** The cookies of an origin, to be looked at or spoilt. */
  cookiesOf(origin: string): Map<string, string> {
    const known = this.#cookies.get(origin) ?? new Map<string, string>();
    this.#cookies.set(origin, known);
    return known;
  }
}

/** Where an answer leads by itself: `Location`, or `Refresh` without delay. */
export function targetOf(page: Pick<Page, 'url' | 'headers'>): URL | undefined {
  const location = page.headers.get('location') ?? /^0; url=(.*)$/.exec(page.headers.get('refresh') ?? '')?.[1];
  return location === undefined || location === null ? undefined : new URL(location, page.url);
}

/** The hidden fields of the page's form. */
export function hiddenFields(text: string): Record<string, string> {
  return Object.fromEntries(
    [...text.matchAll(/<input type="hidden" name="([^"]+)" value="([^"]*)"/g)].map(([, name = '', value = '']) => [
      name,
      value,
    ]),
  );
}
