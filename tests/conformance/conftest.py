"""Vector folders of the official shape, made by our own code for the suite that has no official files here."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from circuits import bbs
from circuits.bbs.octets import H2S, MAP_MESSAGE
from circuits.bbs.proof import pair_disclosed, proof_verify_init
from circuits.bbs.pseudonym import finish_nym_secrets, nym_polynomial
from circuits.entropy import ReplayEntropy
from circuits.generators import create_generators
from circuits.scalar import ORDER
from circuits.secret import Secret
from circuits.suite import SHAKE256, Suite
from console.conformance.mocks import MOCK_DST, SEED, seeded_random_scalars

HEADER = bytes.fromhex("11223344556677889900aabbccddeeff")
PRESENTATION_HEADER = bytes.fromhex("bed231d880675ed101ead304512e043ade9958dd0241ea70b4b3957fba941501")
CONTEXT = bytes.fromhex("bbb4750cdce6d2122bb4c4f039b6ad5a79f028eb448013a38636a95d63af360a")
MESSAGES = [
    bytes.fromhex(text) for text in ("9872ad089e452c7b", "c344136d9ab02da4dd59", "7372e9daa5ed31e6cd5c", "96012096", "")
]
COMMITTED = [bytes.fromhex(text) for text in ("5982967821da3c59", "a75d8b634891af92", "")]
ENTROPY = 0x3D40961FCE6C09EEC24A371322732932503B458D7A4CF7891BDAA765B30027C5

Document = dict[str, Any]


@pytest.fixture(scope="session")
def shake_source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folders of the SHAKE-256 suite whose names say nothing."""
    root = tmp_path_factory.mktemp("made")
    maker = Maker(SHAKE256)
    for name, make in (("first", maker.core), ("second", maker.blind), ("third", maker.pseudonym)):
        for path, document in make().items():
            target = root / name / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(json.dumps(document, indent=1))
    return root


def scalar(value: int) -> str:
    return format(value, "064x")


class Maker:
    """Makes the three kinds of folder for a suite, as the official files are shaped."""

    def __init__(self, suite: Suite) -> None:
        self.suite = suite
        self.secret = bbs.key_gen(suite, b"key material of at least 32 octets", b"info", suite.api_id + b"KEYGEN_DST_")
        self.key = bbs.encode_public_key(suite, bbs.sk_to_pk(suite, self.secret))
        self.other_key = bbs.encode_public_key(suite, bbs.sk_to_pk(suite, Secret(7)))
        self.pair = {"secretKey": scalar(self.secret.expose()), "publicKey": self.key.hex()}

    def mock_dst(self, use: str) -> str:
        return (self.suite.api_id + use.encode() + b"_MOCK_RANDOM_SCALARS_DST_").decode()

    def mocks(self, use: str, count: int) -> list[int]:
        return seeded_random_scalars(self.suite, SEED, self.mock_dst(use).encode(), count)

    def generators(self, count: int, api_id: bytes) -> Document:
        first, *others = (
            self.suite.curve.encode_g1(point).hex() for point in create_generators(self.suite, count, api_id)
        )
        return {"P1": self.suite.p1_octets.hex(), "Q1": first, "MsgGenerators": others}

    def two_generators(self, api_id: bytes) -> Document:
        named = {"generators": (api_id, 6), "blindGenerators": (b"BLIND_" + api_id, 4)}
        return {name: {"api_id": id_.decode(), **self.generators(n, id_)} for name, (id_, n) in named.items()}

    def trace(
        self, proof: bytes, header: bytes, api_id: bytes, generators: Any, disclosed: dict[int, int], draws: list[int]
    ) -> Document:
        decoded = bbs.decode_proof(self.suite, proof)
        opening = proof_verify_init(self.suite, self.key, decoded, generators, header, disclosed, api_id)
        encode = self.suite.curve.encode_g1
        names = ("r1", "r2", "e_tilde", "r1_tilde", "r3_tilde")
        randoms: Document = {name: scalar(value) for name, value in zip(names, draws, strict=False)}
        randoms["m_tilde_scalars"] = [scalar(value) for value in draws[5:]]
        return {
            "random_scalars": randoms,
            "A_bar": encode(opening.a_bar).hex(),
            "B_bar": encode(opening.b_bar).hex(),
            "D": encode(opening.d).hex(),
            "T1": encode(opening.t1).hex(),
            "T2": encode(opening.t2).hex(),
            "domain": scalar(opening.domain),
            "challenge": scalar(decoded.challenge),
        }

    def signature_trace(self, header: bytes, api_id: bytes, generators: Any, scalars: list[int]) -> Document:
        value = bbs.domain(self.suite, self.key, generators, header, api_id)
        base = bbs.signed_point(self.suite, generators, value, scalars)
        return {"B": self.suite.curve.encode_g1(base).hex(), "domain": scalar(value)}

    def core(self) -> dict[str, Document | list[str]]:
        suite, api_id = self.suite, self.suite.api_id
        scalars = bbs.messages_to_scalars(suite, MESSAGES, api_id)
        material = (b"key material of at least 32 octets".hex(), b"info".hex(), (api_id + b"KEYGEN_DST_").hex())
        names = ("keyMaterial", "keyInfo", "keyDst")
        made: dict[str, Document | list[str]] = {
            "a.json": {**dict(zip(names, material, strict=True)), "keyPair": self.pair},
            "b.json": {
                "message": MESSAGES[0].hex(),
                "dst": (api_id + H2S).hex(),
                "scalar": scalar(suite.hash_to_scalar(MESSAGES[0], api_id + H2S)),
            },
            "c.json": {
                "seed": SEED.hex(),
                "dst": (api_id + MOCK_DST).hex(),
                "count": 3,
                "mockedScalars": [scalar(x) for x in seeded_random_scalars(suite, SEED, api_id + MOCK_DST, 3)],
            },
            "d.json": {
                "dst": (api_id + MAP_MESSAGE).hex(),
                "cases": [{"message": m.hex(), "scalar": scalar(s)} for m, s in zip(MESSAGES, scalars, strict=True)],
            },
            "e.json": self.generators(6, api_id),
            "f.json": [message.hex() for message in MESSAGES],
        }
        made.update(self.core_signatures(scalars))
        made.update(self.core_proofs(scalars))
        return made

    def core_signatures(self, scalars: list[int]) -> dict[str, Document]:
        suite = self.suite
        points = create_generators(suite, 6, suite.api_id)
        valid: Document = {
            "caseName": "valid",
            "signerKeyPair": self.pair,
            "header": HEADER.hex(),
            "messages": [message.hex() for message in MESSAGES],
            "signature": bbs.sign(suite, self.secret, self.key, HEADER, MESSAGES).hex(),
            "result": {"valid": True},
            "trace": self.signature_trace(HEADER, suite.api_id, points, scalars),
        }
        backwards = {"messages": valid["messages"][::-1]}
        wrong = {"signerKeyPair": {**self.pair, "publicKey": self.other_key.hex()}}
        return {
            "s/1.json": valid,
            "s/2.json": {**valid, **backwards, "result": {"valid": False, "reason": "re-ordered messages"}},
            "s/3.json": {**valid, **wrong, "result": {"valid": False, "reason": "wrong public key"}},
            "s/4.json": {**valid, "header": "aa", "result": {"valid": False, "reason": "different header"}},
        }

    def core_proofs(self, scalars: list[int]) -> dict[str, Document]:
        suite, shown = self.suite, [0, 2]
        signature = bbs.sign(suite, self.secret, self.key, HEADER, MESSAGES)
        draws = seeded_random_scalars(suite, SEED, suite.api_id + MOCK_DST, 8)
        proof = bbs.proof_gen(
            suite, self.key, signature, HEADER, PRESENTATION_HEADER, MESSAGES, shown, ReplayEntropy(draws)
        )
        disclosed = pair_disclosed(shown, [scalars[index] for index in shown])
        points = create_generators(suite, 6, suite.api_id)
        valid: Document = {
            "caseName": "valid",
            "signerPublicKey": self.key.hex(),
            "signature": signature.hex(),
            "header": HEADER.hex(),
            "presentationHeader": PRESENTATION_HEADER.hex(),
            "messages": [message.hex() for message in MESSAGES],
            "disclosedIndexes": shown,
            "proof": proof.hex(),
            "result": {"valid": True},
            "trace": self.trace(proof, HEADER, suite.api_id, points, disclosed, draws),
        }
        invalid = {"valid": False, "reason": "different presentation header"}
        repeated = {"valid": False, "reason": "re-ordered messages"}
        cut = {"valid": False, "reason": "truncated proof"}
        return {
            "p/1.json": valid,
            "p/2.json": {**valid, "presentationHeader": "00", "result": invalid},
            "p/3.json": {**valid, "disclosedIndexes": [2, 0], "result": repeated},
            "p/4.json": {**valid, "proof": valid["proof"][:-128] + valid["proof"][-64:], "result": cut},
        }

    def blind(self) -> dict[str, Document]:
        suite, api_id = self.suite, bbs.blind_api_id(self.suite)
        draws = self.mocks("COMMIT", len(COMMITTED) + 2)
        commitment, blind = bbs.commit_messages(suite, COMMITTED, ReplayEntropy(draws))
        signature = bbs.blind_sign(suite, self.secret, self.key, commitment, HEADER, MESSAGES)
        points = (*create_generators(suite, 6, api_id), *bbs.blind_generators(suite, 3, api_id))
        scalars = [
            *bbs.messages_to_scalars(suite, MESSAGES, api_id),
            blind.expose(),
            *bbs.messages_to_scalars(suite, COMMITTED, api_id),
        ]
        made = {"g.json": self.two_generators(api_id), "m.json": self.two_lists()}
        made["x/c.json"] = self.commitment(commitment, draws)
        made["x/s.json"] = {
            **self.commitment(commitment, draws),
            "signerKeyPair": self.pair,
            "header": HEADER.hex(),
            "messages": self.two_lists()["messages"],
            "signature": signature.hex(),
            "trace": self.signature_trace(HEADER, api_id, points, scalars),
        }
        randoms = self.mocks("PROOF", 5 + 5)
        shown, shown_committed = [0, 2], [0, 2]
        proof = bbs.blind_proof_gen(
            suite, self.key, signature, HEADER, PRESENTATION_HEADER, MESSAGES, COMMITTED, shown, shown_committed,
            blind, ReplayEntropy(randoms),
        )  # fmt: skip
        disclosed = {index: scalars[index] for index in (0, 2, 6, 8)}
        made["y/deep/p.json"] = {
            **self.proof_fields(commitment, draws, signature, proof, shown, shown_committed),
            "trace": self.trace(proof, HEADER, api_id, points, disclosed, randoms),
        }
        return made

    def pseudonym(self) -> dict[str, Document]:
        suite, api_id, nyms = self.suite, bbs.nym_api_id(self.suite), (11 << 240, 22 << 240)
        draws = self.mocks("COMMIT", len(COMMITTED) + 4)
        commitment, blind = bbs.commit_with_nym(suite, COMMITTED, Secret(nyms), ReplayEntropy(draws))
        secrets = finish_nym_secrets(Secret(nyms), ENTROPY)
        signature = bbs.blind_sign_with_nym(suite, self.secret, self.key, commitment, 2, ENTROPY, HEADER, MESSAGES)
        points = (*create_generators(suite, 6, api_id), *bbs.blind_generators(suite, 5, api_id))
        scalars = [
            *bbs.messages_to_scalars(suite, MESSAGES, api_id),
            blind.expose(),
            *bbs.messages_to_scalars(suite, COMMITTED, api_id),
            *secrets.expose(),
        ]
        own = {
            "proverNyms": [scalar(nym) for nym in nyms],
            "nym_secrets": [scalar(nym) for nym in secrets.expose()],
            "signer_nym_entropy": scalar(ENTROPY),
        }
        head = bbs.nym_header(HEADER, 2)
        signed = {"header": HEADER.hex(), "messages": self.two_lists()["messages"], "signature": signature.hex()}
        base = {**self.commitment(commitment, draws), **own}
        made = {"g.json": self.two_generators(api_id), "m.json": self.two_lists()}
        made["c.json"] = {**self.commitment(commitment, draws), "proverNyms": own["proverNyms"]}
        made["s.json"] = {
            **base,
            **signed,
            "signerKeyPair": self.pair,
            "trace": self.signature_trace(head, api_id, points, scalars),
        }
        randoms = self.mocks("PROOF", 5 + 7)
        proof, nym = bbs.proof_gen_with_nym(
            suite, self.key, signature, HEADER, PRESENTATION_HEADER, secrets, CONTEXT, MESSAGES, COMMITTED, [0, 2],
            [0, 2], blind, ReplayEntropy(randoms),
        )  # fmt: skip
        trace = self.trace(proof, head, api_id, points, {index: scalars[index] for index in (0, 2, 6, 8)}, randoms)
        encode = suite.curve.encode_g1
        trace |= {
            "pseudonym": nym.hex(),
            "OP": encode(bbs.pseudonym_base(suite, CONTEXT, api_id)).hex(),
            "Ut": encode(bbs.pseudonym(suite, CONTEXT, Secret(tuple(randoms[-2:])), api_id)).hex(),
            "poly_eval_pseudo": scalar(nym_polynomial(suite, CONTEXT, secrets.expose(), api_id)),
        }
        made["p.json"] = {
            **self.proof_fields(commitment, draws, signature, proof, [0, 2], [0, 2]),
            **own,
            **self.two_lists(),
            "pseudonym": nym.hex(),
            "context_id": CONTEXT.hex(),
            "trace": trace,
        }
        return made

    def two_lists(self) -> Document:
        return {"messages": [m.hex() for m in MESSAGES], "committedMessages": [m.hex() for m in COMMITTED]}

    def commitment(self, commitment: bytes, draws: list[int]) -> Document:
        mocks = {"SEED": SEED.decode(), "commit": {"DST": self.mock_dst("COMMIT"), "count": len(draws)}}
        tildes = {"s_tilde": scalar(draws[1]), "m_tildes": [scalar(value) for value in draws[2:]]}
        return {
            "caseName": "valid",
            "mockRngParameters": mocks,
            "committedMessages": self.two_lists()["committedMessages"],
            "proverBlind": scalar(draws[0] % ORDER),
            "commitmentWithProof": commitment.hex(),
            "result": {"valid": True},
            "trace": {"random_scalars": tildes},
        }

    def proof_fields(
        self, commitment: bytes, draws: list[int], signature: bytes, proof: bytes, shown: list[int], also: list[int]
    ) -> Document:
        made = self.commitment(commitment, draws)
        made["mockRngParameters"]["proof"] = {"DST": self.mock_dst("PROOF")}
        del made["committedMessages"]
        return {
            **made,
            "signerPublicKey": self.key.hex(),
            "signature": signature.hex(),
            "header": HEADER.hex(),
            "presentationHeader": PRESENTATION_HEADER.hex(),
            "revealedMessages": {str(index): MESSAGES[index].hex() for index in shown},
            "revealedCommittedMessages": {str(index): COMMITTED[index].hex() for index in also},
            "L": len(MESSAGES),
            "proof": proof.hex(),
        }


@pytest.fixture
def shake(shake_source: Path, tmp_path: Path) -> Path:
    """A copy of the made folders, to damage."""
    return Path(shutil.copytree(shake_source, tmp_path / "copy"))
