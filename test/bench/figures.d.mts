/** What one round found out about one program, by name of the figure. */
export type Figures = Readonly<Record<string, number>>;
export interface Line {
  readonly program: string;
  readonly round: number;
  readonly figures?: Figures;
  readonly problem?: string;
}
export type Programs = ReadonlyMap<string, ReadonlyMap<number, Figures>>;

export function median(values: readonly number[]): number;
export function byProgram(lines: readonly Line[]): Programs;
export function typical(programs: Programs, program: string, figure: string): number | undefined;
export function ratio(programs: Programs, program: string, other: string, figure: string): number | undefined;
