/** Time and amount: how long values live, and what happens to those who ask too often. Last, because it changes settings. */

import assert from 'node:assert/strict';

import { must, notShownHere, should, shows } from '../table.ts';
import { refusal } from '../text.ts';
import { REDIRECT } from '../server.ts';

const CODE_SECONDS = 5;

shows(
  'a code expires',
  [
    must('RFC 6749', '4.1.2', 'A code expires shortly after it was issued.'),
    should('RFC 6749', '4.1.2', 'A code lives 10 minutes at most.'),
    must('OAuth 2.1', '4.1.2', 'A code expires shortly after it was issued.'),
  ],
  async (server) => {
    await server.settings({ AUTHORIZATION_CODE_SECONDS: String(CODE_SECONDS) });
    const [early, late] = [await server.arrive(), await server.arrive()];
    assert.equal((await server.redeem(early)).status, 200);
    await new Promise((resolve) => setTimeout(resolve, (CODE_SECONDS + 1) * 1000));
    assert.deepEqual(refusal(await server.redeem(late)), [400, 'invalid_grant']);
  },
);

shows(
  'a client that registers without end is told when to come back',
  [should('RFC 6585', '4', 'The answer to too many requests explains the condition.')],
  async (server) => {
    const url = String(server.metadata['registration_endpoint']);
    const body = JSON.stringify({ redirect_uris: [REDIRECT] });
    // The gateway takes a few at a time; a registration itself uses nothing up.
    for (let wave = 0; wave < 20; wave += 1) {
      const answers = await Promise.all(
        Array.from({ length: 40 }, () =>
          fetch(url, { method: 'POST', headers: { 'content-type': 'application/json' }, body }),
        ),
      );
      assert.ok(
        answers.every(({ status }) => [201, 429].includes(status)),
        answers.map(({ status }) => status).join(' '),
      );
      const throttled = answers.find(({ status }) => status === 429);
      if (throttled === undefined) continue;
      assert.ok(Number(throttled.headers.get('retry-after')) > 0, 'Retry-After');
      assert.match(await throttled.text(), /too many requests/);
      return;
    }
    assert.fail('800 registrations were accepted');
  },
);

notShownHere(
  'Requests are throttled by API Gateway (50 in a second for the whole API, fewer at `/authorize` and `/register`), which the emulator models in part; see live-checks.md.',
  [
    must('RFC 6749', '2.3.1', 'Endpoints that take passwords of clients are protected against trying them out.'),
    must('OAuth 2.1', '2.4.1', 'Endpoints that take secrets of clients are protected against trying them out.'),
  ],
);
