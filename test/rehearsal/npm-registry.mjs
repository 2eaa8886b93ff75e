// An npm registry on this machine: it holds what is published to it, and has all else from the registry that npm is configured with.
// Started by `startNpmRegistry` on the Node that it needs.

import { mkdirSync } from 'node:fs';
import { join } from 'node:path';

import { runServer } from 'verdaccio';

const [storage, uplink] = process.argv.slice(2);
mkdirSync(storage, { recursive: true });
const own = { access: '$all', publish: '$all' };
const server = await runServer({
  self_path: join(storage, 'config.yaml'),
  storage,
  uplinks: { configured: { url: uplink, timeout: '60s', max_fails: 10 } },
  packages: {
    '@mcp-lambda/*': own,
    'mcp-lambda': own,
    'mcp-lambda-cdk': own,
    'create-mcp-lambda': own,
    '**': { access: '$all', proxy: 'configured' },
  },
  max_body_size: '1gb',
  web: { enable: false },
  log: { type: 'stdout', format: 'pretty', level: 'error' },
});
server.listen(0, '127.0.0.1', () => process.send(server.address().port));
process.on('disconnect', () => process.exit());
