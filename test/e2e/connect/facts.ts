/** How many facts a client hands on to its model: as structured content, or as the lines of the text. */
export function facts(result: string): number {
  const structured = /\\*"facts\\*":\[(.*?)\]/.exec(result)?.[1];
  return structured?.split(/\\*"\s*,\s*\\*"/).length ?? result.split('\\n- ').length - 1;
}
