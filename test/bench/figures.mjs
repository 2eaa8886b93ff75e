// From the rounds' figures to medians and ratios.

/** The middle value, or the mean of the two in the middle. */
export function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length / 2;
  return sorted.length % 2 === 1 ? sorted[Math.floor(middle)] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** The harness's lines, as program -> round -> figures; the round before the first is left out. */
export function byProgram(lines) {
  const programs = new Map();
  for (const { program, round, figures } of lines) {
    if (round === 0 || figures === undefined) continue;
    if (!programs.has(program)) programs.set(program, new Map());
    programs.get(program).set(round, figures);
  }
  return programs;
}

/** One figure of one program: the median over its rounds; undefined when it was not measured. */
export function typical(programs, program, figure) {
  const values = [...(programs.get(program)?.values() ?? [])]
    .map((figures) => figures[figure])
    .filter((value) => value !== undefined);
  return values.length === 0 ? undefined : median(values);
}

/** One program's figure as a multiple of another's: the median of the ratios within each round. */
export function ratio(programs, program, other, figure) {
  const others = programs.get(other) ?? new Map();
  const ratios = [...(programs.get(program) ?? new Map())].flatMap(([round, figures]) => {
    const [value, unit] = [figures[figure], others.get(round)?.[figure]];
    return value === undefined || unit === undefined ? [] : [value / unit];
  });
  return ratios.length === 0 ? undefined : median(ratios);
}
