/**
 * What is handed out is what was consented to: a person or an attacker edits the sign-in URL between our consent page and the user
 * pool, sends it to somebody else, or uses a callback again. On a host of two servers, where a widened access token would open both.
 */

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { after, before, describe, test } from 'node:test';

import type { Page } from 'playwright-core';

import { authorizationUrl, claims, newPkce, redeem, token, type Pkce, type TokenAnswer } from './authorization-code.ts';
import { setVariables } from './function-variables.ts';
import { type Callback, listenForCallback, Person } from './person.ts';
import { aws, awsRest, runningStack, type Stack } from './stack.ts';

const dogFacts = runningStack();
const { CounterMcpServerUrl: counterUrl, CounterMcpOAuthScope: counterScopes } = dogFacts as Stack & {
  readonly CounterMcpServerUrl: string;
  readonly CounterMcpOAuthScope: string;
};
const allScopes = `${dogFacts.McpOAuthScope} ${counterScopes}`;

/** One client and one attempt of it to get tokens for dog-facts alone. */
interface Attempt {
  readonly callback: Callback;
  readonly pkce: Pkce;
}

/** Opens the authorization URL of dog-facts and allows; the URL of the user pool's sign-in page, as the browser shows it. */
async function allow(page: Page, { callback, pkce }: Attempt): Promise<URL> {
  await page.goto(authorizationUrl(dogFacts, callback.redirectUri, pkce).href);
  await page.getByRole('button', { name: 'Allow' }).click();
  await page.waitForURL((at) => at.pathname === '/login');
  return new URL(page.url());
}

/** Changes the query of a URL; `null` takes a parameter out. */
function edited(url: URL, changed: Record<string, string | null>): string {
  const copy = new URL(url);
  for (const [name, value] of Object.entries(changed)) {
    if (value === null) copy.searchParams.delete(name);
    else copy.searchParams.set(name, value);
  }
  return copy.href;
}

/** The requests to our callback that a page makes from now on. */
function callbacksOf(page: Page): URL[] {
  const seen: URL[] = [];
  page.on('request', (request) => {
    const url = new URL(request.url());
    if (url.origin === dogFacts.McpOAuthIssuer && url.pathname === '/callback') seen.push(url);
  });
  return seen;
}

/** What arrives at the client, once the browser is there too: a page that is still on its way would end the next visit. */
async function arrival(page: Page, { callback }: Attempt, leave: () => Promise<unknown>): Promise<URLSearchParams> {
  const [query] = await Promise.all([
    callback.next(),
    page.waitForURL((at) => at.href.startsWith(callback.redirectUri)),
    leave(),
  ]);
  return query;
}

/** Goes to a callback, which leads on before it is whole. */
const call = (page: Page, callbackUrl: string): Promise<unknown> => page.goto(callbackUrl).catch(() => undefined);

/** Whether a code of the user pool becomes tokens in the attempt of a client, whose browser calls back with it. */
async function handsOut(page: Page, callbackUrl: string, attempt: Attempt): Promise<boolean> {
  const { callback, pkce } = attempt;
  const ended = page.waitForURL(
    (at) => at.pathname !== '/login' && (at.origin !== dogFacts.McpOAuthIssuer || at.pathname !== '/callback'),
  );
  await Promise.all([ended, call(page, callbackUrl)]);
  const code = new URL(page.url()).searchParams.get('code');
  return code !== null && (await redeem(dogFacts, code, callback.redirectUri, pkce.verifier)).status === 200;
}

function assertNothingHandedOut({ status, body }: TokenAnswer, which: string): void {
  assert.deepEqual(
    { status, error: body.error, members: Object.keys(body).filter((name) => name.endsWith('token')) },
    { status: 400, error: 'invalid_grant', members: [] },
    which,
  );
}

describe('attacks', () => {
  let person: Person;
  let attempt: Attempt;
  before(async () => {
    person = await Person.signUp(dogFacts);
  });
  after(() => person?.leave());

  const begin = async (): Promise<Attempt> => ({ callback: await listenForCallback(0), pkce: newPkce() });
  const withAttempt = (name: string, body: () => Promise<void>): void =>
    void test(name, async () => {
      attempt = await begin();
      try {
        await body();
      } finally {
        await attempt.callback.close();
      }
    });

  /** Allows, edits the sign-in URL, signs in, and gives the code that arrives at the client. */
  async function codeBy(changed: Record<string, string | null>): Promise<string> {
    await person.page.goto(edited(await allow(person.page, attempt), changed));
    const query = await arrival(person.page, attempt, () => person.fillSignIn());
    const code = query.get('code');
    assert.ok(code, query.toString());
    return code;
  }
  const redeemIt = (code: string): Promise<TokenAnswer> =>
    redeem(dogFacts, code, attempt.callback.redirectUri, attempt.pkce.verifier);

  describe('by a person who edits the sign-in URL', () => {
    const edits: Record<string, Record<string, string | null>> = {
      'with all OAuth scopes of the host and no resource': { scope: allScopes, resource: null },
      'with all OAuth scopes of the host': { scope: allScopes },
      'with no resource': { resource: null },
      'for the other server': { scope: counterScopes, resource: counterUrl },
      'with the resource of the other server': { resource: counterUrl },
    };
    for (const [which, changed] of Object.entries(edits)) {
      withAttempt(`nothing is handed out ${which}`, async () => {
        const code = await codeBy(changed);
        assertNothingHandedOut(await redeemIt(code), which);
        assertNothingHandedOut(await redeemIt(code), `${which}, again`);
      });
    }

    withAttempt('what was consented to is handed out with the URL as it is', async () => {
      const { status, body } = await redeemIt(await codeBy({}));
      assert.equal(status, 200, JSON.stringify(body));
      const { aud, scope } = claims(body.access_token ?? '');
      assert.deepEqual([aud, scope], [dogFacts.McpServerUrl, dogFacts.McpOAuthScope]);
    });
  });

  describe('by a user pool that issues more than was asked for', () => {
    withAttempt('nothing is handed out at sign-in', async () => {
      const restore = await addScopesAt('TokenGeneration_HostedAuth');
      try {
        assertNothingHandedOut(await redeemIt(await codeBy({})), 'more OAuth scopes');
      } finally {
        await restore();
      }
    });

    withAttempt('nothing is handed out on refresh, then or later', async () => {
      const { body } = await redeemIt(await codeBy({}));
      const refresh = (): Promise<TokenAnswer> =>
        token(dogFacts, { grant_type: 'refresh_token', refresh_token: body.refresh_token ?? '' });
      const restore = await addScopesAt('TokenGeneration_RefreshTokens');
      try {
        assertNothingHandedOut(await refresh(), 'more OAuth scopes');
      } finally {
        await restore();
      }
      assertNothingHandedOut(await refresh(), 'the refresh token is revoked');
    });
  });

  describe('by somebody who sends the sign-in URL of an own attempt to another person', () => {
    let attacker: Person;
    before(async () => {
      attacker = await Person.arrive(dogFacts);
    });
    after(() => attacker?.leave());

    const pkce = { code_challenge: null, code_challenge_method: null };
    const sent: Record<string, Record<string, null>> = {
      'as it is': {},
      'without state': { state: null },
      'without PKCE': pkce,
      'without state and PKCE': { state: null, ...pkce },
    };
    for (const [which, changed] of Object.entries(sent)) {
      withAttempt(`the other person's sign-in ends nowhere, with the URL ${which}`, async () => {
        const url = await allow(attacker.page, attempt);
        const victim = person.page;
        const seen = callbacksOf(victim);
        await victim.goto(edited(url, changed));
        await person.fillSignIn();
        await victim.waitForURL((at) => at.origin === dogFacts.McpOAuthIssuer);
        await victim.getByRole('heading', { name: 'This did not work' }).waitFor();
        const end = new URL(victim.url());
        assert.deepEqual(
          [end.searchParams.has('code'), end.searchParams.has('state'), end.hash],
          [false, false, ''],
          end.href,
        );
        assert.equal((await (await victim.reload())!.allHeaders())['referrer-policy'], 'no-referrer');

        const code = seen.at(-1)?.searchParams.get('code');
        assert.ok(code, 'the user pool gave no code');
        const own = new URL(`${dogFacts.McpOAuthIssuer}/callback`);
        own.search = new URLSearchParams({ state: url.searchParams.get('state') ?? '', code }).toString();
        assert.equal(
          await handsOut(attacker.page, own.href, attempt),
          false,
          'the code of the other person was redeemed',
        );
      });
    }
  });

  withAttempt(
    'a callback that is used again by a browser that keeps its cookie gives tokens once at most',
    async () => {
      const { page } = person;
      await allow(page, attempt);
      const kept = await page.context().cookies();
      const seen = callbacksOf(page);
      const codes = [(await arrival(page, attempt, () => person.fillSignIn())).get('code')];
      const callbackUrl = seen.at(-1)?.href ?? '';
      for (let again = 0; again < 3; again += 1) {
        await page.goto('about:blank');
        await page.context().addCookies(kept);
        codes.push((await arrival(page, attempt, () => call(page, callbackUrl))).get('code'));
      }
      const statuses: number[] = [];
      for (const code of codes) statuses.push((await redeemIt(code ?? '')).status);
      assert.deepEqual(statuses, [200, 400, 400, 400]);
    },
  );

  withAttempt('a client that registered itself gets nothing more when registration is switched off', async () => {
    const registered = await fetch(`${dogFacts.McpOAuthIssuer}/register`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({
        client_name: 'Earlier client',
        redirect_uris: [attempt.callback.redirectUri],
        token_endpoint_auth_method: 'none',
      }),
    });
    const { client_id: clientId } = (await registered.json()) as { client_id: string };
    const earlier: Stack = { ...dogFacts, McpOAuthClientId: clientId };
    const signIn = async (): Promise<string> => {
      const [query] = await Promise.all([
        attempt.callback.next(),
        person.allowAndSignInAt(
          authorizationUrl(earlier, attempt.callback.redirectUri, attempt.pkce),
          /Earlier client/,
        ),
      ]);
      return query.get('code') ?? '';
    };
    const redeemEarlier = (code: string): Promise<TokenAnswer> =>
      redeem(earlier, code, attempt.callback.redirectUri, attempt.pkce.verifier);
    const { status, body } = await redeemEarlier(await signIn());
    assert.equal(status, 200, JSON.stringify(body));
    const unredeemed = await signIn();

    const restore = await setVariables(dogFacts, 'AUTHORIZATION_ISSUER', { AUTHORIZATION_REGISTRATION: 'false' });
    try {
      const asked = await fetch(authorizationUrl(earlier, attempt.callback.redirectUri, attempt.pkce), {
        redirect: 'manual',
      });
      assert.deepEqual([asked.status, asked.headers.get('location')], [400, null], 'the authorization endpoint');
      assert.match(await asked.text(), /This did not work/);
      for (const refused of [
        await redeemEarlier(unredeemed),
        await token(earlier, { grant_type: 'refresh_token', refresh_token: body.refresh_token ?? '' }),
      ]) {
        assert.deepEqual(
          [refused.status, refused.body.error, refused.body.access_token],
          [401, 'invalid_client', undefined],
        );
      }
      const { status: byHand } = await redeemIt(await codeBy({}));
      assert.equal(byHand, 200, 'the client that the operator registered');
    } finally {
      await restore();
    }
  });
});

/** A trigger of the user pool, as its operator may set one: adds the OAuth scopes of the other server to the access tokens of one occasion. */
async function addScopesAt(
  occasion: 'TokenGeneration_HostedAuth' | 'TokenGeneration_RefreshTokens',
): Promise<() => Promise<void>> {
  const name = `pre-token-${randomBytes(4).toString('hex')}`;
  const source = `
def handler(event, context):
    if event["triggerSource"] == "${occasion}":
        event["response"] = {"claimsAndScopeOverrideDetails": {"accessTokenGeneration": {"scopesToAdd": ${JSON.stringify(counterScopes.split(' '))}}}}
    return event
`;
  const zip = execFileSync(
    'python3',
    [
      '-c',
      'import io, sys, zipfile\nout = io.BytesIO()\nwith zipfile.ZipFile(out, "w") as archive: archive.writestr("index.py", sys.stdin.read())\nsys.stdout.buffer.write(out.getvalue())',
    ],
    { input: source },
  );
  // Any role does: the function asks AWS for nothing.
  const {
    Functions: [{ Role } = { Role: '' }],
  } = await awsRest<{ Functions: readonly { Role: string }[] }>(dogFacts, 'lambda', 'GET', '/2015-03-31/functions/');
  const { FunctionArn } = await awsRest<{ FunctionArn: string }>(dogFacts, 'lambda', 'POST', '/2015-03-31/functions', {
    FunctionName: name,
    Runtime: 'python3.12',
    Handler: 'index.handler',
    Role,
    Code: { ZipFile: zip.toString('base64') },
  });
  const setTrigger = (LambdaConfig: object): Promise<unknown> =>
    aws(dogFacts, 'cognito-idp', 'AWSCognitoIdentityProviderService.UpdateUserPool', {
      UserPoolId: dogFacts.UserPoolId,
      LambdaConfig,
    });
  await setTrigger({ PreTokenGenerationConfig: { LambdaArn: FunctionArn, LambdaVersion: 'V2_0' } });
  return async () => {
    await setTrigger({});
    await awsRest(dogFacts, 'lambda', 'DELETE', `/2015-03-31/functions/${name}`);
  };
}
