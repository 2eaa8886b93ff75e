/** The suite's program. */
export const program: string;
/** The suite's version, as installed. */
export const version: string;
