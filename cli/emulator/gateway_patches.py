"""What the emulator's API Gateway (REST) does differently from AWS, put right."""

from __future__ import annotations

import asyncio
import json
from contextvars import ContextVar
from typing import Any

import http_integration
import runtime_streaming
from ministack.core.responses import StreamingResponse, get_region
from ministack.services import apigateway_v1, lambda_svc
from ministack.services.cloudformation import provisioners

STREAMING_SUFFIX = "/response-streaming-invocations"
# Headers of a response ("Important notes for REST APIs" of API Gateway's developer guide).
CONNECTION_HEADERS = {"connection", "content-length", "keep-alive", "proxy-authenticate", "te", "trailer",
                      "transfer-encoding", "upgrade"}
REMAPPED_HEADERS = {"authorization", "content-md5", "date", "max-forwards", "server", "user-agent", "www-authenticate"}
# The API key that the authorizer of the running request named; None where the caller's header names it.
_usage_key: ContextVar[str | None] = ContextVar("usage_key", default=None)
# The id of the API key that the method of the running request requires; None where it requires none.
_api_key_id: ContextVar[str | None] = ContextVar("api_key_id", default=None)
# Tells the edge that the function responded itself, and so wrote its line of the log. The edge removes it.
RESPONDED = {"x-mcp-lambda-function": "1"}
INTERNAL_ERROR = json.dumps({"message": "Internal server error"}).encode()


def _bad_gateway() -> tuple[int, dict[str, str], bytes]:
    headers = {"Content-Type": "application/json", "x-amzn-ErrorType": "InternalServerErrorException"}
    return 502, headers, INTERNAL_ERROR


def understand_streaming_uri() -> None:
    """Closes: the function's name is not found in an integration URI that ends in /response-streaming-invocations."""
    extract = apigateway_v1._extract_lambda_ref_from_integration_uri
    apigateway_v1._extract_lambda_ref_from_integration_uri = lambda uri: extract(
        (uri or "").removesuffix(STREAMING_SUFFIX))


def name_the_domain() -> None:
    """Closes: requestContext.domainName is null, and the function does not see the Host header it sees on AWS."""
    build = apigateway_v1._build_lambda_event_v1

    def build_event(api_id: str, *arguments: Any, **options: Any) -> dict:
        event = build(api_id, *arguments, **options)
        domain = f"{api_id}.execute-api.{get_region()}.amazonaws.com"
        event["requestContext"].update(domainName=domain, domainPrefix=api_id)
        # The client's Host never reaches a function behind a Regional endpoint: the endpoint's own name does.
        event["headers"]["host"] = domain
        event["multiValueHeaders"]["host"] = [domain]
        return event

    apigateway_v1._build_lambda_event_v1 = build_event


def hide_function_errors() -> None:
    """Closes: the error text of a failed function reaches the HTTP client, and a streamed answer in buffered mode
    passes as a 200 with its prelude in the body. AWS answers 502 without detail to both."""
    shape = apigateway_v1._lambda_proxy_response

    def shape_response(result: dict) -> tuple[dict | None, str | None]:
        response, error = shape(result)
        malformed = not result.get("error") and not isinstance(result.get("body"), dict)
        return (None, "Internal server error") if error or malformed else (response, None)

    apigateway_v1._lambda_proxy_response = shape_response


def _remapped(headers: dict[str, Any]) -> dict[str, Any]:
    """REST renames some headers of an integration's response; connection-level headers are the gateway's own."""
    kept = {k: v for k, v in headers.items() if k.lower() not in CONNECTION_HEADERS}
    return {f"x-amzn-remapped-{k.lower()}" if k.lower() in REMAPPED_HEADERS else k: v for k, v in kept.items()}


def stream_and_remap() -> None:
    """Closes: a STREAM integration answers 500 or all at once, and a function's WWW-Authenticate reaches the client
    under its own name, which AWS never lets happen."""
    buffered = apigateway_v1._invoke_lambda_proxy_v1

    async def invoke(integration: dict, api_id: str, *arguments: Any, **options: Any) -> Any:
        if (integration.get("uri") or "").endswith(STREAMING_SUFFIX):
            return await _invoke_streaming(integration, api_id, *arguments, **options)
        response = await buffered(integration, api_id, *arguments, **options)
        if not isinstance(response, tuple):
            return response
        status, headers, body = response
        return status, {**_remapped(headers), **(RESPONDED if status < 502 else {})}, body

    apigateway_v1._invoke_lambda_proxy_v1 = invoke


async def _invoke_streaming(integration: dict, api_id: str, *arguments: Any, owner_account_id: str | None = None,
                            owner_region: str | None = None, **options: Any) -> Any:
    """Invoke through a STREAM integration and answer as soon as the function's prelude is there."""
    event = apigateway_v1._build_lambda_event_v1(api_id, *arguments, **options)
    request_id = event["requestContext"]["requestId"]
    function = apigateway_v1._extract_lambda_ref_from_integration_uri(integration["uri"])
    stream = runtime_streaming.open_stream(request_id)
    call = asyncio.create_task(apigateway_v1._call_lambda_raw(
        function, event, account_id=owner_account_id, region=owner_region))
    call.add_done_callback(lambda _: runtime_streaming.close_stream(request_id))
    prelude = await stream.prelude
    if prelude is None:
        # No prelude, a malformed one, or no stream at all: the function failed, was throttled or does not exist.
        result, error = await call
        if error:
            return apigateway_v1._gw_error("API_CONFIGURATION_ERROR", "Internal server error")
        if result.get("throttle"):
            shaped, _ = lambda_svc.lambda_execute_result_to_api_proxy_response(result)
            return shaped["statusCode"], shaped["headers"], shaped["body"].encode()
        return _bad_gateway()
    headers = {"x-amzn-requestid": request_id, **_remapped(prelude.headers), **RESPONDED}
    return prelude.status, headers, StreamingResponse(stream.run)


def throttle_single_methods() -> None:
    """Closes: the throttle of a single method is never found, because CloudFormation's ResourcePath has `~1` for each
    slash of the path (`/~1register`), and the emulator looks for the path as it is."""
    find = apigateway_v1._method_throttle_settings

    def settings(stage: dict, resource_path: str, http_method: str) -> Any:
        encoded = f"/{resource_path.replace('/', '~1')}/{http_method}"
        own = (stage.get("methodSettings") or {}).get(encoded)
        return own if own and "throttlingRateLimit" in own else find(stage, resource_path, http_method)

    apigateway_v1._method_throttle_settings = settings


def count_by_the_key_of_the_authorizer() -> None:
    """Closes: `ApiKeySourceType: AUTHORIZER` is dropped, and requests count against the key in a header of the caller's
    instead of the `usageIdentifierKey` that a Lambda authorizer answers with. Authorizers with a cache, of which our
    templates have none, still lose the key when the cache answers."""
    handlers = provisioners._RESOURCE_HANDLERS["AWS::ApiGateway::RestApi"]
    create, authorize = handlers["create"], apigateway_v1._authorize_request_v1
    invoke, of_header = apigateway_v1._invoke_authorizer_lambda, apigateway_v1._api_key_from_request

    def create_with_source(logical_id: str, props: dict, stack_name: str) -> Any:
        api_id, attributes = create(logical_id, props, stack_name)
        apigateway_v1._rest_apis[api_id]["apiKeySource"] = props.get("ApiKeySourceType", "HEADER")
        return api_id, attributes

    async def authorize_and_note(api_id: str, *arguments: Any) -> Any:
        by_authorizer = (apigateway_v1._rest_apis.get(api_id) or {}).get("apiKeySource") == "AUTHORIZER"
        _usage_key.set("" if by_authorizer else None)
        return await authorize(api_id, *arguments)

    async def invoke_and_note(*arguments: Any) -> Any:
        result = await invoke(*arguments)
        policy = (result or {}).get("body")
        policy = json.loads(policy) if isinstance(policy, (str, bytes)) and policy[:1] in ("{", b"{") else policy
        if _usage_key.get() is not None and isinstance(policy, dict):
            _usage_key.set(policy.get("usageIdentifierKey") or "")
        return result

    handlers["create"] = create_with_source
    apigateway_v1._authorize_request_v1 = authorize_and_note
    apigateway_v1._invoke_authorizer_lambda = invoke_and_note
    apigateway_v1._api_key_from_request = lambda headers: (
        of_header(headers) if _usage_key.get() is None else _usage_key.get())


def name_the_api_key() -> None:
    """Closes: requestContext.identity.apiKeyId, by which a function knows whose request it is, is missing."""
    check, build = apigateway_v1._check_api_key, apigateway_v1._build_lambda_event_v1

    def check_and_note(*arguments: Any) -> Any:
        error, key = check(*arguments)
        _api_key_id.set(key["id"] if key else None)
        return error, key

    def build_event(*arguments: Any, **options: Any) -> dict:
        event = build(*arguments, **options)
        identity = event["requestContext"].get("identity") or {}
        event["requestContext"]["identity"] = {**identity, "apiKeyId": _api_key_id.get()}
        return event

    apigateway_v1._check_api_key = check_and_note
    apigateway_v1._build_lambda_event_v1 = build_event


def disable_api_keys() -> None:
    """Closes: an update of `enabled`, whose value is a string in the request, leaves that string, and the key stays enabled."""
    update = apigateway_v1._update_api_key

    def update_enabled(key_id: str, data: dict) -> Any:
        response = update(key_id, data)
        key = apigateway_v1._api_keys.get(key_id)
        if key and isinstance(key.get("enabled"), str):
            key["enabled"] = key["enabled"] == "true"
        return response

    apigateway_v1._update_api_key = update_enabled


def respond_with_any_media_type() -> None:
    """Closes: a mock integration knows templates of application/json alone. API Gateway takes another one where there is no such."""
    invoke = apigateway_v1._invoke_mock_v1

    def understood(response: dict) -> dict:
        templates = response.get("responseTemplates") or {}
        first = next(iter(templates.values()), "")
        return {**response, "responseTemplates": {"application/json": first, **templates}} if templates else response

    def invoke_understood(integration: dict) -> Any:
        responses = integration.get("integrationResponses") or {}
        return invoke({**integration, "integrationResponses": {k: understood(v) for k, v in responses.items()}})

    apigateway_v1._invoke_mock_v1 = invoke_understood


def install() -> None:
    """Apply every patch of this module."""
    understand_streaming_uri()
    name_the_domain()
    hide_function_errors()
    stream_and_remap()
    http_integration.install(_remapped)
    throttle_single_methods()
    count_by_the_key_of_the_authorizer()
    name_the_api_key()
    disable_api_keys()
    respond_with_any_media_type()
