// Bundles whose time an authority elsewhere says: openssl's behind HTTP, and that of another maestro.
import assert from "node:assert/strict";
import { X509Certificate } from "node:crypto";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

import { Child } from "../lib/children.mjs";
import { Site } from "../lib/maestro.mjs";
import { scenario } from "../lib/scenario.mjs";
import {
  base64, certificatesIn, openssl, opensslStamped, signatureOf, timestampOf, verifyWithSigstore,
} from "./peers.mjs";

const ARTIFACT = "an artifact\n";
const CONFIG = `[tsa]
default_tsa = ours
[ours]
serial = ./serial
signer_cert = ./tsa.pem
certs = ./root.pem
signer_key = ./tsa.key
signer_digest = sha256
default_policy = 1.2.3.4.1
digests = sha256
ess_cert_id_alg = sha256
`;

const must = (...args) => {
  const done = openssl(...args);
  assert.equal(done.status, 0, done.err);
};

// An authority with a root of its own, and a server for it.
async function openAuthority() {
  const site = new Site("sigstore-tsa");
  const key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"];
  must("req", "-x509", ...key, "-keyout", site.path("root.key"), "-out", site.path("root.pem"), "-days", "2",
    "-subj", "/CN=time root", "-addext", "keyUsage=critical,keyCertSign");
  must("req", "-x509", ...key, "-keyout", site.path("tsa.key"), "-out", site.path("tsa.pem"), "-days", "1",
    "-subj", "/CN=time", "-CA", site.path("root.pem"), "-CAkey", site.path("root.key"),
    "-addext", "basicConstraints=critical,CA:FALSE", "-addext", "keyUsage=critical,digitalSignature",
    "-addext", "extendedKeyUsage=critical,timeStamping");
  site.write("tsa.cnf", CONFIG);
  site.write("serial", "01\n");
  const [own, root] = ["tsa.pem", "root.pem"].map((name) => readFileSync(site.path(name), "utf8"));
  const chain = `${own}${root}`;
  const child = new Child(process.execPath,
    [fileURLToPath(new URL("tsa_server.mjs", import.meta.url)), site.path("")]);
  const [, port] = await child.says(/listening on (\d+)/);
  return { site, chain, file: site.write("chain.pem", chain), url: `http://127.0.0.1:${port}`, child };
}

const authorityOf = (chain) => ({
  subject: { organization: "test", commonName: "time" }, uri: "https://time.localhost",
  certChain: { certificates: certificatesIn(chain).map((pem) => ({ rawBytes: base64(new X509Certificate(pem).raw) })) },
  validFor: { start: "2020-01-01T00:00:00Z" },
});

// The root with this authority of time alone: whoever verifies with it takes no other's word.
const trusting = (root, chain) => ({ ...root, timestampAuthorities: [authorityOf(chain)] });

function mustHold({ open, key }, bundle, chain) {
  const artifact = open.site.path("artifact");
  const root = trusting(open.root, chain);
  verifyWithSigstore(bundle, { root, key: key.pem, artifact: ARTIFACT });
  assert.ok(opensslStamped(open.site, timestampOf(bundle), signatureOf(bundle), chain));
  const trust = open.site.write("tsa_trust.json", JSON.stringify(root));
  assert.equal(open.verdict(bundle, { key: key.public, artifact, trust }), "verified");
  assert.equal(open.verdict(bundle, { key: key.public, artifact }), "timestamp_invalid");
}

scenario("maestro sign asks openssl's authority for the time, and what it gets verifies", async ({ open, key }) => {
  const artifact = open.site.write("artifact", ARTIFACT);
  const authority = await openAuthority();
  try {
    const tsa = ["--tsa", `${authority.url}/tsa`, "--tsa-chain", authority.file];
    mustHold({ open, key }, open.mustSign(artifact, key.file, { more: tsa }), authority.chain);
    mustHold({ open, key }, open.mustSign(artifact, key.file, { more: [...tsa, "--profile", "rekor-v1"] }),
      authority.chain);
    const rows = [
      ["/typed", /text\/html/], ["/down", /503/], ["/moved", /302/], ["/again", /nonce|other bytes/],
      ["/flipped", /timestamp/], ["/rejecting", /status/], ["/large", /larger than 65536/], ["/nowhere", /400/],
    ];
    const { size } = await open.head();
    for (const [path, why] of rows) {
      const done = open.sign(artifact, key.file, { more: ["--tsa", authority.url + path, ...tsa.slice(2)] });
      assert.notEqual(done.status, 0, path);
      assert.match(done.err, why, path);
      assert.ok(done.err.includes(authority.url + path), done.err);
      assert.equal(done.text, null, path);
    }
    await authority.child.stop();
    const gone = open.sign(artifact, key.file, { more: tsa });
    assert.notEqual(gone.status, 0);
    assert.ok(gone.err.includes(`${authority.url}/tsa`), gone.err);
    assert.equal((await open.head()).size, size, "nothing was logged without its time");
  } finally {
    await authority.child.stop();
  }
});

scenario("the authority of another maestro is one as well; its chain must be that which is trusted",
  async ({ open, closed, key }) => {
    const artifact = open.site.write("artifact", ARTIFACT);
    const [own, foreign] = [open, closed].map(({ site, chain }) => site.write("chain.pem", chain));
    const url = `${open.server.url}/api/v1/timestamp`;
    const bundle = open.mustSign(artifact, key.file, { more: ["--tsa", url, "--tsa-chain", own] });
    verifyWithSigstore(bundle, { root: open.root, key: key.pem, artifact: ARTIFACT });
    const { size } = await open.head();
    for (const [more, why] of [
      [["--tsa", url, "--tsa-chain", foreign], /timestamp/], [["--tsa", url], /--tsa-chain/],
      [["--tsa-chain", own], /--tsa/], [["--tsa", "ftp://time.localhost", "--tsa-chain", own], /ftp:\/\/time/],
      [["--tsa", url, "--tsa-chain", open.site.path("none.pem")], /none\.pem/],
      [["--profile", "rekor-v3"], /--profile/],
    ]) {
      const done = open.sign(artifact, key.file, { more });
      assert.notEqual(done.status, 0, `${more}`);
      assert.match(done.err, why);
      assert.equal(done.text, null);
    }
    assert.equal((await open.head()).size, size);
  });

scenario("a server whose settings name an authority stamps its bundles there, and hands out its trust",
  async ({ open }) => {
    const authority = await openAuthority();
    const site = new Site("sigstore-remote-time");
    site.configure(`server: {port: 0}
signing:
  timestamp_url: ${authority.url}/tsa
  timestamp_chain_file: ${authority.file}
`);
    try {
      site.must("tenant", "create", "alpha");
      const receipt = () => site.run("ledger", "receipt", "0", "--tenant", "alpha", "--form", "bundle");
      const done = receipt();
      assert.equal(done.status, 0, done.err);
      const root = JSON.parse(site.must("ledger", "trusted-root"));
      assert.equal(root.timestampAuthorities.length, 2);
      const bundle = JSON.parse(done.out);
      assert.ok(opensslStamped(open.site, timestampOf(bundle), signatureOf(bundle), authority.chain));
      const { signer } = site.json("ledger", "status");
      verifyWithSigstore(bundle, { root, key: signer });
      await authority.child.stop();
      const refused = receipt();
      assert.notEqual(refused.status, 0);
      assert.ok(refused.err.includes(`${authority.url}/tsa`), refused.err);
    } finally {
      await authority.child.stop();
    }
  });
