/**
 * The doctor's verdicts against those of the clients themselves: the real ones, before the local stack with one fault each. A
 * client connects as far as this goes when it sends its browser to a page that asks for consent.
 */

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { after, before, describe, test } from 'node:test';

import { ClaudeCode } from './claude-code.ts';
import { clients } from './clients/all.ts';
import { Codex } from './codex.ts';
import { FaultyFront, type Fault, type Reply } from './faulty-front.ts';
import { messages } from './messages-api.ts';
import { startModel, type Model } from './model.ts';
import { patience } from './patience.ts';
import { runningStack } from './stack.ts';

const stack = runningStack();
const command = process.env['MCP_LAMBDA_COMMAND'];
assert.ok(command, 'MCP_LAMBDA_COMMAND is not set: run this test with `npm test -- doctor`');

/** What the doctor calls the clients of `clients/all.ts`, in their order. */
const SDKS = ['typescript', 'typescript-1', 'python', 'rmcp', 'inspector'];

interface Report {
  readonly clients: readonly {
    readonly id: string;
    readonly outcome: 'connects' | 'asksForClientId' | 'doesNotConnect';
    readonly obstacle: { readonly check: string; readonly detail: string } | null;
  }[];
  readonly faults: readonly { readonly id: string; readonly detail: string }[];
}

/** Runs the doctor; its status is 1 when a client does not connect. */
async function doctor(url: string, ids: readonly string[]): Promise<Report> {
  const args = ['doctor', url, '--json', ...ids.flatMap((id) => ['--client', id])];
  const printed = await new Promise<string>((resolve, reject) => {
    const options = { timeout: patience, maxBuffer: 64 * 1024 * 1024 };
    execFile(command!, args, options, (error, stdout, stderr) => {
      if (error !== null && error.code !== 1) reject(new Error(`${error.message}: ${stderr}`));
      else resolve(stdout);
    });
  });
  return JSON.parse(printed) as Report;
}

/** The authorization page asks for consent. */
async function arrive(url: URL): Promise<void> {
  const page = await fetch(url, { redirect: 'manual' });
  assert.equal(page.status, 200, `${url.href} responds ${page.status}`);
}

/** The person declines. */
async function decline(url: URL): Promise<void> {
  const back = new URL(url.searchParams.get('redirect_uri') ?? '');
  back.searchParams.set('error', 'access_denied');
  back.searchParams.set('state', url.searchParams.get('state') ?? '');
  back.searchParams.set('iss', url.origin);
  // A client may close its listener before it responds.
  await fetch(back).catch(() => {});
}

let model: Model;

async function claudeCodeArrives(url: string): Promise<boolean> {
  const claude = new ClaudeCode(model.url);
  let arrived = false;
  try {
    await claude.run(['mcp', 'add', '--transport', 'http', 'dog-facts', url]);
    // The first connection is where it reads the challenge.
    await claude.run(['mcp', 'list']);
    const login = claude.login('dog-facts', async (at) => {
      await arrive(at);
      arrived = true;
      await decline(at);
    });
    await login.catch(() => {});
    return arrived;
  } finally {
    await claude.remove();
  }
}

async function codexArrives(url: string): Promise<boolean> {
  const codex = await Codex.install();
  try {
    const adding = codex.type(`codex mcp add dog-facts --url ${url}`);
    const page = await adding.showsAuthorizationUrl().catch(() => undefined);
    if (page === undefined) return false;
    await arrive(page);
    return true;
  } finally {
    await codex.leave();
  }
}

async function sdkArrives(position: number, url: string): Promise<boolean> {
  const client = clients[position];
  assert.ok(client);
  let arrived = false;
  const visit = async (at: URL): Promise<void> => {
    await arrive(at);
    arrived = true;
    throw new Error('nobody signs in: the client is ended here');
  };
  const errand = { url, revision: '2025-11-25', identity: { kind: 'registered' }, callbackPort: 0, limit: 1 } as const;
  await client.run(errand, { visit, progressed: () => {} }).catch(() => {});
  return arrived;
}

/** Whether each client comes to the consent page. */
async function arrivals(url: string): Promise<Record<string, boolean>> {
  const found: Record<string, boolean> = {
    'claude-code': await claudeCodeArrives(url),
    codex: await codexArrives(url),
  };
  for (const [position, id] of SDKS.entries()) found[id] = await sdkArrives(position, url);
  return found;
}

const json = (reply: Reply, edit: (document: Record<string, unknown>) => void): void => {
  const document = JSON.parse(reply.body) as Record<string, unknown>;
  edit(document);
  reply.body = JSON.stringify(document);
};
const isResource = (path: string): boolean => path.startsWith('/.well-known/oauth-protected-resource');
const isServer = (path: string): boolean =>
  ['/.well-known/oauth-authorization-server', '/.well-known/openid-configuration'].includes(path);

/** Every client registers itself: the hosts of their metadata documents are not reachable from here. */
const registering: Fault = ({ path }, reply) => {
  if (isServer(path)) json(reply, (document) => delete document['client_id_metadata_document_supported']);
};

/** The faults, and the check that names each. */
const faults: readonly [name: string, check: string, fault: Fault][] = [
  [
    'a wrong issuer',
    'issuer-mismatch',
    ({ path }, reply) => {
      if (isServer(path)) json(reply, (document) => (document['issuer'] = 'https://issuer.example'));
    },
  ],
  [
    'PKCE without S256',
    's256-unsupported',
    ({ path }, reply) => {
      if (isServer(path)) json(reply, (document) => (document['code_challenge_methods_supported'] = ['plain']));
    },
  ],
  [
    'a renamed challenge',
    'aws-challenge-renamed',
    (_, { headers }) => {
      const challenge = headers.get('www-authenticate');
      if (challenge === null) return;
      headers.delete('www-authenticate');
      headers.set('x-amzn-remapped-www-authenticate', challenge);
    },
  ],
  [
    'a foreign resource',
    'resource-mismatch',
    ({ path }, reply) => {
      if (isResource(path)) json(reply, (document) => (document['resource'] = 'https://other.example/mcp'));
    },
  ],
  [
    'endpoints on another origin, without iss',
    'split-origin',
    ({ path, origin }, reply) => {
      if (!isServer(path)) return;
      json(reply, (document) => {
        const elsewhere = origin.replace('127.0.0.1', 'localhost');
        document['authorization_endpoint'] = `${elsewhere}/authorize`;
        document['token_endpoint'] = `${elsewhere}/token`;
        delete document['authorization_response_iss_parameter_supported'];
      });
    },
  ],
  [
    'a 500 on authorization server metadata',
    'server-metadata-server-error',
    ({ path }, reply) => {
      if (path === '/.well-known/oauth-authorization-server') Object.assign(reply, { status: 500, body: '{}' });
    },
  ],
  [
    'a web page as authorization server metadata',
    'server-metadata-unreadable',
    ({ path }, reply) => {
      if (path === '/.well-known/oauth-authorization-server') reply.body = '<!doctype html><title>App</title>';
    },
  ],
  [
    'no registration endpoint',
    'client-registration-missing',
    ({ path }, reply) => {
      if (isServer(path)) json(reply, (document) => delete document['registration_endpoint']);
    },
  ],
  [
    'registration refused',
    'registration-refused',
    ({ path }, reply) => {
      if (path === '/register') Object.assign(reply, { status: 400, body: '{"error":"invalid_redirect_uri"}' });
    },
  ],
  [
    '403 without an access token',
    'unauthenticated-forbidden',
    ({ path }, reply) => {
      if (path === new URL(stack.McpServerUrl).pathname && reply.status === 401) {
        Object.assign(reply, { status: 403 });
        reply.headers.delete('www-authenticate');
      }
    },
  ],
];

describe('the doctor and the clients agree', () => {
  before(async () => {
    model = await startModel(messages, 'mcp__dog-facts__getDogFacts', { limit: 1 });
  });
  after(async () => model?.close());

  /** Compares the verdicts before a front with this fault. */
  async function compare(fault: Fault, check?: string): Promise<Report> {
    const front = await FaultyFront.start(stack, (request, reply) => {
      registering(request, reply);
      fault(request, reply);
    });
    try {
      const arrived = await arrivals(front.url);
      // Codex compares the origins after the person's consent, which nobody gives here.
      if (check === 'split-origin') delete arrived['codex'];
      const report = await doctor(front.url, Object.keys(arrived));
      const verdicts = report.clients.map(({ id, outcome }) => [id, outcome === 'connects']);
      assert.deepEqual(Object.fromEntries(verdicts), arrived, JSON.stringify(report.clients, null, 1));
      return report;
    } finally {
      await front.close();
    }
  }

  test('about the stack as it is', async () => {
    const report = await compare(() => {});
    assert.deepEqual(report.faults, []);
    assert.ok(report.clients.every(({ outcome }) => outcome === 'connects'));
  });

  for (const [name, check, fault] of faults) {
    test(`about ${name}`, async () => {
      const { faults: found } = await compare(fault, check);
      assert.ok(
        found.some(({ id }) => id === check),
        `${check} is not among ${JSON.stringify(found)}`,
      );
    });
  }
});

test('the doctor finds nothing wrong with the local stack itself', async () => {
  const registeredOnly = [
    'cursor',
    'gemini',
    'mcp-remote',
    'inspector',
    'typescript',
    'typescript-1',
    'python',
    'rmcp',
  ];
  const report = await doctor(stack.McpServerUrl, registeredOnly);
  assert.deepEqual(report.faults, []);
  assert.ok(
    report.clients.every(({ outcome }) => outcome === 'connects'),
    JSON.stringify(report.clients),
  );
});
