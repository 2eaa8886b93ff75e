/** The deployed stack as it is with `clientDocumentsEnabled: false`, without another deployment of the whole. */

import { setVariables } from './function-variables.ts';
import { awsRest, type Stack } from './stack.ts';

interface IntegrationResponse {
  readonly responseTemplates?: Record<string, string>;
}

interface Method {
  readonly methodIntegration?: { readonly integrationResponses?: Record<string, IntegrationResponse> };
}

/** Takes Client ID Metadata Documents out of the metadata and out of the function; what is returned puts them back. */
export async function disableClientDocuments(stack: Stack): Promise<() => Promise<void>> {
  const gateway = <T>(method: string, path: string, body?: object): Promise<T> =>
    awsRest<T>(stack, 'apigateway', method, `/restapis${path}`, body);
  const apis = await gateway<{ item: readonly { id: string }[] }>('GET', '');
  // Other tests deploy servers of their own to the same account.
  const found = await Promise.all(
    apis.item.map(async (api) => {
      const resources = await gateway<{ item: readonly { id: string; resourceMethods?: Record<string, Method> }[] }>(
        'GET',
        `/${api.id}/resources?limit=500&embed=methods`,
      );
      const documents = resources.item.flatMap(({ id, resourceMethods }) => {
        const answer = resourceMethods?.['GET']?.methodIntegration?.integrationResponses?.['200'];
        const text = answer?.responseTemplates?.['application/json'];
        return text?.includes('"client_id_metadata_document_supported":true') &&
          text.includes(`"issuer":"${stack.McpOAuthIssuer}"`)
          ? [{ id, answer, text }]
          : [];
      });
      return { api, documents };
    }),
  );
  const [one, ...more] = found.filter((each) => each.documents.length > 0);
  if (one === undefined || more.length > 0)
    throw new Error(
      `${one === undefined ? 'no API' : 'more than one API'} has documents of ${stack.McpOAuthIssuer} that say client_id_metadata_document_supported`,
    );
  const { api, documents } = one;
  const publish = async (changed: (text: string) => string): Promise<void> => {
    for (const { id, answer, text } of documents) {
      await gateway('PUT', `/${api.id}/resources/${id}/methods/GET/integration/responses/200`, {
        ...answer,
        responseTemplates: { 'application/json': changed(text) },
      });
    }
    await gateway('POST', `/${api.id}/deployments`, { stageName: 'prod' });
  };
  const forget = await setVariables(stack, 'AUTHORIZATION_ISSUER', { AUTHORIZATION_CLIENT_DOCUMENTS: 'false' });
  await publish((text) =>
    text.replace('"client_id_metadata_document_supported":true', '"client_id_metadata_document_supported":false'),
  );
  return async () => {
    await publish((text) => text);
    await forget();
  };
}
