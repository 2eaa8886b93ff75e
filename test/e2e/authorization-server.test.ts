/**
 * The authorization server in front of Cognito, in the deployed template: what must not pass is refused through browser,
 * edge, gateway and function.
 */

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import { authorizationUrl, newPkce, redeem, type Pkce } from './authorization-code.ts';
import { listenForCallback, Person, startBrowser, type Callback } from './person.ts';
import { runningStack } from './stack.ts';

const stack = runningStack();

describe('the authorization server', () => {
  let person: Person;

  before(async () => {
    person = await Person.signUp(stack);
  });
  after(() => person?.leave());

  describe('with the client for manual configuration', () => {
    let callback: Callback;
    let pkce: Pkce;
    before(async () => {
      callback = await listenForCallback(0);
      pkce = newPkce();
    });
    after(() => callback?.close());

    test('refuses a consent form that comes from another browser', async () => {
      await person.page.goto(authorizationUrl(stack, callback.redirectUri, pkce).href);
      const request = await person.page.locator('input[name=request]').getAttribute('value');
      const other = await startBrowser();
      try {
        const page = await other.newPage();
        // A browser of its own with a consent page of its own, into which somebody else's request is put.
        await page.goto(authorizationUrl(stack, callback.redirectUri, newPkce()).href);
        await page
          .locator('input[name=request]')
          .evaluate((input, value) => ((input as { value?: string | null }).value = value), request);
        await page.getByRole('button', { name: 'Allow' }).click();
        await page.getByRole('heading', { name: 'This did not work' }).waitFor();
        assert.match(await page.locator('main').innerText(), /ConsentOtherBrowser/);
      } finally {
        await other.close();
      }
    });

    for (const [what, change] of [
      ['with', () => {}],
      ['without', (url: URL) => url.searchParams.delete('state')],
      ['with another', (url: URL) => url.searchParams.set('state', 'mcp-state-AAAA')],
    ] as const) {
      test(`leaves nothing of a sign-in that somebody else allowed, ${what} its state`, async () => {
        const other = await startBrowser();
        try {
          // The attacker allows, and keeps the address of the sign-in page for a victim.
          const attacker = await other.newPage();
          await attacker.route(
            (url) => url.pathname === '/oauth2/authorize',
            (route) => route.abort(),
          );
          await attacker.goto(authorizationUrl(stack, callback.redirectUri, pkce).href);
          const asked = attacker.waitForRequest((request) => new URL(request.url()).pathname === '/oauth2/authorize');
          await attacker.getByRole('button', { name: 'Allow' }).click();
          const signIn = new URL((await asked).url());
          const state = signIn.searchParams.get('state') ?? '';

          const called = person.page.waitForRequest((request) =>
            request.url().startsWith(`${stack.McpOAuthIssuer}/callback?`),
          );
          change(signIn);
          await person.page.goto(signIn.href);
          await person.fillSignIn();
          const code = new URL((await called).url()).searchParams.get('code');
          assert.ok(code);
          await person.page.getByRole('heading', { name: 'This did not work' }).waitFor();
          const shown = new URL(person.page.url());
          assert.deepEqual([shown.pathname, [...shown.searchParams.keys()]], ['/sign-in', ['outcome']]);
          assert.doesNotMatch(String(await person.page.evaluate('document.referrer')), /code=|state=/);
          await person.page.goBack();
          assert.doesNotMatch(person.page.url(), /code=/, 'the history has no code');

          // The attacker has got hold of the code all the same.
          await attacker.unrouteAll();
          const [query] = await Promise.all([
            callback.next(),
            attacker.goto(`${stack.McpOAuthIssuer}/callback?${new URLSearchParams({ code, state })}`),
          ]);
          const redeemed = await redeem(stack, query.get('code') ?? '', callback.redirectUri, pkce.verifier);
          assert.deepEqual(
            [redeemed.status, redeemed.body.error, redeemed.body.access_token],
            [400, 'invalid_grant', undefined],
          );
        } finally {
          await other.close();
        }
      });
    }

    test('takes the code out of the address bar and hands it to the client alone, with and without scripts', async () => {
      for (const javaScriptEnabled of [true, false]) {
        const other = await startBrowser();
        try {
          const page = await (await other.newContext({ javaScriptEnabled })).newPage();
          // The strictest policy that Cognito's pages could have: their form leads to our callback and nowhere else.
          await page.route(
            (url) => url.pathname === '/login',
            async (route) => {
              if (route.request().method() !== 'GET') return route.continue();
              const response = await route.fetch();
              const policy = (response.headers()['content-security-policy'] ?? '').replace(
                /form-action [^;]*/,
                `form-action 'self' ${new URL(stack.McpOAuthIssuer).origin}`,
              );
              assert.match(policy, /form-action 'self' http/);
              return route.fulfill({ response, headers: { ...response.headers(), 'content-security-policy': policy } });
            },
          );
          let referrer: string | undefined;
          // Stops at the client, so that the page before it stays.
          await page.route(
            (url) => url.href.startsWith(callback.redirectUri),
            (route) => {
              referrer = route.request().headers()['referer'];
              return route.abort();
            },
          );
          const arrived = page.waitForRequest((request) => request.url().startsWith(callback.redirectUri));
          await page.goto(authorizationUrl(stack, callback.redirectUri, newPkce()).href);
          await page.getByRole('button', { name: 'Allow' }).click();
          await page.waitForURL((at) => at.pathname === '/login');
          await page.getByLabel('E-mail address').fill(person.email);
          await page.getByLabel('Password', { exact: true }).fill(person.password);
          await page.getByRole('button', { name: 'Sign in' }).click();
          const to = new URL((await arrived).url());
          assert.deepEqual([...to.searchParams.keys()].sort(), ['code', 'iss', 'state']);
          assert.equal(referrer, undefined);
          if (javaScriptEnabled) assert.doesNotMatch(page.url(), /code=/);
        } finally {
          await other.close();
        }
      }
    });

    test('begins a sign-in without a client itself, and ends it on the account page', async () => {
      assert.equal(stack.SignInUrl, `${stack.McpOAuthIssuer}/sign-in`);
      await person.page.setViewportSize({ width: 320, height: 640 });
      await person.page.goto(stack.SignInUrl);
      await person.fillSignIn();
      await person.page.getByRole('heading', { name: 'Your account is ready' }).waitFor();
      assert.doesNotMatch(person.page.url(), /code=|state=/);
      const overflow = await person.page.evaluate(
        'document.documentElement.scrollWidth - document.documentElement.clientWidth',
      );
      assert.equal(overflow, 0);
    });

    test('answers HEAD like GET', async () => {
      for (const path of [
        '/.well-known/oauth-authorization-server',
        '/.well-known/openid-configuration',
        '/.well-known/oauth-protected-resource/mcp',
        '/sign-in?outcome=done',
      ]) {
        const [get, head] = await Promise.all(
          ['GET', 'HEAD'].map((method) => fetch(`${stack.McpOAuthIssuer}${path}`, { method })),
        );
        assert.deepEqual(
          [head?.status, head?.headers.get('content-type')?.split(';')[0], await head?.text()],
          [get?.status, get?.headers.get('content-type')?.split(';')[0], ''],
          path,
        );
      }
    });

    test('tells the client when the person does not allow it', async () => {
      await person.page.goto(authorizationUrl(stack, callback.redirectUri, pkce).href);
      const [query] = await Promise.all([callback.next(), person.page.getByRole('button', { name: 'Cancel' }).click()]);
      assert.deepEqual([query.get('error'), query.get('iss')], ['access_denied', stack.McpOAuthIssuer]);
    });
  });
});
