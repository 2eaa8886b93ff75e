/** What is wrong with a page for people who cannot see it, and for those with a small phone. */

import AxeModule from 'axe-core';
import type { Page } from 'playwright-core';

interface AxeResults {
  readonly violations: readonly { readonly id: string; readonly nodes: readonly { readonly html: string }[] }[];
}

/** What axe finds on the page that is open now, one line for each rule that is broken, and how far it scrolls sideways. */
export async function flaws(page: Page): Promise<string[]> {
  // The page's own policy forbids scripts; axe is put in by the browser's debugger, which the policy does not bind.
  const { violations } = (await page.evaluate(`${AxeModule.source}; axe.run()`)) as AxeResults;
  const overflow = await page.evaluate('document.documentElement.scrollWidth - document.documentElement.clientWidth');
  return [
    ...violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(', ')}`),
    ...(overflow === 0 ? [] : [`scrolls ${overflow} px sideways`]),
  ];
}
