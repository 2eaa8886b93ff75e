/** The function under test, behind a gateway on this machine. */
export interface Front {
  readonly url: string;
  /** Ends running processes of the function, in the middle of what they do. */
  readonly killRunning: () => void;
  /** Ends everything, and says what became of the processes. */
  readonly stop: () => Promise<string>;
}

export function startFront(options: {
  readonly binaries: string;
  readonly table: Record<string, string>;
  readonly transferMode: 'stream' | 'buffered';
  readonly seed: string;
  readonly log: string;
  readonly probability?: number;
  readonly timeout?: number;
}): Promise<Front>;
