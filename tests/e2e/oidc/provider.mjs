// A real OpenID provider (npm oidc-provider) on loopback, in this process: its keys can be changed
// while it runs, and it can go away and come back under the same address.
import http from "node:http";
import { generateKeyPairSync, randomUUID } from "node:crypto";

import Provider from "oidc-provider";

export const AUDIENCE = "urn:example:maestro";
// How old a sign-in may be for giving access to others; as short as a test can wait for.
export const STEP_UP_S = 10;
export const SECRET = "a-secret-that-only-this-test-has";

const KINDS = {
  RS256: ["rsa", { modulusLength: 2048 }],
  ES256: ["ec", { namedCurve: "P-256" }],
  EdDSA: ["ed25519", {}],
};

export function makeKey(algorithm) {
  const [kind, options] = KINDS[algorithm];
  const { privateKey } = generateKeyPairSync(kind, options);
  return { ...privateKey.export({ format: "jwk" }), kid: randomUUID(), alg: algorithm, use: "sig" };
}

const DEVICE_GRANT = "urn:ietf:params:oauth:grant-type:device_code";

// `clients` and `people`: id -> the claims of the access tokens. Any password is right.
export class TestProvider {
  // `callback`: where people of the portal are sent back to.
  constructor(clients, people, callback) {
    this.callback = callback;
    this.clients = clients;
    this.people = people;
    this.algorithm = "RS256";
    this.audience = AUDIENCE;
    this.lifetimeS = 600;
  }

  async start(keys) {
    this.keys = keys;
    await this.listen(0);
    this.port = this.server.address().port;
    this.issuer = `http://127.0.0.1:${this.port}`;
    this.rotate(keys);
  }

  async listen(port) {
    this.server = http.createServer((request, response) => this.handle(request, response));
    await new Promise((resolve) => this.server.listen(port, "127.0.0.1", resolve));
  }

  goAway() {
    this.server.closeAllConnections();
    return new Promise((resolve) => this.server.close(resolve));
  }

  comeBack() {
    return this.listen(this.port);
  }

  // New keys at once, with nothing of the old ones left.
  rotate(keys) {
    const provider = new Provider(this.issuer, {
      jwks: { keys },
      clients: [
        ...Object.keys(this.clients).map((id) => ({
          client_id: id, client_secret: SECRET, grant_types: ["client_credentials"],
          redirect_uris: [], response_types: [],
        })),
        {
          client_id: "cli", token_endpoint_auth_method: "none", application_type: "native",
          grant_types: [DEVICE_GRANT, "refresh_token"], redirect_uris: [], response_types: [],
        },
        { client_id: "portal", client_secret: SECRET, redirect_uris: [this.callback] },
      ],
      cookies: { keys: [SECRET] },
      findAccount: (_context, id) => ({ accountId: id, claims: () => ({ sub: id, ...this.people[id] }) }),
      claims: { openid: ["sub", "tenant", "groups", "name"] },
      conformIdTokenClaims: false,
      features: {
        deviceFlow: { enabled: true },
        revocation: { enabled: true },
        clientCredentials: { enabled: true },
        resourceIndicators: {
          enabled: true,
          getResourceServerInfo: () => ({
            scope: "mc", audience: this.audience, accessTokenFormat: "jwt",
            accessTokenTTL: this.lifetimeS, jwt: { sign: { alg: this.algorithm } },
          }),
        },
      },
      extraTokenClaims: (_context, token) =>
        token.accountId ? this.people[token.accountId] : this.clients[token.clientId],
    });
    provider.on("server_error", (_context, error) => console.error(error));
    this.handle = provider.callback();
  }

  // The client credentials grant (RFC 6749 section 4.4).
  async accessToken(client) {
    const reply = await fetch(`${this.issuer}/token`, {
      method: "POST",
      headers: { Authorization: `Basic ${btoa(`${client}:${SECRET}`)}` },
      body: new URLSearchParams({
        grant_type: "client_credentials", scope: "mc", resource: AUDIENCE,
      }),
    });
    const body = await reply.json();
    if (reply.status !== 200) throw new Error(`the provider said ${JSON.stringify(body)}`);
    return body.access_token;
  }
}
