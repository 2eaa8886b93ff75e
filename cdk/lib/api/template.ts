/** Values of a template's placeholders, by name. A list fills an array of one placeholder. */
export interface TemplateValues {
  readonly [name: string]: string | readonly string[];
}

const PLACEHOLDER = /\$\{(\w+)\}/g;

/** Fills the `${…}` of a string. */
export function filledString(template: string, values: TemplateValues): string {
  // Once, and not by a replacement string: the values may have `${` and `$&` themselves.
  return template.replace(PLACEHOLDER, (_, name: string) => String(values[name]));
}

/**
 * Fills the `${…}` of a metadata document, whose members keep their order. A member without elements is left out (RFC
 * 8414 section 3.2, RFC 9728 section 3.2).
 */
export function filledDocument(template: Record<string, unknown>, values: TemplateValues): Record<string, unknown> {
  const filled = Object.entries(template).map(
    ([name, value]) =>
      [
        name,
        Array.isArray(value)
          ? value.flatMap((item) => listOf(item, values))
          : typeof value === 'string'
            ? filledString(value, values)
            : value,
      ] as const,
  );
  return Object.fromEntries(filled.filter(([, value]) => !Array.isArray(value) || value.length > 0));
}

function listOf(item: string, values: TemplateValues): readonly string[] {
  const name = item.replace(PLACEHOLDER, '$1');
  return name === item ? [item] : (values[name] as readonly string[]);
}
