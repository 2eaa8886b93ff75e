// The table that the function's processes share: DynamoDB in the emulator of the local stack.

import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const name = 'conformance-state';
const startMilliseconds = 60_000;
const createTable = `
import botocore.session, sys
client = botocore.session.get_session().create_client(
    "dynamodb", region_name="eu-central-1", endpoint_url=sys.argv[1], aws_access_key_id="test", aws_secret_access_key="test")
client.create_table(
    TableName=sys.argv[2], BillingMode="PAY_PER_REQUEST",
    AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}], KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}])
client.update_time_to_live(TableName=sys.argv[2], TimeToLiveSpecification={"Enabled": True, "AttributeName": "expires"})
`;

async function answers(port) {
  const socket = connect(port, '127.0.0.1');
  const connected = await Promise.race([
    once(socket, 'connect').then(() => true),
    once(socket, 'error').then(
      () => false,
      () => false,
    ),
  ]).catch(() => false);
  socket.destroy();
  return connected;
}

/** Starts the emulator with one table. `variables` tell a function where it is; `stop` ends the emulator. */
export async function startTable({ root, log }) {
  const python = join(root, '.local', 'venv', 'bin', 'python');
  if (!existsSync(python)) {
    // The local stack's own test installs the emulator.
    const { status, stderr } = spawnSync(
      'cargo',
      ['test', '--locked', '--quiet', '--workspace', '--test', 'emulator'],
      { cwd: root, encoding: 'utf8' },
    );
    if (status !== 0) throw new Error(`the emulator could not be installed:\n${stderr}`);
  }
  const state = mkdtempSync(join(tmpdir(), 'mcp-conformance-emulator-'));
  const portFile = join(state, 'port');
  const output = openSync(log, 'a');
  // It ends when its standard input does, however this program ends.
  const emulator = spawn(
    python,
    [join(root, 'cli', 'emulator', 'launch.py'), '--port', '0', '--port-file', portFile, '--state', state],
    {
      stdio: ['pipe', output, output],
      detached: true,
    },
  );
  const stop = async () => {
    const exited = emulator.exitCode === null ? once(emulator, 'exit') : undefined;
    emulator.stdin.end();
    await exited;
    rmSync(state, { recursive: true, force: true });
  };
  const end = Date.now() + startMilliseconds;
  const port = () => (existsSync(portFile) ? Number(readFileSync(portFile, 'utf8')) : undefined);
  while (port() === undefined || !(await answers(port()))) {
    if (emulator.exitCode !== null || Date.now() > end) {
      await stop();
      throw new Error(`the emulator did not start; its log is ${log}`);
    }
    await sleep(50);
  }
  const url = `http://127.0.0.1:${port()}`;
  const { status, stderr } = spawnSync(python, ['-c', createTable, url, name], { encoding: 'utf8' });
  if (status !== 0) {
    await stop();
    throw new Error(`the table could not be created:\n${stderr}`);
  }
  return {
    variables: {
      MCP_STATE_TABLE: name,
      AWS_ENDPOINT_URL: url,
      AWS_REGION: 'eu-central-1',
      AWS_ACCESS_KEY_ID: 'test',
      AWS_SECRET_ACCESS_KEY: 'test',
    },
    stop,
  };
}
