/** What the tests ask of an MCP client, whichever it is. */

/** A revision of the protocol: the newest of the era without sessions, and the newest of the one with `initialize`. */
export type Revision = '2026-07-28' | '2025-11-25';

/** How the client is known to the authorization server. */
export type Identity =
  | { readonly kind: 'preRegistered'; readonly clientId: string; readonly issuer: string }
  /** It registers itself (RFC 7591). */
  | { readonly kind: 'registered' }
  /** By a Client ID Metadata Document. */
  | { readonly kind: 'metadataDocument'; readonly clientId: string }
  /** No person signs in (RFC 6749 section 4.4). */
  | {
      readonly kind: 'program';
      readonly clientId: string;
      readonly clientSecret: string;
      readonly scope: string;
      readonly issuer: string;
    };

/** Connect, sign in, list the tools, and call `getDogFacts` with a progress token. */
export interface Errand {
  readonly url: string;
  readonly revision: Revision;
  readonly identity: Identity;
  /** Where the client listens for its code; 0 is a free port. */
  readonly callbackPort: number;
  readonly limit: number;
}

/** One progress notification. */
export interface Progress {
  readonly progress: number;
  readonly total?: number;
  readonly message?: string;
}

/** What happens outside the client while it is about its errand. */
export interface Surroundings {
  /** Plays the person: goes to this URL, and ends where the browser is sent back to the client. */
  visit(authorizationUrl: URL): Promise<void>;
  /** Hears of each progress notification when the client shows it. */
  progressed(progress: Progress): void;
}

/** What the client came back with. */
export interface Outcome {
  /** The revision that was agreed on; undefined for a client that does not say. */
  readonly revision?: string;
  readonly tools: readonly string[];
  readonly facts: readonly string[];
}

/** An MCP client that can be sent. */
export interface McpClient {
  readonly name: string;
  readonly revisions: readonly Revision[];
  readonly identities: readonly Identity['kind'][];
  /** Whether a caller of it sees progress before the result. */
  readonly showsProgress: boolean;
  run(errand: Errand, surroundings: Surroundings): Promise<Outcome>;
}
