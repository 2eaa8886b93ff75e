import { createPublicKey, type JsonWebKey, type KeyObject } from 'node:crypto';
import { ASSERTION_ALGORITHMS } from '../../generated/facts';
import { assertKnown } from '../../private/known-value';
import { synthError } from '../../private/synth-error';

/** Shortest RSA key, in bits (RFC 7518 section 3.3). */
const LEAST_BITS = 2048;

/** A key as the setting of the authorization server has it: without certificates and other members that do not count. */
interface PublicJwk extends JsonWebKey {
  readonly alg?: string;
  readonly kid?: string;
}

/** The keys of a JWK Set. */
export function keysOf(jwks: { [name: string]: any }): PublicJwk[] {
  assertKnown(JSON.stringify(jwks), 'the keys of jwks', 'read them from a file, or use jwksUri');
  const { keys } = jwks;
  if (!Array.isArray(keys) || keys.length === 0) {
    throw invalid('jwks has no keys', 'give an object with the member keys, an array with one public key at least');
  }
  return keys.map((jwk: unknown, index) => keyOf(Object(jwk), `key ${index + 1} of jwks`));
}

/** Keys in PEM form. */
export function pemKeysOf(pems: string[]): PublicJwk[] {
  if (pems.length === 0) {
    throw invalid('publicKeys is empty, and nothing could authenticate the program', 'give one public key at least');
  }
  return pems.map((pem, index) => {
    const name = `key ${index + 1} of publicKeys`;
    assertKnown(pem, name, 'read it from a file, or use jwksUri');
    if (pem.includes('PRIVATE KEY')) {
      throw invalid(`${name} is a private key`, 'give what openssl pkey -pubout makes of it');
    }
    const key = read(() => createPublicKey(pem), name);
    return keyOf(key.export({ format: 'jwk' }), name);
  });
}

function keyOf(jwk: JsonWebKey & { [name: string]: unknown }, name: string): PublicJwk {
  if (['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k'].some((member) => member in jwk)) {
    throw invalid(`${name} has members of a private key`, 'give the public key alone');
  }
  const operations = jwk.key_ops;
  if ((jwk.use ?? 'sig') !== 'sig' || (Array.isArray(operations) && !operations.includes('verify'))) {
    throw invalid(`${name} is not for signatures by its use or key_ops`, 'give the key that the program signs with');
  }
  const algorithms = algorithmsOf(read(() => createPublicKey({ key: jwk, format: 'jwk' }), name));
  if (algorithms.length === 0) {
    throw invalid(
      `${name} is of a kind that is not supported`,
      `give an RSA key of ${LEAST_BITS} bits at least, an EC key of P-256 or P-384, or an Ed25519 key`,
    );
  }
  if (jwk.alg !== undefined && !algorithms.includes(String(jwk.alg))) {
    throw invalid(`${name} has the alg ${JSON.stringify(jwk.alg)}`, `its kind takes ${algorithms.join(', ')}`);
  }
  const { kty, kid, alg, crv, x, y, n, e } = jwk;
  return { kty, kid, alg, crv, x, y, n, e } as PublicJwk;
}

function read(produce: () => KeyObject, name: string): KeyObject {
  try {
    return produce();
  } catch {
    throw invalid(`${name} is not a public key`, 'give it as openssl pkey -pubout or a JWK Set has it');
  }
}

/** The algorithms that a key can be for. */
function algorithmsOf(key: KeyObject): string[] {
  const { modulusLength = 0, namedCurve } = key.asymmetricKeyDetails ?? {};
  const fits =
    key.asymmetricKeyType === 'rsa' && modulusLength >= LEAST_BITS
      ? /^[RP]S/
      : namedCurve === 'prime256v1'
        ? /^ES256$/
        : namedCurve === 'secp384r1'
          ? /^ES384$/
          : key.asymmetricKeyType === 'ed25519'
            ? /^EdDSA$/
            : /^$/;
  return ASSERTION_ALGORITHMS.filter((algorithm) => fits.test(algorithm));
}

function invalid(problem: string, fix: string): Error {
  return synthError('AssertionKeyInvalid', `${problem}: ${fix}`);
}
