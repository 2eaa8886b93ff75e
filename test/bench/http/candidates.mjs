// The servers that `npm run bench -- http` compares: how each is installed and started.

import { join } from 'node:path';

import * as install from '../install.mjs';

/** Each with `verifies`: whether it gets an access token and verifies it. */
export const candidates = [
  { name: 'axum', verifies: false, install: () => ({ command: [install.cargoProgram('bench-axum')] }) },
  {
    name: 'mcp-lambda',
    verifies: true,
    install: () => ({ command: [install.cargoProgram('bench-server')] }),
  },
  {
    name: 'TypeScript SDK 1 with express',
    verifies: false,
    install: () => {
      const [node] = install.nodeRuntime();
      return { command: [node, 'express.mjs'], cwd: install.nodePackages('sdk-1') };
    },
  },
  {
    name: 'FastMCP with uvicorn',
    verifies: false,
    install: () => ({
      command: [install.python().program, 'server.py'],
      cwd: join(install.peers, 'python', 'fastmcp'),
      environment: { PYTHONPATH: install.pythonPackages('fastmcp') },
    }),
  },
];
