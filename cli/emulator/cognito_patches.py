"""What the emulator's Cognito does differently from AWS, put right."""

from __future__ import annotations

import json
import re
import secrets
import threading
import time
from contextvars import ContextVar
from typing import Any
from urllib.parse import parse_qs, urlsplit

from ministack.core.responses import error_response_json
from ministack.services import cognito
from ministack.services.cloudformation import provisioners

# The resource indicator that the tokens of the running request are bound to.
_resource: ContextVar[str] = ContextVar("resource", default="")


def _form(body: bytes) -> dict[str, str]:
    parsed = parse_qs(body.decode("utf-8", "replace"), keep_blank_values=True)
    return {name: values[0] for name, values in parsed.items()}


def resource_indicator() -> None:
    """Closes: RFC 8707's `resource` is dropped. Cognito makes it the `aud` of people's access tokens and keeps it on
    refresh; machine tokens never carry it. An authorization code remembers it, and so does the refresh token."""
    submit, issue, sign = cognito.handle_login_submit, cognito._issue_auth_code_redirect, cognito._signed_jwt

    def submit_with_resource(method: str, path: str, headers: dict, body: bytes, query_params: dict) -> Any:
        bound = _resource.set(_form(body).get("resource", ""))
        try:
            return submit(method, path, headers, body, query_params)
        finally:
            _resource.reset(bound)

    def issue_with_resource(*arguments: Any) -> Any:
        status, headers, body = issue(*arguments)
        code = parse_qs(urlsplit(headers.get("Location", "")).query).get("code", [""])[0]
        if code in cognito._authorization_codes:
            cognito._authorization_codes[code]["resource"] = _resource.get()
        return status, headers, body

    def sign_with_resource(claims: dict, pool_id: str = "", use: str = "") -> str:
        if _resource.get() and claims.get("token_use") == "access" and "username" in claims:
            claims = {**claims, "aud": _resource.get()}
        elif _resource.get() and claims.get("token_use") == "refresh":
            claims = {**claims, "resource": _resource.get()}
        return sign(claims, pool_id, use)

    cognito.handle_login_submit = submit_with_resource
    cognito._issue_auth_code_redirect = issue_with_resource
    cognito._signed_jwt = sign_with_resource


def token_endpoint() -> None:
    """Closes: a refresh token of one app client is taken from another, and refresh token rotation does not exist.
    Also hands the resource indicator from the code or the refresh token to the tokens that are minted, and consumes a
    code that is presented with a wrong verifier, as AWS says of Cognito."""
    original = cognito._oauth2_token

    def token(data: Any, query_params: dict, raw_body: bytes = b"", headers: dict | None = None) -> Any:
        form = _form(raw_body)
        grant = form.get("grant_type")
        claims: dict = {}
        resource = ""
        if grant == "authorization_code":
            resource = (cognito._authorization_codes.get(form.get("code", "")) or {}).get("resource", "")
        elif grant == "refresh_token":
            claims = cognito._token_claims(form.get("refresh_token", ""))
            client_id, _ = cognito._authenticate_client(headers or {}, form)
            if claims.get("client_id") != client_id or _retired(form.get("refresh_token", "")):
                return cognito._oauth2_error("invalid_grant", "Invalid Refresh Token")
            resource = claims.get("resource", "")
        bound = _resource.set(resource)
        try:
            response = original(data, query_params, raw_body, headers)
            if grant == "authorization_code" and _has_wrong_verifier(form):
                cognito._authorization_codes.pop(form["code"], None)
            return _rotate(form, claims, response) if claims and response[0] == 200 else response
        finally:
            _resource.reset(bound)

    cognito._oauth2_token = token


def _has_wrong_verifier(form: dict[str, str]) -> bool:
    entry = cognito._authorization_codes.get(form.get("code", "")) or {}
    verifier, challenge = form.get("code_verifier"), entry.get("code_challenge")
    return bool(verifier and challenge) and not cognito._verify_pkce(verifier, challenge, entry["code_challenge_method"])


def _retired(refresh_token: str) -> bool:
    retired_at = (cognito._refresh_tokens.get(refresh_token) or {}).get("retired_at")
    return retired_at is not None and time.time() > retired_at


def _rotate(form: dict[str, str], claims: dict, response: tuple) -> tuple:
    """Add a new refresh token when the app client rotates; the old one works on for the client's grace period."""
    entry = cognito._refresh_tokens.get(form["refresh_token"])
    client = cognito._find_pool_by_client_id(claims["client_id"])[2] or {}
    rotation = client.get("RefreshTokenRotation") or {}
    if entry is None or rotation.get("Feature") != "ENABLED":
        return response
    successor = cognito._fake_token(claims["sub"], entry["pool_id"], entry["client_id"], "refresh",
                                    origin_jti=claims.get("origin_jti", ""), scope=claims.get("scope"))
    cognito._refresh_tokens[successor] = {k: v for k, v in entry.items() if k != "retired_at"}
    entry.setdefault("retired_at", time.time() + int(rotation.get("RetryGracePeriodSeconds") or 0))
    status, headers, body = response
    return status, headers, json.dumps({**json.loads(body), "refresh_token": successor}).encode()


def keep_rotation_setting() -> None:
    """Closes: CloudFormation drops RefreshTokenRotation of a user pool client."""
    handlers = provisioners._RESOURCE_HANDLERS["AWS::Cognito::UserPoolClient"]
    create, update = handlers["create"], handlers["update"]

    def keep(client_id: str, props: dict) -> None:
        client = cognito._find_pool_by_client_id(client_id)[2]
        if client is None:
            return
        # As at Cognito, a client without rotation has no such member: without its `Feature`, AWS SDKs refuse the response.
        client.pop("RefreshTokenRotation", None)
        if props.get("RefreshTokenRotation"):
            client["RefreshTokenRotation"] = props["RefreshTokenRotation"]

    def create_and_keep(logical_id: str, props: dict, stack_name: str) -> Any:
        result = create(logical_id, props, stack_name)
        keep(result[0], props)
        return result

    def update_and_keep(physical_id: str, old: dict, new: dict, stack_name: str, logical_id: str | None = None) -> Any:
        result = update(physical_id, old, new, stack_name, logical_id)
        keep(result[0] if isinstance(result, tuple) else physical_id, new)
        return result

    handlers.update(create=create_and_keep, update=update_and_keep)


def revocation() -> None:
    """Closes: RevokeToken takes any string from anybody. Cognito wants a refresh token of the client that asks."""
    revoke = cognito._revoke_token

    def revoke_checked(data: dict) -> Any:
        client = cognito._find_pool_by_client_id(data.get("ClientId", ""))[2]
        claims = cognito._token_claims(data.get("Token", ""))
        if client is None or (client.get("ClientSecret") or "") != data.get("ClientSecret", ""):
            return error_response_json("UnauthorizedException", "Invalid client", 400)
        if claims.get("token_use") in ("access", "id"):
            return error_response_json("UnsupportedTokenTypeException", "Token type is not supported", 400)
        if claims and claims.get("client_id") != data.get("ClientId"):
            return error_response_json("UnauthorizedException", "Token was not issued to this client", 400)
        return revoke(data)

    cognito._revoke_token = revoke_checked


def random_codes() -> None:
    """Closes: every confirmation code is 123456 and every reset code 654321, so that a page that never reads the
    mail would pass."""
    send = cognito._send_verification_email

    def send_random(pool: dict, username: str, attributes: dict, code: str, attribute_name: str = "email") -> Any:
        user, _ = cognito._resolve_user(pool, username)
        if user is not None:
            code = f"{secrets.randbelow(1_000_000):06d}"
            user["_reset_code" if attribute_name == "password" else "_confirmation_code"] = code
        return send(pool, username, attributes, code, attribute_name)

    cognito._send_verification_email = send_random


def names_without_case() -> None:
    """Closes: user names and sign-in aliases are compared exactly whatever `UsernameConfiguration` says. Where it says
    `CaseSensitive: false`, Cognito takes any case at every operation, and no second account that differs in case alone. One
    request at a time looks through the users or adds one: the emulator serves requests in threads."""
    one_at_a_time = threading.RLock()
    resolve, sign_up, create = cognito._resolve_user, cognito._sign_up, cognito._admin_create_user

    def ignores_case(pool: dict) -> bool:
        return (pool.get("UsernameConfiguration") or {}).get("CaseSensitive") is False

    def as_stored(pool: dict, username: str) -> str:
        wanted = username.lower()
        aliases = {*(pool.get("UsernameAttributes") or []), *(pool.get("AliasAttributes") or [])}
        for name, user in pool["_users"].items():
            attributes = cognito._attr_list_to_dict(user.get("Attributes", []))
            known = [name, *(attributes[alias] for alias in aliases if alias in attributes)]
            found = next((value for value in known if value.lower() == wanted), None)
            # The alias of an account that does not count as verified is no name of it: the original decides.
            if found is not None and resolve(pool, found)[0] is user:
                return found
        return username

    def resolve_without_case(pool: dict, username: Any) -> Any:
        with one_at_a_time:
            return resolve(pool, as_stored(pool, username) if username and ignores_case(pool) else username)

    def taken(pool: dict | None, username: Any) -> bool:
        return bool(pool and username and ignores_case(pool) and resolve_without_case(pool, username)[0])

    def sign_up_once(data: dict) -> Any:
        with one_at_a_time:
            if taken(cognito._find_pool_by_client_id(data.get("ClientId", ""))[1], data.get("Username")):
                return error_response_json("UsernameExistsException", "User already exists", 400)
            return sign_up(data)

    def create_once(data: dict) -> Any:
        resend = (data.get("MessageAction") or "").upper() == "RESEND"
        with one_at_a_time:
            if not resend and taken(cognito._get_pool_unscoped(data.get("UserPoolId", "")), data.get("Username")):
                return error_response_json("UsernameExistsException", "User account already exists", 400)
            return create(data)

    cognito._resolve_user = resolve_without_case
    cognito._sign_up = sign_up_once
    cognito._admin_create_user = create_once


_PASSWORD_LENGTH = 256
# The characters of the developer guide's list, and a space that is neither the first nor the last character.
_SYMBOL = re.compile(r"""[\^$*.\[\]{}()?\-"!@#%&/\\,><':;|_~`+= ]""")


def passwords() -> None:
    """Closes: a password may begin or end with a space and be of any length, while a space inside one is no symbol; letters and
    digits of other scripts satisfy the policy. Cognito's policy means Basic Latin."""
    validate = cognito._validate_password

    def policy_errors(pool: dict, password: str) -> list[str]:
        policy = (pool.get("Policies") or {}).get("PasswordPolicy") or {}
        minimum = policy.get("MinimumLength", 8)
        wanted = (("RequireUppercase", re.compile("[A-Z]"), "uppercase"), ("RequireLowercase", re.compile("[a-z]"), "lowercase"),
                  ("RequireNumbers", re.compile("[0-9]"), "numeric"), ("RequireSymbols", _SYMBOL, "symbol"))
        errors = _shape_errors(password)
        if len(password) < minimum:
            errors.append(f"Password must have length greater than or equal to {minimum}")
        return errors + [f"Password must have {what} characters" for setting, pattern, what in wanted
                         if policy.get(setting, True) and not pattern.search(password)]

    def validate_shape_first(pool: dict, password: str) -> Any:
        shape = _shape_errors(password)
        if shape:
            message = f"1 validation error detected: Value at 'password' failed to satisfy constraint: {shape[0]}"
            return error_response_json("InvalidParameterException", message, 400)
        return validate(pool, password)

    cognito._password_policy_errors = policy_errors
    cognito._validate_password = validate_shape_first


def _shape_errors(password: str) -> list[str]:
    """What the API's own model of a password refuses, before any policy."""
    if len(password) > _PASSWORD_LENGTH:
        return [f"Member must have length less than or equal to {_PASSWORD_LENGTH}"]
    if password != password.strip():
        return [r"Member must satisfy regular expression pattern: ^[\S]+.*[\S]+$"]
    return []


def self_sign_up() -> None:
    """Closes: people sign themselves up in a pool whose `AllowAdminCreateUserOnly` leaves that to administrators."""
    sign_up = cognito._sign_up

    def sign_up_if_allowed(data: dict) -> Any:
        pool = cognito._find_pool_by_client_id(data.get("ClientId", ""))[1] or {}
        if str((pool.get("AdminCreateUserConfig") or {}).get("AllowAdminCreateUserOnly")).lower() == "true":
            return error_response_json("NotAuthorizedException", "SignUp is not permitted for this user pool", 400)
        return sign_up(data)

    cognito._sign_up = sign_up_if_allowed


def verified_addresses() -> None:
    """Closes: a confirmed address never counts as verified, and a password is reset by an address that does not. Cognito marks what
    `AutoVerifiedAttributes` names at confirmation, and recovers by verified addresses alone."""
    confirm, forgot = cognito._confirm_sign_up, cognito._forgot_password

    def account(data: dict) -> tuple[dict, dict | None]:
        pool = cognito._find_pool_by_client_id(data.get("ClientId", ""))[1]
        return (pool, cognito._resolve_user(pool, data.get("Username"))[0]) if pool else ({}, None)

    def confirm_and_verify(data: dict) -> Any:
        response = confirm(data)
        pool, user = account(data)
        if response[0] == 200 and user and "email" in (pool.get("AutoVerifiedAttributes") or []):
            user["Attributes"] = cognito._merge_attributes(user["Attributes"], [{"Name": "email_verified", "Value": "true"}])
        return response

    def forgot_if_verified(data: dict) -> Any:
        pool, user = account(data)
        if user and cognito._attr_list_to_dict(user["Attributes"]).get("email_verified") != "true":
            if cognito._hides_user_existence(pool, data["ClientId"]):
                return cognito._code_delivery_response(cognito._masked_destination(data["Username"]))
            message = "Cannot reset password for the user as there is no registered/verified email or phone_number"
            return error_response_json("InvalidParameterException", message, 400)
        return forgot(data)

    cognito._confirm_sign_up = confirm_and_verify
    cognito._forgot_password = forgot_if_verified


def pages_as_json() -> None:
    """Closes: sign-in is the only page there is. The pages are drawn by mcp-lambda, so the emulator says what
    its page would say as JSON: {"page": "signIn" | "newPassword", "error": …, "token": …}."""

    def sign_in_page(*_: Any, error_message: str = "") -> str:
        return json.dumps({"page": "signIn", "error": error_message})

    def new_password_page(token: str, error_message: str = "") -> str:
        return json.dumps({"page": "newPassword", "token": token, "error": error_message})

    cognito._login_page_html = sign_in_page
    cognito._new_password_page_html = new_password_page


def managed_login_knows_secrets() -> None:
    """Closes: there is no managed login that signs people up at a confidential app client. Its pages know the client's
    secret, so they send no hash of it: those of mcp-lambda say `ManagedLogin`, a member that the API does not have."""
    validate = cognito._validate_client_secret_hash
    operations = {"SignUp", "ConfirmSignUp", "ResendConfirmationCode", "ForgotPassword", "ConfirmForgotPassword"}

    def validate_unless_page(action: str, data: dict) -> Any:
        return None if action in operations and data.get("ManagedLogin") is True else validate(action, data)

    cognito._validate_client_secret_hash = validate_unless_page


def client_secrets() -> None:
    """Closes: an app client has one secret for good. At Cognito it has up to two, of which either is accepted."""
    dispatch, authenticate = cognito._dispatch_idp, cognito._authenticate_client

    def secrets_of(client: dict) -> list[dict]:
        first = {"ClientSecretId": secrets.token_hex(16), "ClientSecretCreateDate": client["CreationDate"],
                 "ClientSecretValue": client["ClientSecret"]}
        return client.setdefault("_secrets", [first])

    def list_secrets(known: list[dict], client: dict, data: dict) -> Any:
        shown = ("ClientSecretId", "ClientSecretCreateDate")
        return cognito.json_response({"ClientSecrets": [{name: secret[name] for name in shown} for secret in known]})

    def add_secret(known: list[dict], client: dict, data: dict) -> Any:
        if len(known) > 1:
            return error_response_json("LimitExceededException", "The client already has two secrets.", 400)
        known.append({"ClientSecretId": secrets.token_hex(16), "ClientSecretCreateDate": time.time(),
                      "ClientSecretValue": data.get("ClientSecret") or cognito._client_secret()})
        return cognito.json_response({"ClientSecretDescriptor": known[-1]})

    def delete_secret(known: list[dict], client: dict, data: dict) -> Any:
        left = [secret for secret in known if secret["ClientSecretId"] != data.get("ClientSecretId")]
        if not left or left == known:
            return error_response_json("InvalidParameterException", "The secret cannot be deleted.", 400)
        known[:] = left
        client["ClientSecret"] = left[0]["ClientSecretValue"]
        return cognito.json_response({})

    operations = {"ListUserPoolClientSecrets": list_secrets, "AddUserPoolClientSecret": add_secret,
                  "DeleteUserPoolClientSecret": delete_secret}

    async def dispatch_with_secrets(action: str, data: dict) -> Any:
        if action not in operations:
            return await dispatch(action, data)
        client = cognito._find_pool_by_client_id(data.get("ClientId", ""))[2]
        if client is None or not client.get("ClientSecret"):
            return error_response_json("ResourceNotFoundException", "No client with a secret has this id.", 400)
        return operations[action](secrets_of(client), client, data)

    def authenticate_by_either(headers: dict, form: dict) -> tuple[str, str]:
        client_id, secret = authenticate(headers, form)
        client = cognito._find_pool_by_client_id(client_id)[2] or {}
        known = [known["ClientSecretValue"] for known in client.get("_secrets", ())]
        return client_id, client["ClientSecret"] if secret in known else secret

    cognito._dispatch_idp = dispatch_with_secrets
    cognito._authenticate_client = authenticate_by_either


def policy_of_client(client_id: str) -> dict:
    """The password policy of the user pool of an app client, for the sign-in pages."""
    pool = cognito._find_pool_by_client_id(client_id)[1] or {}
    return (pool.get("Policies") or {}).get("PasswordPolicy") or {}


# The tag with the id that a new user pool gets.
ID_TAG = "mcp-lambda:id"
_wanted_id: ContextVar[str] = ContextVar("wanted_id", default="")


def pools_of_another_app() -> None:
    """Closes: a user pool that another app defines does not exist here. `mcp-lambda dev` makes one, with the id that the template
    names."""
    create, new_id = cognito._create_user_pool, cognito._pool_id

    def create_with_id(data: dict) -> Any:
        wanted = _wanted_id.set((data.get("UserPoolTags") or {}).get(ID_TAG, ""))
        try:
            return create(data)
        finally:
            _wanted_id.reset(wanted)

    cognito._create_user_pool = create_with_id
    cognito._pool_id = lambda: _wanted_id.get() or new_id()


def install() -> None:
    """Apply every patch of this module."""
    resource_indicator()
    token_endpoint()
    keep_rotation_setting()
    revocation()
    random_codes()
    pages_as_json()
    managed_login_knows_secrets()
    client_secrets()
    names_without_case()
    passwords()
    self_sign_up()
    verified_addresses()
    pools_of_another_app()
