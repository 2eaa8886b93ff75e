// How the cost of a server grows with its number of tools and with the size of an argument.

import { median } from '../figures.mjs';
import { cargoProgram, must } from '../install.mjs';
import { greet, headersOf, load, message, startServer } from './servers.mjs';

const toolNumbers = [1, 100, 1000];
const megabytes = [1, 4];
/** What is left of 4 MiB for the rest of the message. */
const argumentOf = (size) => 'x'.repeat(size * 1024 * 1024 - 512);

/** The median response time of one client. */
async function typicalUs(running, sent, seconds) {
  const { p50Us } = await load(running.address, { ...sent, connections: 1, seconds });
  return p50Us;
}

/** The figures of one round, by number of tools and by megabytes. */
async function round(programs, issuer, seconds) {
  const headers = headersOf(issuer.token);
  const figures = { callUs: {}, listUs: {}, startMs: {}, memoryKib: {}, echoUs: {}, floorUs: {} };
  for (const tools of toolNumbers) {
    const command = [programs.scale, String(tools)];
    const running = await startServer({ command, environment: issuer.environment });
    try {
      figures.startMs[tools] = running.startMs;
      figures.memoryKib[tools] = running.memoryKib();
      const call = { headers, body: greet('Ada'), expected: 'hello, Ada' };
      figures.callUs[tools] = await typicalUs(running, call, seconds);
      const list = { headers, body: message('tools/list', {}), expected: 'How often.' };
      figures.listUs[tools] = await typicalUs(running, list, seconds);
      if (tools !== 1) continue;
      for (const size of megabytes) {
        const echo = { headers, body: greet(argumentOf(size)), expected: 'xxx' };
        figures.echoUs[size] = await typicalUs(running, echo, seconds);
      }
    } finally {
      await running.stop();
    }
  }
  const floor = await startServer({ command: [programs.axum] });
  try {
    for (const size of megabytes) {
      const echo = { path: '/echo', body: greet(argumentOf(size)), expected: 'xxx' };
      figures.floorUs[size] = await typicalUs(floor, echo, seconds);
    }
  } finally {
    await floor.stop();
  }
  figures.serialiseUs = Number(must(programs.scale, ['1000', 'serialise']));
  return figures;
}

/** The medians of all rounds. */
export async function measureScale({ rounds, seconds }, issuer) {
  const programs = {
    scale: cargoProgram('bench-server', { binary: 'scale' }),
    axum: cargoProgram('bench-axum'),
  };
  const measured = [];
  for (let number = 1; number <= rounds; number++) {
    measured.push(await round(programs, issuer, seconds));
    console.log(`round ${number} of ${rounds}`);
  }
  const typical = (figure) =>
    typeof measured[0][figure] === 'number'
      ? median(measured.map((figures) => figures[figure]))
      : Object.fromEntries(
          Object.keys(measured[0][figure]).map((key) => [key, median(measured.map((figures) => figures[figure][key]))]),
        );
  return Object.fromEntries(Object.keys(measured[0]).map((figure) => [figure, typical(figure)]));
}
