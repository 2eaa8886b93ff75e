// What is run, and what must come of it, to the number: a better score fails too, so that this page stays true.

/**
 * `arguments` are the suite's. `scenarios` counts those that a revision requires (without a list: all that were run),
 * `checks` those of every scenario that was run.
 */
export const runs = [
  {
    revision: '2026-07-28',
    transferMode: 'stream',
    arguments: ['--requirements', '2026-07-28'],
    expected: { scenarios: 37, passedScenarios: 37, passedChecks: 197, failedChecks: 0 },
  },
  {
    revision: '2026-07-28',
    transferMode: 'buffered',
    arguments: ['--requirements', '2026-07-28'],
    expected: { scenarios: 37, passedScenarios: 37, passedChecks: 191, failedChecks: 0 },
  },
  {
    revision: '2025-11-25',
    transferMode: 'stream',
    arguments: ['--requirements', '2025-11-25'],
    expected: { scenarios: 30, passedScenarios: 30, passedChecks: 84, failedChecks: 0 },
  },
  {
    revision: '2025-06-18',
    transferMode: 'stream',
    arguments: ['--suite', 'all', '--spec-version', '2025-06-18'],
    expected: { scenarios: 27, passedScenarios: 27, passedChecks: 56, failedChecks: 0 },
  },
];
