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

Scores of the official suite, \`@modelcontextprotocol/conformance\` ${version}, against \`lambda/conformance\`: an ordinary rmcp server on
\`mcp_lambda::run\`, run as a Lambda function. \`test/runtime-api\` turns each request into an event of a REST API's proxy integration, with the
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

**2025-11-25 has 78 checks here, not 83.** Two are about ending a session with DELETE, which a server may refuse with 405, and this one does: a session id
is sealed and kept by the client alone, and to take one back every later request of every session would have to be looked up in the table first. Three
(\`server-sse-priming-event\`, \`server-sse-retry-field\`, \`server-sse-streams-functional\`) read event streams that a client could resume with a GET, at another process,
from events that would have to be kept; this server answers a quick request of such a client with one JSON body instead, which the revision leaves to it.

**What this does not show.** The gateway and Lambda's queue are played. Announced changes are kept in a directory that the processes share, which
Lambda's processes would not have. The table is the emulator's, which is never slow and never full.
`;
}
