// Who is measured: how each is installed and started, what it is asked, and which version it is.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import * as install from './install.mjs';
import { zippedSize } from './zip.mjs';

const resource = 'https://mcp.example.com/mcp';
const issuer = 'https://cognito-idp.us-east-1.amazonaws.com/us-east-1_Example00';

/** Enough calls for a steady median; interpreters with a compiler need more of them first, and have slower ones. */
const native = { warmUp: 200, calls: 500 };
const interpreted = { warmUp: 200, calls: 200 };
const reports = 5;

const server = { MCP_RESOURCE: resource, MCP_ISSUER: issuer };
/** Never reached: nothing asks for state before the first invocation, and these tools need none at all. */
const state = {
  MCP_STATE_TABLE: 'state',
  MCP_STATE_KEYS: `1:${Buffer.alloc(32, 1).toString('base64')}`,
  AWS_ACCESS_KEY_ID: 'benchmark',
  AWS_SECRET_ACCESS_KEY: 'benchmark',
  AWS_ENDPOINT_URL: 'http://127.0.0.1:9',
};
const authorization = {
  ...server,
  AUTHORIZATION_ISSUER: 'https://mcp.example.com',
  AUTHORIZATION_SIGN_IN_URL: 'https://example.auth.us-east-1.amazoncognito.com',
  AUTHORIZATION_COGNITO_CLIENT_ID: '0123456789abcdefghijklmnop',
  AUTHORIZATION_COGNITO_CLIENT_SECRET_ARN: 'arn:aws:secretsmanager:us-east-1:000000000000:secret:client-AbCdEf',
  AUTHORIZATION_SEALING_SECRET_ARN: 'arn:aws:secretsmanager:us-east-1:000000000000:secret:sealing-AbCdEf',
  AUTHORIZATION_SCOPES: JSON.stringify([{ name: `${resource}/greet`, description: 'Be greeted' }]),
  AWS_ACCESS_KEY_ID: 'benchmark',
  AWS_SECRET_ACCESS_KEY: 'benchmark',
  AWS_ENDPOINT_URL: 'http://127.0.0.1:9',
};

const playground = {
  PLAYGROUND_ORIGIN: 'https://chat.example.com',
  PLAYGROUND_SERVERS: JSON.stringify([{ name: 'The shop', url: resource }]),
  PLAYGROUND_MODELS: JSON.stringify([{ id: 'eu.amazon.nova-lite-v1:0' }]),
  PLAYGROUND_TABLE: 'playground',
  PLAYGROUND_SECRET_ARN: 'arn:aws:secretsmanager:us-east-1:000000000000:secret:playground-AbCdEf',
  AWS_REGION: 'us-east-1',
  AWS_ACCESS_KEY_ID: 'benchmark',
  AWS_SECRET_ACCESS_KEY: 'benchmark',
  AWS_ENDPOINT_URL: 'http://127.0.0.1:9',
};

const greet = (revision, calls) => ({ greet: { revision, ...calls } });
const report = (revision) => ({ report: { revision, calls: reports } });

const cargoVersion = (lock, name) =>
  new RegExp(`name = "${name}"\nversion = "([^"]+)"`).exec(readFileSync(lock, 'utf8'))?.[1];
const npmVersion = (folder, name) =>
  JSON.parse(readFileSync(join(install.peers, 'node', folder, 'package-lock.json'), 'utf8')).packages[
    `node_modules/${name}`
  ].version;
const pythonVersion = (folder, name) =>
  new RegExp(`^${name}==(.+)$`, 'm').exec(
    readFileSync(join(install.peers, 'python', folder, 'requirements.txt'), 'utf8'),
  )?.[1];

const ownLock = join(install.root, 'Cargo.lock');
const peerLock = join(install.peers, 'rust', 'Cargo.lock');

/**
 * Each candidate: `install` returns its programs, by name, and the size of its zip where it has one of its own.
 *
 * @typedef {{ name: string, version: () => string, install: () => { programs: object[], zip?: number } }} Candidate
 */
export const candidates = [
  {
    name: 'floor',
    version: () =>
      `lambda_runtime ${cargoVersion(ownLock, 'lambda_runtime')}, serde_json ${cargoVersion(ownLock, 'serde_json')}`,
    install: () => {
      const program = install.cargoProgram('bench-floor');
      return {
        zip: zippedSize(program),
        programs: [
          { name: 'floor', command: [program], asked: greet('2025-11-25', native) },
          { name: 'floor report', command: [program, 'streamed'], asked: report('2025-11-25') },
        ],
      };
    },
  },
  {
    name: 'mcp-lambda',
    version: () => `${cargoVersion(ownLock, 'mcp-lambda')}, rmcp ${cargoVersion(ownLock, 'rmcp')}`,
    install: () => {
      const program = install.cargoProgram('bench-server');
      const run = (name, asked, environment = {}) => ({
        name,
        command: [program],
        environment: { ...server, ...environment },
        asked,
      });
      return {
        zip: zippedSize(program),
        programs: [
          run('mcp-lambda', greet('2025-11-25', native)),
          run('mcp-lambda 2026-07-28', greet('2026-07-28', native)),
          run('mcp-lambda buffered', greet('2025-11-25', native), { MCP_RESPONSE_MODE: 'buffered' }),
          run('mcp-lambda report', report('2025-11-25')),
        ],
      };
    },
  },
  {
    name: 'mcp-lambda with DynamoDB',
    version: () =>
      `${cargoVersion(ownLock, 'mcp-lambda')}, aws-sdk-dynamodb ${cargoVersion(ownLock, 'aws-sdk-dynamodb')}`,
    install: () => {
      const program = install.cargoProgram('bench-server', { features: ['state'] });
      return {
        zip: zippedSize(program),
        programs: [
          {
            name: 'mcp-lambda with DynamoDB',
            command: [program],
            environment: { ...server, ...state },
            asked: greet('2025-11-25', native),
          },
        ],
      };
    },
  },
  {
    name: 'pmcp',
    version: () => cargoVersion(peerLock, 'pmcp'),
    install: () => {
      const program = install.cargoPeer('bench-pmcp');
      return {
        zip: zippedSize(program),
        programs: [{ name: 'pmcp', command: [program], asked: greet('2025-11-25', native) }],
      };
    },
  },
  {
    name: 'turul',
    version: () => cargoVersion(peerLock, 'turul-mcp-aws-lambda'),
    install: () => {
      const program = install.cargoPeer('bench-turul');
      return {
        zip: zippedSize(program),
        programs: [
          { name: 'turul', command: [program], asked: greet('2026-07-28', native) },
          { name: 'turul report', command: [program, 'streamed'], asked: report('2026-07-28') },
        ],
      };
    },
  },
  typescript('TypeScript SDK 1', 'sdk-1', '@modelcontextprotocol/sdk'),
  typescript('TypeScript SDK 2', 'sdk-2', '@modelcontextprotocol/server'),
  pythonHandler('awslabs.mcp-lambda-handler', 'awslabs', 'awslabs.mcp-lambda-handler'),
  pythonHandler('Python SDK', 'mcp', 'mcp'),
  {
    name: 'authorization',
    version: () => cargoVersion(ownLock, 'mcp-lambda-authorization'),
    install: () => {
      const program = install.cargoProgram('mcp-lambda-authorization', { binary: 'authorization' });
      const asked = { document: { path: '/.well-known/oauth-authorization-server', member: 'issuer' } };
      return {
        zip: zippedSize(program),
        programs: [{ name: 'authorization', command: [program], environment: authorization, asked }],
      };
    },
  },
  {
    name: 'playground',
    version: () => cargoVersion(ownLock, 'mcp-lambda-playground'),
    install: () => {
      const program = install.cargoProgram('mcp-lambda-playground', { binary: 'playground' });
      const asked = { document: { path: '/client.json', member: 'client_id' } };
      return {
        zip: zippedSize(program),
        programs: [{ name: 'playground', command: [program], environment: playground, asked }],
      };
    },
  },
];

function typescript(name, folder, packageName) {
  return {
    name,
    version: () =>
      `${npmVersion(folder, packageName)}, Node ${npmVersion('runtime', 'node')}, aws-lambda-ric ${npmVersion('runtime', 'aws-lambda-ric')}`,
    install: () => {
      const runtime = install.nodeRuntime();
      const bundle = install.nodeBundle(folder);
      const run = (program, handler, asked) => ({
        name: program,
        command: [...runtime, handler],
        environment: { LAMBDA_TASK_ROOT: bundle, _HANDLER: handler },
        asked,
      });
      return {
        zip: zippedSize(join(bundle, 'handler.mjs')),
        programs: [
          run(name, 'handler.handler', greet('2025-11-25', interpreted)),
          run(`${name} report`, 'handler.streaming', report('2025-11-25')),
        ],
      };
    },
  };
}

function pythonHandler(name, folder, packageName) {
  return {
    name,
    version: () =>
      `${pythonVersion(folder, packageName)}, Python ${install.python().version}, awslambdaric ${pythonVersion('runtime', 'awslambdaric')}`,
    install: () => {
      const [runtime, packages] = [install.pythonPackages('runtime'), install.pythonPackages(folder)];
      const environment = { PYTHONPATH: [packages, runtime].join(':'), LAMBDA_TASK_ROOT: packages };
      return {
        zip: zippedSize(packages),
        programs: [
          {
            name,
            command: [install.python().program, '-m', 'awslambdaric', 'handler.handler'],
            environment,
            asked: greet('2025-11-25', interpreted),
          },
        ],
      };
    },
  };
}
