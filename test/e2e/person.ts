/** A person with a browser: signs up, reads their mail, signs in, and forgets their password. */

import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

import { chromium, type Browser, type Page } from 'playwright-core';

import { patience } from './patience.ts';
import type { Stack } from './stack.ts';

/** A message that the emulator would have sent by e-mail. */
interface Mail {
  readonly to: readonly string[];
  readonly subject: string;
  readonly text: string;
}

/** Starts Debian's Chromium; nothing of it may speak to the network but what the test asks for. */
export function startBrowser(): Promise<Browser> {
  return chromium.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    args: [
      '--no-proxy-server',
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  });
}

/** Somebody with an account in the user pool and a browser of their own. */
export class Person {
  private constructor(
    private readonly browser: Browser,
    readonly page: Page,
    private readonly stack: Stack,
    readonly email: string,
    public password: string,
  ) {}

  /** Opens a browser and an e-mail address for somebody who has no account yet. */
  static async arrive(stack: Stack): Promise<Person> {
    const browser = await startBrowser();
    const context = await browser.newContext({ viewport: { width: 390, height: 844 } });
    context.setDefaultTimeout(patience);
    const name = randomBytes(6).toString('hex');
    return new Person(browser, await context.newPage(), stack, `${name}@example.com`, newPassword());
  }

  /** Arrives and signs up through the pages, with the code from the captured mail. */
  static async signUp(stack: Stack): Promise<Person> {
    const person = await Person.arrive(stack);
    try {
      await person.page.goto(stack.SignInUrl);
      await person.fillSignUp();
      await person.fillConfirmation();
      return person;
    } catch (error) {
      // A browser that is left open keeps the test process from ending.
      await person.leave();
      throw error;
    }
  }

  /** From the sign-in page to the sign-up form, filled in and sent. */
  async fillSignUp(): Promise<void> {
    await this.page.getByRole('link', { name: 'Create an account' }).click();
    await this.page.getByLabel('E-mail address').fill(this.email);
    await this.page.getByLabel('Password', { exact: true }).fill(this.password);
    await this.page.getByRole('button', { name: 'Sign up' }).click();
  }

  /** The confirmation form, with the newest code that was mailed. */
  async fillConfirmation(): Promise<void> {
    await this.page.getByLabel('Code from the mail').fill(await this.mailedCode());
    await this.page.getByRole('button', { name: 'Confirm account' }).click();
  }

  /** The sign-in form, filled in and sent. */
  async fillSignIn(): Promise<void> {
    await this.page.getByLabel('E-mail address').fill(this.email);
    await this.page.getByLabel('Password', { exact: true }).fill(this.password);
    await this.page.getByRole('button', { name: 'Sign in' }).click();
  }

  /** Opens an authorization URL and signs in; ends where the MCP client's redirect URI is. */
  async signInAt(authorizationUrl: URL): Promise<void> {
    await this.page.goto(authorizationUrl.href);
    await this.fillSignIn();
    await this.page.waitForURL((url) => url.searchParams.has('code') || url.searchParams.has('error'));
  }

  /** Reads the consent page, allows, and signs in; ends where the MCP client's redirect URI is. */
  async allowAndSignInAt(authorizationUrl: URL, asking: RegExp, oauthScope = this.stack.McpOAuthScope): Promise<void> {
    await this.page.goto(authorizationUrl.href);
    assert.match(await this.page.getByRole('heading', { level: 1 }).innerText(), asking);
    assert.match(await this.page.locator('main').innerText(), new RegExp(oauthScope));
    await this.page.getByRole('button', { name: 'Allow' }).click();
    await this.page.waitForURL((at) => at.pathname === '/login');
    await this.fillSignIn();
    await this.page.waitForURL((at) => at.pathname.endsWith('/callback') && at.origin !== this.stack.McpOAuthIssuer);
  }

  /** The code in the newest mail to this person; waits for it. */
  async mailedCode(): Promise<string> {
    for (let attempt = 0; attempt < 3000; attempt += 1) {
      const response = await fetch(this.stack.MailboxUrl, { headers: { accept: 'application/json' } });
      const { messages } = (await response.json()) as { messages: readonly Mail[] };
      const mine = messages.filter(({ to }) => to.includes(this.email));
      // The mailbox lists the newest mail first.
      const code = /\b(\d{6})\b/.exec(mine[0]?.text ?? '')?.[1];
      if (code !== undefined && mine.length > this.#read) {
        this.#read = mine.length;
        return code;
      }
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    throw new Error(`no mail with a code arrived for ${this.email}`);
  }

  #read = 0;

  /** Closes the browser. */
  leave(): Promise<void> {
    return this.browser.close();
  }
}

/** A password that satisfies the pool's policy and that nobody else has. */
export function newPassword(): string {
  return `Aa1!${randomBytes(12).toString('base64url')}`;
}

/** An MCP client's loopback redirect URI, which answers the browser and keeps what it was given. */
export interface Callback {
  readonly redirectUri: string;
  /** The query of the next redirect that arrives. */
  next(): Promise<URLSearchParams>;
  close(): Promise<void>;
}

/** A port that nobody listens on, for a program that takes its port as an option. */
export async function freePort(): Promise<number> {
  const callback = await listenForCallback(0);
  await callback.close();
  return Number(new URL(callback.redirectUri).port);
}

/** Listens on a port whose redirect URI is registered with the interactive app client. */
export async function listenForCallback(port: number): Promise<Callback> {
  const waiting: ((query: URLSearchParams) => void)[] = [];
  const arrived: URLSearchParams[] = [];
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? '/', 'http://localhost');
    response
      .writeHead(url.pathname === '/callback' ? 200 : 404, { 'content-type': 'text/plain' })
      .end('You can close this page.');
    if (url.pathname !== '/callback') return;
    const next = waiting.shift();
    if (next === undefined) arrived.push(url.searchParams);
    else next(url.searchParams);
  });
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(port, '127.0.0.1', resolve));
  return {
    redirectUri: `http://127.0.0.1:${(server.address() as AddressInfo).port}/callback`,
    next: () =>
      new Promise((resolve) => {
        const query = arrived.shift();
        if (query === undefined) waiting.push(resolve);
        else resolve(query);
      }),
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}
