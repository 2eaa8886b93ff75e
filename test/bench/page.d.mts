/** `result` is the content of results.json. */
export function page(result: unknown): string;
export function table(result: unknown): string;
