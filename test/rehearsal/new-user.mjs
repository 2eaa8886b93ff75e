// A new user in an empty folder, with the commands of the README: makes a project, runs it, calls its tool, changes it, tests it, synthesizes it.

import { spawn } from 'node:child_process';
import { copyFileSync, existsSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { edit, summary } from './edits.mjs';
import { linesOf } from './first-server.mjs';
import { connect } from './mcp-client.mjs';

const root = join(import.meta.dirname, '..', '..');
export const STACKS = ['typescript', 'python', 'rust'];
/** Only ends what hangs. */
const MINUTES = 40;
const PATIENCE = MINUTES * 60_000;

export class NewUser {
  #running;
  #changes = 0;
  /** The tool as it was made. */
  #source;

  /**
   * @param folder an empty folder outside the checkout
   * @param environment what leads to the registries, and to caches that are not the machine's
   */
  constructor(stack, folder, environment) {
    this.stack = stack;
    this.folder = folder;
    this.project = join(folder, 'shop');
    this.environment = { ...process.env, ...environment };
    // npm sets these for what it runs, and the commands of a new user are not run by npm.
    for (const name of Object.keys(this.environment)) {
      if (/^npm_(?!config_(userconfig|registry|cache)$)/.test(name)) delete this.environment[name];
    }
    const own = join(root, 'node_modules', '.bin');
    this.environment.PATH = process.env.PATH.split(':')
      .filter((directory) => directory !== own)
      .join(':');
  }

  /**
   * @param options.clone the command that makes the project of a clone, instead of the packages of the registries
   * @param options.lock a Cargo.lock for the project: the versions of everybody else's crates that are compiled already
   * @param options.edits how often the tool is changed; more than once, it is changed as often in a release build
   * @param options.synthesis what `npx cdk` is run with
   * @param options.callByClaudeCode calls the tool for the first time, instead of the official client
   */
  async rehearse(step, { clone, lock, edits, synthesis, callByClaudeCode }) {
    const { stack } = this;
    const began = Date.now();
    const create = clone ?? ['npm', 'create', '--yes', 'mcp-lambda@latest', 'shop', '--', '--yes', '--stack', stack];
    await step(
      `${stack}: ${clone === undefined ? 'npm create mcp-lambda@latest shop' : 'the clone of docs/first-server.md'}`,
      () => this.#run(this.folder, create[0], create.slice(1)),
    );
    if (lock !== undefined) copyFileSync(lock, join(this.project, 'Cargo.lock'));
    let running = await step(`${stack}: npm start`, () => this.#start());
    const [contract] = linesOf('cargo run');
    const greeted = ({ url }) => this.#withTool(url, (call) => call());
    await (callByClaudeCode === undefined
      ? step(`${stack}: a call of its tool by the official MCP client`, async () => note(await greeted(running)))
      : step(`${stack}: claude mcp add, a sign-up, a sign-in, a call of its tool by Claude Code`, async () =>
          note(await callByClaudeCode(running.outputs, 'greet', { greeting: 'hello' })),
        ));
    const minutes = (Date.now() - began) / 60_000;
    console.log(`  ${`${minutes.toFixed(1)} min`.padStart(8)}  ${stack}: from an empty folder to that call`);
    await step(`${stack}: npm run call`, () => this.#callByCommand(running));
    await step(`${stack}: from a saved change to the changed response`, () => this.#edit(running, edits));
    await this.stop();
    if (edits > 1) {
      running = await step(`${stack}: npm start -- --release`, () => this.#start(['--release']));
      await step(`${stack}: from a saved change to the changed response, release`, () => this.#edit(running, edits));
      await this.stop();
    }
    this.#takeChangesBack();
    await step(`${stack}: ${contract}`, () => this.#printContract(contract));
    await step(`${stack}: npm test`, () => this.#run(this.project, 'npm', ['test']));
    await step(`${stack}: npx cdk ${synthesis.join(' ')}`, () => this.#run(this.project, 'npx', ['cdk', ...synthesis]));
  }

  /** Runs a command to its end and gives its standard output; the error has all that it printed. */
  #run(cwd, command, args) {
    return new Promise((resolve, reject) => {
      const child = spawn(command, args, {
        cwd,
        env: this.environment,
        stdio: ['ignore', 'pipe', 'pipe'],
        timeout: PATIENCE,
      });
      let output = '';
      let stdout = '';
      for (const stream of [child.stdout, child.stderr])
        stream.on('data', (chunk) => (output += chunk.toString('utf8')));
      child.stdout.on('data', (chunk) => (stdout += chunk.toString('utf8')));
      child.on('error', reject);
      child.on('close', (status, signal) => {
        if (status === 0) resolve({ stdout });
        else
          reject(
            new Error(
              `\`${command} ${args.join(' ')}\` in ${cwd} ended with ${signal ?? `status ${status}`}:\n${output}`,
            ),
          );
      });
    });
  }

  /** Starts the project, and gives the URL of its server and the file of its outputs once it is ready. */
  async #start(options = []) {
    const outputs = join(mkdtempSync(join(this.folder, 'outputs-')), 'outputs.json');
    const args = ['start', '--', '--port', '0', '--outputs-file', outputs, ...options];
    const child = spawn('npm', args, { cwd: this.project, env: this.environment, stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += chunk.toString('utf8')));
    const ended = new Promise((resolve) => child.once('close', resolve));
    this.#running = { child, ended, output: () => output };
    const patience = Date.now() + PATIENCE;
    while (!existsSync(outputs)) {
      if (child.exitCode !== null || child.signalCode !== null || Date.now() > patience) {
        throw new Error(
          `\`npm ${args.join(' ')}\` was not ready before it ended or ${MINUTES} minutes passed:\n${output}`,
        );
      }
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    const [server] = Object.values(JSON.parse(readFileSync(outputs, 'utf8')).servers);
    return { url: server.mcpServerUrl, outputs };
  }

  /** Gives `use` what calls the tool, with an access token of the project's machine client. */
  async #withTool(url, use) {
    const token = ['run', '--silent', 'token', '--', '--port', new URL(url).port];
    const { stdout } = await this.#run(this.project, 'npm', token);
    const client = await connect(url, stdout.trim());
    try {
      return await use(() => client.call('greet', { greeting: 'hello' }));
    } finally {
      await client.close();
    }
  }

  /** Calls the tool from a second shell, as the documents say. */
  async #callByCommand({ url }) {
    const call = ['run', '--silent', 'call', '--', 'greet', '--greeting', 'hello'];
    const { stdout } = await this.#run(this.project, 'npm', [...call, '--port', new URL(url).port]);
    if (!stdout.includes('hello')) throw new Error(`the response has no greeting: ${stdout}`);
  }

  /** Changes the tool so often, each time until its response has changed. */
  #edit({ url }, times) {
    return this.#withTool(url, async (call) => {
      const seconds = [];
      this.#source ??= readFileSync(this.#tool, 'utf8');
      try {
        for (let count = 0; count < times; count += 1) {
          this.#changes += 1;
          seconds.push(await edit(this.#tool, `and welcome ${this.#changes}`, call, PATIENCE));
        }
      } catch (error) {
        throw new Error(`${error.message}:\n${this.#running.output()}`);
      }
      return note(summary(seconds));
    });
  }

  get #tool() {
    return join(this.project, 'src', 'main.rs');
  }

  /** The project's own tests are about the tool as it was made. */
  #takeChangesBack() {
    writeFileSync(this.#tool, this.#source);
  }

  /** Prints the contract into the project; it must be the one that `npm start` kept. */
  async #printContract(command) {
    const file = join(this.project, 'contract.json');
    const kept = readFileSync(file, 'utf8');
    await this.#run(this.project, 'bash', ['-e', '-c', command]);
    if (readFileSync(file, 'utf8') !== kept) throw new Error(`\`${command}\` changed ${file}`);
  }

  /** Ends `npm start`. */
  async stop() {
    if (this.#running === undefined) return;
    const { child, ended } = this.#running;
    this.#running = undefined;
    child.kill('SIGTERM');
    await ended;
  }
}

const note = (words) => ({ note: words });
