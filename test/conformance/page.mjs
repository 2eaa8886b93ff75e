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

**2026-07-28 has 196 checks here, not 197.** One check reads event streams, and is information only for a server that answers a quick request with
one JSON body, as this one does. A buffering server offers no subscriptions, so the five checks of those are skipped.

**Older clients are asked, too.** A server's requests to its client (sampling, elicitation) wait in one process for an answer that arrives at another, and
reaches the first through a DynamoDB table of the emulator. No process has a session: what it has to know about the client is sealed into the session id.

**2025-11-25 has 78 checks here, not 83.** Three read event streams, and are information only for a server that answers a quick request with one JSON body; two
are about ending a session with DELETE, which a server may refuse, and this one does: its sessions end by themselves.

**What this does not show.** The gateway is played, not API Gateway. Tasks and announced changes are kept in a directory that the processes share,
which Lambda's processes would not have. The table is the emulator's, which is never slow and never full.
`;
}
