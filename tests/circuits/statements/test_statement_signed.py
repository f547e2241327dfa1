"""Documents signed under a pseudonym (`Signed`), and distinct holders counted."""

from __future__ import annotations

from dataclasses import replace

import pytest

from circuits import (
    AtLeast,
    Binding,
    Disclose,
    DocumentSignature,
    Malformed,
    Misuse,
    Rejected,
    Signed,
    Statement,
    check_signature,
    count_heads,
    document_digest,
    encode_cbor,
    finish,
    scope_context,
    sign_document,
    signing_binding,
)
from circuits.records import AccumulatorRecord, EpochRecord, EscrowRecord, IssuerRecord
from tests.attacks.conftest import Verifier
from tests.circuits.core.world import NOW, TODAY, octets32
from tests.circuits.statements.conftest import PERMIT, Stage

DOCUMENT = b'{"artefact":"sha256:00","permissions":["read"],"checklist":4}'
SCOPE = scope_context("permit", ("P-1",), "2026-47")


def signing(stage: Stage, document: bytes = DOCUMENT, context: bytes = SCOPE) -> Statement:
    return stage.say(Disclose(1, 3), AtLeast(3, TODAY), Signed(document_digest(document)), context=context)


def sign(stage: Stage, document: bytes = DOCUMENT, context: bytes = SCOPE) -> DocumentSignature:
    return sign_document(stage.prepare(signing(stage, document, context)), document, own_binding())


def own_binding() -> Binding:
    return signing_binding(octets32("policy"), "deploy.example", octets32("nonce"), NOW + 86_400)


def records(stage: Stage) -> tuple[IssuerRecord, AccumulatorRecord, EpochRecord, EscrowRecord]:
    return stage.world.issuer, stage.world.accumulator, stage.world.epoch, stage.world.escrow


@pytest.mark.requirement("R40")
class TestSigned:
    def test_signed_and_checked_by_anybody_with_the_records(self, stage: Stage) -> None:
        octets = sign(stage).octets
        accepted, bound = check_signature(DOCUMENT, DocumentSignature.decode(octets), *records(stage))
        assert bound == own_binding()
        again, _ = check_signature(b"another", sign(stage, b"another"), *records(stage))
        assert again.pseudonym == accepted.pseudonym
        elsewhere = sign(stage, context=scope_context("permit", ("P-2",), "2026-47"))
        assert check_signature(DOCUMENT, elsewhere, *records(stage))[0].pseudonym != accepted.pseudonym

    def test_a_document_that_has_changed(self, stage: Stage) -> None:
        with pytest.raises(Rejected) as refusal:
            check_signature(DOCUMENT + b" ", sign(stage), *records(stage))
        assert refusal.value.code == "document"

    def test_a_signature_that_has_changed(self, stage: Stage) -> None:
        made = sign(stage)
        damaged = made.proof[:-1] + bytes([made.proof[-1] ^ 1])
        moved = signing(stage, b"another").octets(own_binding())
        with pytest.raises(Rejected):
            check_signature(b"another", replace(made, statement=moved), *records(stage))
        with pytest.raises(Rejected):
            check_signature(DOCUMENT, replace(made, proof=damaged), *records(stage))
        for octets in (made.octets[:-1], made.octets + b"\x00", b"", made.statement):
            with pytest.raises(Malformed):
                DocumentSignature.decode(octets)

    def test_a_signature_is_no_presentation(self, verifier: Verifier, stage: Stage, binding: Binding) -> None:
        made, statement = sign(stage), signing(stage)
        verifier.accepts(statement, own_binding(), made.proof)
        unsigned = replace(statement, document=b"")
        verifier.rejects(unsigned, own_binding(), made.proof)
        with pytest.raises(Misuse):
            statement.present(own_binding(), made.proof)

    def test_a_presentation_is_no_signature(self, stage: Stage, binding: Binding) -> None:
        plain = stage.say(Disclose(1, 3))
        proof = finish(stage.prepare(plain), binding)
        with pytest.raises(Rejected, match="this document"):
            check_signature(DOCUMENT, DocumentSignature(plain.octets(binding), proof), *records(stage))
        bound = signing(stage)
        proof = finish(stage.prepare(bound), binding)  # a request and a session are in it
        with pytest.raises(Rejected, match="no request"):
            check_signature(DOCUMENT, DocumentSignature(bound.octets(binding), proof), *records(stage))
        with pytest.raises(Rejected, match="no request"):
            sign_document(stage.prepare(bound), DOCUMENT, binding)

    def test_what_the_signer_left_out(self, stage: Stage) -> None:
        """The signer writes the statement; whoever has the openers' records, or a permit's, wants them in it."""
        own, digest = records(stage), Signed(document_digest(DOCUMENT))
        for escrow in (True, False):
            for nodes in ([digest], [digest, stage.beside()]):
                statement = stage.say(*nodes, escrow=escrow, context=SCOPE)
                made = sign_document(stage.prepare(statement), DOCUMENT, own_binding())
                for wanted in (own[3], None):
                    for companion in (stage.companion_records, None):
                        whole = (wanted is not None) == escrow and (companion is not None) == (len(nodes) > 1)
                        if whole:
                            check_signature(DOCUMENT, made, *own[:3], wanted, companion=companion)
                            continue
                        with pytest.raises((Rejected, Malformed)) as refusal:
                            check_signature(DOCUMENT, made, *own[:3], wanted, companion=companion)
                        assert refusal.value.code in ("document", "malformed")

    def test_one_proof_one_document(self, stage: Stage) -> None:
        with pytest.raises(Misuse, match="another document"):
            sign_document(stage.prepare(signing(stage)), b"another", own_binding())
        prepared = stage.prepare(signing(stage))
        sign_document(prepared, DOCUMENT, own_binding())
        with pytest.raises(Misuse, match="once"):
            sign_document(prepared, DOCUMENT, own_binding())

    def test_what_is_no_digest(self, stage: Stage) -> None:
        for digest in (b"", bytes(31), bytes(33), "0" * 32):
            with pytest.raises(Misuse):
                Signed(digest)  # type: ignore[arg-type]
        with pytest.raises(Misuse, match="document"):
            stage.say(Signed(bytes(32)), Signed(octets32("other")))


@pytest.mark.requirement("R38")
@pytest.mark.requirement("R47")
class TestHeads:
    def presentations(self, stage: Stage, statement: Statement, count: int) -> list[tuple[Binding, bytes]]:
        made = []
        for number in range(count):
            licence = stage.licence if number == 0 else stage.world.licence()
            binding = replace(stage.world.binding(), nonce=octets32(f"head {number}"))
            made.append((binding, finish(stage.prepare(statement, licence), binding)))
        return made

    def statement(self, stage: Stage, context: bytes = SCOPE) -> Statement:
        return stage.say(Disclose(PERMIT, "P-1"), AtLeast(3, TODAY), escrow=False, context=context)

    def test_distinct_holders(self, stage: Stage) -> None:
        statement = self.statement(stage)
        shown = self.presentations(stage, statement, 3)
        assert len(count_heads(statement, shown, 3)) == 3
        with pytest.raises(Rejected) as refusal:
            count_heads(statement, shown, 4)
        assert refusal.value.code == "head-count"

    @pytest.mark.attack("26")
    def test_the_same_holder_twice_counts_once(self, stage: Stage) -> None:
        statement = self.statement(stage)
        first = self.presentations(stage, statement, 1)
        again = self.presentations(stage, statement, 1)
        assert first != again
        assert len(count_heads(statement, [*first, *again, *first], 1)) == 1
        with pytest.raises(Rejected):
            count_heads(statement, [*first, *again], 2)

    @pytest.mark.attack("N2")
    def test_heads_of_another_scope_do_not_count(self, stage: Stage) -> None:
        statement = self.statement(stage)
        other = self.statement(stage, scope_context("permit", ("P-2",), "2026-47"))
        with pytest.raises(Rejected):
            count_heads(statement, self.presentations(stage, other, 1), 1)

    def test_a_false_proof_counts_for_nobody_and_spoils_no_other(self, stage: Stage) -> None:
        statement = self.statement(stage)
        (one, true), (two, false), (three, cut) = self.presentations(stage, statement, 3)
        shown = [(one, true), (two, false[:-1] + bytes([false[-1] ^ 1])), (three, cut[:-1])]
        assert len(count_heads(statement, shown, 1)) == 1
        with pytest.raises(Rejected):
            count_heads(statement, shown, 2)

    def test_an_insurer_sees_other_heads_for_another_permit(self, stage: Stage) -> None:
        scopes = [scope_context("insurer", ("ins.example", permit), "2026-Q4") for permit in ("P-1", "P-2")]
        counted = [
            count_heads(statement, self.presentations(stage, statement, 1), 1)
            for statement in (self.statement(stage, scope) for scope in scopes)
        ]
        assert not counted[0] & counted[1]

    def test_scopes_that_are_none(self, stage: Stage) -> None:
        for kind, identifiers in (("verifier", ("a",)), ("permit", ()), ("permit", ("a", "b")), ("insurer", ("a",))):
            with pytest.raises(Misuse):
                scope_context(kind, identifiers, "2026-47")
        for context in (b"here", b"\x80", b"\x81\x61a"):
            with pytest.raises((Misuse, Malformed)):
                count_heads(self.statement(stage, context), [], 1)
        for parts in (
            [],
            ["permit"],
            ["verifier", "a", "2026-47"],
            ["permit", "a", "b", "2026-47"],
            ["insurer", "a", "b"],
        ):
            with pytest.raises(Misuse, match="heads are counted for"):
                count_heads(self.statement(stage, encode_cbor(parts)), [], 1)
        for least in (0, -1, float("nan"), True):
            with pytest.raises(Misuse, match="at least one"):
                count_heads(self.statement(stage), [], least)  # type: ignore[arg-type]
        with pytest.raises(Rejected):
            count_heads(self.statement(stage), [], 1)
