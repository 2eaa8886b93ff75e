/** Cognito's own sign-in pages in a real browser. */

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import { authorizationUrl, claims, newPkce, redeem, type Pkce, type TokenAnswer } from './authorization-code.ts';
import { flaws } from './flaws.ts';
import { listenForCallback, newPassword, Person, type Callback } from './person.ts';
import { runningStack } from './stack.ts';

const stack = runningStack();

async function callsMcp(accessToken: string): Promise<number> {
  const response = await fetch(stack.McpServerUrl, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
      authorization: `Bearer ${accessToken}`,
    },
    body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/list', params: {} }),
  });
  return response.status;
}

describe('a person in a browser', () => {
  let person: Person;
  let callback: Callback;

  before(async () => {
    callback = await listenForCallback(Number(stack.CallbackPort));
    person = await Person.arrive(stack);
  });
  after(async () => {
    await person?.leave();
    await callback?.close();
  });

  /** One run through the browser; the code that arrives at the client's redirect URI. */
  async function codeFor(pkce: Pkce): Promise<string> {
    const url = authorizationUrl(stack, callback.redirectUri, pkce);
    const [query] = await Promise.all([callback.next(), person.signInAt(url)]);
    assert.equal(query.get('state'), url.searchParams.get('state'));
    const code = query.get('code');
    assert.ok(code !== null, `no code arrived: ${query}`);
    return code;
  }

  async function signedIn(): Promise<TokenAnswer['body']> {
    const pkce = newPkce();
    const answer = await redeem(stack, await codeFor(pkce), callback.redirectUri, pkce.verifier);
    assert.equal(answer.status, 200, JSON.stringify(answer.body));
    return answer.body;
  }

  test('signs up, is refused with a wrong code, confirms with the code from the mail, and lands at the client with tokens', async () => {
    const pkce = newPkce();
    const url = authorizationUrl(stack, callback.redirectUri, pkce);
    await person.page.goto(url.href);
    await person.fillSignUp();
    await person.page.getByLabel('Code from the mail').fill('000000');
    await person.page.getByRole('button', { name: 'Confirm account' }).click();
    await person.page.getByRole('alert').waitFor();
    const arrived = callback.next();
    await person.fillConfirmation();
    await person.fillSignIn();
    const query = await arrived;
    assert.equal(query.get('state'), url.searchParams.get('state'));
    const answer = await redeem(stack, query.get('code') ?? '', callback.redirectUri, pkce.verifier);
    assert.equal(answer.status, 200, JSON.stringify(answer.body));

    const { access_token: accessToken = '', id_token: idToken, token_type: type } = answer.body;
    assert.equal(type, 'Bearer');
    assert.equal(idToken, undefined, 'no openid scope was asked for, so there is no ID token');
    const access = claims(accessToken);
    assert.equal(access.token_use, 'access');
    assert.equal(access.scope, stack.McpOAuthScope);
    assert.equal(access.aud, stack.McpServerUrl);
    assert.equal(await callsMcp(accessToken), 200);
  });

  test('cannot sign in with a wrong password, and is told so without a hint whether the account exists', async () => {
    const messages: string[] = [];
    for (const email of [person.email, 'nobody@example.com']) {
      await person.page.goto(authorizationUrl(stack, callback.redirectUri, newPkce()).href);
      await person.page.getByLabel('E-mail address').fill(email);
      await person.page.getByLabel('Password', { exact: true }).fill('Wrong-password-1!');
      await person.page.getByRole('button', { name: 'Sign in' }).click();
      messages.push(await person.page.getByRole('alert').innerText());
    }
    assert.equal(messages[0], messages[1]);
  });

  test('gets back in with a new password after forgetting the old one', async () => {
    await person.page.goto(authorizationUrl(stack, callback.redirectUri, newPkce()).href);
    await person.page.getByRole('link', { name: 'Forgot your password?' }).click();
    await person.page.getByLabel('E-mail address').fill(person.email);
    await person.page.getByRole('button', { name: 'Send a code' }).click();
    const old = person.password;
    person.password = newPassword();
    await person.page.getByLabel('Code from the mail').fill(await person.mailedCode());
    await person.page.getByLabel('New password', { exact: true }).fill(person.password);
    await person.page.getByRole('button', { name: 'Change password' }).click();
    await person.page.getByRole('button', { name: 'Sign in' }).waitFor();

    await person.page.goto(authorizationUrl(stack, callback.redirectUri, newPkce()).href);
    await person.page.getByLabel('E-mail address').fill(person.email);
    await person.page.getByLabel('Password', { exact: true }).fill(old);
    await person.page.getByRole('button', { name: 'Sign in' }).click();
    await person.page.getByRole('alert').waitFor();
    assert.ok((await signedIn()).access_token);
  });

  test('every page is accessible and fits a small phone', async () => {
    await person.page.setViewportSize({ width: 320, height: 640 });
    const visit = async (name: string): Promise<void> => {
      assert.deepEqual(await flaws(person.page), [], name);
      const overflow = await person.page.evaluate(
        'document.documentElement.scrollWidth - document.documentElement.clientWidth',
      );
      assert.equal(overflow, 0, `${name} scrolls sideways at 320 px`);
    };
    await person.page.goto(stack.SignInUrl);
    await visit('sign in');
    await person.page.getByRole('link', { name: 'Create an account' }).click();
    await visit('sign up');
    await person.page.getByLabel('E-mail address').fill(`second-${person.email}`);
    await person.page.getByLabel('Password', { exact: true }).fill(newPassword());
    await person.page.getByRole('button', { name: 'Sign up' }).click();
    await visit('confirm');
    await person.page.goto(stack.SignInUrl);
    await person.page.getByRole('link', { name: 'Forgot your password?' }).click();
    await visit('forgotten password');
    await person.page.getByLabel('E-mail address').fill(person.email);
    await person.page.getByRole('button', { name: 'Send a code' }).click();
    await visit('new password');
    await person.page.goto(stack.MailboxUrl);
    await visit('mailbox');
  });
});
