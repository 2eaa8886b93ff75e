// The tools of the benchmark, for both SDKs.

import { setTimeout } from 'node:timers/promises';

const text = (line) => ({ content: [{ type: 'text', text: line }] });

/** Nanoseconds since 1970, as far as the clock goes. */
const now = () => String(BigInt(Math.round((performance.timeOrigin + performance.now()) * 1000)) * 1000n);

export function register(server, z) {
  server.registerTool(
    'greet',
    { description: 'Greets somebody.', inputSchema: z.object({ name: z.string().describe('Whom to greet.') }) },
    ({ name }) => text(`hello, ${name}`),
  );
  server.registerTool(
    'report',
    {
      description: 'Reports its progress once.',
      inputSchema: z.object({ milliseconds: z.number().describe('How long to go on after the report.') }),
    },
    async ({ milliseconds }, context) => {
      // SDK 1 has these members on the context itself, SDK 2 below `mcpReq`.
      const request = context.mcpReq ?? { _meta: context._meta, notify: context.sendNotification };
      await request.notify({
        method: 'notifications/progress',
        params: { progressToken: request._meta.progressToken, progress: 1, message: now() },
      });
      await setTimeout(milliseconds);
      return text('done');
    },
  );
}
