// The Dog API on this machine, for the example server without internet access: `GET /api/v2/facts?limit=N` of dogapi.dog, in its JSON
// (JSON:API). `npm start` runs it beside the app with `--with`, which sets PORT. `PUT /upstream/PORT` of a test lets a server on another
// port respond until `DELETE /upstream`.

import { createServer } from 'node:http';

const FACTS = [
  "A dog's nose print is as particular to it as a fingerprint is to a person.",
  'Puppies are born without hearing; their ears open after about two weeks.',
  'The Basenji yodels rather than barks.',
  'Greyhounds can outrun almost every other land animal of their size over a short distance.',
  "A dog's sense of smell is thousands of times keener than that of a human.",
  'Dogs sweat through the pads of their paws and cool themselves mostly by panting.',
  'Newfoundlands have webbed feet and have long been used for rescue in water.',
  'Dalmatian puppies are born white; their spots appear in the weeks that follow.',
  'The Saluki is among the oldest breeds that are still kept today.',
  'Dogs have three eyelids; the third one keeps the eye moist and clean.',
  'A Border Collie named Chaser learned the names of more than a thousand toys.',
  'Dogs see blue and yellow well and confuse red with green.',
  'The whiskers of a dog feel movements of the air in the dark.',
  'An adult dog has 42 teeth, ten more than a person.',
  'Dogs curl up when they sleep, as their wild relatives do to stay warm.',
  'The Norwegian Lundehund has six toes on each foot and climbs cliffs with them.',
  'Seeing a person yawn can make a dog yawn as well.',
  'Bloodhounds can follow a trail that is more than a week old.',
  'Laika, a stray from Moscow, was the first animal to orbit the Earth.',
  'Chow Chows have a tongue of blue-black colour.',
  "A dog's heart beats faster than its owner's, most of all in small breeds.",
  'Dogs dream; puppies and old dogs seem to dream the most.',
  "The shape of a dog's ear is moved by at least eighteen muscles.",
  'Wagging more to the right often goes with something the dog likes.',
];

const port = Number(process.env.PORT);
const hosts = [`127.0.0.1:${port}`, `localhost:${port}`];
/** Each response continues in the list where the last one ended. */
let next = 0;

/** The port that responds instead. */
let upstream;

const server = createServer(async (request, response) => {
  const url = new URL(request.url ?? '/', 'http://localhost');
  const send = (status, document) =>
    response.writeHead(status, { 'content-type': 'application/vnd.api+json' }).end(JSON.stringify(document));
  // A page of another site could ask through DNS rebinding.
  if (!hosts.includes(request.headers.host ?? '')) return send(403, { errors: [{ title: 'unknown host' }] });
  const chosen = /^\/upstream(?:\/(\d+))?$/.exec(url.pathname);
  if (chosen !== null && ['PUT', 'DELETE'].includes(request.method)) {
    upstream = request.method === 'PUT' ? chosen[1] : undefined;
    return response.writeHead(204).end();
  }
  if (upstream !== undefined) {
    const found = await fetch(`http://127.0.0.1:${upstream}${request.url}`).catch(() => undefined);
    return send(found?.status ?? 502, await found?.json());
  }
  if (request.method !== 'GET' || url.pathname !== '/api/v2/facts')
    return send(404, { errors: [{ title: 'not found' }] });
  const asked = Number(url.searchParams.get('limit') ?? '1');
  const limit = Math.min(Number.isInteger(asked) && asked >= 0 ? asked : 1, FACTS.length);
  const data = Array.from({ length: limit }, () => {
    const index = next % FACTS.length;
    next += 1;
    const id = `00000000-0000-4000-8000-${String(index).padStart(12, '0')}`;
    return { id, type: 'fact', attributes: { body: FACTS[index] } };
  });
  send(200, { data });
});
server.listen(port, '127.0.0.1');
