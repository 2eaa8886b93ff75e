// Between an event of a REST API's proxy integration and the web-standard requests that both SDKs take.

export function requestOf(event) {
  return new Request(`https://${event.headers.Host}${event.path}`, {
    method: event.httpMethod,
    headers: event.headers,
    body: event.body,
  });
}

/** The answer in one piece. */
export async function buffered(response) {
  return { statusCode: response.status, headers: Object.fromEntries(response.headers), body: await response.text() };
}

/** The answer as it comes. */
export async function streamed(response, stream) {
  const output = awslambda.HttpResponseStream.from(stream, {
    statusCode: response.status,
    headers: Object.fromEntries(response.headers),
  });
  for await (const chunk of response.body ?? []) output.write(chunk);
  output.end();
}
