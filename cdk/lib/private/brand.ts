import { isKnown } from './known-value';
import { synthError } from './synth-error';
import { urlOf } from './urls';

/** What the pages for people look like. */
export interface Brand {
  readonly brandColor?: string;
  readonly brandLogoUrl?: string;
}

/** Refuses a colour and a logo that the pages cannot show. */
export function assertBrand({ brandColor, brandLogoUrl }: Brand): void {
  if (isKnown(brandColor)) {
    const contrast = contrastWithWhite(brandColor);
    if (contrast === undefined || contrast < 4.5) {
      throw synthError(
        'BrandColorInvalid',
        `brandColor is ${JSON.stringify(brandColor)} and needs #rrggbb with a contrast of at least 4.5 to white text${contrast === undefined ? '' : `, not ${contrast.toFixed(1)}`}: take a darker one`,
      );
    }
  }
  if (isKnown(brandLogoUrl) && urlOf(brandLogoUrl)?.protocol !== 'https:') {
    throw synthError(
      'BrandLogoNotHttps',
      `brandLogoUrl is ${JSON.stringify(brandLogoUrl)} and needs an https URL: correct or remove it`,
    );
  }
}

/** WCAG 2 contrast of white text on `#rrggbb`; undefined for anything else. */
function contrastWithWhite(color: string): number | undefined {
  if (!/^#[0-9a-fA-F]{6}$/.test(color)) {
    return undefined;
  }
  const [red, green, blue] = [1, 3, 5].map((at) => {
    const value = parseInt(color.slice(at, at + 2), 16) / 255;
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  });
  return 1.05 / (0.2126 * red + 0.7152 * green + 0.0722 * blue + 0.05);
}
