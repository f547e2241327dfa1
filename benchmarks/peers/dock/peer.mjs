// Dock's crypto-wasm-ts as a peer: `node peer.mjs fastest|defaults`. The conversation is the one of child.py.
import { readFileSync, writeFileSync } from 'node:fs';
import { argv, cpuUsage, stdin, stdout } from 'node:process';
import { createInterface } from 'node:readline';
import { randomBytes } from 'node:crypto';
import {
  D, EXPIRES, HANDLE, NAMES, SHOWN, check, licence, pack, rangeParameters, require, specification, utf8,
} from './verifier.mjs';

const { InMemoryState, InMemoryKBUniversalState } = require('@docknetwork/crypto-wasm-ts/lib/accumulator/in-memory-persistence.js');
const W = D.Witness;
const fresh = () => new Uint8Array(randomBytes(32));

const messages = NAMES.map((name) => D.BBSSignature.encodeMessageForSigningConstantTime(utf8(licence.attributes[name] ?? 'secret')));
messages[HANDLE] = D.Accumulator.encodeBytesAsAccumulatorMember(utf8(licence.attributes[licence.handle]));
messages[EXPIRES] = D.BBSSignature.encodePositiveNumberForSigning(Number(licence.attributes[licence.at_least_today]));
const revealed = new Map(SHOWN.map((i) => [i, messages[i]]));
const hidden = new Map([...messages.entries()].filter(([i]) => !revealed.has(i)));
const blinded = new Map([[0, messages[0]]]);
const known = new Map([...messages.entries()].slice(1));

const way = argv[2];
const label = utf8('licence');
const params = D.BBSSignatureParams.generate(NAMES.length, label);
const issuer = D.BBSKeypair.generate(params);
const accumulatorParams = D.PositiveAccumulator.generateParams(utf8('accumulator'));
const accumulatorKeys = D.PositiveAccumulator.generateKeypair(accumulatorParams);
const others = Array.from({ length: 200 }, (_, i) => D.Accumulator.encodeBytesAsAccumulatorMember(utf8(`lic-x${i}`)));
const { accumulator, state } = await makeAccumulator();
const valueOf = () => (way === 'defaults' ? accumulator.accumulated : accumulator.accumulated.mem);
const witnessOf = () => accumulator.membershipWitness(messages[HANDLE], accumulatorKeys.secretKey, state);

const pinned = {
  way, label, params, issuerKey: issuer.pk, accumulatorParams, accumulatorKey: accumulatorKeys.publicKey,
  provingKey: D.Accumulator.generateMembershipProvingKey(utf8('proving')), accumulated: valueOf(), range: rangeParameters(way),
};
const witness = await witnessOf();
const signature = D.BBSSignature.generate(messages, issuer.sk, params, false);
let last = {};

async function makeAccumulator() {
  const members = [messages[HANDLE], ...others];
  if (way === 'defaults') {
    const state = new InMemoryState();
    const accumulator = D.PositiveAccumulator.initialize(accumulatorParams, accumulatorKeys.secretKey);
    await accumulator.addBatch(members, accumulatorKeys.secretKey, state);
    return { accumulator, state };
  }
  const state = new InMemoryKBUniversalState();
  const accumulator = await D.KBUniversalAccumulator.initialize(members, accumulatorParams, accumulatorKeys.secretKey, state);
  for (const member of members) await accumulator.add(member, accumulatorKeys.secretKey, state);
  return { accumulator, state };
}

function present(nonce, asked) {
  const w = new D.Witnesses();
  w.add(W.bbsSignatureConstantTime(signature, hidden, false));
  w.add(way === 'defaults' ? W.vbAccumulatorMembership(messages[HANDLE], witness) : W.kbUniAccumulatorMembership(messages[HANDLE], witness));
  w.add(way === 'defaults' ? W.boundCheckBpp(messages[EXPIRES]) : W.boundCheckSmc(messages[EXPIRES]));
  const proof = D.CompositeProof.generateUsingQuasiProofSpec(specification('prover', pinned, revealed, asked), w, nonce);
  return Uint8Array.from(proof.value);
}

// The holder's side of the request, then the issuer's: check its proof, sign, make the witness.
function issue() {
  const request = D.BBSBlindSignature.generateRequest(blinded, params, false, known);
  const bases = params.getParamsForIndices(request.blindedIndices);
  const opening = () => new D.QuasiProofSpec(new D.Statements(D.Statement.pedersenCommitmentG1(bases, request.commitment)), new D.MetaStatements());
  const nonce = fresh();
  const proof = D.CompositeProof.generateUsingQuasiProofSpec(opening(), new D.Witnesses(W.pedersenCommitment([...blinded.values()])), nonce);
  const octets = Uint8Array.from(proof.value);
  return async () => {
    if (!new D.CompositeProof(octets).verifyUsingQuasiProofSpec(opening(), nonce).verified) throw new Error('request refused');
    const made = D.BBSBlindSignature.generate(request.commitment, known, issuer.sk, params, false);
    await witnessOf();
    return made.value.length;
  };
}

function prove() {
  const nonce = fresh();
  return () => {
    last = { nonce, octets: present(nonce) };
    return last.octets.length;
  };
}

function verify() {
  return () => {
    check(pinned, last.octets, revealed, last.nonce);
    return 0;
  };
}

function outcome(asked, checked, other) {
  const nonce = fresh();
  let octets;
  try { octets = present(nonce, asked); } catch { return 'prover'; }
  try { check(pinned, octets, revealed, other ?? nonce, checked); } catch { return 'verifier'; }
  return 'accepted';
}

async function refusals() {
  const state = way === 'defaults' ? new InMemoryState() : new InMemoryKBUniversalState();
  const later = way === 'defaults'
    ? D.PositiveAccumulator.initialize(accumulatorParams, accumulatorKeys.secretKey)
    : await D.KBUniversalAccumulator.initialize([messages[HANDLE], ...others], accumulatorParams, accumulatorKeys.secretKey, state);
  for (const member of others) await later.add(member, accumulatorKeys.secretKey, state); // all but this licence
  const revoked = { accumulated: way === 'defaults' ? later.accumulated : later.accumulated.mem };
  const expired = { day: Number(licence.attributes[licence.at_least_today]) + 1 };
  return {
    'valid': outcome(),
    'replayed': outcome({}, {}, fresh()),
    'revoked, old proof': outcome({}, revoked),
    'revoked, old witness': outcome(revoked, revoked),
    'expired, old proof': outcome({}, expired),
    'expired, new proof': outcome(expired, expired),
  };
}

async function timed(work) {
  const start = performance.now();
  const before = cpuUsage();
  const octets = await work();
  const spent = cpuUsage(before);
  return { us: (performance.now() - start) * 1e3, cpu_us: spent.user + spent.system, octets };
}

function version() {
  const read = (name) => JSON.parse(readFileSync(require.resolve(`${name}/package.json`), 'utf8')).version;
  return `@docknetwork/crypto-wasm-ts ${read('@docknetwork/crypto-wasm-ts')}, @docknetwork/crypto-wasm ${read('crypto-wasm-new')}, Node ${process.versions.node}`;
}

async function answer(request) {
  switch (request.op) {
    case 'about': return { version: version() };
    case 'refusals': return { outcomes: await refusals() };
    case 'issue': return timed(issue());
    case 'prove': return timed(prove());
    case 'verify': return timed(verify());
    case 'pack': writeFileSync(request.path, pack(pinned, last.octets, revealed, last.nonce)); return {};
    default: throw new Error('unknown request');
  }
}

for await (const line of createInterface({ input: stdin })) {
  let reply;
  try { reply = await answer(JSON.parse(line)); } catch (error) { reply = { error: String(error) }; }
  stdout.write(`${JSON.stringify(reply)}\n`);
}
