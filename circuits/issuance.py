"""Blind issuance: the issuer signs a licence over a link secret that it never learns, bound to the holder's sign-in.

The holder registers X_h = ls_h J_1 before it signs in; the sign-in's nonce is a hash of X_h, so that the identity
provider's token is evidence that this person registered this point. The request commits to ls_h again and proves, in
one joint relation, that C and X_h hold the same secret:

    C = blind Q_2 + ls J_1        X_h = ls J_1

Legend: ls_h holder's share, ls_i issuer's share, ls = ls_h + ls_i the link secret, X = ls J_1, y handle (m_0),
M = X + y H_0 archive point, C commitment, (A, e) signature, B signed point. Source: [PROTOCOL 4], [BlindBBS 4.2].

The issuer still owes: the nonce consumed before `check_issue_request`; handle and share drawn only after it and written
down before `sign_licence`, so that a retry signs the very same licence; X stored for no other person.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from circuits.accumulator import Membership, check_membership
from circuits.attributes import ATTRIBUTE_COUNT, LINK_SECRET_INDEX, AttributeValue
from circuits.bbs import blind as bbs_blind
from circuits.bbs.octets import encode_signature
from circuits.bbs.signature import sign_point, signature_exponent
from circuits.credential import Credential
from circuits.curve import G1
from circuits.encoding import encode
from circuits.entropy import SYSTEM, Entropy
from circuits.errors import Malformed, Misuse, Rejected
from circuits.records.accumulator import AccumulatorRecord
from circuits.records.epoch import EpochRecord
from circuits.records.issuer import IssuerRecord
from circuits.scalar import ORDER
from circuits.secret import Secret
from circuits.sigma import protocol
from circuits.sigma.relation import Builder, Shape

_TAG = "AIOL-V01-ISSUE"
COMMITMENT_OCTETS = 144
REQUEST_PROOF_OCTETS = 160


@dataclass(frozen=True)
class Registration:
    """The holder's side before sign-in: `secret` ls_h, `point` X_h (48 octets), `salt` (32 octets)."""

    secret: Secret[int]
    point: bytes
    salt: bytes = field(repr=False)


@dataclass(frozen=True)
class IssueRequest:
    """What the holder sends: `commitment` with its proof, 144 octets, and the joint `proof`, 160 octets."""

    commitment: bytes
    proof: bytes

    def __post_init__(self) -> None:
        if len(self.commitment) != COMMITMENT_OCTETS or len(self.proof) != REQUEST_PROOF_OCTETS:
            raise Malformed("a request has 144 octets of commitment and 160 of proof")


@dataclass(frozen=True)
class PendingIssue:
    """What the holder keeps until the reply: the `blind` of the commitment and its `link_share` ls_h."""

    blind: Secret[int]
    link_share: Secret[int]


@dataclass(frozen=True)
class IssueReply:
    """What the issuer answers: `signature` 80 octets, ten `attributes`, `signer_share` ls_i, `witness` C_w 48 octets,
    and the epoch that the witness belongs to."""

    signature: bytes
    attributes: tuple[AttributeValue, ...] = field(repr=False)
    signer_share: int = field(repr=False)
    witness: bytes = field(repr=False)
    epoch_number: int


def register(issuer: IssuerRecord, link_secret: Secret[int] | None = None, entropy: Entropy = SYSTEM) -> Registration:
    """A registration with a fresh share, or, for a refresh, with the licence's own `link_secret`."""
    secret = Secret(entropy.scalar()) if link_secret is None else link_secret
    curve = issuer.suite.curve
    point = curve.multiply(_link_base(issuer), secret.expose())
    return Registration(secret, curve.encode_g1(point), entropy.octets(32))


def registration_nonce(point: bytes, salt: bytes) -> str:
    """The OpenID Connect nonce that carries X_h (48 octets) under a salt (32 octets), base64url without padding."""
    if len(point) != 48 or len(salt) != 32:
        raise Malformed("a registration is a point and a salt")
    digest = hashlib.sha256(b"AIOL-V01-REGISTER" + point + salt).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def registration_code(point: bytes) -> str:
    """Six decimal digits that name X_h (`point`, 48 octets) to a person, who compares wallet and sign-in page.

    Both sides derive it: nobody signs in for a stranger's wallet unawares. Raises `Malformed` for another length.
    """
    if len(point) != 48:
        raise Malformed("a registration is a point of 48 octets")
    digest = hashlib.sha256(b"AIOL-V01-SIGN-IN-CODE" + point).digest()
    return f"{int.from_bytes(digest[:8], 'big') % 1_000_000:06d}"


def request_licence(
    issuer: IssuerRecord,
    registration: Registration,
    nonce: bytes,
    session: bytes,
    refresh: bool = False,
    entropy: Entropy = SYSTEM,
) -> tuple[IssueRequest, PendingIssue]:
    """The request under the issuer's `nonce` and `session` (32 octets each), and what to keep for the reply."""
    suite, curve = issuer.suite, issuer.suite.curve
    share = registration.secret.expose()
    commitment, blind = bbs_blind.commit(suite, [share], issuer.api_id, entropy)
    elements = _elements(issuer, curve.decode_g1(commitment[:48]), curve.decode_g1(registration.point))
    tag = _request_tag(issuer, nonce, session, refresh)
    proof = protocol.prove(curve, tag, _relation(), elements, [blind.expose(), share], entropy)
    return IssueRequest(commitment, proof), PendingIssue(blind, registration.secret)


def check_issue_request(
    issuer: IssuerRecord, point: bytes, request: IssueRequest, nonce: bytes, session: bytes, refresh: bool = False
) -> None:
    """Check the commitment's proof and that it holds the secret of X_h (`point`, 48 octets), for this challenge.

    Raises `Malformed`, or `Rejected` with code `bad-commitment` or `bad-request`.
    """
    curve = issuer.suite.curve
    registered = curve.decode_g1(point)
    commitment = bbs_blind.verify_commitment(issuer.suite, request.commitment, 1, issuer.api_id)
    tag = _request_tag(issuer, nonce, session, refresh)
    try:
        protocol.verify(curve, tag, _relation(), _elements(issuer, commitment, registered), request.proof)
    except Rejected:
        raise Rejected("bad-request", "the request is not made for this registration and challenge") from None


def new_handle(entropy: Entropy = SYSTEM) -> int:
    """A handle y for a new licence, uniform in [1, r-1]. Draw it after the request is checked."""
    return entropy.scalar()


def new_signer_share(entropy: Entropy = SYSTEM) -> int:
    """The issuer's share ls_i of a new link secret, uniform and nonzero. At a refresh it is 0 instead."""
    return entropy.scalar()


def holder_point(issuer: IssuerRecord, point: bytes, signer_share: int) -> bytes:
    """X = X_h + ls_i J_1 as 48 octets. Raises `Rejected` with code `bad-registration` for O."""
    curve = issuer.suite.curve
    total = curve.add(curve.decode_g1(point), curve.multiply(_link_base(issuer), signer_share))
    if curve.is_identity(total):
        raise Rejected("bad-registration", "the registration cancels the issuer's share")
    return curve.encode_g1(total)


def archive_point(issuer: IssuerRecord, holder: bytes, handle: int) -> bytes:
    """M = X + y H_0 as 48 octets, from X (48 octets): what an opening of this licence's proofs yields."""
    curve = issuer.suite.curve
    total = curve.add(curve.decode_g1(holder), curve.multiply(issuer.message_bases[0], handle))
    if curve.is_identity(total):
        raise Rejected("bad-registration", "the archive point is the identity")
    return curve.encode_g1(total)


def check_opening(issuer: IssuerRecord, opened: bytes, point: bytes, signer_share: int, handle: int) -> None:
    """Check that M (`opened`) = X_h + ls_i J_1 + y H_0 for an archive row. Raises `Rejected`: `bad-opening`."""
    if archive_point(issuer, holder_point(issuer, point, signer_share), handle) != opened:
        raise Rejected("bad-opening", "the archive row is not the one that was opened")


def sign_licence(
    issuer: IssuerRecord,
    secret_key: Secret[int],
    request: IssueRequest,
    attributes: Sequence[AttributeValue],
    signer_share: int,
) -> bytes:
    """The BBS signature, 80 octets, on ten attributes and the committed secret. Deterministic: a retry remakes it.

    The caller owes: a request that `check_issue_request` has passed, all lints, and the intent written down.
    """
    suite, curve = issuer.suite, issuer.suite.curve
    messages = issuer.scalars(attributes)
    if messages[0] == 0:
        raise Misuse("a licence needs a handle")
    committed = curve.add(curve.decode_g1(request.commitment[:48]), curve.multiply(_link_base(issuer), signer_share))
    own = curve.combine(issuer.message_bases[:ATTRIBUTE_COUNT], messages)
    base = curve.add(curve.add(issuer.base_point, own), committed)
    exponent = signature_exponent(suite, secret_key, base, issuer.api_id)
    return encode_signature(suite, sign_point(suite, secret_key, base, exponent))


def receive_licence(
    issuer: IssuerRecord,
    accumulator: AccumulatorRecord,
    epoch: EpochRecord,
    pending: PendingIssue,
    reply: IssueReply,
) -> tuple[Credential, Membership]:
    """The credential and its membership, once the signature and the witness are checked.

    The caller owes: that `epoch` is a trusted record and the reply's, and that the attributes are those applied for.
    Raises `Malformed`, or `Rejected` with code `bad-signature` or `membership`.
    """
    if reply.epoch_number != epoch.number or epoch.accumulator_hash != accumulator.hash:
        raise Rejected("membership", "the witness is not for this epoch")
    link_secret = (pending.link_share.expose() + reply.signer_share) % ORDER
    credential = Credential(issuer, reply.signature, reply.attributes, pending.blind, Secret(link_secret))
    credential.check()
    membership = Membership(accumulator, epoch.number, epoch.value, reply.witness)
    check_membership(membership, credential.handle)
    return credential, membership


def _link_base(issuer: IssuerRecord) -> G1:
    return issuer.message_bases[LINK_SECRET_INDEX]


@lru_cache(maxsize=1)
def _relation() -> Shape:
    builder = Builder()
    q2, j1, commitment, registered = (builder.element(name) for name in ("Q2", "J1", "C", "Xh"))
    blind, share = builder.scalar("blind"), builder.scalar("ls")
    builder.equation([(1, commitment)], [(1, blind, q2), (1, share, j1)])
    builder.equation([(1, registered)], [(1, share, j1)])
    return builder.shape()


def _elements(issuer: IssuerRecord, commitment: G1, registered: G1) -> list[G1]:
    blind_base, link_base = issuer.message_bases[ATTRIBUTE_COUNT:]
    return [issuer.suite.curve.g1_generator(), blind_base, link_base, commitment, registered]


def _request_tag(issuer: IssuerRecord, nonce: bytes, session: bytes, refresh: bool) -> bytes:
    if len(nonce) != 32 or len(session) != 32:
        raise Misuse("nonce and session have 32 octets")
    bound = encode({1: 1, 2: issuer.hash, 3: nonce, 4: session, 5: int(refresh)})
    return protocol.make_tag(_TAG, suffix=hashlib.sha256(bound).hexdigest())
