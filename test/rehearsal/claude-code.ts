/** Claude Code as a new user has it: the line that `npm start` prints, a sign-up and a sign-in in a browser, a call of the tool. */

import { readFileSync } from 'node:fs';

import { ClaudeCode, clientDocument } from '../e2e/claude-code.ts';
import { messages } from '../e2e/messages-api.ts';
import { playMetadataHost } from '../e2e/metadata-host.ts';
import { startModel } from '../e2e/model.ts';
import { Person } from '../e2e/person.ts';
import type { Stack } from '../e2e/stack.ts';

/** What a command printed, if it succeeded. */
function printed(command: string, { status, output }: { status: number | null; output: string }): string {
  if (status !== 0) throw new Error(`\`${command}\` ended with status ${status}:\n${output}`);
  return output;
}

/**
 * Adds the server of the running stack to a new installation of Claude Code, signs a new person in, and has it call the tool.
 *
 * @param outputsFile what `npm start -- --outputs-file` wrote
 * @returns what the tool returned
 */
export async function callByClaudeCode(outputsFile: string, tool: string, input: object): Promise<string> {
  const stack = JSON.parse(readFileSync(outputsFile, 'utf8')) as Stack;
  const [, ...words] = stack.ClaudeCodeCommand.split(' ');
  const server = words.at(-2) ?? '';
  const ends: (() => unknown)[] = [];
  try {
    // Claude Code's metadata document is on the web, where a rehearsal does not go.
    const { hostname, pathname } = new URL(clientDocument.client_id);
    const host = await playMetadataHost(stack, hostname, pathname, clientDocument);
    ends.push(() => host.close());
    const model = await startModel(messages, `mcp__${server}__${tool}`, input);
    ends.push(() => model.close());
    const person = await Person.signUp(stack);
    ends.push(() => person.leave());
    const claude = new ClaudeCode(model.url);
    ends.push(() => claude.remove());

    printed(stack.ClaudeCodeCommand, await claude.run(words));
    const login = await claude.login(server, (url) => person.allowAndSignInAt(url, /Claude Code/));
    printed(`claude mcp login ${server}`, login);
    const asked = await claude.run(['-p', 'Use the tool.', '--allowedTools', `mcp__${server}__${tool}`]);
    const output = printed('claude -p', asked);
    const result = model.toolResults().at(-1);
    if (result === undefined) throw new Error(`Claude Code called no tool:\n${output}`);
    const content = JSON.parse(result) as string | readonly { readonly text: string }[];
    return typeof content === 'string' ? content : content.map(({ text }) => text).join('\n');
  } finally {
    for (const end of ends.reverse()) await end();
  }
}
