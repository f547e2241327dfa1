"""What the issuer can compute about a presentation and one row of its archive, with all its keys.

For a candidate the issuer knows A, e, B, the handle y, the witness C, the attributes, X and M, and it has sk, alpha,
and here even x, which in life is destroyed. What it lacks: link secret, blind, the openers' kappa. From these it strips
a presentation of everything the candidate would have put in; for the maker that leaves multiples of known bases.
"""

from __future__ import annotations

from collections.abc import Mapping

from circuits.curve import G1
from circuits.generators import PSEUDONYM_BASE, named_base
from circuits.scalar import ORDER, encode_scalar, inverse
from tests.zero_knowledge.stage import BOUNDS, Holder, Stage
from tests.zero_knowledge.transcripts import Transcript

KNOWN = (0, 3, 4, 5, 6, 7, 8, 9)  # the hidden attributes that the issuer signed itself


def known_scalars(transcript: Transcript, candidate: Holder) -> dict[str, int]:
    """e and the signed attributes of the candidate, and its nonces n = z - c m if it is the one."""
    messages, responses = candidate.messages, transcript.responses()
    values = {"e": candidate.credential.exponent} | {f"m{index}": messages[index] for index in KNOWN}
    nonces = {f"nonce of {name}": responses[name] - transcript.challenge * value for name, value in values.items()}
    return values | {name: value % ORDER for name, value in nonces.items()}


def stripped_points(transcript: Transcript, candidate: Holder) -> dict[str, G1]:
    """The presentation's points without the candidate's part; the name says what remains if it is the one."""
    curve, points, known = transcript.curve, transcript.points(), known_scalars(transcript, candidate)
    bases = transcript.statement.issuer.message_bases

    def without(name: str, *parts: tuple[int, G1]) -> G1:
        return curve.combine([points[name], *(point for _, point in parts)], [1, *(scalar for scalar, _ in parts)])

    found = {
        "r1 D": without("Bbar", (known["e"], points["Abar"])),
        "n_r1 D": without("T1", (known["nonce of e"], points["Abar"])),
        "n_r3 D - n_10 Q2 - n_11 J1": without("T2", *((known[f"nonce of m{index}"], bases[index]) for index in KNOWN)),
        "rho V": without("Cbar", (known["m0"], points["C'"])),
        "n_rho V": without("T3", (known["nonce of m0"], points["C'"])),
        "k K": without("E2", (-1, curve.decode_g1(candidate.archive_point))),
        "n_k K + n_11 J1": without("T8", (-known["nonce of m0"], bases[0])),
    }
    for place, (index, bound) in enumerate(BOUNDS, 1):
        digit, name = points[f"S'{place}"], f"m{index}"
        found[f"t{place} Gd"] = without(f"Sbar{place}", (known[name] - bound, digit))
        found[f"n_t{place} Gd"] = without(f"T{3 + place}", (known[f"nonce of {name}"], digit))
    return found


def view(transcript: Transcript, candidate: Holder) -> bytes:
    """What is left, points and nonces, as octets for a distinguisher."""
    points = (transcript.curve.encode_g1(point) for point in stripped_points(transcript, candidate).values())
    known = known_scalars(transcript, candidate)
    nonces = (encode_scalar(value) for name, value in known.items() if name.startswith("nonce"))
    return b"".join(points) + b"".join(nonces)


def issuer_scalars(stage: Stage) -> dict[str, int]:
    """The issuer's keys."""
    return {
        "sk": stage.created.secret_key.expose(),
        "alpha": stage.accumulated.secret_key.expose(),
        "x": stage.digit_key,
    }


def relations(
    stage: Stage, transcript: Transcript, candidate: Holder, more: Mapping[str, int] | None = None
) -> frozenset[tuple[str, str, str]]:
    """All (P, s, Q) with P = s Q, over the presentation's points, what remains of them without the candidate's part,
    the candidate's row and the public bases, and every scalar that the issuer has or can make of those.

    Every pairing test is among them: the issuer knows the logarithms of W, Q_a and X_d to the base P2, so that
    comparing pair(P, s P2) with pair(Q, P2) is comparing s P with Q. `more` adds scalars that an issuer does not have.
    """
    curve, scalars = transcript.curve, _scalars(stage, transcript, candidate) | dict(more or {})
    targets = transcript.points() | stripped_points(transcript, candidate)
    sources = targets | _row_and_bases(transcript, candidate)
    names: dict[bytes, list[str]] = {}
    for name, point in targets.items():
        names.setdefault(curve.encode_g1(point), []).append(name)
    found = set()
    for source, point in sources.items():
        table = curve.fixed_base(point, passing=True)
        for scalar, value in scalars.items():
            for target in names.get(curve.encode_g1(table.multiple(value)), []):
                if target != source:
                    found.add((target, scalar, source))
    return frozenset(found)


def _row_and_bases(transcript: Transcript, candidate: Holder) -> dict[str, G1]:
    statement, curve = transcript.statement, transcript.curve
    assert statement.escrow is not None
    bases = statement.issuer.message_bases
    public = {f"base {index}": base for index, base in enumerate(bases)}
    public |= {"V": statement.epoch.point, "Gd": statement.issuer.digit_base, "Ge": statement.escrow.base}
    public |= {"K": statement.escrow.public_point, "OP": _pseudonym_point(transcript)}
    return public | {
        "A": candidate.signature_point,
        "B": candidate.signed_point,
        "C": candidate.membership.witness_point,
        "X": curve.decode_g1(candidate.holder_point),
        "M": curve.decode_g1(candidate.archive_point),
    }


def _pseudonym_point(transcript: Transcript) -> G1:
    statement = transcript.statement
    return named_base(statement.issuer.suite, statement.issuer.api_id, PSEUDONYM_BASE, statement.context)


def _scalars(stage: Stage, transcript: Transcript, candidate: Holder) -> dict[str, int]:
    keys, known = issuer_scalars(stage), known_scalars(transcript, candidate)
    digits = {f"d{q}": known[f"m{index}"] - bound for q, (index, bound) in enumerate(BOUNDS, 1)}
    sums = {"sk+e": keys["sk"] + known["e"], "alpha+y": keys["alpha"] + known["m0"]}
    sums |= {f"x+{name}": keys["x"] + digit for name, digit in digits.items()}
    values = {"1": 1, "c": transcript.challenge} | keys | known | digits | sums
    values |= {f"response of {name}": value for name, value in transcript.responses().items()}
    return values | {f"1/{name}": inverse(value) for name, value in values.items() if name != "1" and value % ORDER}
