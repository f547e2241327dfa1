// Dock as a verifier: the public values it keeps, what it asks for, and the way from octets to the verdict.
// `node verifier.mjs FILE` is a fresh verifier. NODE_PATH names the folder of the modules.
//
// Two ways of asking the same thing:
//   fastest   BBS, KB universal accumulator (membership), range by set membership in base 16
//   defaults  BBS, VB accumulator, range by Bulletproofs++: what the credential API does unless told otherwise
import fs from 'node:fs';
import { createRequire } from 'node:module';
import { argv, cpuUsage, stdin, stdout } from 'node:process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

export const require = createRequire(import.meta.url);
export const D = require('@docknetwork/crypto-wasm-ts');
await D.initializeWasm();

export const licence = JSON.parse(fs.readFileSync(new URL('../licence.json', import.meta.url), 'utf8'));
export const NAMES = ['holder_secret', ...Object.keys(licence.attributes)];
export const utf8 = (text) => Uint8Array.from(Buffer.from(text, 'utf8'));
const at = (name) => NAMES.indexOf(name);
export const SHOWN = licence.shown.map(at);
export const HANDLE = at(licence.handle);
export const EXPIRES = at(licence.at_least_today);
const CONTEXT = utf8('GET https://gateway.example/v1/autonomous');
const MORE_VERDICTS = 40;

// Everything here is parsed once, and uncompressed where the interface allows it.
export function rangeParameters(way) {
  return way === 'fastest'
    ? new D.BoundCheckSmcParams(utf8('range'), 16).decompress()
    : new D.BoundCheckBppParams(utf8('range'), 2, 64).decompress();
}

// What is proved, as prover or verifier writes it. `pinned` is a Pinned; `asked` may name another day or accumulator value.
export function specification(side, pinned, revealed, asked = {}) {
  const { way, params, issuerKey, accumulatorParams, accumulatorKey, provingKey, range } = pinned;
  const value = asked.accumulated ?? pinned.accumulated;
  const day = asked.day ?? licence.today;
  const last = day + licence.window - 1;
  const proving = side === 'prover';
  const S = D.Statement;
  const statements = new D.Statements();
  statements.add(proving ? S.bbsSignatureProverConstantTime(params, revealed, false)
    : S.bbsSignatureVerifierConstantTime(params, issuerKey, revealed, false));
  if (way === 'defaults') statements.add(S.vbAccumulatorMembership(accumulatorParams, accumulatorKey, provingKey, value));
  else statements.add(proving ? S.kbUniAccumulatorMembershipProver(value)
    : S.kbUniAccumulatorMembershipVerifier(accumulatorParams, accumulatorKey, value));
  statements.add(way === 'defaults' ? S.boundCheckBpp(day, last, range) : S.boundCheckSmc(day, last, range));
  return new D.QuasiProofSpec(statements, equalities([[HANDLE, 1], [EXPIRES, 2]]), [], CONTEXT);
}

// The signed message at `message` is the one that statement `statement` is about.
function equalities(pairs) {
  const meta = new D.MetaStatements();
  for (const [message, statement] of pairs) {
    const equal = new D.WitnessEqualityMetaStatement();
    equal.addWitnessRef(0, message);
    equal.addWitnessRef(statement, 0);
    meta.add(D.MetaStatement.witnessEquality(equal));
  }
  return meta;
}

// The verdict on the octets of a proof with what it reveals: throws when it does not hold.
export function check(pinned, octets, revealed, nonce, asked = {}) {
  const spec = specification('verifier', pinned, revealed, asked);
  const verdict = new D.CompositeProof(octets).verifyUsingQuasiProofSpec(spec, nonce);
  if (!verdict.verified) throw new Error(`refused: ${verdict.error}`);
}

const plain = (octets) => Buffer.from(octets).toString('base64');
const octetsOf = (text) => new Uint8Array(Buffer.from(text, 'base64'));

export function pack(pinned, octets, revealed, nonce) {
  return JSON.stringify({
    way: pinned.way,
    label: plain(pinned.label),
    issuerKey: plain(pinned.issuerKey.value),
    accumulatorParams: plain(pinned.accumulatorParams.value),
    accumulatorKey: plain(pinned.accumulatorKey.value),
    provingKey: plain(pinned.provingKey.value),
    accumulated: plain(pinned.accumulated),
    range: plain(pinned.range.value),
    octets: plain(octets),
    nonce: plain(nonce),
    revealed: [...revealed].map(([i, value]) => [i, plain(value)]),
  });
}

function unpack(text) {
  const f = JSON.parse(text);
  const Range = f.way === 'fastest' ? D.BoundCheckSmcParamsUncompressed : D.BoundCheckBppParamsUncompressed;
  const pinned = {
    way: f.way,
    params: D.BBSSignatureParams.generate(NAMES.length, octetsOf(f.label)),
    issuerKey: new D.BBSPublicKey(octetsOf(f.issuerKey)),
    accumulatorParams: new D.AccumulatorParams(octetsOf(f.accumulatorParams)),
    accumulatorKey: new D.AccumulatorPublicKey(octetsOf(f.accumulatorKey)),
    provingKey: new D.MembershipProvingKey(octetsOf(f.provingKey)),
    accumulated: octetsOf(f.accumulated),
    range: new Range(octetsOf(f.range)),
  };
  return { pinned, octets: octetsOf(f.octets), nonce: octetsOf(f.nonce), revealed: new Map(f.revealed.map(([i, v]) => [i, octetsOf(v)])) };
}

if (argv[1] === fileURLToPath(import.meta.url)) {
  const { pinned, octets, revealed, nonce } = unpack(fs.readFileSync(argv[2], 'utf8'));
  check(pinned, octets, revealed, nonce);
  const cpu = cpuUsage();
  stdout.write(`verdict ${cpu.user + cpu.system}\n`);
  const lines = createInterface({ input: stdin })[Symbol.asyncIterator]();
  await lines.next();
  for (let i = 0; i < MORE_VERDICTS; i++) check(pinned, octets, revealed, nonce);
  stdout.write('done\n');
  await lines.next(); // lives until its input ends
}
