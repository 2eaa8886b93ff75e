/**
 * The authorization server in front of Cognito, in the deployed template: what must not pass is refused through browser,
 * edge, gateway and function.
 */

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import { authorizationUrl, claims, newPkce, redeem, type Pkce } from './authorization-code.ts';
import { listenForCallback, Person, startBrowser, type Callback } from './person.ts';
import { runningStack } from './stack.ts';

const stack = runningStack();

describe('the authorization server', () => {
  let person: Person;

  before(async () => {
    person = await Person.signUp(stack);
  });
  after(() => person?.leave());

  describe('with the client for configuration by hand', () => {
    let callback: Callback;
    let pkce: Pkce;
    before(async () => {
      callback = await listenForCallback(0);
      pkce = newPkce();
    });
    after(() => callback?.close());

    /** What a request that never gets to the consent page ends with: the error at the client, or a page. */
    async function ask(changed: Record<string, string | null>): Promise<{ readonly status: number; readonly error: string | null; readonly page: string }> {
      const response = await fetch(authorizationUrl(stack, callback.redirectUri, pkce, changed), { redirect: 'manual' });
      const location = response.headers.get('location');
      return { status: response.status, error: location === null ? null : new URL(location).searchParams.get('error'), page: await response.text() };
    }

    async function code(): Promise<string> {
      const [query] = await Promise.all([callback.next(), person.allowAndSignInAt(authorizationUrl(stack, callback.redirectUri, pkce), /configured by hand/)]);
      const value = query.get('code');
      assert.ok(value, query.toString());
      return value;
    }

    test('redeems a code once, for an access token bound to the server, and rotates the refresh token', async () => {
      const value = await code();
      const wrong = await redeem(stack, value, callback.redirectUri, newPkce().verifier);
      assert.deepEqual([wrong.status, wrong.body.error], [400, 'invalid_grant'], 'a wrong verifier');

      const first = await redeem(stack, value, callback.redirectUri, pkce.verifier);
      assert.equal(first.status, 200, JSON.stringify(first.body));
      assert.equal(claims(first.body.access_token ?? '')['aud'], stack.McpServerUrl);
      assert.equal(claims(first.body.access_token ?? '')['scope'], stack.McpOAuthScope);

      const replayed = await redeem(stack, value, callback.redirectUri, pkce.verifier);
      assert.deepEqual([replayed.status, replayed.body.error], [400, 'invalid_grant'], 'a replayed code');

      const refresh = (refreshToken: string): Promise<Response> =>
        fetch(stack.McpOAuthTokenUrl, { method: 'POST', body: new URLSearchParams({ grant_type: 'refresh_token', client_id: stack.McpOAuthClientId, refresh_token: refreshToken }) });
      const refreshed = await refresh(first.body.refresh_token ?? '');
      assert.equal(refreshed.status, 200);
      const { refresh_token: successor } = (await refreshed.json()) as { refresh_token: string };
      assert.notEqual(successor, first.body.refresh_token);
      assert.equal((await refresh(successor)).status, 200);
    });

    test('refuses a request without PKCE, and the method plain', async () => {
      assert.equal((await ask({ code_challenge: null, code_challenge_method: null })).error, 'invalid_request');
      assert.equal((await ask({ code_challenge_method: 'plain' })).error, 'invalid_request');
    });

    test('refuses a foreign redirect URI on a page, and goes nowhere', async () => {
      for (const redirectUri of ['https://attacker.example/callback', `${callback.redirectUri}/more`, callback.redirectUri.replace('127.0.0.1', '127.0.0.1.attacker.example')]) {
        const { status, error, page } = await ask({ redirect_uri: redirectUri });
        assert.deepEqual([status, error], [400, null], redirectUri);
        assert.match(page, /This did not work/);
      }
    });

    test('refuses a token for another resource', async () => {
      assert.equal((await ask({ resource: 'https://another.example/mcp' })).error, 'invalid_target');
    });

    test('refuses a consent form that comes from another browser', async () => {
      await person.page.goto(authorizationUrl(stack, callback.redirectUri, pkce).href);
      const request = await person.page.locator('input[name=request]').getAttribute('value');
      const other = await startBrowser();
      try {
        const page = await other.newPage();
        // A browser of its own with a consent page of its own, into which somebody else's request is put.
        await page.goto(authorizationUrl(stack, callback.redirectUri, newPkce()).href);
        await page.locator('input[name=request]').evaluate((input, value) => ((input as { value?: string | null }).value = value), request);
        await page.getByRole('button', { name: 'Allow' }).click();
        await page.getByRole('heading', { name: 'This did not work' }).waitFor();
        assert.match(await page.locator('main').innerText(), /ConsentOtherBrowser/);
      } finally {
        await other.close();
      }
    });

    test('tells the client when the person does not allow it', async () => {
      await person.page.goto(authorizationUrl(stack, callback.redirectUri, pkce).href);
      const [query] = await Promise.all([callback.next(), person.page.getByRole('button', { name: 'Cancel' }).click()]);
      assert.deepEqual([query.get('error'), query.get('iss')], ['access_denied', stack.McpOAuthIssuer]);
    });
  });
});
