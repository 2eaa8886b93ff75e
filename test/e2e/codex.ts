/** Codex as a person has it: the program that npm installs, with a home of its own and a stand-in for its model. */

import { fileURLToPath } from 'node:url';

import { facts } from './connect/facts.ts';
import { Installation, type Typed } from './connect/installation.ts';
import { responses } from './connect/models.ts';
import { startModel, type Model } from './model.ts';

const packages = fileURLToPath(new URL('../node_modules', import.meta.url));

/** One installation of Codex. */
export class Codex {
  readonly #machine: Installation;

  private constructor(private readonly model: Model) {
    this.#machine = new Installation({ STAND_IN_KEY: 'not-a-key' }, packages);
    this.#machine.configure(
      '.codex/config.toml',
      [
        'model = "stand-in"',
        'model_provider = "stand-in"',
        'mcp_oauth_credentials_store = "file"',
        '[model_providers.stand-in]',
        'name = "stand-in"',
        `base_url = "${model.url}/v1"`,
        'env_key = "STAND_IN_KEY"',
        'wire_api = "responses"',
        '',
      ].join('\n'),
    );
  }

  static async install(): Promise<Codex> {
    return new Codex(await startModel(responses, 'getDogFacts', { limit: 3 }));
  }

  /** Types a command line into a shell. */
  type(line: string): Typed {
    return this.#machine.type(line);
  }

  /** Whether it has anything to sign in with. */
  get isSignedIn(): boolean {
    return this.#machine.has('.codex/.credentials.json');
  }

  /** Asks for three facts; how many of them its model gets from the tool. */
  async factsForModel(): Promise<number> {
    await this.type(
      'codex exec --skip-git-repo-check --dangerously-bypass-approvals-and-sandbox "Three facts about dogs"',
    ).ends();
    return facts(this.model.toolResults()[0] ?? '');
  }

  async leave(): Promise<void> {
    await this.#machine.leave();
    await this.model.close();
  }
}
