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

**What older clients miss.** A server's requests to its client (sampling, elicitation) need a conversation that outlives an invocation, because the
client's answer arrives at another process than the one that asked. Until that is there, such a tool answers with an error at once, and these
scenarios fail: \`tools-call-sampling\`, \`tools-call-elicitation\`, \`elicitation-sep1034-defaults\`, \`elicitation-sep1330-enums\`.
\`server-sse-multiple-streams\` warns, and is not counted as passed, because no session id is given out in these revisions. The same features
work for 2026-07-28, where the client calls again with the answers.

**What this does not show.** The gateway is played, not API Gateway. Tasks and announced changes are kept in a directory that the processes share,
which Lambda's processes would not have.
`;
}
