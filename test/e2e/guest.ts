/** A person in the playground, in a real browser. */

import assert from 'node:assert/strict';

import type { Locator } from 'playwright-core';

import { Person } from './person.ts';
import { runningStack } from './stack.ts';

const stack = runningStack();
/** The origin of the playground. */
export const origin = (stack as unknown as Record<string, string>)['PlaygroundUrl']!;

/** Somebody who has signed in at the first server. */
export class Guest {
  private constructor(readonly person: Person) {}

  /** Signs up, and signs in at the first server, which says who a person is. */
  static async arrive(): Promise<Guest> {
    const guest = new Guest(await Person.signUp(stack));
    try {
      await guest.page.setViewportSize({ width: 1280, height: 860 });
      await guest.page.goto(origin);
      await guest.page.getByRole('button', { name: 'Sign in' }).click();
      await guest.consent('Products');
      return guest;
    } catch (error) {
      await guest.person.leave();
      throw error;
    }
  }

  get page() {
    return this.person.page;
  }

  /** Allows the playground to use a server, signs in, and comes back. */
  async consent(title: string): Promise<void> {
    await this.page.waitForURL((at) => at.pathname === '/authorize');
    const heading = await this.page.getByRole('heading', { level: 1 }).innerText();
    assert.match(heading, new RegExp(`The workshop.* to use ${title}\\?`));
    await this.page.getByRole('button', { name: 'Allow' }).click();
    await this.page.waitForURL((at) => at.pathname === '/login');
    await this.person.fillSignIn();
    await this.page.waitForURL((at) => at.origin === origin && at.pathname !== '/callback');
  }

  server(title: string): Locator {
    return this.page
      .locator('#servers li.server')
      .filter({ has: this.page.locator('.head').getByText(title, { exact: true }) });
  }

  /** Signs in at another server of the list. */
  async signInAt(title: string): Promise<void> {
    await this.server(title).getByRole('button', { name: 'Sign in' }).click();
    await this.consent(title);
    await this.server(title).getByText('signed in', { exact: true }).waitFor();
  }

  /** Asks, and gives the turn, which may still run. */
  async ask(question: string): Promise<Locator> {
    const turns = this.page.locator('#turns > li');
    const before = await turns.count();
    await this.page.getByLabel('Your question', { exact: true }).fill(question);
    await this.page.getByRole('button', { name: 'Send' }).click();
    const turn = turns.nth(before);
    await turn.waitFor();
    return turn;
  }

  /** Asks, and gives the turn when it has ended, with the words of the model. */
  async reply(question: string): Promise<{ readonly turn: Locator; readonly said: string }> {
    const turn = await this.ask(question);
    await this.ended();
    return { turn, said: await turn.innerText() };
  }

  /** Waits until no turn runs. */
  async ended(): Promise<void> {
    await this.page.getByRole('button', { name: 'Send' }).waitFor();
    await this.page.locator('.live').waitFor({ state: 'detached' });
  }

  /** The header that the browser sends to the playground. */
  async cookies(): Promise<string> {
    const cookies = await this.page.context().cookies(origin);
    return cookies.map(({ name, value }) => `${name}=${value}`).join('; ');
  }
}

/** A tool call in a turn. */
export const card = (turn: Locator, tool: string) => turn.getByRole('group', { name: `Tool call ${tool}` });
