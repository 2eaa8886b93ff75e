/** The APIs in which Codex and Gemini CLI speak to their models. */

import type { Json, ModelApi, OfferedTool } from '../model.ts';

/** A tool, or a group of them. */
interface ToolOrGroup extends OfferedTool {
  readonly tools?: readonly OfferedTool[];
}

/** `POST /v1/responses`. */
export const responses: ModelApi = {
  path: /^\/v1\/responses$/,
  offered: (request) =>
    ((request['tools'] ?? []) as readonly ToolOrGroup[]).flatMap(
      ({ name, tools }) => tools?.map((tool) => ({ name: tool.name, namespace: name })) ?? [{ name }],
    ),
  results: (request) =>
    (request['input'] as readonly Json[])
      .filter(({ type }) => type === 'function_call_output')
      .map(({ output }) => output),
  call: (tool, input) =>
    answered({
      type: 'function_call',
      id: 'fc_1',
      call_id: 'call_1',
      ...tool,
      arguments: JSON.stringify(input),
      status: 'completed',
    }),
  say: (text) =>
    answered({
      type: 'message',
      id: 'msg_1',
      role: 'assistant',
      status: 'completed',
      content: [{ type: 'output_text', text, annotations: [] }],
    }),
};

function answered(item: Json): readonly Json[] {
  const response = { id: 'resp_1', object: 'response', created_at: 0, model: 'stand-in' };
  return [
    { type: 'response.created', response: { ...response, status: 'in_progress', output: [] } },
    { type: 'response.output_item.added', output_index: 0, item },
    { type: 'response.output_item.done', output_index: 0, item },
    {
      type: 'response.completed',
      response: {
        ...response,
        status: 'completed',
        output: [item],
        usage: { input_tokens: 1, output_tokens: 1, total_tokens: 2 },
      },
    },
  ];
}

/** `POST /v1beta/models/MODEL:streamGenerateContent`. */
export const gemini: ModelApi = {
  path: /:streamGenerateContent$/,
  offered: (request) =>
    ((request['tools'] ?? []) as readonly { functionDeclarations?: readonly OfferedTool[] }[]).flatMap(
      ({ functionDeclarations }) => functionDeclarations ?? [],
    ),
  results: (request) =>
    (request['contents'] as readonly { parts: readonly Json[] }[])
      .flatMap(({ parts }) => parts)
      .filter((part) => 'functionResponse' in part)
      .map(({ functionResponse }) => functionResponse),
  call: ({ name }, args) => [candidate({ functionCall: { name, args } })],
  say: (text) => [candidate({ text })],
};

function candidate(part: Json): Json {
  return {
    candidates: [{ index: 0, finishReason: 'STOP', content: { role: 'model', parts: [part] } }],
    usageMetadata: { promptTokenCount: 1, candidatesTokenCount: 1, totalTokenCount: 2 },
  };
}
