export interface Measured {
  typical(program: string, figure: string): number | undefined;
  ratio(program: string, other: string, figure: string): number | undefined;
  /** Sizes of zips in bytes, by program. */
  readonly arm64: Readonly<Record<string, number>>;
  /** Open sockets of the network when the program asked for its first invocation. */
  readonly sockets: Readonly<Record<string, number>>;
}
export interface Verdict {
  readonly promise: string;
  readonly most: number;
  readonly measured?: number;
  readonly kept?: boolean;
}

export function judge(measured: Measured): readonly Verdict[];
