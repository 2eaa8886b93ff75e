/** A DynamoDB table of the emulator. */
export interface Table {
  /** What tells a function where it is. */
  readonly variables: Record<string, string>;
  readonly stop: () => Promise<void>;
}

export function startTable(options: { readonly root: string; readonly log: string }): Promise<Table>;
