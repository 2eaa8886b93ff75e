/** Every MCP client that the tests send. */

import { fileURLToPath } from 'node:url';

import type { McpClient } from './client.ts';
import { inspector } from './inspector.ts';
import { runProgram } from './program.ts';
import { typescriptClients } from './typescript.ts';

const script = fileURLToPath(new URL('python/client.py', import.meta.url));

/** What `scripts/lib/prepare.mjs` has made for the clients that are programs, by the name of the variable that says where. */
function prepared(variable: 'MCP_LAMBDA_PYTHON_CLIENT' | 'MCP_LAMBDA_RMCP_CLIENT'): string {
  const path = process.env[variable];
  if (path === undefined) throw new Error(`${variable} is not set: run this test with \`npm test -- clients\``);
  return path;
}

const whole = {
  revisions: ['2026-07-28', '2025-11-25'],
  identities: ['preRegistered', 'registered', 'metadataDocument', 'program'],
  showsProgress: true,
} as const;

export const clients: readonly McpClient[] = [
  ...typescriptClients,
  {
    ...whole,
    name: 'the Python client 2.3',
    run: (errand, surroundings) => runProgram(prepared('MCP_LAMBDA_PYTHON_CLIENT'), [script], errand, surroundings),
  },
  {
    ...whole,
    name: 'the client of rmcp',
    run: (errand, surroundings) => runProgram(prepared('MCP_LAMBDA_RMCP_CLIENT'), [], errand, surroundings),
  },
  inspector,
];
