/** After so many milliseconds something hangs: nothing here takes as long, however busy the machine is. No test measures by it. */
export const patience = 300_000;
