/** The Messages API, in which Claude Code speaks to its model. */

import type { Json, ModelApi } from './model.ts';

/** `POST /v1/messages`. */
export const messages: ModelApi = {
  path: /^\/v1\/messages$/,
  offered: (request) => (request['tools'] ?? []) as readonly { readonly name: string }[],
  results: (request) =>
    (request['messages'] as readonly { readonly content: string | readonly Json[] }[])
      .flatMap(({ content }) => (typeof content === 'string' ? [] : content))
      .filter(({ type }) => type === 'tool_result')
      .map(({ content }) => content ?? null),
  call: ({ name }, input) =>
    answered(
      'tool_use',
      { type: 'tool_use', id: 'toolu_01', name, input: {} },
      { type: 'input_json_delta', partial_json: JSON.stringify(input) },
    ),
  say: (text) => answered('end_turn', { type: 'text', text: '' }, { type: 'text_delta', text }),
};

function answered(stopReason: string, block: object, delta: object): Json[] {
  return [
    {
      type: 'message_start',
      message: {
        id: 'msg_01',
        type: 'message',
        role: 'assistant',
        model: 'stand-in',
        content: [],
        stop_reason: null,
        stop_sequence: null,
        usage: { input_tokens: 1, output_tokens: 1 },
      },
    },
    { type: 'content_block_start', index: 0, content_block: block },
    { type: 'content_block_delta', index: 0, delta },
    { type: 'content_block_stop', index: 0 },
    { type: 'message_delta', delta: { stop_reason: stopReason, stop_sequence: null }, usage: { output_tokens: 1 } },
    { type: 'message_stop' },
  ];
}
