/** The server under test, as clients and browsers see it: URLs, requests and answers of the running local stack. */

import { randomBytes } from 'node:crypto';

import { newPkce, type Pkce } from '../../e2e/authorization-code.ts';
import { setVariables, variablesOf } from '../../e2e/function-variables.ts';
import { aws, machineClientSecret, type Stack } from '../../e2e/stack.ts';
import { Browser, hiddenFields, type Page } from './browser.ts';
import { type DocumentHost, hostDocuments } from './documents.ts';
import { sha256 } from './text.ts';

/** What a JSON endpoint said. */
export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Record<string, any>;
  readonly text: string;
}

/** A sign-in that has come as far as the client: what the redirect brought, and what redeems it. */
export interface Arrival {
  readonly query: URLSearchParams;
  readonly to: URL;
  readonly code: string;
  readonly pkce: Pkce;
  readonly clientId: string;
  readonly redirectUri: string;
}

export type Changes = Record<string, string | null>;

/** A pre-registered confidential client that this run adds, and its secret. */
export const CONFIDENTIAL = {
  id: 'conformance-confidential',
  secret: 'a secret: with & + % and spaces',
  redirectUri: 'https://client.conformance.dev/callback?tenant=7',
};

/** The redirect URI of clients here; nobody listens, because the browser stops before it. */
export const REDIRECT = 'http://127.0.0.1:49152/callback';

/** A web origin whose pages may read the token, registration and revocation endpoints in this run. */
export const ORIGIN = 'https://inspector.conformance.dev';

/** A variable that the authorization server's function alone has. */
const FUNCTION = 'AUTHORIZATION_ISSUER';

export class Server {
  #client: Promise<string> | undefined;
  readonly #changed = new Set<string>();

  private constructor(
    readonly stack: Stack,
    readonly metadata: Record<string, any>,
    readonly documents: DocumentHost,
    readonly credentials: { readonly email: string; readonly password: string },
    private readonly before: Readonly<Record<string, string>>,
  ) {}

  /** Adds to the running stack what the tests need: a person, a confidential client, a host of metadata documents. */
  static async start(stack: Stack): Promise<Server> {
    const person = {
      email: `${randomBytes(6).toString('hex')}@example.com`,
      password: `Aa1!${randomBytes(12).toString('base64url')}`,
    };
    const cognito = (operation: string, body: object): Promise<unknown> =>
      aws(stack, 'cognito-idp', `AWSCognitoIdentityProviderService.${operation}`, {
        UserPoolId: stack.UserPoolId,
        Username: person.email,
        ...body,
      });
    await cognito('AdminCreateUser', {
      MessageAction: 'SUPPRESS',
      UserAttributes: [
        { Name: 'email', Value: person.email },
        { Name: 'email_verified', Value: 'true' },
      ],
    });
    await cognito('AdminSetUserPassword', { Password: person.password, Permanent: true });
    const documents = await hostDocuments();
    const before = await variablesOf(stack, FUNCTION);
    const response = await fetch(`${stack.McpOAuthIssuer}/.well-known/oauth-authorization-server`);
    const server = new Server(stack, (await response.json()) as Record<string, any>, documents, person, before);
    await server.settings({
      ...documents.variables,
      MCP_ALLOWED_ORIGINS: ORIGIN,
      AUTHORIZATION_CLIENTS: JSON.stringify([
        ...(JSON.parse(before['AUTHORIZATION_CLIENTS'] ?? '[]') as object[]),
        {
          clientId: CONFIDENTIAL.id,
          clientName: 'Confidential',
          redirectUris: [CONFIDENTIAL.redirectUri],
          secretSha256: [sha256(CONFIDENTIAL.secret)],
        },
      ]),
    });
    return server;
  }

  /** Puts every setting back as it was. */
  async close(): Promise<void> {
    await setVariables(
      this.stack,
      FUNCTION,
      Object.fromEntries([...this.#changed].map((name) => [name, this.before[name]])),
    );
    await this.documents.close();
  }

  /** Where Cognito's sign-in pages are. */
  get signInOrigin(): string {
    return new URL(this.before['AUTHORIZATION_SIGN_IN_URL'] ?? '').origin;
  }

  get issuer(): string {
    return this.stack.McpOAuthIssuer;
  }

  get resource(): string {
    return this.stack.McpServerUrl;
  }

  get scope(): string {
    return this.stack.McpOAuthScope;
  }

  /** Changes settings of the deployed function, as its operator would. */
  async settings(variables: Record<string, string>): Promise<void> {
    for (const name of Object.keys(variables)) this.#changed.add(name);
    await setVariables(this.stack, FUNCTION, variables);
  }

  async json(url: string, init: RequestInit = {}): Promise<Answer> {
    const response = await fetch(url, { redirect: 'manual', ...init });
    const text = await response.text();
    let body: Record<string, any> = {};
    try {
      body = JSON.parse(text) as Record<string, any>;
    } catch {
      // Not JSON: tests that expect some look at the body and fail there.
    }
    return { status: response.status, headers: response.headers, body, text };
  }

  /** A form to an endpoint; `null` leaves a field out. */
  form(url: string, fields: Changes | [string, string][], headers: Record<string, string> = {}): Promise<Answer> {
    const pairs = Array.isArray(fields)
      ? fields
      : Object.entries(fields).filter((field): field is [string, string] => field[1] !== null);
    return this.json(url, {
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded', ...headers },
      body: new URLSearchParams(pairs).toString(),
    });
  }

  token(fields: Changes | [string, string][], headers: Record<string, string> = {}): Promise<Answer> {
    return this.form(this.metadata['token_endpoint'], fields, headers);
  }

  revoke(fields: Changes, headers: Record<string, string> = {}): Promise<Answer> {
    return this.form(this.metadata['revocation_endpoint'], fields, headers);
  }

  /** Registers a client. The gateway lets through a few of these at a time, so a throttled one is sent again. */
  async register(body: unknown, headers: Record<string, string> = {}): Promise<Answer> {
    for (;;) {
      const answer = await this.json(this.metadata['registration_endpoint'], {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...headers },
        body: typeof body === 'string' ? body : JSON.stringify(body),
      });
      if (answer.status !== 429) return answer;
      await new Promise((resolve) => setTimeout(resolve, 500));
    }
  }

  /** A client that has registered itself with {@link REDIRECT}; the same one for every test that does not spoil it. */
  client(): Promise<string> {
    this.#client ??= this.register({
      client_name: 'Conformance client',
      redirect_uris: [REDIRECT],
      token_endpoint_auth_method: 'none',
    }).then(({ status, body, text }) => {
      if (status !== 201) throw new Error(`registration answered ${status}: ${text}`);
      return String(body['client_id']);
    });
    return this.#client;
  }

  /** The authorization URL of a request that is right but for these changes; `null` leaves a parameter out. */
  async authorizationUrl(changes: Changes = {}, pkce: Pkce = newPkce(), more: [string, string][] = []): Promise<URL> {
    const url = new URL(this.metadata['authorization_endpoint']);
    const parameters: Changes = {
      response_type: 'code',
      client_id: await this.client(),
      redirect_uri: REDIRECT,
      scope: this.scope,
      state: 'a state: with & + % and spaces',
      code_challenge: pkce.challenge,
      code_challenge_method: 'S256',
      resource: this.resource,
      ...changes,
    };
    for (const [name, value] of [...Object.entries(parameters), ...more])
      if (value !== null) url.searchParams.append(name, value);
    return url;
  }

  /** Asks, without deciding anything. */
  async authorize(changes: Changes = {}, more: [string, string][] = [], browser = new Browser()): Promise<Page> {
    return browser.open(await this.authorizationUrl(changes, newPkce(), more));
  }

  /** Presses a button of the consent page. */
  decide(browser: Browser, page: Page, decision: 'allow' | 'deny'): Promise<Page> {
    return browser.submit(`${this.issuer}/consent`, { ...hiddenFields(page.text), decision });
  }

  /** From a page of ours or of Cognito to the client's redirect URI: types the password where it is asked for. */
  finish(browser: Browser, page: Page): Promise<URL> {
    return browser.leave(page, [new URL(this.issuer).origin, this.signInOrigin], (at) => {
      const { csrf } = hiddenFields(at.text);
      if (csrf === undefined)
        throw new Error(`no sign-in form at ${at.url.href} (${at.status}): ${at.text.slice(0, 800)}`);
      return browser.submit(at.url, { csrf, ...this.credentials });
    });
  }

  /** A whole sign-in of one person, up to the code at the client. */
  async arrive(changes: Changes = {}, browser = new Browser()): Promise<Arrival> {
    const pkce = newPkce();
    const url = await this.authorizationUrl(changes, pkce);
    const page = await browser.open(url);
    const to = await this.finish(browser, await this.decide(browser, page, 'allow'));
    const query = to.searchParams;
    const code = query.get('code');
    if (code === null) throw new Error(`no code at ${to.href}`);
    return {
      query,
      to,
      code,
      pkce,
      clientId: url.searchParams.get('client_id') ?? '',
      redirectUri: url.searchParams.get('redirect_uri') ?? '',
    };
  }

  /** The token request that fits an arrival, with changes. */
  redeem(arrival: Arrival, changes: Changes = {}, headers: Record<string, string> = {}): Promise<Answer> {
    return this.token(
      {
        grant_type: 'authorization_code',
        code: arrival.code,
        code_verifier: arrival.pkce.verifier,
        redirect_uri: arrival.redirectUri,
        client_id: arrival.clientId,
        resource: this.resource,
        ...changes,
      },
      headers,
    );
  }

  /** Signs in and redeems; the token answer. */
  async tokens(changes: Changes = {}): Promise<Answer & { readonly clientId: string }> {
    const arrival = await this.arrive(changes);
    return { ...(await this.redeem(arrival)), clientId: arrival.clientId };
  }

  refresh(refreshToken: string, clientId: string, changes: Changes = {}): Promise<Answer> {
    return this.token({ grant_type: 'refresh_token', refresh_token: refreshToken, client_id: clientId, ...changes });
  }

  /** The id of the one app client that the authorization server has in the user pool. */
  async upstreamClientId(): Promise<string> {
    return (await variablesOf(this.stack, FUNCTION))['AUTHORIZATION_COGNITO_CLIENT_ID'] ?? '';
  }

  /** The machine client of the stack. */
  async machine(): Promise<{ readonly id: string; readonly secret: string }> {
    return { id: this.stack.AutomatedOAuthClientId, secret: await machineClientSecret(this.stack) };
  }

  /** One MCP request. */
  mcp(
    headers: Record<string, string> = {},
    path = new URL(this.resource).pathname,
    init: RequestInit = {},
  ): Promise<Answer> {
    return this.json(new URL(path, this.resource).href, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        accept: 'application/json, text/event-stream',
        'mcp-protocol-version': '2026-07-28',
        'mcp-method': 'server/discover',
        ...headers,
      },
      body: JSON.stringify({
        jsonrpc: '2.0',
        id: 1,
        method: 'server/discover',
        params: {
          _meta: {
            'io.modelcontextprotocol/protocolVersion': '2026-07-28',
            'io.modelcontextprotocol/clientCapabilities': {},
          },
        },
      }),
      ...init,
    });
  }
}
