// docs/conformance.md, out of the runs.

import { killProbability } from './front.mjs';
import { version } from './score.mjs';

/** The page as text. */
export function page(results) {
  const row = ({ run, score }) =>
    `| ${[
      run.revision,
      run.transferMode,
      `\`${run.arguments.join(' ')}\``,
      `${score.passedScenarios} of ${score.scenarios}`,
      `${score.passedChecks} of ${score.passedChecks + score.failedChecks}`,
    ].join(' | ')} |`;
  return `# Conformance

<!-- Written by test/conformance/run.mjs; do not edit. -->

Scores of the official suite, \`@modelcontextprotocol/conformance\` ${version}, against \`test/conformance/server\`: an ordinary rmcp server on
\`mcp_lambda::run\`, run as a Lambda function. \`lambda/testing\` turns each request into an event of a REST API's proxy integration, with the
claims of a Cognito authorizer, and serves a Lambda Runtime API in the table's response transfer mode; each process has one invocation at
a time, and before each request every idle process is killed with a probability of ${killProbability}. Run it with \`node test/conformance/run.mjs\`.

| revision | answers | run as | scenarios passed | checks passed |
|---|---|---|---|---|
${results.map(row).join('\n')}

Scenarios are those that the revision requires; 2025-06-18 has no list of its own, so all of the suite's that apply are counted. Checks are
those of every scenario that was run, the Tasks extension and the pending ones included.

**2026-07-28 has all 197 checks, the Tasks extension's included.** A buffering server has six fewer: it offers no subscriptions, so the five checks of
those are skipped, and one check reads event streams.

**Tasks are the library's.** The call is answered by one process; the function then invokes itself, and each of these asynchronous invocations is delivered
twice, as Lambda may do. What a task has come to is in a DynamoDB table of the emulator, which whichever process is asked reads.

**Older clients are asked, too.** A server's requests to its client (sampling, elicitation) wait in one process for an answer that arrives at another, and
reaches the first through a DynamoDB table of the emulator. No process has a session: what it has to know about the client is sealed into the session id.

**2025-11-25 has all its checks.** A session is ended with DELETE at one process and unknown to the others from then on. The tool \`test_reconnection\` closes its event stream
before it has answered; the suite comes back with a GET, which another process answers out of the table: priming event, retry field and the resumed answer are checks of their own. What the official TypeScript clients make of it, with the answering
process killed in the middle too, is \`test/conformance/resumption.test.ts\`.

**What this does not show.** The gateway and Lambda's queue are played. Announced changes are kept in a directory that the processes share, which
Lambda's processes would not have. The table is the emulator's, which is never slow and never full.
`;
}
