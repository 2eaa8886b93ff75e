/** Claude Code as a person has it: its own home, no account, the model played by a stand-in. */

import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { inTerminal } from './terminal.ts';

const executable = fileURLToPath(new URL('../node_modules/.bin/claude', import.meta.url));

/** What one run of the command printed. */
export interface Run {
  readonly status: number | null;
  readonly output: string;
}

/** What it keeps of one sign-in. */
export interface SignIn {
  readonly clientId: string;
  readonly accessToken: string;
  readonly refreshToken: string;
}

interface Credentials {
  readonly mcpOAuth?: Record<string, SignIn>;
}

/** One installation of Claude Code with an empty home directory. */
export class ClaudeCode {
  readonly #home = mkdtempSync(join(tmpdir(), 'claude-code-'));
  readonly #credentialsFile = join(this.#home, '.claude', '.credentials.json');

  constructor(private readonly messagesApiUrl: string) {}

  /** Runs `claude` with these arguments to its end; a run over 60 s is ended. */
  async run(args: readonly string[]): Promise<Run> {
    const child = this.#spawn(executable, args);
    // It would wait some seconds for something to be piped in.
    child.stdin?.end();
    const timer = setTimeout(() => child.kill('SIGKILL'), 60_000);
    const output = collect(child);
    const status = await new Promise<number | null>((resolve) => child.on('close', resolve));
    clearTimeout(timer);
    return { status, output: output() };
  }

  /**
   * Runs `claude mcp login NAME --no-browser` and hands the printed authorization URL to `visit`, which plays the
   * person in the browser and ends at Claude Code's own callback listener.
   */
  async login(name: string, visit: (authorizationUrl: URL) => Promise<void>): Promise<Run> {
    const child = this.#spawn(...inTerminal(executable, ['mcp', 'login', name, '--no-browser']));
    const timer = setTimeout(() => child.kill('SIGKILL'), 90_000);
    const output = collect(child);
    const closed = new Promise<number | null>((resolve) => child.on('close', resolve));
    try {
      await visit(await printedUrl(child, output));
      return { status: await closed, output: output() };
    } finally {
      clearTimeout(timer);
      child.kill('SIGKILL');
    }
  }

  /** What it has stored of the one server that it knows; undefined when it has nothing to sign in with. */
  signIn(): SignIn | undefined {
    const stored = this.#credentials().mcpOAuth ?? {};
    return Object.values(stored)[0];
  }

  /** Lets it find its access token expired and worthless, as on the next day. */
  forgetAccessToken(): void {
    const credentials = this.#credentials();
    for (const signIn of Object.values(credentials.mcpOAuth ?? {})) Object.assign(signIn, { accessToken: 'expired', expiresAt: 1 });
    writeFileSync(this.#credentialsFile, JSON.stringify(credentials));
  }

  #credentials(): Credentials {
    return JSON.parse(readFileSync(this.#credentialsFile, 'utf8')) as Credentials;
  }

  /** Forgets the home directory with every credential in it. */
  remove(): void {
    rmSync(this.#home, { recursive: true, force: true });
  }

  #spawn(program: string, args: readonly string[]): ChildProcess {
    return spawn(program, args, {
      cwd: this.#home,
      stdio: ['pipe', 'pipe', 'pipe'],
      env: {
        PATH: process.env.PATH,
        HOME: this.#home,
        ANTHROPIC_BASE_URL: this.messagesApiUrl,
        ANTHROPIC_API_KEY: 'not-a-key',
        CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '1',
        // Otherwise tools are fetched on demand by a model that knows how, and connecting is not waited for.
        ENABLE_TOOL_SEARCH: 'false',
        MCP_CONNECTION_NONBLOCKING: 'false',
      },
    });
  }
}

function collect(child: ChildProcess): () => string {
  let text = '';
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (chunk: Buffer) => (text += chunk.toString('utf8')));
  return () => text;
}

function printedUrl(child: ChildProcess, output: () => string): Promise<URL> {
  return new Promise((resolve, reject) => {
    const look = (): void => {
      const found = /https?:\/\/[^\s\x07\x1b]+code_challenge=[^\s\x07\x1b]+/.exec(output());
      if (found !== null) resolve(new URL(found[0]));
    };
    child.stdout?.on('data', look);
    child.stderr?.on('data', look);
    child.on('close', (status) => reject(new Error(`claude mcp login ended with status ${status} before it printed a URL: ${output()}`)));
  });
}
