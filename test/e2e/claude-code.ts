/** Claude Code as a person has it: its own home, no account, the model played by a stand-in. */

import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const executable = fileURLToPath(new URL('../node_modules/.bin/claude', import.meta.url));

/** What one run of the command printed. */
export interface Run {
  readonly status: number | null;
  readonly output: string;
}

/** One installation of Claude Code with an empty home directory. */
export class ClaudeCode {
  readonly #home = mkdtempSync(join(tmpdir(), 'claude-code-'));

  constructor(private readonly messagesApiUrl: string) {}

  /** Runs `claude` with these arguments to its end; a run over 60 s is ended. */
  async run(args: readonly string[]): Promise<Run> {
    const child = this.#spawn(args);
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
    // It wants a terminal, wide enough that the URL stays on one line.
    const child = this.#spawn(['-c', 'import pty, sys; sys.exit(pty.spawn(["sh", "-c", "stty cols 4000; exec \\"$@\\"", "sh", *sys.argv[1:]]))', executable, 'mcp', 'login', name, '--no-browser'], 'python3');
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

  /** Forgets the home directory with every credential in it. */
  remove(): void {
    rmSync(this.#home, { recursive: true, force: true });
  }

  #spawn(args: readonly string[], program = executable): ChildProcess {
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
