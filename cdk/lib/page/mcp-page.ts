import { LOOPBACK_HOSTS } from '../generated/facts';
import { assertBrand } from '../private/brand';
import { assertKnown, isKnown } from '../private/known-value';
import { synthError } from '../private/synth-error';
import { urlOf } from '../private/urls';

/** A link at the foot of the page. */
export interface McpPageLink {
  /** The wording of the link. */
  readonly title: string;

  /** Where it leads: an https URL, or http on loopback. */
  readonly url: string;
}

/** Options of `McpPage.standard`. */
export interface McpPageOptions {
  /**
   * Colour of buttons and links, `#rrggbb`, with a contrast of at least 4.5 to white text (WCAG 2 AA).
   * @default - that of `McpAuthorization.server`, else `#1a4f8b`
   */
  readonly brandColor?: string;

  /**
   * The https URL of an image above the title. Browsers of people who read the page load it.
   * @default - that of `McpAuthorization.server`, else none
   */
  readonly brandLogoUrl?: string;

  /**
   * Further links, for example to a playground, a page about the service's status, or terms of use.
   * @default - none
   */
  readonly links?: McpPageLink[];
}

/**
 * The page for people at the root of the public URL: what the server is, its tools in words, and a command or link for
 * each MCP client. API Gateway serves it itself, so that it costs no invocation. It needs no script and loads nothing
 * from elsewhere but a logo.
 *
 * Everyone who knows the URL can read it: names, descriptions and OAuth scopes of the tools are on it.
 */
export abstract class McpPage {
  /** The page as this library makes it. */
  public static standard(options: McpPageOptions = {}): McpPage {
    return new StandardPage(options);
  }

  /** No page: the root of the public URL responds 404. */
  public static none(): McpPage {
    return new NoPage();
  }

  /**
   * The options, or undefined for no page.
   * @internal
   */
  public abstract readonly _options?: McpPageOptions;
}

class StandardPage extends McpPage {
  constructor(public readonly _options: McpPageOptions) {
    super();
    const { brandColor, links = [] } = _options;
    if (brandColor !== undefined) {
      assertKnown(brandColor, 'brandColor', 'give its digits, because the digest of the style sheet depends on them');
    }
    assertBrand(_options);
    const wrong = links.find(({ url }) => isKnown(url) && !isWebUrl(url));
    if (wrong !== undefined) {
      throw synthError(
        'PageLinkInvalid',
        `links has ${JSON.stringify(wrong.url)} and takes https URLs, and http URLs on loopback: correct it`,
      );
    }
  }
}

class NoPage extends McpPage {
  public readonly _options = undefined;
}

function isWebUrl(url: string): boolean {
  const { protocol, hostname } = urlOf(url) ?? {};
  const isOnLoopback = hostname !== undefined && LOOPBACK_HOSTS.includes(hostname);
  return !/[\s"'<>]/.test(url) && (protocol === 'https:' || (protocol === 'http:' && isOnLoopback));
}
