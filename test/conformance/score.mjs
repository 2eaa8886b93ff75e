// Reads what the suite has written about one run.

import { readFileSync, readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

const suite = dirname(createRequire(import.meta.url).resolve('@modelcontextprotocol/conformance/package.json'));

/** The suite's program. */
export const program = join(suite, 'dist', 'index.js');
/** The suite's version, as installed. */
export const version = JSON.parse(readFileSync(join(suite, 'package.json'), 'utf8')).version;

/** The server scenarios that a revision requires, from the suite's own list; `undefined` for revisions without one. */
export function requiredScenarios(revision) {
  let text;
  try {
    text = readFileSync(join(suite, 'requirements', `${revision}.yaml`), 'utf8');
  } catch (error) {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  }
  return (/^server:\n((?: {2}- .+\n)+)/m.exec(text)?.[1] ?? '')
    .trimEnd()
    .split('\n')
    .map((line) => line.replace('  - ', ''));
}

/** Scenarios and checks of one run, out of the folder that the suite filled. A warning counts against a scenario. */
export function readScore(folder, required) {
  const scenarios = new Map();
  for (const entry of readdirSync(folder).sort()) {
    const name = /^server-(.+)-\d{4}-\d\d-\d\dT/.exec(entry)?.[1];
    if (name === undefined) continue;
    scenarios.set(name, JSON.parse(readFileSync(join(folder, entry, 'checks.json'), 'utf8')));
  }
  const checks = [...scenarios].flatMap(([scenario, list]) => list.map((check) => ({ ...check, scenario })));
  const wrong = checks.filter(({ status }) => status === 'FAILURE' || status === 'WARNING');
  const failing = new Set(wrong.map(({ scenario }) => scenario));
  const counted = required ?? [...scenarios.keys()];
  return {
    scenarios: counted.length,
    passedScenarios: counted.filter((name) => scenarios.has(name) && !failing.has(name)).length,
    passedChecks: checks.filter(({ status }) => status === 'SUCCESS').length,
    failedChecks: checks.filter(({ status }) => status === 'FAILURE').length,
    wrong: wrong.map(
      ({ scenario, id, status, errorMessage, details }) =>
        `${scenario} › ${id}: ${errorMessage ?? details?.message ?? status}`,
    ),
  };
}
