// Emulates the Serper API for machines without internet access or without an API key: the one operation that the toolbox uses,
// `POST /search`. It accepts every key, and invents results from the words of the query. Usage: `PORT=8090 node serper.mjs`.

import { createServer } from 'node:http';

const results = (query, count) =>
  Array.from({ length: count }, (_, index) => ({
    title: `${query}: result ${index + 1}`,
    link: `https://example.com/${encodeURIComponent(query)}/${index + 1}`,
    snippet: `An invented page about ${query}. Set SERPER_BASE_URL and a real key to search the web.`,
    position: index + 1,
  }));

const read = async (request) => {
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  return JSON.parse(Buffer.concat(chunks).toString('utf8'));
};

const server = createServer(async (request, response) => {
  const respond = (status, body) =>
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  if (request.method !== 'POST' || request.url !== '/search') return respond(404, { message: 'Not Found' });
  if (!request.headers['x-api-key']) return respond(403, { message: 'Unauthorized.', statusCode: 403 });
  try {
    const { q, num = 10 } = await read(request);
    if (typeof q !== 'string' || q === '') return respond(400, { message: 'Missing query parameter', statusCode: 400 });
    respond(200, { searchParameters: { q, num, type: 'search' }, organic: results(q, Math.min(num, 10)), credits: 1 });
  } catch {
    respond(400, { message: 'Invalid JSON', statusCode: 400 });
  }
});

server.listen(Number(process.env.PORT ?? 0), '127.0.0.1', () =>
  console.log(`the substitute of the Serper API listens at http://127.0.0.1:${server.address().port}`),
);
