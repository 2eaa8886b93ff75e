/** The authorization code flow of the client for manual configuration, at the authorization server and at Cognito itself: what it gives and refuses. */

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import { authorizationUrl, claims, newPkce, redeem, token, type Pkce, type TokenAnswer } from './authorization-code.ts';
import { listenForCallback, Person, type Callback } from './person.ts';
import { authorizationOf, runningStack } from './stack.ts';

const stack = runningStack();
const server = authorizationOf(stack) === 'server';

describe(`the authorization code flow${server ? '' : ' of Cognito itself'}`, () => {
  let person: Person;
  let callback: Callback;
  before(async () => {
    // The authorization server takes any port of loopback, Cognito the one that is registered.
    callback = await listenForCallback(server ? 0 : Number(stack.CallbackPort));
    person = await Person.signUp(stack);
  });
  after(async () => {
    await person?.leave();
    await callback?.close();
  });

  /** One run through the browser; the code that arrives at the client's redirect URI. */
  async function codeFor(pkce: Pkce): Promise<string> {
    const url = authorizationUrl(stack, callback.redirectUri, pkce);
    const [query] = await Promise.all([
      callback.next(),
      server ? person.allowAndSignInAt(url, /configured manually/) : person.signInAt(url),
    ]);
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

  /** What a request ends with that never gets to a person: the query at the client, or a page. */
  async function ask(
    changed: Record<string, string | null>,
  ): Promise<{ readonly status: number; readonly query: URLSearchParams | null; readonly page: string }> {
    const response = await fetch(authorizationUrl(stack, callback.redirectUri, newPkce(), changed), {
      redirect: 'manual',
    });
    const location = response.headers.get('location');
    return {
      status: response.status,
      query: location === null ? null : new URL(location).searchParams,
      page: await response.text(),
    };
  }

  test('gives an access token bound to the server', async () => {
    const access = claims((await signedIn()).access_token ?? '');
    assert.equal(access['aud'], stack.McpServerUrl);
    assert.equal(access['scope'], stack.McpOAuthScope);
  });

  test('a refresh token works once, its successor works, and after revocation neither does', async () => {
    const first = await signedIn();
    const second = await token(stack, { grant_type: 'refresh_token', refresh_token: first.refresh_token ?? '' });
    assert.equal(second.status, 200, JSON.stringify(second.body));
    assert.equal(claims(second.body.access_token ?? '')['aud'], stack.McpServerUrl, 'the audience is kept on refresh');
    assert.notEqual(
      second.body.refresh_token ?? first.refresh_token,
      first.refresh_token,
      'the refresh token was not rotated',
    );
    const third = await token(stack, { grant_type: 'refresh_token', refresh_token: second.body.refresh_token ?? '' });
    assert.equal(third.status, 200, JSON.stringify(third.body));

    const metadata = (await (
      await fetch(new URL('/.well-known/oauth-authorization-server', stack.McpServerUrl))
    ).json()) as { revocation_endpoint: string };
    const revoked = await fetch(metadata.revocation_endpoint, {
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: new URLSearchParams({ client_id: stack.McpOAuthClientId, token: third.body.refresh_token ?? '' }),
    });
    assert.equal(revoked.status, 200);
    const fourth = await token(stack, { grant_type: 'refresh_token', refresh_token: third.body.refresh_token ?? '' });
    assert.deepEqual([fourth.status, fourth.body.error], [400, 'invalid_grant']);
  });

  describe('refuses', () => {
    test('a redirect URI that is not registered, without redirecting to it', async () => {
      const registered = new URL(callback.redirectUri);
      const foreign = [
        'https://attacker.example/callback',
        `${registered.origin}/callback/more`,
        `${registered.origin}/CALLBACK`,
        `http://user@127.0.0.1:${registered.port}/callback`,
        `http://127.0.0.1.attacker.example:${registered.port}/callback`,
        ...(server ? [] : [`http://127.0.0.1:${Number(registered.port) + 1}/callback`]),
      ];
      for (const redirectUri of foreign) {
        const { status, query, page } = await ask({ redirect_uri: redirectUri });
        assert.deepEqual([status, query], [400, null], redirectUri);
        if (server) assert.match(page, /This did not work/);
      }
    });

    test('a PKCE method other than S256', async () => {
      const { query } = await ask({ code_challenge_method: 'plain' });
      assert.deepEqual([query?.get('error'), query?.get('code')], ['invalid_request', null]);
    });

    test("a scope that is not the app client's", async () => {
      const { query } = await ask({ scope: 'aws.cognito.signin.user.admin' });
      // Cognito names the reason in the description only.
      const [error, description] = [query?.get('error'), query?.get('error_description')];
      assert.deepEqual(
        server ? [error] : [error, description],
        server ? ['invalid_scope'] : ['invalid_request', 'invalid_scope'],
      );
      assert.equal(query?.get('code'), null);
    });

    test('a wrong verifier, a missing verifier, and a code that was redeemed before', async () => {
      const pkce = newPkce();
      const code = await codeFor(pkce);
      const wrong = await redeem(stack, code, callback.redirectUri, newPkce().verifier);
      assert.deepEqual([wrong.status, wrong.body.error], [400, 'invalid_grant']);
      const missing = await token(stack, {
        grant_type: 'authorization_code',
        code,
        redirect_uri: callback.redirectUri,
      });
      assert.deepEqual([missing.status, missing.body.access_token], [400, undefined]);
      // The authorization server refuses both before it redeems Cognito's code; at Cognito the code is used up.
      if (server) assert.equal((await redeem(stack, code, callback.redirectUri, pkce.verifier)).status, 200);

      const other = newPkce();
      const fresh = await codeFor(other);
      assert.equal((await redeem(stack, fresh, callback.redirectUri, other.verifier)).status, 200);
      const replayed = await redeem(stack, fresh, callback.redirectUri, other.verifier);
      assert.deepEqual([replayed.status, replayed.body.error], [400, 'invalid_grant']);
    });

    test('a code redeemed for another redirect URI', async () => {
      const pkce = newPkce();
      const answer = await redeem(
        stack,
        await codeFor(pkce),
        callback.redirectUri.replace('127.0.0.1', 'localhost'),
        pkce.verifier,
      );
      assert.deepEqual([answer.status, answer.body.error], [400, 'invalid_grant']);
    });

    if (server) {
      test('a request without PKCE', async () => {
        assert.equal(
          (await ask({ code_challenge: null, code_challenge_method: null })).query?.get('error'),
          'invalid_request',
        );
      });

      test('a token for another resource', async () => {
        assert.equal((await ask({ resource: 'https://another.example/mcp' })).query?.get('error'), 'invalid_target');
      });
    }
  });
});
