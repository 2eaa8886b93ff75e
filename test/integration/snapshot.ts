/**
 * The templates of the apps, as they are committed in snapshots/. Run as a program (`npm run snapshots`) this takes what they are now as what
 * they should be.
 */

import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { APPS, type AppName, root, sourceOf, STACKS } from './paths.ts';

/** What the apps are told where nothing runs. */
const CONTEXT = {
  lambdaDir: 'cdk/test/fixtures/lambda',
  'mcp-lambda-cdk:programs': 'cdk/test/fixtures/lambda',
  publicBaseUrl: 'http://127.0.0.1:3030',
  signInBaseUrl: 'http://127.0.0.1:3031',
};

/** Where the template of an app is committed. */
export const snapshotOf = (app: AppName): string =>
  join(root, 'test', 'integration', 'snapshots', `${app}.template.json`);

/** The template of an app as text, with a placeholder for the digests of what it uploads. */
export function templateOf(app: AppName): string {
  const outdir = mkdtempSync(join(tmpdir(), 'snapshot-'));
  try {
    const { context } = JSON.parse(readFileSync(join(root, 'cdk.json'), 'utf8')) as { context: object };
    const done = spawnSync(process.execPath, [sourceOf(app)], {
      cwd: root,
      encoding: 'utf8',
      // The rules of the CDK are the part `templates`.
      env: {
        ...process.env,
        CDK_OUTDIR: outdir,
        CDK_VALIDATION: 'false',
        CDK_CONTEXT_JSON: JSON.stringify({ ...context, ...CONTEXT }),
      },
    });
    if (done.status !== 0) throw new Error(done.stderr);
    const template: unknown = JSON.parse(readFileSync(join(outdir, `${STACKS[app]}.template.json`), 'utf8'));
    return `${JSON.stringify(template, null, 1).replace(/"[0-9a-f]{64}\.zip"/g, '"<digest>.zip"')}\n`;
  } finally {
    rmSync(outdir, { recursive: true });
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  for (const app of APPS) writeFileSync(snapshotOf(app), templateOf(app));
}
