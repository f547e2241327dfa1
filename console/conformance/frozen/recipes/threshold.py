"""The escrow: dealt to three openers of whom two are needed, opened, and used to seal evidence."""

from __future__ import annotations

from circuits.encoding import encode
from circuits.entropy import ReplayEntropy
from circuits.scalar import ORDER
from circuits.suite import SHA256
from circuits.threshold import open_share
from console.conformance.frozen.document import Leaf
from console.conformance.frozen.randomness import derived_octets, derived_scalar
from console.conformance.frozen.recipes.points import bad_points
from console.conformance.frozen.recipes.topic import Topic, cut, lengths, text
from console.conformance.frozen.recipes.world import ESCROW_ID, NOW, scalar, the_world

_CASE, _DIGEST = "case-1", derived_octets("opened proof", 0, 32)
_CONTEXT = encode(["row-1", derived_octets("sealed row", 0, 32)])


def recipe(topic: Topic) -> None:
    """Dealing, opening, sealing."""
    own: dict[str, Leaf] = {
        "escrow_id": text(ESCROW_ID), "threshold": "2", "openers": "3",
        "not_before": str(NOW - 1000), "not_after": str(NOW + 10_000_000),
    }  # fmt: skip
    topic.accept("deal", "deal-escrow", "two of three; the polynomial's coefficients are drawn, the secret first", own)
    for name, numbers in (("one-of-three", ("1", "3")), ("four-of-three", ("4", "3")), ("of-33", ("2", "33"))):
        wrong: dict[str, Leaf] = {"threshold": numbers[0], "openers": numbers[1]}
        topic.refuse(f"deal/{name}", "deal-escrow", "numbers that no record allows", "malformed", wrong, base="deal")
    _opened(topic)
    _sealed(topic)


def _ciphertext() -> dict[str, Leaf]:
    """(E1, E2) of the licence's archive point under a derived k."""
    world = the_world()
    curve, licence = SHA256.curve, world.licence
    k, bases = derived_scalar("k"), world.issuer.message_bases
    link_secret = (licence.registration.secret.expose() + licence.signer_share) % ORDER
    second = curve.combine([world.escrow.public_point, bases[11], bases[0]], [k, link_secret, licence.handle])
    return {"e1": curve.encode_g1(curve.multiply(world.escrow.base, k)).hex(), "e2": curve.encode_g1(second).hex()}


def _opened(topic: Topic) -> None:
    world = the_world()
    common: dict[str, Leaf] = {
        "escrow": world.escrow.octets.hex(), "e1": _ciphertext()["e1"], "case_id": text(_CASE), "digest": _DIGEST.hex(),
    }  # fmt: skip
    shares: list[Leaf] = []
    for opener, secret in enumerate(world.dealt.shares, 1):
        own = {**common, "opener": str(opener), "share_secret": scalar(secret.expose())}
        shares.append(topic.accept(f"share-{opener}", "open-share", f"the share of opener {opener}", own)["share"])
    swapped: dict[str, Leaf] = {"opener": "2"}
    topic.refuse(
        "share/other-opener", "open-share", "the secret of opener 1 for opener 2", "misuse", swapped, base="share-1"
    )
    topic.refuse("share/no-opener", "open-share", "no opener has this index", "misuse", {"opener": "4"}, base="share-1")
    for name, chosen in (("1-2", shares[:2]), ("2-3", shares[1:]), ("3-1", [shares[2], shares[0]]), ("all", shares)):
        topic.accept(f"combine-{name}", "combine-shares", "kappa E1", {**common, "shares": chosen})
    second: dict[str, Leaf] = {"e2": _ciphertext()["e2"]}
    topic.accept("open", "open-identity", "M, as the issuer's archive has it", second, base="combine-1-2")
    same: dict[str, Leaf] = {"combined": second["e2"]}
    topic.refuse(
        "open/identity", "open-identity", "the ciphertext opens to the identity", "bad-opening", same, base="open"
    )
    _combining_refused(topic, [str(share) for share in shares])


def _combining_refused(topic: Topic, shares: list[str]) -> None:
    world = the_world()
    other_case: dict[str, Leaf] = {"case_id": text("case-2")}
    other_digest: dict[str, Leaf] = {"digest": derived_octets("another proof", 0, 32).hex()}
    wrong_index = _as_opener(shares[0], 3)
    cases: tuple[tuple[str, str, str, dict[str, Leaf]], ...] = (
        ("one", "one share of two", "too-few-shares", {"shares": [shares[0]]}),
        ("none", "no share", "too-few-shares", {"shares": []}),
        ("repeated", "the same opener twice", "repeated-share", {"shares": [shares[0], shares[0]]}),
        ("case", "shares of another case", "bad-share", other_case),
        ("digest", "shares of another proof", "bad-share", other_digest),
        ("index", "a share under another opener's index", "bad-share", {"shares": [wrong_index, shares[1]]}),
        ("index-0", "a share of opener 0", "bad-share", {"shares": [_as_opener(shares[0], 0), shares[1]]}),
        ("index-4", "a share of an opener who is none", "bad-share", {"shares": [_as_opener(shares[0], 4), shares[1]]}),
        ("escrow", "shares under another escrow", "bad-share", {"escrow": world.other_escrow.octets.hex()}),
        ("point", "E1 of another ciphertext", "bad-share", {"e1": _other_point()}),
        (
            "false-point",
            "another D_i beside a true proof",
            "bad-share",
            {"shares": [_with_point(shares[0]), shares[1]]},
        ),
        ("truncated", "a share with an octet less", "malformed", {"shares": [shares[0][:-2], shares[1]]}),
        ("no-share", "octets that are no share", "malformed", {"shares": ["00", shares[1]]}),
    )
    for name, comment, code, own in cases:
        topic.refuse(f"combine/{name}", "combine-shares", comment, code, own, base="combine-1-2")
    for name, comment, octets in bad_points(bytes.fromhex(str(_ciphertext()["e1"]))):
        change = cut("e1", "E1", 0, 48, octets)
        topic.refuse(f"combine/E1/{name}", "combine-shares", comment, "malformed", base="combine-1-2", change=change)


def _as_opener(share: str, index: int) -> str:
    return share[:8] + format(index, "02x") + share[10:]


def _other_point() -> str:
    curve = SHA256.curve
    return curve.encode_g1(curve.multiply(the_world().escrow.base, 7)).hex()


def _with_point(share: str) -> str:
    octets = bytes.fromhex(share)
    return (octets[:8] + bytes.fromhex(_other_point()) + octets[56:]).hex()


def _sealed(topic: Topic) -> None:
    world = the_world()
    own: dict[str, Leaf] = {"escrow": world.escrow.octets.hex(), "seal_context": _CONTEXT.hex()}
    sealed = topic.accept("seal", "seal", "u G_e with its proof, and the content key; u is drawn first", own)
    point = topic.accept("seal/point", "sealed-point", "what openers may give shares over", base="seal")
    encapsulation = str(sealed["encapsulation"])
    shares: list[Leaf] = [
        open_share(
            world.escrow, opener, world.dealt.shares[opener - 1], bytes.fromhex(str(point["e1"])), _CASE, _DIGEST,
            ReplayEntropy([derived_scalar("seal share", opener)]),
        ).hex()
        for opener in (1, 3)
    ]  # fmt: skip
    combined: dict[str, Leaf] = {"shares": shares, "case_id": text(_CASE), "digest": _DIGEST.hex()}
    topic.accept("seal/combine", "combine-shares", "u K from two shares", combined, base="seal/point")
    topic.accept("seal/key", "unsealed-key", "the content key again", base="seal/combine")
    other: dict[str, Leaf] = {"seal_context": encode(["row-2", bytes(32)]).hex()}
    topic.refuse("seal/context", "sealed-point", "sealed for another row", "bad-seal", other, base="seal")
    topic.refuse("seal/no-context", "sealed-point", "sealed for nothing", "misuse", {"seal_context": ""}, base="seal")
    escrow: dict[str, Leaf] = {"escrow": world.other_escrow.octets.hex()}
    topic.refuse("seal/escrow", "sealed-point", "sealed under another escrow", "bad-seal", escrow, base="seal")
    moved = cut("encapsulation", "F", 0, 48, bytes.fromhex(str(_ciphertext()["e1"])))
    topic.refuse(
        "seal/other-point", "sealed-point", "E1 of a proof in the place of F", "bad-seal", base="seal", change=moved
    )
    for name, comment, change in lengths("encapsulation", encapsulation):
        topic.refuse(f"seal/{name}", "sealed-point", comment, "malformed", base="seal", change=change)
    for name, comment, octets in bad_points(bytes.fromhex(encapsulation)[:48]):
        change = cut("encapsulation", "F", 0, 48, octets)
        topic.refuse(f"seal/F/{name}", "sealed-point", comment, "malformed", base="seal", change=change)
