/** Many people at once: every sign-in ends with the tokens of the person who signed in, and with nobody else's. */

import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { before, describe, test } from 'node:test';

import { authorizationUrl, claims, newPkce, type Pkce, type TokenAnswer } from './authorization-code.ts';
import { fetchPatiently, LoadBrowser } from './load-browser.ts';
import { playMetadataHost } from './metadata-host.ts';
import { newPassword } from './person.ts';
import { aws, runningStack } from './stack.ts';

const people = 200;
/** Nobody listens there: the browsers stop before. */
const redirectUri = `http://127.0.0.1:${runningStack().CallbackPort}/callback`;

interface User {
  readonly email: string;
  readonly password: string;
  readonly sub: string;
}

interface SignIn {
  readonly user: User;
  readonly browser: LoadBrowser;
  readonly pkce: Pkce;
  readonly state: string;
}

describe('under load', () => {
  const stack = runningStack();
  const cognito = <T>(operation: string, body: object): Promise<T> =>
    aws<T>(stack, 'cognito-idp', `AWSCognitoIdentityProviderService.${operation}`, {
      UserPoolId: stack.UserPoolId,
      ...body,
    });

  async function newUser(): Promise<User> {
    const email = `${randomBytes(6).toString('hex')}@example.com`;
    const password = newPassword();
    const { User } = await cognito<{ User: { Attributes: readonly { Name: string; Value: string }[] } }>(
      'AdminCreateUser',
      {
        Username: email,
        MessageAction: 'SUPPRESS',
        UserAttributes: [
          { Name: 'email', Value: email },
          { Name: 'email_verified', Value: 'true' },
        ],
      },
    );
    await cognito('AdminSetUserPassword', { Username: email, Password: password, Permanent: true });
    const sub = User.Attributes.find(({ Name }) => Name === 'sub')?.Value;
    assert.ok(sub);
    return { email, password, sub };
  }

  let users: readonly User[];
  before(async () => {
    users = await Promise.all(Array.from({ length: people }, newUser));
  });

  /** Brings them to the token endpoint step by step together: at every step all of them are in flight. Gives its answers. */
  async function signInTogether(
    together: readonly SignIn[],
  ): Promise<readonly { signIn: SignIn; status: number; body: TokenAnswer['body']; throttled: number }[]> {
    await Promise.all(
      together.map(({ browser, pkce, state }) => browser.go(authorizationUrl(stack, redirectUri, pkce, { state }))),
    );
    await Promise.all(
      together.map(async ({ browser }) => {
        await browser.submit({ decision: 'allow' });
        await browser.followButton();
      }),
    );
    const redirects = await Promise.all(
      together.map(({ browser, user }) => browser.submit({ email: user.email, password: user.password }, redirectUri)),
    );
    const codes = redirects.map((redirect, index) => {
      assert.equal(redirect?.searchParams.get('state'), together[index]?.state);
      return redirect?.searchParams.get('code') ?? '';
    });
    assert.equal(new Set(codes).size, together.length);
    return Promise.all(
      together.map(async (signIn, index) => {
        const parameters = {
          grant_type: 'authorization_code',
          client_id: stack.McpOAuthClientId,
          code: codes[index] ?? '',
          redirect_uri: redirectUri,
          code_verifier: signIn.pkce.verifier,
          resource: stack.McpServerUrl,
        };
        const { response, throttled } = await fetchPatiently(stack.McpOAuthTokenUrl, () => ({
          method: 'POST',
          body: new URLSearchParams(parameters),
        }));
        return { signIn, status: response.status, body: (await response.json()) as TokenAnswer['body'], throttled };
      }),
    );
  }

  const newSignIn = (user: User): SignIn => ({
    user,
    browser: new LoadBrowser(),
    pkce: newPkce(),
    state: randomBytes(16).toString('hex'),
  });

  test(`${people} people sign in at once, and each gets a code and tokens of their own`, async (t) => {
    const signedIn: TokenAnswer['body'][] = [];
    let [throttled, unavailable] = [0, 0];
    // A user pool that takes too long is a 503 that asks to try again: those people begin once more.
    for (let waiting = users; waiting.length > 0; ) {
      const answers = await signInTogether(waiting.map(newSignIn));
      const refused = answers.filter(({ status }) => status === 503);
      assert.ok(refused.length < answers.length, 'nobody could sign in');
      for (const { signIn, status, body, throttled: ofToken } of answers) {
        throttled += signIn.browser.throttled + ofToken;
        if (status === 503) {
          assert.equal(body.error, 'temporarily_unavailable');
          continue;
        }
        assert.equal(status, 200, JSON.stringify(body));
        assert.equal(claims(body.access_token ?? '')['sub'], signIn.user.sub);
        signedIn.push(body);
      }
      unavailable += refused.length;
      waiting = refused.map(({ signIn }) => signIn.user);
    }
    for (const kind of ['access_token', 'refresh_token'] as const)
      assert.equal(new Set(signedIn.map((body) => body[kind])).size, people);
    t.diagnostic(`requests that the gateway told to come back later, and that did: ${throttled}`);
    t.diagnostic(`people who began again because the user pool took too long: ${unavailable}`);
  });

  /** Sends so many at once; gives the answers that are not 429, after a look at those that are. */
  async function flood(count: number, send: (index: number) => Promise<Response>): Promise<readonly Response[]> {
    const answers = await Promise.all(Array.from({ length: count }, (_, index) => send(index)));
    const refused = answers.filter(({ status }) => status === 429);
    assert.ok(refused.length > 0, `none of ${count} was refused`);
    for (const answer of refused) {
      assert.match(answer.headers.get('retry-after') ?? '', /^[1-9]\d?$/);
      assert.match(await answer.text(), /too many requests/);
    }
    return answers.filter(({ status }) => status !== 429);
  }

  const register = (): RequestInit => ({
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ redirect_uris: [redirectUri] }),
  });

  test('registrations are answered 429 with Retry-After when there are too many, and taken again after that', async () => {
    const url = `${stack.McpOAuthIssuer}/register`;
    const taken = await flood(60, () => fetch(url, register()));
    // What the gateway lets through at one moment; a few more for the time that the flood takes.
    assert.ok(taken.length >= 10, `${taken.length} were taken`);
    for (const { status } of taken) assert.equal(status, 201);
    const { response } = await fetchPatiently(url, register);
    assert.equal(response.status, 201);
  });

  test('fetches of metadata documents are answered 429 with Retry-After when there are too many', async (t) => {
    const host = await playMetadataHost(stack, 'client.example.com', '/never', {});
    t.after(() => host.close());
    const sent = 120;
    const looked = await flood(sent, (index) =>
      fetch(authorizationUrl(stack, redirectUri, newPkce(), { client_id: `https://client.example.com/${index}` })),
    );
    for (const { status } of looked) assert.equal(status, 400);
    assert.ok(host.allRequests() <= looked.length, `${host.allRequests()} fetches for ${looked.length} requests`);
  });
});
