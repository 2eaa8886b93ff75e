import { Validations } from 'aws-cdk-lib';
import type * as apigateway from 'aws-cdk-lib/aws-apigateway';
import { addStaticMethod } from '../../api/static-endpoint';
import type { Brand } from '../../private/brand';
import { isKnown } from '../../private/known-value';
import type { McpPage } from '../mcp-page';
import type { DescribedServer } from '../../api/described-server';
import { pageHtml } from './page-html';

/** As long as the metadata documents: a changed tool is on the page in minutes. */
const CACHE_SECONDS = 300;

/** Whether an API has the page. */
export function hasPage(page: McpPage | undefined): boolean {
  return page === undefined || page._options !== undefined;
}

/**
 * Serves the page at the root of an API.
 *
 * @param brand of the authorization server, where the page has none of its own
 * @param servers asked at the end of synthesis, when all servers of a host are known
 * @param hostTitle for a host
 */
export function addPage(
  api: apigateway.RestApi,
  page: McpPage | undefined,
  brand: Brand | undefined,
  servers: () => readonly DescribedServer[],
  hostTitle?: string,
): void {
  const own = page === undefined ? {} : page._options;
  if (own === undefined) {
    return;
  }
  const {
    brandColor = isKnown(brand?.brandColor) ? brand?.brandColor : undefined,
    brandLogoUrl = brand?.brandLogoUrl,
  } = own;
  const options = { ...own, brandColor, brandLogoUrl };
  const headers = {
    'Content-Type': 'text/html; charset=utf-8',
    'Cache-Control': `public, max-age=${CACHE_SECONDS}`,
    'X-Content-Type-Options': 'nosniff',
    'X-Frame-Options': 'DENY',
  };
  const methods = [
    addStaticMethod(api.root, 'GET', {
      statusCode: '200',
      html: () => pageHtml(servers(), options, hostTitle),
      headers,
    }),
    addStaticMethod(api.root, 'HEAD', { statusCode: '200', headers }),
  ];
  for (const method of methods) {
    for (const id of ['AwsSolutions::AwsSolutions-APIG4', 'AwsSolutions::AwsSolutions-COG4']) {
      Validations.of(method).acknowledge({ id, reason: 'people read this page before they have an access token' });
    }
  }
}
