// A reporter for Node's test runner: what passed and what failed, as JSON. Nothing that a test prints gets into it.

import { relative, resolve } from 'node:path';

import { root } from './root.mjs';

/** Yields `{ passed, failed }` once all files are through: how many tests passed, and of those that did not the name with the first line of the error. */
export default async function* results(source) {
  const failed = [];
  let counts;
  let empty = 0;
  const fail = ({ file, name, details }) => {
    const test = file === undefined ? name : `${relative(root, file)} › ${name}`;
    const error = details?.error?.cause ?? details?.error;
    const reason = String(error?.message ?? error ?? '')
      .split('\n')[0]
      .slice(0, 300);
    failed.push(reason === '' ? test : `${test}: ${reason}`);
  };
  for await (const { type, data } of source) {
    // A suite that fails has a test that failed, or that its hooks cancelled.
    if (type === 'test:fail' && data.details.type !== 'suite') fail(data);
    // A file without a test passes as one.
    if (type === 'test:pass' && data.nesting === 0 && data.file !== undefined && resolve(data.name) === data.file) {
      empty += 1;
      fail({ file: data.file, name: 'no test' });
    }
    // Each file has a summary; the one of them all is the last.
    if (type === 'test:summary') counts = data.counts;
  }
  // A runner that breaks off does not get here, or has none.
  if (counts !== undefined) yield JSON.stringify({ passed: counts.passed - empty, failed });
}
